"""Named deviations of platforms: what each does, and what is done about it.

`QUIRKS` lists all, also those that are answered elsewhere. Each was seen on the platform, in its
source or in its own documentation, or reported plainly where the row says; it is played by the
demo LMS or by a platform of the tests, and has a test of its name in `tests/functional/quirks/`.
"""

from lti_tool.lti.quirks.answers import (
    TRIES_OF_A_CRASH,
    is_not_gradable,
    is_stale_score,
    is_stranger_crash,
    score_extras,
)
from lti_tool.lti.quirks.hosts import CANVAS_DOMAIN, is_service_of
from lti_tool.lti.quirks.moodle import MOODLE
from lti_tool.lti.quirks.others import BLACKBOARD, BRIGHTSPACE, CANVAS, OPEN_EDX
from lti_tool.lti.quirks.quirk import Quirk

QUIRKS = (*MOODLE, *OPEN_EDX, *CANVAS, *BLACKBOARD, *BRIGHTSPACE)

__all__ = [
    "CANVAS_DOMAIN",
    "QUIRKS",
    "TRIES_OF_A_CRASH",
    "Quirk",
    "is_not_gradable",
    "is_service_of",
    "is_stale_score",
    "is_stranger_crash",
    "score_extras",
]
