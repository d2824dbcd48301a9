"""What can be switched off, and who may switch it on again."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import UtcDateTime


class Switchable:
    """Columns of what can be switched off.

    `disabled_by_school`: an administrator did, and may undo it; otherwise only operators may.
    """

    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_by_school: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    @property
    def is_held_off(self) -> bool:
        """Whether an operator switched it off."""
        return self.disabled_at is not None and not self.disabled_by_school
