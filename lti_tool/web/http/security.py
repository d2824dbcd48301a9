"""Security headers of every response, and the check of every form.

Framing: pages of a launch may be framed by the platform that launched (CSP Level 3,
`frame-ancestors`; X-Frame-Options cannot name an origin and is not sent), public pages by nobody.
Forms: a page of a foreign site can post into a launch, and the launch's cookie goes with it, so
every unsafe request outside the LTI endpoints (these prove themselves by state and signature,
by a registration form that works once, or by an access token) must bring a token that only a page
of the same launch can know. Pages of accounts have a token bound to the secret in their own cookie.
A token is written differently in every answer, so the lengths of compressed answers cannot betray
it (BREACH), whoever compresses them.
The one form that leaves for another site is the answer to a deep linking request, and its page can
send a form nowhere else.
"""

import hashlib
import hmac
import operator
import re
import secrets
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta

from flask import Flask, Response, g, request

from lti_tool.errors import Forbidden
from lti_tool.web.context import current_tool

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LTI_BLUEPRINT = "lti"
REGISTRATION_BLUEPRINT = "registration"
API_BLUEPRINT = "api"
# Requests to these prove themselves: by state and signature, by a form that works once, or by a
# secret in a header that no browser sends along by itself.
SELF_PROVING = frozenset({LTI_BLUEPRINT, REGISTRATION_BLUEPRINT, API_BLUEPRINT})
CSRF_FIELD = "csrf_token"
# Blueprint -> the cookie whose secret its form tokens are bound to: before and after signing in.
SIGN_IN_BLUEPRINT = "sign_in"
ADMIN_BLUEPRINT = "admin"
MENTOR_BLUEPRINT = "mentor"
OWN_COOKIES = {
    SIGN_IN_BLUEPRINT: "visitor",
    ADMIN_BLUEPRINT: "account",
    MENTOR_BLUEPRINT: "mentor",
}

TICKET_FIELD = "ticket"
TICKET_LIFETIME = timedelta(minutes=30)

FRAMED_BY_NOBODY = "'none'"
FRAMED_BY_ANYBODY = "*"
OWN_FORMS = "'self'"
OWN_FILES = "'self'"

_FIXED_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def init_app(app: Flask) -> None:
    app.before_request(check_form)
    app.after_request(add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.jinja_env.globals["csrf_field"] = CSRF_FIELD


def csp_nonce() -> str:
    """Return this response's nonce; scripts without it do not run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def allow_framing(by: str) -> None:
    """Let this response be framed by origins (space-separated), or by `FRAMED_BY_ANYBODY`."""
    g.frame_ancestors = by


def send_forms_to(origins: str) -> None:
    """Let forms of this response go to `origins` (space-separated) and nowhere else."""
    g.form_action = origins


def allow_fetching() -> None:
    """Let scripts of this response ask this server."""
    g.connect = True


def allow_worker() -> None:
    """Let scripts of this response install a service worker of this server."""
    g.worker = True


def allow_style(source: str) -> None:
    """Let this response hold one style sheet: `source` is its hash (CSP Level 3, `hash-source`)."""
    g.styles = [f"'{source}'"]


def sandbox() -> None:
    """Let this response do nothing, should a browser show it after all (CSP Level 3, `sandbox`)."""
    g.sandbox = True


def csrf_token(launch_id: uuid.UUID) -> str:
    """Return what a form of this launch carries in its hidden field; another text each time."""
    return _masked(_seal(b"csrf:" + launch_id.bytes))


def cookie_name(blueprint: str) -> str:
    """Return the name of a first-party cookie; on https one that only this host can set."""
    return host_prefix() + OWN_COOKIES[blueprint]


def host_prefix() -> str:
    """Return how names of cookies begin that only this very host can set; on http nothing does."""
    return "__Host-" if current_tool().settings.public_url.startswith("https://") else ""


def own_secret(blueprint: str) -> str:
    """Return the secret that the browser brought for pages of `blueprint`, or nothing."""
    return request.cookies.get(cookie_name(blueprint), "")


def own_csrf_token(blueprint: str, secret: str) -> str:
    """Return what a form carries on a page that no launch opened; another text each time."""
    return _masked(_own_seal(blueprint, secret))


def ticket(launch_id: uuid.UUID, now: datetime) -> str:
    """Return what a form carries that opens a tab of its own, where the browser does not bring what
    it keeps for the frame of the LMS; it holds for `TICKET_LIFETIME`."""
    ends = str(int((now + TICKET_LIFETIME).timestamp()))
    return f"{ends}.{_masked(_ticket_seal(launch_id, ends))}"


def brings_ticket(launch_id: uuid.UUID, now: datetime) -> bool:
    """Return whether the request is such a form of this launch, sent from a page of this server:
    nobody is lured into another's launch by a form on a foreign page."""
    ends, _, token = request.form.get(TICKET_FIELD, "").partition(".")
    if not re.fullmatch(r"[0-9]{1,11}", ends) or int(ends) <= now.timestamp():
        return False
    is_own = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    return is_own and _holds(token, _ticket_seal(launch_id, ends))


def _ticket_seal(launch_id: uuid.UUID, ends: str) -> bytes:
    return _seal(b"ticket:" + launch_id.bytes + ends.encode())


def check_form() -> None:
    """Refuse an unsafe request without the token of its launch, or of its own cookie.

    Raises:
        Forbidden: `own_form_token` for a page of accounts, else `form_token`; also for a route
            that belongs to no launch, so that a new route cannot be forgotten.
    """
    if request.method in SAFE_METHODS or request.blueprint in SELF_PROVING:
        return
    if request.url_rule is None:
        return  # answered with 404 or 405
    sent = request.form.get(CSRF_FIELD, "")
    if request.blueprint in OWN_COOKIES:
        secret = own_secret(request.blueprint)
        if not secret or not _holds(sent, _own_seal(request.blueprint, secret)):
            raise Forbidden("own_form_token")
        return
    launch_id = (request.view_args or {}).get("launch_id")
    if not isinstance(launch_id, uuid.UUID) or not _holds(sent, _seal(b"csrf:" + launch_id.bytes)):
        raise Forbidden("form_token")


def _seal(bound: bytes) -> bytes:
    key = current_tool().settings.secret_key.encode()
    return hmac.digest(key, bound, hashlib.sha256)


def _own_seal(blueprint: str, secret: str) -> bytes:
    return _seal(f"csrf:{blueprint}:{secret}".encode("utf-8", "replace"))


def _masked(seal: bytes) -> str:
    """Return a random mask, and the seal under it."""
    mask = secrets.token_bytes(len(seal))
    return urlsafe_b64encode(mask + _xor(mask, seal)).decode("ascii")


def _holds(token: str, seal: bytes) -> bool:
    """Return whether `seal` is what lies under the token's mask."""
    try:
        read = urlsafe_b64decode(token)
    except ValueError:
        return False
    mask, masked = read[: len(seal)], read[len(seal) :]
    return len(masked) == len(seal) and hmac.compare_digest(_xor(mask, masked), seal)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(map(operator.xor, one, other))


def add_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _policy())
    for name, value in _FIXED_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _policy() -> str:
    script = f"'nonce-{g.csp_nonce}'" if "csp_nonce" in g else "'none'"
    ancestors = g.get("frame_ancestors") or FRAMED_BY_NOBODY
    if g.get("sandbox"):
        return f"default-src 'none'; sandbox; base-uri 'none'; frame-ancestors {ancestors}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {script}",
            *(["connect-src 'self'"] if g.get("connect") else []),
            *(["worker-src 'self'"] if g.get("worker") else []),
            f"style-src {' '.join([OWN_FILES, *g.get('styles', [])])}",
            "img-src 'self' data:",
            f"form-action {g.get('form_action', OWN_FORMS)}",
            "base-uri 'none'",
            f"frame-ancestors {ancestors}",
        )
    )
