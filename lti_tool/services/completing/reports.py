"""Completions that another system of a school reports: each one recorded, or refused with a code.

A report is answered once. Its repetition, under the same key, gets the first answer; after that
was forgotten, the records themselves still keep what they were reported under.
"""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import (
    ApiClient,
    ApiRequest,
    CompletionRecord,
    Course,
    CourseMember,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Person,
    Placement,
    Platform,
    Registration,
)
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.definitions import catalogue

MOST_ITEMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One completion. `issuer` and `sub`: the learner as the LMS names them in a launch
    (OpenID Connect Core, section 2); `course`: the id of the LTI context; `micro_credential`:
    `body/CODE` or `CODE`; `assessor`: the `sub` of the teacher who judged."""

    issuer: str
    sub: str
    course: str
    micro_credential: str
    judgement: Judgement
    assessor: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a report is about, as it is known here."""

    person: Person
    course: Course
    version: MicroCredentialVersion
    assessor: Person | None


Result = uuid.UUID | ToolError
"""The id of the record, or why there is none."""


def once(
    db: Session,
    client: ApiClient,
    key: str,
    sent: bytes,
    now: datetime,
    answer: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Return what `answer` gives, or what it gave when `key` came first.

    Of two requests at one moment, the second waits for the first.

    Raises:
        Conflict: `idempotency_key_reused`: the key came with another content.
    """
    fingerprint = hashlib.sha256(sent).hexdigest()
    row, is_new = get_or_add(
        db,
        ApiRequest,
        {"client_id": client.id, "key": key},
        digest=fingerprint,
        answer=None,
        created_at=now,
    )
    if row.digest != fingerprint:
        raise Conflict("idempotency_key_reused")
    if is_new or row.answer is None:
        row.answer = answer()
        db.flush()
    return row.answer


def take(
    db: Session, client: ApiClient, reports: Sequence[Reported | None], *, key: str, now: datetime
) -> list[Result | None]:
    """Record each report by itself, so that one that is refused keeps nobody else's back.

    None in the place of a report that could not be read stays None. They are taken in the order
    of the people, so that two requests never wait for each other.
    """
    results: list[Result | None] = [None] * len(reports)
    ready: list[tuple[int, Reported, Found]] = []
    for index, report in enumerate(reports):
        if report is None:
            continue
        try:
            ready.append((index, report, _find(db, client, report)))
        except ToolError as error:
            results[index] = error
    for index, report, found in sorted(ready, key=_by_person):
        try:
            with db.begin_nested():
                row = _record(db, client, report, found, f"{key}/{index}", now)
            results[index] = row.id
        except ToolError as error:
            results[index] = error
    return results


def _by_person(entry: tuple[int, Reported, Found]) -> tuple[str, str, int]:
    index, _, found = entry
    return str(found.person.id), str(found.version.id), index


def _record(
    db: Session, client: ApiClient, report: Reported, found: Found, name: str, now: datetime
) -> CompletionRecord:
    # With what it says: a key that comes again after its answer was forgotten, with other contents,
    # is another report, and none that is there already.
    what = hashlib.sha256(f"{client.id}/{name}/{report}".encode()).hexdigest()[:48]
    return completions.record_reported(
        db,
        found.person,
        found.version,
        report.judgement,
        course=found.course,
        assessor=found.assessor,
        client=client,
        key=f"reported:{what}",
        now=now,
    )


def _find(db: Session, client: ApiClient, report: Reported) -> Found:
    course = _course(db, client, report)
    person = _member(db, course, report.sub, "unknown_learner")
    version = _offered(db, course, report.micro_credential)
    return Found(person, course, version, _assessor(db, course, person, report.assessor))


def _course(db: Session, client: ApiClient, report: Reported) -> Course:
    """Return the course, of a platform that is connected for the client's organisation.

    Raises:
        NotFound: `unknown_course`.
        Conflict: `ambiguous_course`: two platforms of one issuer have a course of that id.
    """
    issued = sa.select(Registration.platform_id).filter(
        Registration.issuer == report.issuer,
        Registration.disabled_at.is_(None),
        Registration.pending_since.is_(None),
    )
    found = db.scalars(
        sa.select(Course)
        .join(Platform, Course.platform_id == Platform.id)
        .filter(
            Platform.organisation_id == client.organisation_id,
            Platform.disabled_at.is_(None),
            Platform.id.in_(issued),
            Course.context_id == report.course,
        )
    ).all()
    if not found:
        raise NotFound("unknown_course")
    if len(found) > 1:
        raise Conflict("ambiguous_course")
    return found[0]


def _member(db: Session, course: Course, sub: str, code: str) -> Person:
    person = db.scalar(
        sa.select(Person)
        .join(CourseMember, CourseMember.person_id == Person.id)
        .filter(CourseMember.course_id == course.id, Person.sub == sub)
    )
    if person is None:
        raise NotFound(code)
    return person


def _offered(db: Session, course: Course, reference: str) -> MicroCredentialVersion:
    """Return the version that the course offers.

    Raises:
        NotFound: `not_offered`.
        Conflict: `ambiguous_version`: it offers several; the reference must name one.
    """
    found = db.scalars(
        sa.select(MicroCredentialVersion)
        .join(Placement, Placement.version_id == MicroCredentialVersion.id)
        .join(MicroCredentialVersion.series)
        .join(MicroCredentialSeries.organisation)
        .filter(Placement.course_id == course.id, catalogue.named(reference))
    ).all()
    if not found:
        raise NotFound("not_offered")
    if len(found) > 1:
        raise Conflict("ambiguous_version")
    return found[0]


def _assessor(db: Session, course: Course, learner: Person, sub: str | None) -> Person | None:
    """Return the teacher who judged.

    Raises:
        NotFound: `unknown_assessor`: nobody of that `sub` was ever seen teaching in the course.
        Conflict: `assessor_is_learner`.
    """
    if sub is None:
        return None
    if sub == learner.sub:
        raise Conflict("assessor_is_learner")
    person = _member(db, course, sub, "unknown_assessor")
    if not db.get_one(CourseMember, (course.id, person.id)).is_tester:
        raise NotFound("unknown_assessor")
    return person
