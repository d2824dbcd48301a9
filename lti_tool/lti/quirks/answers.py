"""What platforms answer in ways of their own, and what some of them want to hear."""

from urllib.parse import urlsplit

from lti_tool.lti.quirks import hosts
from lti_tool.outbound import Response

# What platforms say when somebody cannot get a grade there: nobody else's mistake, and no retry
# will help. Moodle; Blackboard; Brightspace (twice); Canvas.
_NOT_GRADABLE = (
    "incorrect score received",
    "user could not be found",
    "is not enrolled in the org unit",
    "user in requested score does not exist",
    "user not found in course or is not a student",
)
# Open edX answers 400 where AGS means 409: the same time stamp, or an older one.
_STALE = ("score already exists", "only be updated to a later point in time")


def is_not_gradable(answer: Response) -> bool:
    """Return whether a platform refused a score because of the person."""
    return _says(answer, _NOT_GRADABLE)


def is_stale_score(answer: Response) -> bool:
    """Return whether a platform refused a score because it holds this one or a newer one."""
    return _says(answer, _STALE)


def _says(answer: Response, phrases: tuple[str, ...]) -> bool:
    text = f"{answer.reason}\n{answer.content[:4096].decode('utf-8', 'replace')}".lower()
    return any(phrase in text for phrase in phrases)


# The paths of a platform's columns tell which it is, also where it was connected by hand.
_OPEN_EDX_PATH = "/lti_consumer/v1/lti/"
_CANVAS_PATH = "/api/lti/courses/"
_SUBMISSION = "https://canvas.instructure.com/lti/submission"
TRIES_OF_A_CRASH = 5


def is_stranger_crash(line_item_url: str, failure: str, tries: int) -> bool:
    """Return whether a platform that crashes at people it does not know did so long enough.

    It may have been something else: so not at once, and on other platforms never.
    """
    is_open_edx = _OPEN_EDX_PATH in _path(line_item_url)
    return is_open_edx and failure == "http_500" and tries >= TRIES_OF_A_CRASH


def score_extras(line_item_url: str) -> dict[str, object]:
    """Return what is added to a score for the platform of a column."""
    if _CANVAS_PATH in _path(line_item_url) or hosts.host(line_item_url).endswith(
        hosts.CANVAS_DOMAIN
    ):
        return {_SUBMISSION: {"new_submission": False}}
    return {}


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
