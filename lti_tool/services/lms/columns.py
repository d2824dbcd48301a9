"""The gradebook column of a link: whether there is one, and getting one where it is missing.

A launch names the link's own column. It names none when the column was never made, was deleted, or
when a second one stands beside it; then the platform's list of columns is searched, and one is
made where the platform allows it. The network lies between transactions. AGS 2.0, section 3.2.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound
from lti_tool.lti import line_items
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.line_items import Container, LineItem, Wanted
from lti_tool.lti.service_calls import Caller
from lti_tool.models import (
    Course,
    CourseMember,
    Enrolment,
    MicroCredentialVersion,
    Person,
    ResourceLink,
)
from lti_tool.services import audit
from lti_tool.services.completing import completions
from lti_tool.services.courses import deep_linking
from lti_tool.services.definitions import catalogue
from lti_tool.services.outbox.scores import Courier

log = structlog.get_logger(__name__)


class Repair(StrEnum):
    """What came of looking after a column."""

    PRESENT = "present"
    FOUND = "found"
    MADE = "made"
    NOT_ALLOWED = "not_allowed"  # the platform lets nobody look, or make one
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Repaired:
    """`failure`: the code, where the platform could not be asked."""

    repair: Repair
    failure: str = ""


@dataclass(frozen=True, slots=True)
class _Task:
    container: Container | None
    url: str | None
    wanted: Wanted


def find(db: Session, course: Course, link_id: uuid.UUID) -> ResourceLink:
    """Return a link of this course that stands for something.

    Raises:
        NotFound: `unknown_link`.
    """
    link = db.get(ResourceLink, link_id)
    if link is None or link.course_id != course.id or link.placement is None:
        raise NotFound("unknown_link")
    return link


def can_look(link: ResourceLink) -> bool:
    """Return whether the platform lets columns be listed."""
    container = _container(link)
    return container is not None and container.can_read


def can_make(link: ResourceLink) -> bool:
    """Return whether the platform lets columns be made."""
    container = _container(link)
    return container is not None and container.can_write


def repair(courier: Courier, link_id: uuid.UUID, label: str, actor: str) -> Repaired:
    """See to the link's column now; scores that wait for one are sent to it.

    `label`: what a new column is called.
    """
    with courier.database.transaction(read_only=True) as db:
        link = db.get_one(ResourceLink, link_id)
        task = _task(link, label)
    if task.container is None or not task.container.can_read:
        return Repaired(Repair.NOT_ALLOWED)
    caller = Caller(
        courier.database,
        courier.outbound,
        courier.encryption,
        task.container.registration_id,
        courier.clock(),
    )
    try:
        found, item = _seek(caller, task, task.container)
    except ServiceError as error:
        log.warning("column_unrepaired", link_id=str(link_id), failure=error.code)
        return Repaired(Repair.FAILED, error.code)
    if item is not None and found is not Repair.PRESENT:
        _keep(courier, link_id, item, found, actor)
    return Repaired(found)


def _seek(caller: Caller, task: _Task, container: Container) -> tuple[Repair, LineItem | None]:
    if task.url is not None and (known := line_items.fetch(caller, container, task.url)):
        _mark(caller, container, known, task.wanted)
        return Repair.PRESENT, known
    if found := _search(caller, task, container):
        _mark(caller, container, found, task.wanted)
        return Repair.FOUND, found
    if not container.can_write:
        return Repair.NOT_ALLOWED, None
    return Repair.MADE, line_items.create(caller, container, task.wanted)


def _search(caller: Caller, task: _Task, container: Container) -> LineItem | None:
    """Return the link's column, else one that was made for the same thing and has no link."""
    wanted = task.wanted
    of_link = line_items.find(caller, container, {"resource_link_id": wanted.resource_link_id})
    if of_link:
        return _best(of_link, wanted)
    marks = {"resource_id": wanted.resource_id, "tag": wanted.tag}
    marked = line_items.find(caller, container, marks)
    loose = [item for item in marked if not item.text("resourceLinkId")]
    return loose[0] if loose else None


def _best(items: Sequence[LineItem], wanted: Wanted) -> LineItem:
    """Of several columns of a link the one that is marked as ours, else the first."""
    return next((one for one in items if one.text("resourceId") == wanted.resource_id), items[0])


def _mark(caller: Caller, container: Container, item: LineItem, wanted: Wanted) -> None:
    """Let a column say what it is for, so that it is found again; its label and its maximum stay
    as the teacher has them."""
    if not container.can_write or not item.document or item.text("resourceId"):
        return
    try:
        # Anew, since a list may say less of a column than the column itself, and all is sent back.
        whole = line_items.fetch(caller, container, item.url)
        if whole is not None and whole.document:
            changes = {
                "resourceId": wanted.resource_id,
                "tag": wanted.tag,
                "resourceLinkId": whole.text("resourceLinkId") or wanted.resource_link_id,
            }
            line_items.change(caller, whole, changes)
    except ServiceError as error:  # the column serves without it
        log.warning("column_unmarked", failure=error.code)


def _keep(courier: Courier, link_id: uuid.UUID, item: LineItem, found: Repair, actor: str) -> None:
    now = courier.clock()
    with courier.database.transaction() as db:
        link = db.get_one(ResourceLink, link_id, with_for_update={"key_share": True})
        link.own_line_item_url = link.line_item_url = item.url
        link.results_failure = link.results_tried_at = None
        audit.note(db, actor, "column.repaired", f"resource_link:{link.id}", now, how=found.value)
    for person_id, version_id in _people(courier, link_id):
        with courier.database.transaction() as db:
            person = db.get_one(Person, person_id)
            version = db.get_one(MicroCredentialVersion, version_id)
            completions.reevaluate(db, person, version, now)


def _people(courier: Courier, link_id: uuid.UUID) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return who has work in the link's micro-credential, whose scores may be missing there."""
    with courier.database.transaction(read_only=True) as db:
        link = db.get_one(ResourceLink, link_id)
        assert link.placement is not None
        found = db.execute(
            sa.select(Enrolment.person_id, Enrolment.version_id)
            .join(CourseMember, CourseMember.person_id == Enrolment.person_id)
            .filter(
                CourseMember.course_id == link.course_id,
                CourseMember.is_tester.is_(False),
                Enrolment.version_id == link.placement.version_id,
            )
        )
        return [(person_id, version_id) for person_id, version_id in found]


def _task(link: ResourceLink, label: str) -> _Task:
    assert link.placement is not None
    version = link.placement.version
    mc = catalogue.definition(version)
    unit = mc.unit(link.unit_code) if link.unit_code else None
    column = deep_linking.column_of(mc, unit, deep_linking.reference_of(version), label)
    wanted = Wanted(
        label=label,
        maximum=column.maximum,
        resource_id=column.resource_id,
        tag=column.tag,
        resource_link_id=link.resource_link_id,
    )
    return _Task(_container(link), link.line_item_url, wanted)


def _container(link: ResourceLink) -> Container | None:
    if link.line_items_url is None:
        return None
    scopes = frozenset((link.line_item_scopes or "").split())
    return Container(link.registration_id, link.line_items_url, scopes)
