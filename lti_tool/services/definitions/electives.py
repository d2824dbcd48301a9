"""What a course asks for beyond a definition, where that lets learners choose units.

It is kept with the placement, for the version that the course offers.
"""

from badges import choices
from badges.choices import NOTHING_MORE, Asked, InvalidAsked
from badges.completion import Progress
from lti_tool.errors import ToolError
from lti_tool.models import Placement
from lti_tool.services.definitions import catalogue


def asked(placement: Placement) -> Asked:
    """Return what the course asks for."""
    kept = placement.electives
    if kept is None:
        return NOTHING_MORE
    return Asked(
        needed=frozenset(kept["needed"]),
        counts={int(position): count for position, count in kept["counts"].items()},
        left_out=frozenset(kept["left_out"]),
    )


def under(progress: Progress, placement: Placement) -> Progress:
    """Return a progress in the placement's version as the course sees it."""
    return progress.under(asked(placement)) if progress.choices else progress


def check(placement: Placement, wished: Asked) -> None:
    """Refuse what the course cannot ask for.

    Raises:
        ToolError: the codes of `choices.InvalidAsked`.
    """
    try:
        choices.check(catalogue.definition(placement.version).choices, wished)
    except InvalidAsked as error:
        raise ToolError(error.code) from error


def keep(placement: Placement, wished: Asked) -> None:
    """Keep what the course asks for. The caller has checked it."""
    if wished == NOTHING_MORE:
        placement.electives = None
        return
    placement.electives = {
        "needed": sorted(wished.needed),
        "counts": {str(position): count for position, count in sorted(wished.counts.items())},
        "left_out": sorted(wished.left_out),
    }
