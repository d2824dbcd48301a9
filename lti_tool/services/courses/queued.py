"""What a teacher ticked where there was no network, taken in when it arrives: each item recorded,
known already, or refused with a code.

The phone gives each item a key of its own, so an item that comes again is recorded once. When it
was ticked is told as an age by the phone's clock, which may be wrong: both ends of an age are wrong
alike.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from badges import completion as rules
from badges.completion import Completion, InvalidCompletion
from badges.micro_credential import MicroCredential
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import CompletionRecord, MicroCredentialVersion, Person, Placement
from lti_tool.services.completing import bringing, completions
from lti_tool.services.completing.bringing import Before
from lti_tool.services.completing.completions import Judgement, Said
from lti_tool.services.courses import roster
from lti_tool.services.courses.roster import Learner
from lti_tool.services.definitions import catalogue

MOST_ITEMS = 200
OLDEST = timedelta(days=30)
LIST_KEPT = timedelta(days=7)
"""For so long the names of a course lie on a phone."""
LEEWAY = timedelta(minutes=5)
"""By how much an age may be negative: the phone's clock was set right meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """`key`: the phone's name for the item. `version_id`: what the list on the phone was of; None:
    a list that an earlier release handed out. `age`: how long before it was sent it was ticked."""

    key: str
    version_id: uuid.UUID | None
    person_id: uuid.UUID
    judgement: Judgement
    age: timedelta


class Taken(StrEnum):
    RECORDED = "recorded"
    KNOWN = "known"


def take(
    db: Session, placement: Placement, ticked: Sequence[Ticked], *, assessor: Person, now: datetime
) -> list[Taken | ToolError]:
    """Record each item that can be recorded, as a teacher's form would; answer each in its place.

    The number of statements does not depend on how many they are.
    """
    course, version = placement.course, placement.version
    mc, befores = catalogue.definition(version), bringing.former(db, course.id, version)
    learners = {one.person.id: one for one in roster.learners(db, course, version, now)}
    names = [_name(assessor, one) for one in ticked]
    people = {one.person_id for one in ticked}
    known = completions.known(db, assessor, people & learners.keys(), names)
    first: dict[str, Ticked] = {}
    results: list[Taken | ToolError] = []
    for name, one in zip(names, ticked, strict=True):
        try:
            if name in known:
                _check_same(known[name], one)
                results.append(Taken.KNOWN)
                continue
            if _content(first.setdefault(name, one)) != _content(one):
                raise Conflict("tick_key_reused")
            _check_version(befores, version, one, now)
            _check(mc, learners.get(one.person_id), one, assessor, now)
            results.append(Taken.RECORDED)
        except ToolError as error:
            results.append(error)
    said = [
        Said(learners[one.person_id].person, _at(one, now), name)
        for name, one, result in zip(names, ticked, results, strict=True)
        if result is Taken.RECORDED
    ]
    if not said:
        return results
    try:
        with db.begin_nested():
            completions.record_all(db, version, said, course=course, assessor=assessor, now=now)
    except ToolError as error:  # who may sign off, what the course offers: it is about all
        return [error if result is Taken.RECORDED else result for result in results]
    return results


def _name(assessor: Person, one: Ticked) -> str:
    """Return the key of the record: nobody's keys meet another's."""
    return hashlib.sha256(f"ticked\n{assessor.id.hex}\n{one.key}".encode()).hexdigest()


def _at(one: Ticked, now: datetime) -> Judgement:
    return replace(one.judgement, at=now - max(one.age, timedelta(0)))


def _content(one: Ticked) -> tuple[object, ...]:
    said = one.judgement
    return one.person_id, said.unit, said.part, said.points, said.signed_off


def _check_same(record: CompletionRecord, one: Ticked) -> None:
    kept = (record.person_id, record.unit_code, record.part, record.points, record.is_signed_off)
    if kept != _content(one):
        raise Conflict("tick_key_reused")


def _check_version(
    befores: Sequence[Before], version: MicroCredentialVersion, one: Ticked, now: datetime
) -> None:
    """Refuse what was ticked in another version, unless the unit has stayed the same since.

    A list that names no version may be of any that the course offered when it was taken or later.

    Raises:
        Conflict: `tick_of_changed_unit`; `tick_of_other_version`: one that the course was not moved
            from.
    """
    if one.version_id == version.id:
        return
    if one.version_id is None:
        oldest = one.age + LIST_KEPT  # a phone's clock may say the year 1
        of_list = [each for each in befores if now - each.until <= oldest]
    else:
        of_list = [each for each in befores if each.version.id == one.version_id]
        if not of_list:
            raise Conflict("tick_of_other_version", version=version.version)
    if any(one.judgement.unit not in each.kept for each in of_list):
        raise Conflict("tick_of_changed_unit", version=version.version)


def _check(
    mc: MicroCredential, learner: Learner | None, one: Ticked, assessor: Person, now: datetime
) -> None:
    """Refuse what cannot be recorded.

    Raises:
        NotFound: `learner_gone`.
        Conflict: `tick_too_old`, `tick_in_future`, `completed_meanwhile`: another sign-off would
            say nothing new.
        ToolError: the codes of `badges.completion.check`.
    """
    if learner is None:
        raise NotFound("learner_gone")
    if one.age > OLDEST:
        raise Conflict("tick_too_old", days=str(OLDEST.days))
    if one.age < -LEEWAY:
        raise Conflict("tick_in_future")
    said = one.judgement
    completion = Completion(
        id=one.key,
        unit=said.unit,
        at=now,
        by=str(assessor.id),
        part=said.part,
        points=said.points,
        signed_off=said.signed_off,
    )
    try:
        rules.check(mc, completion)
    except InvalidCompletion as error:
        raise ToolError(error.code, unit=said.unit) from error
    if said.signed_off and learner.progress.unit(said.unit).is_complete:
        raise Conflict("completed_meanwhile")
