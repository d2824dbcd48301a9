"""Rotation of the tool's own keys, and who cannot follow it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.encryption import Encryption
from lti_tool.errors import Conflict
from lti_tool.lti import tool_keys
from lti_tool.lti.tool_keys import DatedKey, KeyState
from lti_tool.models import Platform, Registration, ToolKey
from lti_tool.services import audit


def rotate(
    db: Session,
    encryption: Encryption,
    now: datetime,
    *,
    at_once: bool = False,
    withdraw_old: bool = False,
    if_older_than: timedelta | None = None,
    actor: str = audit.OPERATOR,
) -> DatedKey | None:
    """Publish a key that signs after `PUBLISHED_AHEAD`, and return it.

    `at_once`: it signs now (a waiting one does, if there is one). `withdraw_old`: the keys before
    it are deleted and published no more, for a key that got into wrong hands. `if_older_than`:
    return None, and do nothing, while the youngest key is not older; for use by the clock.

    Raises:
        Conflict: `rotation_under_way`: the next key is published already and waits for its turn.
    """
    tool_keys.current(db, encryption, now)
    youngest = tool_keys.all_keys(db)[-1]
    if if_older_than is not None and now - youngest.signs_from < if_older_than:
        return None
    is_waiting = youngest.state(now) is KeyState.NEXT
    if is_waiting and not at_once:
        raise Conflict("rotation_under_way", signs_from=f"{youngest.signs_from:%Y-%m-%d %H:%M} UTC")
    if is_waiting:
        key = youngest.key
        key.signs_from = now
    else:
        begins = now if at_once else now + tool_keys.PUBLISHED_AHEAD
        key = tool_keys.add(db, encryption, signs_from=begins, now=now)
    db.flush()
    _forget(db, now, keep=key, only_withdrawn=not withdraw_old, actor=actor)
    audit.note(db, actor, "tool_key.rotated", f"tool_key:{key.kid}", now)
    return tool_keys.all_keys(db)[-1]


def _forget(db: Session, now: datetime, *, keep: ToolKey, only_withdrawn: bool, actor: str) -> None:
    for each in tool_keys.all_keys(db):
        is_over = each.state(now) is KeyState.WITHDRAWN or not only_withdrawn
        if is_over and each.key is not keep:
            db.execute(sa.delete(ToolKey).filter_by(id=each.key.id))
            subject = f"tool_key:{each.key.kid}"
            audit.note(db, actor, "tool_key.deleted", subject, now)
    db.flush()


@dataclass(frozen=True, slots=True)
class KeyAsText:
    """The key that signs now, as PEM, and the one that follows it if that is published."""

    pem: str
    following: DatedKey | None


def show_as_text(
    db: Session, encryption: Encryption, registration_id: uuid.UUID, now: datetime
) -> KeyAsText:
    """Return the key for a platform that takes it as text, and remember the first time.

    Anybody may fetch it, so doing that again says nothing: which key a platform has is renewed
    when it takes a signature of the key (`lti.tool_keys.note_accepted`).

    A registration that is not stored yet gets it too; platforms are told the address beforehand.
    """
    key = tool_keys.current(db, encryption, now)
    registration = db.get(Registration, registration_id)
    if registration is not None and registration.key_text_kid is None:
        registration.key_text_kid = key.kid
    youngest = tool_keys.all_keys(db)[-1]
    following = youngest if youngest.state(now) is KeyState.NEXT else None
    return KeyAsText(tool_keys.public_pem(key, encryption), following)


def left_behind(db: Session) -> Sequence[Registration]:
    """Return the registrations that were given a key as text, and another than the youngest.

    They cannot follow by themselves; when the youngest signs, their platform refuses it.
    """
    keys = tool_keys.all_keys(db)
    youngest = keys[-1].key.kid if keys else None
    return db.scalars(
        sa.select(Registration)
        .join(Registration.platform)
        .options(joinedload(Registration.platform))
        .where(
            Registration.key_text_kid != youngest,
            Platform.disabled_at.is_(None),
            Registration.disabled_at.is_(None),
        )
        .order_by(Platform.name, Registration.created_at)
    ).all()
