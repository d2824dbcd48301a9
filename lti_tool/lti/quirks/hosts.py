"""On which hosts a platform's services lie."""

from urllib.parse import urlsplit

from lti_tool.lti.origins import origin
from lti_tool.lti.registrations import KnownRegistration

# Two LMSs sign people in and hand out tokens on hosts of their own for all schools, and serve
# grades, rosters and pages on the school's. (Canvas' own registration guide; Blackboard's own
# pages on registration and on the id_token.)
CANVAS_DOMAIN = ".instructure.com"
BLACKBOARD_DOMAIN = ".blackboard.com"
SHARED = {
    CANVAS_DOMAIN: ("sso.canvaslms.com", "canvas.instructure.com"),
    BLACKBOARD_DOMAIN: ("blackboard.com", "developer.blackboard.com"),
}


def is_service_of(known: KnownRegistration, url: str) -> bool:
    """Return whether a service address lies on the platform.

    That is: a host stored with the registration, a school's host of an LMS that signs in
    elsewhere, or an origin that an operator said is the LMS's (a school's Blackboard may run under
    a name of its own).
    """
    own = {host(address) for address in (known.issuer, known.auth_login_url)}
    own |= {host(address) for address in (known.auth_token_url, known.key_set_url)}
    own -= {""}
    asked = host(url)
    if asked in own or origin(url) in known.frame_origins:
        return True
    return any(
        asked.endswith(domain) and not own.isdisjoint(shared) for domain, shared in SHARED.items()
    )


def host(url: str) -> str:
    """Return the host of an address in lower case; "" if it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
