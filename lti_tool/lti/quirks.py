"""Named deviations of platforms: what each does, and what is done about it.

`QUIRKS` lists all, also those that are answered elsewhere. Each was seen on the platform
or in its source, is played by the demo LMS or by a platform of the tests, and has a test of its
name in `tests/functional/test_quirks.py`.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from lti_tool.lti.registrations import KnownRegistration
from lti_tool.outbound import Response


@dataclass(frozen=True, slots=True)
class Quirk:
    """`does`: the platform; `answer`: what is done about it, and where."""

    name: str
    platform: str
    does: str
    answer: str


QUIRKS = (
    Quirk(
        "custom_keys_come_twice",
        "Moodle 4.5",
        "sends a key that is not lower-case a second time",
        "our keys are lower-case",
    ),
    Quirk(
        "unknown_variables_come_as_they_are",
        "Moodle 4.5",
        "sends `$User.image` for what it does not know",
        "claims: a value that begins with `$` is none",
    ),
    Quirk(
        "refusals_are_posted",
        "Moodle 4.5",
        "posts `error` and `state` to the redirect URI",
        "launch: the state is used up; the description is not shown",
    ),
    Quirk(
        "states_are_cleaned_of_tags",
        "Moodle 4.5",
        "`a<b>c` comes back as `ac`",
        "pylti_adapter: states are URL-safe",
    ),
    Quirk(
        "anything_not_fully_graded_erases",
        "Moodle 4.5",
        "a score in progress deletes the grade that is there",
        "grades: a grade always comes fully graded",
    ),
    Quirk(
        "scores_of_one_second_conflict",
        "Moodle 4.5",
        "409 unless the time stamp is newer by whole seconds",
        "deliveries: one after the other, a second apart",
    ),
    Quirk(
        "results_crash_on_a_limit",
        "Moodle 4.5",
        "404 in HTML for `results?limit=`",
        "grades: `limit` is never sent",
    ),
    Quirk(
        "reviews_name_anybody",
        "Moodle 4.5",
        "signs any `for_user` that stands in the address",
        "launch: learners see their own only",
    ),
    Quirk(
        "there_is_one_deployment",
        "Open edX",
        "`deployment_id` is always 1",
        "a deployment belongs to a registration",
    ),
    Quirk(
        "stale_scores_are_bad_requests",
        "Open edX",
        "400 “Score already exists” where 409 is meant",
        "is_stale_score",
    ),
    Quirk(
        "scores_of_strangers_crash",
        "Open edX",
        "500 for a person it does not know",
        "is_stranger_crash: given up after a few tries, with the reason",
    ),
    Quirk(
        "maxima_are_whole",
        "Open edX",
        "takes integers for `scoreMaximum` only",
        "deep_linking, line items: whole numbers are sent as such",
    ),
    Quirk(
        "colleagues_are_instructors",
        "Canvas",
        "adds institution#Instructor for people who learn in a course",
        "roles: a role in the course comes first",
    ),
    Quirk(
        "each_course_is_a_deployment",
        "Canvas",
        "makes a deployment for each course or account",
        "registrations: the first launch admits it, where the operator lets it",
    ),
    Quirk(
        "all_schools_are_one_issuer",
        "Canvas",
        "`iss` is the same for every school",
        "the id of the registration stands in our addresses",
    ),
    Quirk(
        "scores_are_new_submissions",
        "Canvas",
        "counts each score as a further try of the learner",
        "score_extras: says that it is none",
    ),
)

# Canvas signs people in and hands out tokens on a host of its own for all schools, and serves
# grades on the school's. Both end in this name. (Seen in Canvas' own registration guide.)
CANVAS_DOMAIN = ".instructure.com"
CANVAS_SIGN_IN = ("sso.canvaslms.com", "canvas.instructure.com")


def is_service_of(known: KnownRegistration, url: str) -> bool:
    """Return whether a service address lies on a host stored with the registration."""
    host = _host(url)
    addresses = (known.issuer, known.auth_login_url, known.auth_token_url, known.key_set_url)
    own_hosts = {_host(address) for address in addresses} - {""}
    if host in own_hosts:
        return True
    return host.endswith(CANVAS_DOMAIN) and not own_hosts.isdisjoint(CANVAS_SIGN_IN)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


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
    if _CANVAS_PATH in _path(line_item_url) or _host(line_item_url).endswith(CANVAS_DOMAIN):
        return {_SUBMISSION: {"new_submission": False}}
    return {}


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
