"""Begin an own definition with another's: what may be taken along, and where it came from.

>>> may_adapt("https://creativecommons.org/licenses/by-sa/4.0/"), may_adapt(None)
(True, False)
>>> may_adapt("https://creativecommons.org/licenses/by-nd/4.0/")
False
"""

import re
from typing import Any

from badges import definition, drafting
from badges.micro_credential import MicroCredential

_OPEN = re.compile(
    r"https?://creativecommons\.org/(licenses/by(-nc)?(-sa)?/[1-9]\.[0-9]"
    r"|publicdomain/(zero|mark)/1\.0)(/.*)?"
)
# What another body says of itself, or has the rights of, or counts by.
_LEFT_BEHIND = frozenset(
    {
        "code",
        "version",
        "awarding_body",
        "quality_assurance",
        "target_groups",
        "register_entry",
    }
)


def may_adapt(licence: str | None) -> bool:
    """Return whether texts under this licence may be changed and shared by everybody.

    Only those of Creative Commons are known here; of any other, and of none, the answer is no.
    """
    return _OPEN.fullmatch(licence or "") is not None


def begun_with(mc: MicroCredential, uri: str) -> dict[str, Any]:
    """Return what an own definition begins with, as `begun_from` does."""
    return begun_from(definition.dump(mc), uri)


def begun_from(content: dict[str, Any], uri: str | None) -> dict[str, Any]:
    """Return what an own definition begins with, and `derived_from` that says so. `content`: has a
    title, if not in each of its languages, and an awarding body with a name or a slug. `uri`: None
    where it is not known.

    Left out are code, version, awarding body, quality assurance and target groups. The licence
    stays, since some ask that whatever is made of it has the same; the picture, where it is covered
    by it, is the caller's to bring along.
    """
    body = content["awarding_body"]
    origin = {
        "title": {tag: said for tag, said in content["title"].items() if said.strip()},
        "awarding_body": body.get("name") or {drafting.original(content): body["slug"]},
    }
    if uri:
        origin["uri"] = uri
    if content.get("licence"):
        origin["licence"] = content["licence"]
    kept = {name: value for name, value in content.items() if name not in _LEFT_BEHIND}
    drafting.settle_original_language(kept)
    return kept | {"derived_from": origin}
