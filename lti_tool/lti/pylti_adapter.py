"""pylti1p3 on our tables: the only module that imports it.

Its generic `OIDCLogin` and `MessageLaunch` give the order of the steps; each step that is lax
there (see "Decisions" in this package's README) is answered by ours.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment
from pylti1p3.exception import LtiException, OIDCException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from lti_tool.db import Database
from lti_tool.lti import id_token, key_sets, login_states
from lti_tool.lti.errors import LaunchRefused
from lti_tool.lti.key_sets import StoredKeys
from lti_tool.lti.login_states import UsedLogin
from lti_tool.lti.registrations import KnownRegistration
from lti_tool.outbound import Outbound

# Nothing is fetched here: keys come from `key_sets`. Else the library makes one for each launch.
_NO_REQUESTS: Any = object()


class PlainRequest(Request):
    """The parameters of a request, without a web framework."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._params.get(key, "")


class DbToolConf(ToolConfAbstract[PlainRequest]):
    """The one registration that the tool's address names, already loaded."""

    def __init__(self, known: KnownRegistration) -> None:
        self._known = known

    # Constants: the base class keeps the answers in an attribute that all instances share.
    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        return True

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> Registration:
        raise LaunchRefused("issuer_mismatch")  # an issuer alone names no registration

    def find_deployment(self, iss: str, deployment_id: str) -> None:
        return None

    def find_registration_by_params(
        self, iss: str, client_id: str, *args: Any, **kwargs: Any
    ) -> Registration:
        if iss != self._known.issuer or (client_id or self._known.client_id) != (
            self._known.client_id
        ):
            raise LaunchRefused("issuer_mismatch")
        registration = Registration()
        registration.set_issuer(self._known.issuer)
        registration.set_client_id(self._known.client_id)
        # What the address has of a query is put back by `AuthRequest`.
        registration.set_auth_login_url(self._known.auth_login_url.partition("?")[0])
        return registration

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> Deployment | None:
        if not self._known.admits(deployment_id):
            return None
        return Deployment().set_deployment_id(deployment_id)


@dataclass(slots=True)
class StartedLogin:
    """What pylti1p3 makes on its way through a login, caught for our row."""

    state: str = ""
    nonce: str = ""
    browser_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class StartingSession(SessionService):
    """Keep state and nonce together; the caller stores them as one row."""

    def __init__(self, started: StartedLogin) -> None:
        self._started = started

    def save_nonce(self, nonce: str) -> None:
        self._started.nonce = nonce


class UsedSession(SessionService):
    """What the login bound together; its row is used up before anything else is looked at."""

    def __init__(self, used: UsedLogin | None) -> None:
        self._used = used

    @property
    def used(self) -> UsedLogin:
        if self._used is None:
            raise LaunchRefused("state_unknown")
        return self._used

    def check_state_is_valid(self, state: str, id_token_hash: str = "") -> bool:
        """Return False: a state is never valid by itself, the browser must prove itself too."""
        return False

    def check_nonce(self, nonce: str) -> bool:
        return secrets.compare_digest(self.used.nonce.encode(), nonce.encode("utf-8", "replace"))


class LoginCookie(CookieService):
    """At login: note the state. At launch: the secrets that the browser sent."""

    def __init__(
        self,
        started: StartedLogin | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> None:
        self._started = started
        self._cookies = cookies or {}

    def get_cookie(self, name: str) -> str | None:
        return self._cookies.get(cookie_name(name))

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        if self._started is not None:
            self._started.state = str(value)


def cookie_name(state: str) -> str:
    """Return the name of the cookie of one login, so that parallel logins do not collide."""
    return f"login_{login_states.digest(state)[:16]}"


class AuthRequest(Redirect[str]):
    """The authentication request's address (Security Framework 1.0, section 5.1.1.2)."""

    def __init__(self, url: str) -> None:
        self._url = url

    def do_redirect(self) -> str:
        return self._url

    def do_js_redirect(self) -> str:
        return self._url

    def set_redirect_url(self, location: str) -> None:
        self._url = location

    def get_redirect_url(self) -> str:
        return self._url


class Login(OIDCLogin[PlainRequest, DbToolConf, StartingSession, LoginCookie, str]):
    """Answer a third-party initiated login with a request for an id_token."""

    def __init__(self, params: Mapping[str, str], known: KnownRegistration) -> None:
        self.started = StartedLogin()
        self._known = known
        super().__init__(
            PlainRequest(params),
            DbToolConf(known),
            StartingSession(self.started),
            LoginCookie(self.started),
        )

    def auth_request_url(self, launch_url: str) -> str:
        try:
            return str(self.redirect(launch_url))
        except OIDCException as error:
            raise LaunchRefused("malformed") from error

    def get_redirect(self, url: str) -> AuthRequest:
        own_query = urlsplit(self._known.auth_login_url).query
        parts = urlsplit(url)
        query = "&".join(filter(None, (own_query, parts.query)))
        return AuthRequest(urlunsplit(parts._replace(query=query)))

    def _get_uuid(self) -> str:
        return secrets.token_urlsafe(32)

    def _generate_nonce(self) -> str:
        # The stock nonce holds the machine's network address and clock.
        return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """What a launch is checked against; `used_login` None: nobody knows its state."""

    database: Database
    outbound: Outbound
    known: KnownRegistration
    used_login: UsedLogin | None
    key_set: StoredKeys | None
    now: datetime


class Launch(MessageLaunch[PlainRequest, DbToolConf, UsedSession, LoginCookie]):
    """Prove that an authentication response is genuine, ours, fresh, and from this browser."""

    def __init__(
        self, context: LaunchContext, form: Mapping[str, str], cookies: Mapping[str, str]
    ) -> None:
        self._context = context
        self._form = form
        self._session = UsedSession(context.used_login)
        self.is_from_this_browser = False
        super().__init__(
            PlainRequest(form),
            DbToolConf(context.known),
            self._session,
            LoginCookie(cookies=cookies),
            requests_session=_NO_REQUESTS,
        )

    @property
    def used_login(self) -> UsedLogin:
        return self._session.used

    def payload(self) -> Mapping[str, Any]:
        """Run every check and return the proven payload.

        Raises:
            LaunchRefused
        """
        try:
            self.validate()
        except LtiException as error:
            raise LaunchRefused("malformed") from error
        return self._token.payload

    def _get_request_param(self, key: str) -> str:
        return self._form.get(key, "")

    def validate_state(self) -> "Launch":
        state = self._get_request_param("state")
        if not state:
            raise LaunchRefused("state_missing")
        used = self._session.used
        if used.registration_id != self._context.known.id:
            raise LaunchRefused("state_foreign")
        if used.has_expired:
            raise LaunchRefused("state_expired")
        # A browser that kept no cookie proves itself with its next request (`launch.confirm`).
        secret = self._cookie_service.get_cookie(state)
        if secret is not None and not used.is_from(secret):
            raise LaunchRefused("browser_unknown")
        self.is_from_this_browser = secret is not None
        return self

    def validate_jwt_format(self) -> "Launch":
        self._token = id_token.split(self._get_request_param("id_token"))
        if not id_token.is_lti_message(self._token.payload):
            raise LaunchRefused("malformed")
        return self

    def validate_nonce(self) -> "Launch":
        nonce = self._token.payload.get("nonce")
        if nonce is None:
            raise LaunchRefused("nonce_missing")
        if not isinstance(nonce, str) or not self._session.check_nonce(nonce):
            raise LaunchRefused("nonce_mismatch")
        return self

    def validate_registration(self) -> "Launch":
        known = self._context.known
        id_token.check_issuer_and_audience(
            self._token.payload, issuer=known.issuer, client_id=known.client_id
        )
        return self

    def validate_jwt_signature(self) -> "Launch":
        context = self._context
        source = key_sets.KeySource(context.known.id, context.known.key_set_url)
        key = key_sets.find_key(
            context.database,
            context.outbound,
            source,
            self._token.kid,
            context.now,
            stored=context.key_set,
        )
        id_token.verify_signature(self._token, key)
        oldest = login_states.LIFETIME
        id_token.check_time(self._token.payload, now=context.now, oldest=oldest)
        return self

    def validate_deployment(self) -> "Launch":
        given = self._token.payload.get(id_token.LTI_CLAIM + "deployment_id")
        if given is None or given == "":
            raise LaunchRefused("deployment_id_missing")
        if not isinstance(given, str):
            raise LaunchRefused("deployment_id_malformed")
        known = self._context.known
        if not self._tool_config.find_deployment_by_params(known.issuer, given, known.client_id):
            raise LaunchRefused("deployment_unknown", deployment_id=given)
        expected = self._session.used.deployment_id
        if expected is not None and expected != given:
            raise LaunchRefused("deployment_mismatch")
        return self

    def validate_message(self) -> "Launch":
        """Leave it to `claims`, which looks at every claim and not only at some."""
        return self

    def save_launch_data(self) -> "Launch":
        """Keep nothing: what a launch leaves behind is a launch session."""
        return self
