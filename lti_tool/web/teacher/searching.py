"""Search the catalogue for what a course of this school may offer."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from badges.micro_credential import MicroCredential
from lti_tool.models import Course, MicroCredentialSeries, MicroCredentialVersion
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue, grants
from lti_tool.services.definitions import searching as service
from lti_tool.services.definitions.searching import Wanted
from lti_tool.web import searching
from lti_tool.web.launch_session import Visit
from lti_tool.web.searching import Choice, Misread

Entry = tuple[MicroCredentialVersion, MicroCredential]


@dataclass(frozen=True, slots=True)
class Found:
    """`offered`: what the course offers already; `others`: of the rest one page of the newest
    versions that a new course of this school may begin with."""

    wanted: Wanted
    misread: list[Misread]
    choices: list[Choice]
    offered: list[Entry]
    others: list[Entry]
    page: int
    pages: int


def search(
    visit: Visit,
    course: Course | None,
    args: "MultiDict[str, str]",
    *,
    one_of_each: bool = False,
) -> Found:
    """Return what matches the arguments of a page's address.

    `one_of_each`: where the course offers several versions of one, the one it offered last.
    """
    wanted, db, version = searching.wanted(args), visit.db, MicroCredentialVersion
    offered = [row.version for row in placements.of_course(db, course)] if course else []
    if one_of_each:
        offered = list({one.series_id: one for one in offered}.values())
    here = version.id.in_([one.id for one in offered])
    school = visit.launch.registration.platform.organisation_id
    others = sa.and_(
        service.on_offer(visit.now),
        grants.offerable(school, visit.now),
        MicroCredentialSeries.id.not_in({one.series_id for one in offered}),
    )
    matching = service.ids(db, wanted, here) if offered else set()
    found = service.search(db, wanted, others, searching.page(args))
    return Found(
        wanted,
        searching.misread(args),
        searching.choices(service.filters(db, sa.or_(here, others)), wanted),
        _entries(one for one in offered if one.id in matching),
        _entries(found.versions),
        found.page,
        found.pages,
    )


def _entries(versions: Iterable[MicroCredentialVersion]) -> list[Entry]:
    return [(version, catalogue.definition(version)) for version in versions]
