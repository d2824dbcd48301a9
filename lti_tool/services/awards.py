"""Grant, withdraw and flag awards, as progress demands; `settle` is the only way to an award."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.award import Award as AwardFact
from badges.award import IdentityAssurance, UnitResult
from badges.completion import ConditionCode, Progress, Route, UnitProgress
from badges.conditions import plain
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    Credential,
    MicroCredentialVersion,
    Person,
)
from lti_tool.services import audit, catalogue

_MARKS: dict[Route | None, tuple[ConditionCode, ...]] = {
    Route.ASSESSED: (ConditionCode.POINTS, ConditionCode.PART),
    Route.GRADED: (ConditionCode.GRADED,),
}
"""The conditions that hold the marks of a unit, by the route that completed it."""

NO_LONGER_COMPLETE = "no_longer_complete"
LONGEST_REASON = 500


def settle(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    records: Sequence[CompletionRecord],
    real: Progress,
    with_tests: Progress,
    now: datetime,
) -> None:
    """Bring a person's awards in line with their progress. Idempotent.

    Complete without an award: grant. Award without completion: withdraw it while it is
    unclaimed, else flag it for a person to decide. What only test records complete earns a TEST
    award. What a person decided stands: an award that was kept is not flagged again before
    something new is recorded, one that was revoked not granted again before an assessor judges
    anew. The caller holds the lock on the person's enrolment.
    """
    if not records:
        return  # no award was ever granted: records are never deleted
    held = {award.is_test: award for award in db.scalars(_standing(person, version))}
    tests = None if real.is_complete else with_tests
    for is_test, progress in ((False, real), (True, tests)):
        award = held.get(is_test)
        _settle_one(db, person, version, records, progress, award, is_test=is_test, now=now)


def _standing(person: Person, version: MicroCredentialVersion) -> sa.Select[Award]:
    return sa.select(Award).filter_by(person_id=person.id, version_id=version.id, withdrawn_at=None)


def standing(
    db: Session, person: Person, version: MicroCredentialVersion, *, is_test: bool = False
) -> Award | None:
    """Return the award that stands, if any."""
    return db.scalar(_standing(person, version).filter_by(is_test=is_test))


def shown(db: Session, person: Person, version: MicroCredentialVersion) -> Award | None:
    """Return the award that a person is shown: the real one, else the TEST one."""
    return db.scalars(_standing(person, version).order_by(Award.is_test).limit(1)).first()


def withdrawn(db: Session, person: Person, version: MicroCredentialVersion) -> Award | None:
    """Return the award that was withdrawn last, by a person or because a result was taken back,
    if none was granted since."""
    last = db.scalar(
        sa.select(Award)
        .filter_by(person_id=person.id, version_id=version.id, is_test=False)
        .order_by(Award.granted_at.desc())
        .limit(1)
    )
    return last if last is not None and last.withdrawn_at is not None else None


def find(db: Session, course: Course, award_id: uuid.UUID) -> Award:
    """Return an award that this course led to.

    Raises:
        NotFound: `unknown_award`: there is none, or it is another course's.
    """
    award = db.get(Award, award_id)
    if award is None or award.course_id != course.id:
        raise NotFound("unknown_award")
    return award


def keep(db: Session, award: Award, *, actor: str, reason: str, now: datetime) -> None:
    """Decide that a flagged award stands as it is.

    Raises:
        Conflict: `award_not_flagged`.
    """
    if award.flagged_at is None:
        raise Conflict("award_not_flagged")
    award.flagged_at = award.flagged_reason = None
    award.kept_at, award.kept_reason = now, reason.strip()[:LONGEST_REASON] or None
    audit.note(db, actor, "award.kept", f"award:{award.id}", now)


def as_fact(award: Award) -> AwardFact:
    """Return the award that a row holds, as a credential states it."""
    return AwardFact(
        id=str(award.id),
        mc=catalogue.definition(award.version),
        awarded_at=award.awarded_at,
        results=tuple(_result(entry) for entry in award.results),
        assessors=award.assessors,
        identity=IdentityAssurance(award.identity),
        is_test=award.is_test,
        basis={entry["unit"]: entry["basis"] for entry in award.results if entry.get("basis")},
    )


def _settle_one(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    records: Sequence[CompletionRecord],
    progress: Progress | None,
    award: Award | None,
    *,
    is_test: bool,
    now: datetime,
) -> None:
    is_complete = progress is not None and progress.is_complete
    if award is None and progress is not None and is_complete:
        if not _is_refused(db, person, version, records, is_test=is_test):
            _grant(db, person, version, records, progress, is_test=is_test, now=now)
    elif award is not None and not is_complete:
        if award.kept_at is None or any(row.recorded_at > award.kept_at for row in records):
            _take_back(db, award, now)
    elif award is not None and award.flagged_reason == NO_LONGER_COMPLETE:
        award.flagged_at = award.flagged_reason = None


def _is_refused(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    records: Sequence[CompletionRecord],
    *,
    is_test: bool,
) -> bool:
    """Whether a person took such an award away, and no assessor has judged anything since."""
    revoked_at = db.scalar(
        sa.select(sa.func.max(Award.withdrawn_at)).filter(
            Award.person_id == person.id,
            Award.version_id == version.id,
            Award.is_test == is_test,
            Award.withdrawn_reason != NO_LONGER_COMPLETE,
        )
    )
    judged = [row.recorded_at for row in records if row.assessor_id and not row.retracts_id]
    return revoked_at is not None and max(judged, default=revoked_at) <= revoked_at


def _take_back(db: Session, award: Award, now: datetime) -> None:
    if _is_claimed(db, award):
        if award.flagged_at is None:
            award.flagged_at, award.flagged_reason = now, NO_LONGER_COMPLETE
            audit.note(db, "system", "award.flagged", f"award:{award.id}", now)
        return
    award.withdrawn_at, award.withdrawn_reason = now, NO_LONGER_COMPLETE
    audit.note(db, "system", "award.withdrawn", f"award:{award.id}", now)
    db.flush()


def _is_claimed(db: Session, award: Award) -> bool:
    unrevoked = sa.select(Credential.id).filter_by(award_id=award.id, revoked_at=None)
    return db.scalar(unrevoked.limit(1)) is not None


def _grant(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    records: Sequence[CompletionRecord],
    progress: Progress,
    *,
    is_test: bool,
    now: datetime,
) -> None:
    by_id = {str(row.id): row for row in records}
    counted = [by_id[one] for unit in progress.units for one in unit.records]
    assessed = [unit for unit in progress.units if unit.route is Route.ASSESSED]
    completed_at = progress.completed_at
    assert completed_at is not None
    award = Award(
        person_id=person.id,
        version_id=version.id,
        course_id=max(counted, key=lambda row: row.recorded_at).course_id,
        is_test=is_test,
        awarded_at=completed_at,
        granted_at=now,
        results=[_entry(unit, by_id) for unit in progress.units],
        assessors=len(
            {by_id[one].assessor_id for unit in assessed for one in unit.records} - {None}
        ),
        identity=IdentityAssurance.LMS_ACCOUNT.value,
    )
    db.add(award)
    db.flush()
    audit.note(db, "system", "award.granted", f"award:{award.id}", now)


def _entry(unit: UnitProgress, by_id: dict[str, CompletionRecord]) -> dict[str, Any]:
    assert unit.completed_at is not None
    assert unit.route is not None
    points, maximum = _best_mark(unit)
    basis = next((_basis(by_id[one]) for one in unit.records if by_id[one].route == unit.route), "")
    return {
        "unit": unit.unit,
        "completed_at": unit.completed_at.isoformat(),
        "route": unit.route.value,
        "points": points,
        "maximum": maximum,
        "basis": basis or None,
    }


def _basis(row: CompletionRecord) -> str | None:
    """Return what a record of the LMS rests on: the teacher's words, or the activity's name."""
    if row.activity_result is not None:
        return row.activity_result.activity_name
    return row.evidence if row.route == Route.UNLOCKED.value else None


def _best_mark(unit: UnitProgress) -> tuple[str | None, str | None]:
    """Return points and maximum; of a unit marked in parts, those of its lowest part."""
    marks = [
        (Decimal(condition.params["points"]), condition.params["maximum"])
        for condition in unit.conditions
        if condition.code in _MARKS.get(unit.route, ())
        and condition.is_met
        and condition.params.get("points")
    ]
    if not marks:
        return None, None
    points, maximum = min(marks)
    return plain(points), maximum


def _result(entry: dict[str, Any]) -> UnitResult:
    return UnitResult(
        unit=entry["unit"],
        completed_at=datetime.fromisoformat(entry["completed_at"]),
        route=Route(entry["route"]),
        points=Decimal(entry["points"]) if entry["points"] is not None else None,
        maximum=Decimal(entry["maximum"]) if entry["maximum"] is not None else None,
    )
