"""Which learners a page shows: read from its address, and written into the addresses it links to.

Names that are searched for stand in the address, as this server keeps no log of addresses and
tells them to no other.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from werkzeug.datastructures import MultiDict

from badges.micro_credential import MicroCredential
from lti_tool.models import Placement
from lti_tool.services.courses.grid import Show, Sort, Wish
from lti_tool.web.launch_session import Visit
from lti_tool.web.teacher.blueprint import address, told_number

LONGEST_WORDS = 100

Kind = TypeVar("Kind", bound=StrEnum)


def wish(args: "MultiDict[str, str]", mc: MicroCredential, unit: str | None = None) -> Wish:
    """Return what an address asks for; what it misspells is as if it had not been said.

    `unit`: what the page is about, if that is one unit.
    """
    codes = {one.code for one in mc.units}
    asked = args.get("unit", "") if unit is None else unit
    return Wish(
        show=_one_of(Show, args.get("show"), Show.ALL),
        sort=_one_of(Sort, args.get("sort"), Sort.NAME),
        words=args.get("q", "").strip()[:LONGEST_WORDS],
        unit=asked if asked in codes else "",
        page=told_number(args, "page") or 1,
    )


def query(wish: Wish) -> Mapping[str, str | None]:
    """Return the arguments that ask for `wish`, but for its unit; None leaves one out."""
    return {
        "show": None if wish.show is Show.ALL else wish.show.value,
        "sort": None if wish.sort is Sort.NAME else wish.sort.value,
        "q": wish.words or None,
        "page": None if wish.page == 1 else str(wish.page),
    }


def addresses(
    endpoint: str, visit: Visit, placement: Placement, wish: Wish, **values: str | None
) -> Callable[..., str]:
    """Return a function that writes the address of this page with something else wished for.

    It begins on the first page again unless it is told which. `values`: what else stays.
    """

    def here(**changes: str | int | None) -> str:
        wanted = {**query(wish), "page": None, **values, **changes}
        return address(endpoint, visit, placement, **wanted)

    return here


def _one_of(kind: type[Kind], text: str | None, default: Kind) -> Kind:
    try:
        return kind(text or "")
    except ValueError:
        return default
