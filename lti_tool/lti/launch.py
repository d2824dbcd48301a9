"""Login and launch: from a platform's first request to claims that are proven.

Spec: 1EdTech Security Framework 1.0, section 5.1.1 (OpenID Connect launch flow); LTI 1.3 core,
section 5. State and nonce are used up in a transaction that is over before anything is checked, so
that it stands even if the launch is refused; keys are fetched outside any transaction.

A browser proves that it began the login by a cookie, or, where it keeps none, by `confirm`.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog

from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.lti import (
    claims,
    login_states,
    quirks,
    registrations,
    return_addresses,
    roles,
    unconfirmed,
)
from lti_tool.lti.claims import (
    AnyClaims,
    DataPrivacyClaims,
    DeepLinkingClaims,
    LaunchClaims,
    SubmissionReviewClaims,
)
from lti_tool.lti.errors import LaunchRefused
from lti_tool.lti.login_states import UsedLogin
from lti_tool.lti.origins import origin
from lti_tool.lti.pylti_adapter import Launch, LaunchContext, cookie_name
from lti_tool.lti.pylti_adapter import Login as PyltiLogin
from lti_tool.lti.registrations import KnownRegistration
from lti_tool.outbound import Outbound

MAX_PARAMETER = 4096

_ERROR_CODE = re.compile(r"[a-z_]{1,40}")
_FRAME_NAME = re.compile(r"[\w.:-]{1,255}", re.ASCII)

log = structlog.get_logger(__name__)

__all__ = ["Accepted", "Login", "Storage", "accept", "begin", "confirm", "cookie_name", "origin"]


@dataclass(frozen=True, slots=True)
class Storage:
    """A frame of the platform that keeps values for tools (LTI Platform Storage): its name, or
    `_parent`, and the only origin that messages are sent to and believed from."""

    target: str
    origin: str


@dataclass(frozen=True, slots=True)
class Login:
    """Where to send the browser, and the secret that proves later that it was this one."""

    redirect_url: str
    state: str = field(repr=False)
    cookie_name: str
    browser_secret: str = field(repr=False)
    storage: Storage | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the platform proved. `is_confirmed`: the browser began the login; else it may still
    prove that once, by `confirm`, with what it keeps itself or in `storage`. `frame_origins`: where
    the page that asks for that proof may be shown."""

    claims: AnyClaims
    is_confirmed: bool
    storage: Storage | None
    frame_origins: tuple[str, ...]


def begin(
    database: Database,
    registration_id: uuid.UUID,
    params: Mapping[str, str],
    *,
    launch_url: str,
    now: datetime,
) -> Login:
    """Answer a third-party initiated login (Security Framework 1.0, section 5.1.1.1).

    Raises:
        LaunchRefused
    """
    with database.engine.begin() as db:  # a session, for objects, costs as much as a statement
        known = registrations.load(db, registration_id)
        _check_login(params, known, launch_url)
        login = PyltiLogin(params, known)
        storage = _storage(params.get("lti_storage_target"), known)
        redirect_url = login.auth_request_url(launch_url)
        login_states.remember(
            db,
            known.id,
            state=login.started.state,
            nonce=login.started.nonce,
            browser_secret=login.started.browser_secret,
            target_link_uri=params["target_link_uri"],
            deployment_id=params.get("lti_deployment_id") or None,
            storage_target=storage.target if storage else None,
            now=now,
        )
    state, secret = login.started.state, login.started.browser_secret
    return Login(redirect_url, state, cookie_name(state), secret, storage)


def accept(
    database: Database,
    outbound: Outbound,
    registration_id: uuid.UUID,
    form: Mapping[str, str],
    cookies: Mapping[str, str],
    *,
    launch_url: str,
    encryption: Encryption,
    now: datetime,
) -> Accepted:
    """Validate an authentication response (Security Framework 1.0, section 5.1.3).

    Raises:
        LaunchRefused
    """
    with database.engine.begin() as db:
        known, key_set = registrations.load_with_keys(db, registration_id)
        # Used up for good, however the launch ends: nothing after this block can undo it.
        used_login = login_states.use(db, form.get("state", ""), now)
    if "error" in form:
        raise _refused_by_platform(form["error"])
    context = LaunchContext(database, outbound, known, used_login, key_set, now)
    launch = Launch(context, form, cookies)
    payload = launch.payload()
    parsed = _typed(payload, known)
    _check_target(parsed, launch.used_login, launch_url)
    if not launch.is_from_this_browser:
        with database.transaction() as db:
            unconfirmed.keep(
                db,
                encryption,
                known.id,
                state=form["state"],
                browser_digest=launch.used_login.browser_digest,
                payload=payload,
                now=now,
            )
    storage = _storage(launch.used_login.storage_target, known)
    return Accepted(parsed, launch.is_from_this_browser, storage, _frame_origins(parsed, known))


def confirm(
    database: Database,
    encryption: Encryption,
    registration_id: uuid.UUID,
    state: str,
    proof: str,
    *,
    now: datetime,
) -> AnyClaims:
    """Return what `accept` found, once the browser proves that it began the login.

    One attempt for each launch: a wrong proof ends it.

    Raises:
        LaunchRefused: state_unknown, state_foreign, state_expired, browser_unknown
    """
    with database.transaction() as db:
        known = registrations.load(db, registration_id)
        used = unconfirmed.use(db, encryption, state, now)
    if used is None:
        raise LaunchRefused("state_unknown")
    if used.registration_id != known.id:
        raise LaunchRefused("state_foreign")
    if used.has_expired:
        raise LaunchRefused("state_expired")
    if not used.is_from(proof):
        raise LaunchRefused("browser_unknown")
    return _typed(used.payload, known)


def _typed(payload: Mapping[str, Any], known: KnownRegistration) -> AnyClaims:
    way_back = return_addresses.of(payload, known)
    try:
        return replace(_parsed(payload, known), return_url=way_back)
    except LaunchRefused as refused:
        refused.way_back = way_back
        raise


def _parsed(payload: Mapping[str, Any], known: KnownRegistration) -> AnyClaims:
    parsed = claims.parse(payload, frame_origin=origin(known.auth_login_url))
    if isinstance(parsed, DeepLinkingClaims):
        _check_return_url(parsed, known)
        return parsed
    if isinstance(parsed, DataPrivacyClaims):
        _check_administrator(parsed)
        return parsed
    if isinstance(parsed, SubmissionReviewClaims):
        _check_reviewer(parsed)
    return _without_foreign_services(parsed, known)


def _frame_origins(parsed: AnyClaims, known: KnownRegistration) -> tuple[str, ...]:
    """Return where people sign in, where they came from, and what the operator allowed."""
    back = origin(parsed.return_url) if parsed.return_url else None
    return tuple(dict.fromkeys(filter(None, (parsed.frame_origin, back, *known.frame_origins))))


def _storage(target: str | None, known: KnownRegistration) -> Storage | None:
    platform = origin(known.auth_login_url)
    if not target or not _FRAME_NAME.fullmatch(target) or platform is None:
        return None
    return Storage(target, platform)


def _check_target(parsed: AnyClaims, used_login: UsedLogin, launch_url: str) -> None:
    if not _is_ours(parsed.target_link_uri, launch_url):
        raise LaunchRefused("target_link_uri_foreign", way_back=parsed.return_url)
    if parsed.target_link_uri != used_login.target_link_uri:
        raise LaunchRefused("target_link_uri_mismatch", way_back=parsed.return_url)


def _check_login(params: Mapping[str, str], known: KnownRegistration, launch_url: str) -> None:
    if any(len(value) > MAX_PARAMETER or "\0" in value for value in params.values()):
        raise LaunchRefused("malformed")
    for name, code in (("iss", "issuer_missing"), ("login_hint", "login_hint_missing")):
        if not params.get(name):
            raise LaunchRefused(code)
    if params["iss"] != known.issuer:
        raise LaunchRefused("issuer_mismatch")
    if params.get("client_id", known.client_id) != known.client_id:
        raise LaunchRefused("client_id_mismatch")
    if not params.get("target_link_uri"):
        raise LaunchRefused("target_link_uri_missing")
    if not _is_ours(params["target_link_uri"], launch_url):
        raise LaunchRefused("target_link_uri_foreign")
    # An unknown one goes on: only the launch proves that the platform has it, so that somebody
    # can allow it.
    deployment_id = params.get("lti_deployment_id")
    if deployment_id and not registrations.is_identifier(deployment_id):
        raise LaunchRefused("deployment_id_malformed")


def _is_ours(target_link_uri: str, launch_url: str) -> bool:
    """Return whether the address lies on this server.

    Any address here will do: which unit is meant stands in the custom parameters, and nobody is
    ever sent to a target that a platform names.
    """
    if "\\" in target_link_uri or "@" in target_link_uri.partition("?")[0]:
        return False
    ours = origin(launch_url)
    return ours is not None and origin(target_link_uri) == ours


def _refused_by_platform(error: str) -> LaunchRefused:
    """Return the refusal of an authentication error (OpenID Connect Core 1.0, section 3.1.2.6).

    The description is text by others: it is neither shown nor logged.
    """
    return LaunchRefused("platform_error", error=error if _ERROR_CODE.fullmatch(error) else "")


def _check_return_url(parsed: DeepLinkingClaims, known: KnownRegistration) -> None:
    """Refuse to send a signed message, and the person, to a host that is not the platform's."""
    if not return_addresses.is_safe(parsed.settings.return_url, known):
        raise LaunchRefused("deep_link_return_url_foreign")


def _check_reviewer(parsed: SubmissionReviewClaims) -> None:
    """Refuse a learner who asks for somebody else's grade.

    The platform's signature proves nothing here: on Moodle 4.5 the address of a review can be
    typed with any `user`, and the message is signed with that `for_user`.
    """
    if parsed.for_user != parsed.sub and not parsed.is_teacher:
        raise LaunchRefused("for_user_foreign", status=403)


def _check_administrator(parsed: DataPrivacyClaims) -> None:
    """Refuse to show somebody's data to anybody but them and who runs their LMS."""
    if parsed.for_user != parsed.sub and not roles.is_administrator(parsed.roles):
        raise LaunchRefused("data_of_others", status=403)


def _without_foreign_services(parsed: LaunchClaims, known: KnownRegistration) -> LaunchClaims:
    """Drop a line item on a host that is not the platform's: no token is ever sent there."""
    if parsed.line_item_url is None or quirks.is_service_of(known, parsed.line_item_url):
        return parsed
    log.warning("line_item_on_foreign_host", registration_id=str(known.id))
    return replace(parsed, line_item_url=None)
