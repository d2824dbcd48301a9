"""Named deviations of platforms, each where it bites."""

from urllib.parse import urlsplit

from lti_tool.lti.registrations import KnownRegistration
from lti_tool.outbound import Response

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
