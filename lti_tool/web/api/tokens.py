"""Access tokens for other systems: OAuth 2.0 client credentials (RFC 6749, section 4.4).

The only module that knows Authlib. A client proves itself by its secret, in the header
(`client_secret_basic`) or in the form (`client_secret_post`), and uses what it gets as a bearer
(RFC 6750, section 2.1).
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, OAuth2Request, TokenMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc6750 import BearerTokenValidator
from flask import Response, g, request
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.errors import ToolError
from lti_tool.models import ApiClient, ApiToken
from lti_tool.services.connections import api_clients
from lti_tool.services.connections.api_clients import TOKEN_LIFETIME
from lti_tool.web.api.blueprint import blueprint
from lti_tool.web.context import current_tool

SCOPE = "completions:write"


@dataclass(frozen=True, slots=True)
class _Client(ClientMixin):  # type: ignore[misc]
    row: ApiClient

    def get_client_id(self) -> str:
        return str(self.row.id)

    def get_allowed_scope(self, scope: str) -> str:
        return SCOPE  # there is one: who asks for none, or for more, gets that

    def check_client_secret(self, client_secret: str) -> bool:
        return api_clients.is_secret_of(self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in _Grant.TOKEN_ENDPOINT_AUTH_METHODS

    def check_grant_type(self, grant_type: str) -> bool:
        return bool(grant_type == _Grant.GRANT_TYPE)


class _Grant(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class _Token(TokenMixin):  # type: ignore[misc]
    row: ApiToken

    def get_scope(self) -> str:
        return self.row.scope

    def is_expired(self) -> bool:
        return self.row.expires_at <= clock.now()

    def is_revoked(self) -> bool:
        return self.row.client.disabled_at is not None


class _Bearer(BearerTokenValidator):  # type: ignore[misc]
    def authenticate_token(self, token_string: str) -> _Token | None:
        row = api_clients.find_token(_db(), token_string)
        return _Token(row) if row is not None else None


def _db() -> Session:
    db: Session = g.api_db
    return db


def _query_client(client_id: str) -> _Client | None:
    try:
        row = _db().get(ApiClient, uuid.UUID(client_id))
    except ValueError:
        return None
    return _Client(row) if row is not None else None


def _save_token(token: Mapping[str, str], request: OAuth2Request) -> None:
    client: ApiClient = request.client.row
    api_clients.keep_token(_db(), client, token["access_token"], token["scope"], clock.now())
    api_clients.touch(client, clock.now())


@cache
def _server() -> AuthorizationServer:
    server = AuthorizationServer(query_client=_query_client, save_token=_save_token)
    lifetime = {_Grant.GRANT_TYPE: int(TOKEN_LIFETIME.total_seconds())}
    server.register_token_generator(
        "default", server.create_bearer_token_generator({"OAUTH2_TOKEN_EXPIRES_IN": lifetime})
    )
    server.register_grant(_Grant)
    return server


@cache
def _protector() -> ResourceProtector:
    protector = ResourceProtector()
    protector.register_token_validator(_Bearer())
    return protector


@blueprint.post("/oauth/token")
def token() -> Response:
    """Give a client an access token; refusals are those of RFC 6749, section 5.2."""
    if not _is_readable():
        refused: Response = _server().handle_error_response(
            request, InvalidClientError(status_code=401)
        )
        return refused
    with current_tool().database.transaction() as db:
        g.api_db = db
        response: Response = _server().create_token_response()
    return response


def _is_readable() -> bool:
    """Whether the library can take the `Authorization` header apart, in which anything may come."""
    try:
        extract_basic_authorization(request.headers)
    except ValueError:
        return False
    return True


class Unauthorised(ToolError):
    """The request brings no token that is good here (RFC 6750, section 3.1)."""

    status = 401


@contextmanager
def authorised() -> Iterator[tuple[Session, ApiClient]]:
    """Yield the transaction of a request and the client whose token it brings.

    Raises:
        Unauthorised: `api_token_missing`, `api_token_invalid`, `api_not_https`.
    """
    with current_tool().database.transaction() as db:
        g.api_db = db
        try:
            token: _Token = _protector().acquire_token(SCOPE)
        except OAuth2Error as error:
            raise Unauthorised(_REFUSALS.get(error.error, "api_token_invalid")) from error
        api_clients.touch(token.row.client, clock.now())
        yield db, token.row.client


_REFUSALS = {
    "missing_authorization": "api_token_missing",
    "insecure_transport": "api_not_https",
}


@blueprint.after_request
def challenge(response: Response) -> Response:
    """Say how to come in, where somebody could not (RFC 6750, section 3)."""
    if response.status_code == 401 and "WWW-Authenticate" not in response.headers:
        error = "" if "Authorization" not in request.headers else ', error="invalid_token"'
        response.headers["WWW-Authenticate"] = f'Bearer scope="{SCOPE}"{error}'
    return response
