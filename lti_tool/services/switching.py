"""Switching off and on: what an operator switched off stays off for administrators."""

from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.errors import Forbidden
from lti_tool.models.switchable import Switchable


def switch(
    db: Session, row: Switchable, *, disabled: bool, is_operator: bool, now: datetime
) -> None:
    """Switch a row off or on. What is off already becomes an operator's when one repeats it.

    Raises:
        Forbidden: `held_off`: an operator switched it off, and this is none.
    """
    columns = ["disabled_at", "disabled_by_school"]
    db.flush()
    db.refresh(row, columns, with_for_update={"key_share": True})  # of two at once, one waits
    if row.is_held_off and not is_operator:
        raise Forbidden("held_off")
    row.disabled_at = now if disabled else None
    row.disabled_by_school = disabled and not is_operator
    db.flush()
