"""Grant, withdraw and flag awards, as progress demands; `settle` is the only way to an award."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.award import JUDGED_HERE, IdentityAssurance, PartEarned, UnitResult
from badges.award import Award as AwardFact
from badges.completion import Progress, Route, UnitProgress
from badges.conditions import MENTOR, plain
from badges.text import Text
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    Credential,
    MicroCredentialVersion,
    Person,
)
from lti_tool.services import audit, reasons
from lti_tool.services.awarding import (
    award_gate,
    joints,
    moderation_draws,
    stack_awards,
    stacks,
    stated,
)
from lti_tool.services.awarding.award_gate import Candidate, Passed
from lti_tool.services.awarding.joints import Groups
from lti_tool.services.definitions import catalogue

NO_LONGER_COMPLETE = "no_longer_complete"
NOT_CONFIRMED = "not_confirmed"
"""Its confirmation was taken back; it waits for one again."""
HELD_ELSEWHERE = "held_elsewhere"
"""The same person has it in another LMS."""
BY_ITSELF = (NO_LONGER_COMPLETE, NOT_CONFIRMED, HELD_ELSEWHERE)
"""Withdrawn for what happened, not because somebody took the award away."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A person's records and what they amount to: `real` counts for awards, `with_tests` also what
    was tried out."""

    person: Person
    records: Sequence[CompletionRecord]
    real: Progress
    with_tests: Progress

    @property
    def kinds(self) -> tuple[tuple[bool, Progress | None], ...]:
        """What a real award and what a TEST one rests on, with whether it is a test; None: there
        is to be none."""
        return (False, self.real), (True, None if self.real.is_complete else self.with_tests)


def settle(
    db: Session,
    version: MicroCredentialVersion,
    judged: Sequence[Judged],
    now: datetime,
    together: Groups | None = None,
) -> None:
    """Bring people's awards in line with their progress. Idempotent.

    Complete without an award: grant. Award without completion, or of a unit that was taken back:
    withdraw it while it is unclaimed, else flag it for a person to decide. What only test records
    complete earns a TEST award. A course may ask for a person's confirmation first, see
    `award_gate`. What a person decided stands: an award that was kept is not flagged again before
    something new is recorded, one that was revoked not granted again before an assessor judges
    anew, or a part is earned anew. Who is one person in several LMSs (`together`; all are among
    `judged`) gets one award of what is made of others, see `_Settling.leave_one`. The caller holds
    the locks on the people's enrolments.
    """
    # No record and no part, no award: records are never deleted.
    judged = [one for one in judged if one.records or one.real.stack is not None]
    if not judged:
        return
    people = [one.person.id for one in judged]
    awards = db.scalars(
        sa.select(Award).filter(
            Award.person_id.in_(people),
            Award.version_id == version.id,
            Award.withdrawn_at.is_(None),
        )
    )
    held = {(award.person_id, award.is_test): award for award in awards}
    claimed = _claimed(db, [award.id for award in held.values()])
    refused = _refused(db, judged, version)
    if catalogue.definition(version).stack is None:
        settling = _Settling(db, version, now, refused, claimed)
    else:
        offered = stack_awards.offered_to(db, people, version)
        earning = stack_awards.earning(db, people, version, offered, now, together or {})
        settling = _Settling(db, version, now, refused, claimed, earning, offered)
    for one in judged:
        for is_test, progress in one.kinds:
            award = held.get((one.person.id, is_test))
            if award is not None and not settling.settle(one, progress, award):
                del held[one.person.id, is_test]
    if together:
        settling.leave_one(judged, held, together)
    settling.let_pass([one for one in judged if (one.person.id, False) not in held])
    for one in judged:
        for is_test, progress in one.kinds:
            if progress is not None and (one.person.id, is_test) not in held:
                settling.grant(one, progress, is_test=is_test)
    db.flush()


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
    """Return an award that the teachers of this course decide about.

    Raises:
        NotFound: `unknown_award`: there is none, or it is others'.
    """
    award = db.get(Award, award_id)
    if award is None or not stack_awards.decides(db, course, award):
        raise NotFound("unknown_award")
    return award


def keep(db: Session, award: Award, *, actor: str, reason: str, now: datetime) -> None:
    """Decide that a flagged award stands as it is.

    Raises:
        Conflict: `award_not_flagged`. ToolError: `reason_too_long`.
    """
    reason = reasons.given(reason, must=False)
    if award.flagged_at is None:
        raise Conflict("award_not_flagged")
    body = stack_awards.body(award)
    award.flagged_at = award.flagged_reason = None
    award.kept_at, award.kept_reason = now, reason or None
    audit.note_in(db, body, actor, "award.kept", f"award:{award.id}", now)


def dispute(db: Session, award: Award, *, by: str, now: datetime) -> None:
    """Flag an award because a second person came to another judgement on a result."""
    if award.flagged_reason != moderation_draws.DISPUTED:
        award.flagged_at, award.flagged_reason = now, moderation_draws.DISPUTED
        audit.note_in(db, stack_awards.body(award), by, "award.flagged", f"award:{award.id}", now)


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
        parts=tuple(_part_earned(entry) for entry in award.parts or ()),
        basis={entry["unit"]: entry["basis"] for entry in award.results if entry.get("basis")},
    )


Refused = dict[tuple[uuid.UUID, bool], datetime]
"""When a person took an award away, by (person, is_test)."""


def _refused(db: Session, judged: Sequence[Judged], version: MicroCredentialVersion) -> Refused:
    people = [one.person.id for one in judged]
    # What was carried over rests on an older version, as all of what is made of others do on parts.
    carried = [one.person.id for one in judged if any(row.carried_from_id for row in one.records)]
    others = people if catalogue.definition(version).stack is not None else carried
    of_series = [one.id for one in version.series.versions] if others else []
    is_it = Award.person_id.in_(others) & Award.version_id.in_(of_series)
    last = (
        sa.select(Award.person_id, Award.is_test, sa.func.max(Award.withdrawn_at))
        .filter(Award.person_id.in_(people), is_it | (Award.version_id == version.id))
        .filter(Award.withdrawn_reason.not_in(BY_ITSELF))
        .group_by(Award.person_id, Award.is_test)
    )
    return {(person_id, is_test): at for person_id, is_test, at in db.execute(last) if at}


Held = dict[tuple[uuid.UUID, bool], Award]
"""The award that stands, by (person, is_test)."""


@dataclass(frozen=True, slots=True)
class _Settling:
    """What settling one award after the other needs. Of what is made of others, `earning`: who
    earns this version; `offered`: the courses that offer it to them."""

    db: Session
    version: MicroCredentialVersion
    now: datetime
    refused: Refused
    claimed: Collection[uuid.UUID]
    earning: set[uuid.UUID] | None = None
    offered: Mapping[uuid.UUID, Sequence[uuid.UUID]] = field(default_factory=dict)
    passed: dict[uuid.UUID, Passed] = field(default_factory=dict)

    def leave_one(self, judged: Sequence[Judged], held: Held, together: Groups) -> None:
        """Leave one award to those who are one person: claimed ones, else the earliest.

        Where none stands, one of them earns it, see `_holder`. What was taken away from one was
        taken away from all.
        """
        by_id = {one.person.id: one for one in judged}
        for group in {group for group in together.values() if group <= by_id.keys()}:
            if times := [self.refused[one, False] for one in group if (one, False) in self.refused]:
                self.refused.update({(one, False): max(times) for one in group})
            standing = [held[one, False] for one in group if (one, False) in held]
            if standing:
                kept = [one for one in standing if one.id in self.claimed]
                kept = kept or [min(standing, key=lambda one: (one.granted_at, one.id))]
                for one in standing:
                    if one not in kept:
                        self._withdraw(one, HELD_ELSEWHERE)
                        del held[one.person_id, False]
                owners = {one.person_id for one in kept}
            else:
                owners = self._holder([by_id[one] for one in group])
            assert self.earning is not None
            self.earning.difference_update(group - owners)
            award_gate.no_longer_waiting(self.db, self.version, group - owners)

    def _holder(self, group: Sequence[Judged]) -> set[uuid.UUID]:
        """Return who of one person's rows earns it, if one does: see `stack_awards.holder`."""
        able = [
            one
            for one in group
            if one.real.is_complete and not self._is_refused(one, one.real, is_test=False)
        ]
        resting = {one.person.id: _parts(self.db, one.real) for one in able}
        return stack_awards.holder(self.db, self.version, resting, self.offered)

    def let_pass(self, judged: Sequence[Judged]) -> None:
        """Find who of those without an award gets one now; tests ask nobody."""
        complete = [
            self._candidate(one)
            for one in judged
            if one.real.is_complete and not self._is_refused(one, one.real, is_test=False)
        ]
        self.passed.update(award_gate.sieve(self.db, self.version, complete, self.now))

    def _candidate(self, judged: Judged) -> Candidate:
        completed_at = judged.real.stated_at
        assert completed_at is not None
        return Candidate(
            person_id=judged.person.id,
            courses=self._led_to(judged, judged.real),
            progress=judged.real,
            completed_at=completed_at,
            judged_at=self._last_judged_at(judged, judged.real),
            is_doubtful=joints.is_doubtful(judged.person, _parts(self.db, judged.real)),
        )

    def settle(self, judged: Judged, progress: Progress | None, award: Award) -> bool:
        """Return whether an award still stands."""
        is_claimed = award.id in self.claimed
        if progress is None or not stated.bears(progress, award, is_claimed=is_claimed):
            if not self._is_kept(award, judged):
                self._take_back(award)
        elif award.flagged_reason == NO_LONGER_COMPLETE:
            award.flagged_at = award.flagged_reason = None
        return award.withdrawn_at is None

    def grant(self, judged: Judged, progress: Progress, *, is_test: bool) -> None:
        """Grant what is complete and nobody stands against."""
        if not progress.is_complete:
            return
        if is_test and not self._is_refused(judged, progress, is_test=True):
            self._grant(judged, progress, None)
        elif not is_test and judged.person.id in self.passed:
            self._grant(judged, progress, self.passed[judged.person.id])

    def _is_kept(self, award: Award, judged: Judged) -> bool:
        """Whether a person decided that it stands, and nothing was recorded or lost since."""
        kept_at = award.kept_at
        if kept_at is None or any(row.recorded_at > kept_at for row in judged.records):
            return False
        parts = [uuid.UUID(part["award"]) for part in award.parts or ()]
        lost = sa.select(Award.id).filter(Award.id.in_(parts), Award.withdrawn_at > kept_at)
        return not parts or self.db.scalar(lost.limit(1)) is None

    def _take_back(self, award: Award) -> None:
        if award.id not in self.claimed:
            self._withdraw(award, NO_LONGER_COMPLETE)
        elif award.flagged_at is None:
            award.flagged_at, award.flagged_reason = self.now, NO_LONGER_COMPLETE
            audit.note(self.db, "system", "award.flagged", f"award:{award.id}", self.now)

    def _withdraw(self, award: Award, reason: str) -> None:
        award.withdrawn_at, award.withdrawn_reason = self.now, reason
        stacks.want(self.db, award, self.now)
        audit.note(self.db, "system", "award.withdrawn", f"award:{award.id}", self.now)

    def _is_refused(self, judged: Judged, progress: Progress, *, is_test: bool) -> bool:
        """Whether they earn another version, or a person took such an award away and since then no
        assessor has judged anything, and no part that counts was earned."""
        person = judged.person.id
        if self.earning is not None and person not in self.earning:
            return True
        revoked_at = self.refused.get((person, is_test))
        if revoked_at is None:
            return False
        last = self._last_judged_at(judged, progress)
        return last is None or last <= revoked_at

    def _last_judged_at(self, judged: Judged, progress: Progress) -> datetime | None:
        """When an assessor last recorded a result, or a part that counts was granted."""
        times = [
            row.recorded_at for row in judged.records if _assessor(row) and not row.retracts_id
        ]
        times += [part.granted_at for part in _parts(self.db, progress)]
        return max(times, default=None)

    def _led_to(self, judged: Judged, progress: Progress) -> Sequence[uuid.UUID]:
        """Return the courses that offer a larger one, else those of the results or parts that
        count: where the latest is from first."""
        offered = self.offered.get(judged.person.id)
        if offered is not None:
            return offered
        by_id = {str(row.id): row for row in judged.records}
        counted = [by_id[one] for unit in progress.stated for one in unit.records]
        parts = _parts(self.db, progress)
        own = [one for one in parts if one.person_id == judged.person.id]
        return _latest_first(counted, own if own or counted else parts)

    def _grant(self, judged: Judged, progress: Progress, passed: Passed | None) -> None:
        """`passed`: who let it pass; None for a test."""
        by_id = {str(row.id): row for row in judged.records}
        assessed = [unit for unit in progress.stated if unit.route in JUDGED_HERE]
        completed_at = progress.stated_at
        assert completed_at is not None
        confirmed_at = passed.last_at if passed else None
        award = Award(
            id=uuid.uuid4(),
            person_id=judged.person.id,
            version_id=self.version.id,
            course_id=passed.course_id if passed else self._led_to(judged, progress)[0],
            is_test=passed is None,
            # What was carried over from an older version may have been completed before.
            awarded_at=max(completed_at, confirmed_at or completed_at, self.version.published_at),
            granted_at=self.now,
            results=[_entry(unit, by_id) for unit in progress.stated],
            parts=[_part(part) for part in _parts(self.db, progress)] or None,
            confirmed_by=[*passed.confirmed_by] if passed and passed.confirmed_by else None,
            assessors=len(
                {_assessor(by_id[one]) for unit in assessed for one in unit.records} - {None}
            ),
            identity=IdentityAssurance.LMS_ACCOUNT.value,
        )
        self.db.add(award)
        joints.note_borrowed(self.db, award, _parts(self.db, progress))
        stacks.want(self.db, award, self.now)
        audit.note(self.db, "system", "award.granted", f"award:{award.id}", self.now)
        if self.version.moderated_one_in is not None and not award.is_test:
            counted = [by_id[one].id for unit in progress.stated for one in unit.records]
            if moderation_draws.is_disputed(self.db, counted):
                dispute(self.db, award, by="system", now=self.now)


def _assessor(row: CompletionRecord) -> uuid.UUID | None:
    return row.assessor_id or row.assessor_account_id


def _latest_first(
    records: Sequence[CompletionRecord], parts: Sequence[Award]
) -> Sequence[uuid.UUID]:
    moments = [(row.recorded_at, row.course_id) for row in records]
    moments += [(part.awarded_at, part.course_id) for part in parts]
    ordered = sorted(moments, key=lambda one: one[0], reverse=True)
    return list(dict.fromkeys(course_id for _, course_id in ordered))


def _claimed(db: Session, awards: Sequence[uuid.UUID]) -> Collection[uuid.UUID]:
    """Return those of `awards` that have a badge which is not revoked."""
    if not awards:
        return ()
    unrevoked = sa.select(Credential.award_id).filter(
        Credential.award_id.in_(awards), Credential.revoked_at.is_(None)
    )
    return set(db.scalars(unrevoked))


def _parts(db: Session, progress: Progress) -> list[Award]:
    """Return the awards that a stacked micro-credential rests on."""
    counted = progress.stack.counted if progress.stack else ()
    return [db.get_one(Award, uuid.UUID(one.award)) for one in counted]


def _part(award: Award) -> dict[str, Any]:
    mc = catalogue.definition(award.version)
    return {
        "award": str(award.id),
        "reference": award.version.reference,
        "title": dict(mc.title),
        "body": dict(mc.awarding_body.name),
        "awarded_at": award.awarded_at.isoformat(),
        "hours": plain(mc.hours) if mc.hours is not None else None,
    }


def _part_earned(entry: dict[str, Any]) -> PartEarned:
    return PartEarned(
        reference=entry["reference"],
        title=Text(entry["title"]),
        awarding_body=Text(entry["body"]),
        awarded_at=datetime.fromisoformat(entry["awarded_at"]),
        hours=Decimal(entry["hours"]) if entry["hours"] is not None else None,
    )


def _entry(unit: UnitProgress, by_id: dict[str, CompletionRecord]) -> dict[str, Any]:
    assert unit.completed_at is not None
    assert unit.route is not None
    points, maximum = stated.best_mark(unit, unit.route)
    basis = next((_basis(by_id[one]) for one in unit.records if by_id[one].route == unit.route), "")
    return {
        "unit": unit.unit,
        "completed_at": unit.completed_at.isoformat(),
        "route": unit.route.value,
        "points": points,
        "maximum": maximum,
        "basis": basis or None,
        "for_mentor": any(MENTOR in condition.params for condition in unit.conditions),
    }


def _basis(row: CompletionRecord) -> str | None:
    """Return what a record of the LMS rests on: the teacher's words, or the activity's name."""
    if row.activity_result is not None:
        return row.activity_result.activity_name
    return row.evidence if row.route == Route.UNLOCKED.value else None


def _result(entry: dict[str, Any]) -> UnitResult:
    return UnitResult(
        unit=entry["unit"],
        completed_at=datetime.fromisoformat(entry["completed_at"]),
        route=Route(entry["route"]),
        points=Decimal(entry["points"]) if entry["points"] is not None else None,
        maximum=Decimal(entry["maximum"]) if entry["maximum"] is not None else None,
        for_mentor=entry.get("for_mentor", False),  # older awards do not say
    )
