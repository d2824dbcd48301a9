"""What a course asks for beyond a definition, where that lets learners choose units.

It is kept with the placement, for the version that the course offers.
"""

import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import choices
from badges.choices import NOTHING_MORE, Asked, InvalidAsked
from badges.completion import Progress
from lti_tool.errors import ToolError
from lti_tool.models import Award, MicroCredentialVersion, Placement
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


def shown(progress: Progress, asked: Asked, *, holds: bool) -> Progress:
    """Return a progress as the pages and columns of a course show it. Whoever holds the award
    (`holds`) lacks nothing that the course asks for beyond the definition: that is further work."""
    if not progress.choices:
        return progress
    wished = progress.under(asked)
    if not holds or wished.is_complete:
        return wished
    return progress.under(Asked(left_out=asked.left_out))


def further(progress: Progress, placement: Placement) -> tuple[int, frozenset[str]]:
    """Return how many units the course asks for beyond what is `shown` to somebody, and of which
    ones."""
    wished = under(progress, placement)
    more = {one.unit for one in wished.open} - {one.unit for one in progress.open}
    return wished.need - wished.have - (progress.need - progress.have), frozenset(more)


def holders(
    db: Session,
    people: Collection[uuid.UUID] | sa.Select[uuid.UUID],
    version: MicroCredentialVersion,
) -> frozenset[uuid.UUID]:
    """Return which of `people` hold the award of a version, of which no wish takes anything."""
    held = sa.select(Award.person_id).filter(
        Award.person_id.in_(people),
        Award.version_id == version.id,
        Award.is_test.is_(False),
        Award.withdrawn_at.is_(None),
    )
    return frozenset(db.scalars(held))


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
