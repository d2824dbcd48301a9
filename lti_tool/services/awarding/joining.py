"""Join what one person earns in several LMSs: a one-time code, and a yes in both of them.

Neither a code that was stolen nor one that was foisted on somebody joins two strangers: who
entered it sees whose it is, who made it sees who entered it, and both have to say yes.

A code is locked by the row of who made it; all rows that an act needs are locked at once.
"""

import hashlib
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    Award,
    JoinAttempt,
    JoinCode,
    MicroCredentialVersion,
    PendingAward,
    Person,
    Platform,
    StackCheck,
    StackPart,
)
from lti_tool.services import audit
from lti_tool.services.awarding import joints
from lti_tool.services.definitions.stack_parts import series_reference

LIFETIME = timedelta(minutes=15)
TO_CONFIRM = timedelta(days=1)
"""How long the other side may take to say yes once the code was entered."""
MOST_ATTEMPTS = 5
"""Wrong codes of one person within `LIFETIME`."""
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are read for one another."""
LENGTH = 10  # 49 bits: nobody finds one from its digest in 15 minutes, and nobody guesses one


@dataclass(frozen=True, slots=True)
class Joining:
    """What is under way for one person: the code they made, and those they entered elsewhere."""

    made: JoinCode | None
    entered: Sequence[JoinCode]


def under_way(db: Session, person: Person, now: datetime) -> Joining:
    found = sa.select(JoinCode).filter(
        sa.or_(JoinCode.person_id == person.id, JoinCode.entered_by_id == person.id),
        JoinCode.expires_at > now,
    )
    whose = [
        joinedload(whom).joinedload(Person.platform).joinedload(Platform.organisation)
        for whom in (JoinCode.person, JoinCode.entered_by)
    ]
    rows = db.scalars(found.options(*whose).order_by(JoinCode.created_at)).all()
    made = next((row for row in rows if row.person_id == person.id), None)
    return Joining(made, [row for row in rows if row.person_id != person.id])


def make_code(db: Session, person: Person, now: datetime) -> str:
    """Return a new code, which is not stored; one that was made before is worth nothing then."""
    _lock(db, [person.id])
    db.execute(sa.delete(JoinCode).where(JoinCode.person_id == person.id))
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    db.add(
        JoinCode(
            person_id=person.id,
            code_digest=_digest(code),
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    db.flush()
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def enter(db: Session, person: Person, text: str, now: datetime) -> JoinCode | None:
    """Use a code up that was made in another LMS, so that both can be asked; None: there is no such
    code that still counts, which is noted.

    Raises:
        Conflict: `join_too_often`: too many wrong codes; `join_own_code`; `join_same_platform`:
            one LMS knows them as two people; `join_done`: they are joined already.
    """
    wanted = sa.select(JoinCode).filter(
        JoinCode.code_digest == _digest(text), JoinCode.expires_at > now
    )
    code = _locked(db, wanted, {person.id})
    tried = sa.select(sa.func.count()).select_from(JoinAttempt)
    tried = tried.filter(JoinAttempt.person_id == person.id, JoinAttempt.at > now - LIFETIME)
    if db.scalars(tried).one() >= MOST_ATTEMPTS:
        raise Conflict("join_too_often")
    if code is None or code.entered_by_id not in (None, person.id):
        db.add(JoinAttempt(person_id=person.id, at=now))
        return None
    if code.person_id == person.id:
        raise Conflict("join_own_code")
    _check(db, code.person, person)
    code.entered_by = person
    return code


def agree(db: Session, person: Person, code_id: uuid.UUID, now: datetime) -> None:
    """Say, where a code was entered, that it is one's own; the other side is asked then.

    Raises:
        NotFound: `unknown_joining`: there is none, it is over, or it is others'.
    """
    code = _find(db, code_id, now)
    if code.entered_by_id != person.id:
        raise NotFound("unknown_joining")
    if code.agreed_at is None:
        code.agreed_at, code.expires_at = now, now + TO_CONFIRM


def confirm(db: Session, person: Person, code_id: uuid.UUID, now: datetime) -> None:
    """Say, where a code was made, that who entered it is oneself; then the two are joined.

    Raises:
        NotFound: as `agree`; also while the other side has not agreed. Conflict: as `enter`;
        `join_changed`: one of them was joined with somebody else, or no longer, at that moment.
    """
    known = _known(db, code_id, now)
    together = {person.id, known.entered_by_id or person.id}
    together |= joints.groups(db, together).keys()
    code = _find(db, code_id, now, together)
    if code.person_id != person.id or code.entered_by is None or code.agreed_at is None:
        raise NotFound("unknown_joining")
    if {person.id, code.entered_by.id, *joints.groups(db, together)} != together:
        raise Conflict("join_changed")
    _check(db, person, code.entered_by)
    joint_id = person.joint_id or code.entered_by.joint_id or uuid.uuid4()
    rows = db.scalars(sa.select(Person).filter(Person.id.in_(together)).order_by(Person.id)).all()
    for row in rows:
        row.joint_id, row.joined_at = joint_id, row.joined_at or now
    db.delete(code)
    db.flush()
    _judge_anew(db, together, now)
    _note(db, "person.joined", person, rows, joint_id, now)


def refuse(db: Session, person: Person, code_id: uuid.UUID, now: datetime) -> None:
    """Say, on either side, that it is somebody else; the code is worth nothing then.

    Raises:
        NotFound: as `agree`.
    """
    code = _find(db, code_id, now)
    if person.id not in (code.person_id, code.entered_by_id):
        raise NotFound("unknown_joining")
    db.delete(code)
    db.flush()


def leave(db: Session, person: Person, now: datetime) -> None:
    """End that a person is one with those in other LMSs; those stay joined with one another.

    Claimed badges stay; what is not claimed is judged anew, of each without the other. Repeating
    it changes nothing.

    Raises:
        Conflict: `join_changed`: somebody was joined with them, or left them, at that moment.
    """
    group = joints.groups(db, [person.id]).get(person.id, frozenset())
    rows = _lock(db, group | {person.id})
    if joints.groups(db, [person.id]).get(person.id, frozenset()) != group:
        raise Conflict("join_changed")
    joint_id = person.joint_id
    if joint_id is None:
        return
    rest = [one for one in rows if one.id != person.id and one.joint_id == joint_id]
    leaving = [person, *rest] if len(rest) == 1 else [person]
    for one in leaving:
        one.joint_id = one.joined_at = None
    db.flush()
    _judge_anew(db, [person.id, *(one.id for one in rest)], now)
    _note(db, "person.parted", person, [person, *rest], joint_id, now)


def forget_expired(db: Session, now: datetime) -> None:
    """Delete codes that nobody used, and wrong ones that no longer count."""
    db.execute(sa.delete(JoinCode).where(JoinCode.expires_at <= now))
    db.execute(sa.delete(JoinAttempt).where(JoinAttempt.at <= now - LIFETIME))


def _check(db: Session, one: Person, other: Person) -> None:
    """Refuse what cannot be one person: nobody is two in one LMS."""
    if one.joint_id is not None and one.joint_id == other.joint_id:
        raise Conflict("join_done")
    known = joints.groups(db, [one.id, other.id])
    ids = {one.id, other.id, *known}
    platforms = db.scalars(sa.select(Person.platform_id).filter(Person.id.in_(ids))).all()
    if len(set(platforms)) < len(ids):
        raise Conflict("join_same_platform")


def _judge_anew(db: Session, people: Collection[uuid.UUID], now: datetime) -> None:
    """Let the worker judge what is made of what any of these people earned, for each of them.

    What teachers had confirmed so far they confirmed of somebody who earned something else.
    """
    held = sa.select(Award.version_id).filter(
        Award.person_id.in_(people), Award.withdrawn_at.is_(None), Award.is_test.is_(False)
    )
    found = sa.select(MicroCredentialVersion).filter(MicroCredentialVersion.id.in_(held))
    parts = {version.id: series_reference(version) for version in db.scalars(found)}
    asked_for = set(
        db.scalars(sa.select(StackPart.reference).filter(StackPart.reference.in_(parts.values())))
    )
    db.add_all(
        StackCheck(person_id=person, version_id=version, due_at=now)
        for version, reference in parts.items()
        if reference in asked_for
        for person in people
    )
    waiting = sa.select(PendingAward).filter(
        PendingAward.person_id.in_(people),
        PendingAward.version_id.in_(sa.select(StackPart.version_id)),
    )
    for pending in db.scalars(waiting):
        pending.confirmed_by = []


def _lock(db: Session, people: Collection[uuid.UUID]) -> Sequence[Person]:
    """Lock people's rows in one order, and read them as they are then."""
    found = sa.select(Person).filter(Person.id.in_(people)).order_by(Person.id)
    found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    return db.scalars(found).all()


def _known(db: Session, code_id: uuid.UUID, now: datetime) -> JoinCode:
    """Return a code as it was a moment ago."""
    code = db.get(JoinCode, code_id)
    if code is None or code.expires_at <= now:
        raise NotFound("unknown_joining")
    return code


def _find(
    db: Session, code_id: uuid.UUID, now: datetime, people: Collection[uuid.UUID] = ()
) -> JoinCode:
    """Return a code, locked, and lock these people."""
    wanted = sa.select(JoinCode).filter(JoinCode.id == code_id, JoinCode.expires_at > now)
    code = _locked(db, wanted, people)
    if code is None:
        raise NotFound("unknown_joining")
    return code


def _locked(
    db: Session, wanted: sa.Select[JoinCode], people: Collection[uuid.UUID]
) -> JoinCode | None:
    known = db.scalar(wanted)
    _lock(db, {*people, *([known.person_id] if known is not None else ())})
    return db.scalar(wanted.execution_options(populate_existing=True))


def _digest(text: str) -> str:
    """Return what is stored of a code, however it was typed."""
    code = "".join(char for char in text.upper() if char.isalnum())
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def _note(
    db: Session,
    action: str,
    actor: Person,
    people: Sequence[Person],
    joint_id: uuid.UUID,
    now: datetime,
) -> None:
    """Tell each school that it happened to its own, and none who the others are."""
    for one in people:
        audit.note_in(
            db,
            one.platform.organisation_id,
            f"person:{actor.id}" if one.id == actor.id else audit.SYSTEM,
            action,
            f"person:{one.id}",
            now,
            joint=str(joint_id),
        )
