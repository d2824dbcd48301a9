"""Rotation of the tool's own keys."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.encryption import Encryption
from lti_tool.errors import Conflict
from lti_tool.lti import tool_keys
from lti_tool.lti.tool_keys import DatedKey, KeyState
from lti_tool.models import ToolKey
from lti_tool.services import audit


def rotate(
    db: Session,
    encryption: Encryption,
    now: datetime,
    *,
    at_once: bool = False,
    withdraw_old: bool = False,
    if_older_than: timedelta | None = None,
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
    _forget(db, now, keep=key, only_withdrawn=not withdraw_old)
    audit.note(db, audit.OPERATOR, "tool_key.rotated", f"tool_key:{key.kid}", now)
    return tool_keys.all_keys(db)[-1]


def _forget(db: Session, now: datetime, *, keep: ToolKey, only_withdrawn: bool) -> None:
    for each in tool_keys.all_keys(db):
        is_over = each.state(now) is KeyState.WITHDRAWN or not only_withdrawn
        if is_over and each.key is not keep:
            db.execute(sa.delete(ToolKey).filter_by(id=each.key.id))
            subject = f"tool_key:{each.key.kid}"
            audit.note(db, audit.OPERATOR, "tool_key.deleted", subject, now)
    db.flush()
