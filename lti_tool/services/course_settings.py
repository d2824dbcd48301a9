"""What a teacher sets for a micro-credential in their course; untouched, everything has a default.

Nothing here takes away what was recorded or awarded.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.errors import ToolError
from lti_tool.models import Placement
from lti_tool.services import audit, confirming

CONFIRMATIONS = (0, 1, 2)
"""By how many different teachers an award can be confirmed before it is given."""


def set_confirmations(
    db: Session, placement: Placement, count: int, *, actor: str, now: datetime
) -> None:
    """Choose whether awards are given by themselves (0) or after so many teachers confirmed.

    Awards already given stay; whoever waits and is confirmed by enough now gets theirs.

    Raises:
        ToolError: `wrong_setting`.
    """
    if count not in CONFIRMATIONS:
        raise ToolError("wrong_setting")
    db.refresh(placement, with_for_update=True)
    if placement.confirmations == count:
        return
    placement.confirmations = count
    db.flush()
    subject = f"placement:{placement.id}"
    audit.note(db, actor, "placement.confirmations_set", subject, now, count=str(count))
    confirming.judge_waiting(db, placement, now)
