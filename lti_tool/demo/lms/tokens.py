"""The token endpoint: a signed client assertion in, an opaque access token out.

Spec: 1EdTech Security Framework 1.0, section 4.1; RFC 7523, section 3. Every claim is checked here,
also those real platforms let pass, so that a mistake of the tool shows.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from . import signed
from .errors import OAuthError, ToolUnreachable
from .failing import may_fail
from .faults import Endpoint
from .records import Scope, TokenRequest, Tool
from .visits import lms

bp = Blueprint("tokens", __name__, url_prefix="/lms")

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
UNREACHABLE_PAGE = (
    "<!doctype html><title>Error</title><p>Exception - jwks_helper::fix_jwks_alg(): "
    "Argument #1 ($jwks) must be of type array, null given</p>"
)


@bp.post("/token")
def token() -> Response:
    """Exchange an assertion for a token; scopes the tool may not have are dropped silently."""
    return may_fail(Endpoint.TOKENS, _answer)


def _answer() -> Response:
    try:
        return _issue()
    except ToolUnreachable:
        # As Moodle 4.5: a page about a function that got no keys, where one expects JSON.
        return Response(UNREACHABLE_PAGE, status=404, content_type="text/html; charset=utf-8")
    except OAuthError as error:
        answer = jsonify(error=error.code, error_description=error.description)
        answer.status_code = 400
        return answer


def _issue() -> Response:
    if request.form.get("grant_type") != "client_credentials":
        raise OAuthError("unsupported_grant_type", "grant_type must be client_credentials")
    if request.form.get("client_assertion_type") != ASSERTION_TYPE:
        raise OAuthError("invalid_request", "Unknown client_assertion_type")
    tool, claims = _authenticate(request.form.get("client_assertion", ""))
    wanted = request.form.get("scope", "").split()
    scopes = tuple(scope for scope in tool.scopes if scope in wanted)
    if not scopes:
        raise OAuthError("invalid_scope", "None of the scopes may be granted")
    return _granted(tool, scopes, claims)


def _granted(tool: Tool, scopes: tuple[Scope, ...], claims: Mapping[str, Any]) -> Response:
    now, life = lms().config.clock(), lms().config.token_life
    bearer = lms().grants.issue_token(tool.client_id, scopes, now + life)
    lms().token_log.append(
        TokenRequest(client_id=tool.client_id, scopes=scopes, claims=claims, at=now)
    )
    answer = jsonify(
        access_token=bearer,
        token_type="Bearer",  # noqa: S106
        expires_in=int(life.total_seconds()),
        scope=" ".join(scopes),
    )
    # Moodle sends its token as text/html: a client must not insist on the type.
    answer.content_type = "text/html; charset=utf-8"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _authenticate(assertion: str) -> tuple[Tool, dict[str, Any]]:
    tool, claims = signed.read(assertion)
    _check(claims, tool)
    return tool, claims


def _check(claims: dict[str, Any], tool: Tool) -> None:
    audience = claims.get("aud")
    if claims.get("sub") != tool.client_id:
        raise OAuthError("invalid_client", "iss and sub must both be the client_id")
    wanted = lms().config.token_audience
    if wanted not in (audience if isinstance(audience, list) else [audience]):
        raise OAuthError("invalid_client", f"aud must be {wanted}")
    signed.check_once(claims, tool)
