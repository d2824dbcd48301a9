"""Named deviations of platforms, each where it bites."""

from urllib.parse import urlsplit

from lti_tool.lti.registrations import KnownRegistration

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
