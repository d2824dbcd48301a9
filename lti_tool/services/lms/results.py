"""Read one column of a gradebook: fetch it, then take in what has changed, learner by learner.

The network lies between transactions. What a crash leaves behind is read again when the lease ends.
AGS 2.0, section 3.3.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from lti_tool.lti import grades
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.grades import LineItem, Result
from lti_tool.lti.service_calls import Caller
from lti_tool.models import ResourceLink
from lti_tool.services.lms import gradebook_results, readings
from lti_tool.services.lms.gradebook_results import Verdict
from lti_tool.services.outbox.scores import Courier

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading columns. `verdicts`: how often each, of grades that were new;
    `unread`: columns that could not be read; `later`: columns left to the worker."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    unread: int = 0
    later: int = 0


def read_next(courier: Courier) -> bool:
    """Read the column that waits longest; False when none does."""
    with courier.database.transaction() as db:
        link = readings.lease(db, courier.clock())
        if link is None:
            return False
        link_id, column = link.id, _column(link)
    _read(courier, link_id, column)
    return True


def read_now(courier: Courier, course_id: uuid.UUID, by: str, within: timedelta) -> Reading:
    """Read all columns of a course for somebody who waits; after `within` the worker reads on."""
    begun = courier.clock()
    with courier.database.transaction() as db:
        links = readings.of_course(db, course_id)
        readings.want_now(db, links, by, begun)
        columns = [(link.id, _column(link)) for link in links]
    verdicts: Counter[Verdict] = Counter()
    unread = read = 0
    for link_id, column in columns:
        if courier.clock() - begun >= within:
            break
        found = _read(courier, link_id, column)
        read += 1
        if found is None:
            unread += 1
        else:
            verdicts.update(found)
    return Reading(verdicts, unread, len(columns) - read)


def _read(courier: Courier, link_id: uuid.UUID, column: LineItem) -> Sequence[Verdict] | None:
    """Return what the new grades say, or None where the column could not be read."""
    caller = Caller(
        courier.database,
        courier.outbound,
        courier.encryption,
        column.registration_id,
        courier.clock(),
    )
    try:
        found = grades.read_results(caller, column)
    except ServiceError as error:
        log.warning("results_unread", link_id=str(link_id), failure=error.code)
        with courier.database.transaction() as db:
            readings.failed(
                db, link_id, error.code, is_transient=error.is_transient, now=courier.clock()
            )
        return None
    except Exception:
        with courier.database.transaction() as db:
            readings.failed(db, link_id, "internal_error", is_transient=False, now=courier.clock())
        raise
    return _take_in(courier, link_id, found)


def _take_in(courier: Courier, link_id: uuid.UUID, found: dict[str, Result]) -> list[Verdict]:
    with courier.database.transaction(read_only=True) as db:
        changed = gradebook_results.changed(db, link_id, found)
    verdicts = []
    for person_id, result in changed:
        with courier.database.transaction() as db:
            verdict = gradebook_results.take_in(db, link_id, person_id, result, courier.clock())
        if verdict is not None:
            verdicts.append(verdict)
    with courier.database.transaction() as db:
        readings.finish(db, link_id, courier.clock())
    return verdicts


def _column(link: ResourceLink) -> LineItem:
    assert link.line_item_url is not None
    scopes = frozenset((link.line_item_scopes or "").split())
    return LineItem(link.registration_id, link.line_item_url, scopes)
