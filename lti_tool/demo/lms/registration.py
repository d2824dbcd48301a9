"""Tools register themselves: the configuration for them, and the registration endpoint.

Spec: LTI Dynamic Registration 1.0. What is demanded, in which order, and answered how is Moodle
4.5's choice: plain text errors, 200 instead of 201, and a scope list that cannot be trusted.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from .errors import RegistrationError
from .failing import may_fail
from .faults import Endpoint
from .records import AgsSetting, RegistrationRequest, Scope
from .state import LmsState
from .visits import lms

bp = Blueprint("registration", __name__, url_prefix="/lms")

TOKEN_LIFE = timedelta(hours=1)
NEW, UPDATE = "reg", "reg-update"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MESSAGES = ("LtiResourceLinkRequest", "LtiDeepLinkingRequest")


@bp.get("/openid-configuration")
def configuration() -> Response:
    """What a tool reads before it registers."""
    return may_fail(Endpoint.CONFIGURATION, lambda: jsonify(_configuration()))


def _configuration() -> dict[str, Any]:
    config = lms().config
    return {
        "issuer": config.issuer,
        "token_endpoint": config.token_url,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": config.jwks_url,
        "authorization_endpoint": config.auth_url,
        "registration_endpoint": config.registration_url,
        "scopes_supported": [*Scope, ROSTER],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
        PLATFORM: {
            "product_family_code": config.manners.product_family,
            "version": "4.5.6",
            "messages_supported": [{"type": each} for each in MESSAGES],
            "variables": [],
        },
    }


def token_for(state: LmsState, client_id: str, *, updates: bool) -> str:
    """Return a registration token; it works once, for an hour, for one client id."""
    claims = {
        "sub": client_id,
        "scope": UPDATE if updates else NEW,
        "exp": int((state.config.clock() + TOKEN_LIFE).timestamp()),
    }
    return state.keys.sign(claims)


@bp.post("/register")
def register() -> Response:
    """Register the tool, which then waits for its activation."""
    return may_fail(Endpoint.REGISTRATION, _answer)


def _answer() -> Response:
    body = request.get_json(silent=True)
    body = body if isinstance(body, dict) else {}
    try:
        client_id, updates = _authorised()
        changes = _checked(body)
        _use_up(client_id, updates=updates)
    except RegistrationError as error:
        _log(body, error.status, error.reason)
        return Response(error.reason, status=error.status, content_type="text/plain")
    _store(client_id, changes, updates=updates)
    _log(body, 200, "OK")
    return jsonify(_registered(client_id, body))


def _log(body: Mapping[str, Any], status: int, reason: str) -> None:
    lms().registration_log.append(RegistrationRequest(body=body, status=status, reason=reason))


def _authorised() -> tuple[str, bool]:
    """Return the client id of the bearer and whether it is to be updated."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not token:
        raise RegistrationError(401, "missing_registration_token")
    try:
        key = jwt.PyJWK(lms().keys.key_set()["keys"][-1])
        options: Any = {"verify_exp": False}
        claims = jwt.decode(token, key, algorithms=["RS256"], options=options)
    except jwt.InvalidTokenError as error:
        raise RegistrationError(401, "invalid_registration_token") from error
    if claims["exp"] <= lms().config.clock().timestamp():
        raise RegistrationError(401, "invalid_registration_token")
    return claims["sub"], claims["scope"] == UPDATE


def _use_up(client_id: str, *, updates: bool) -> None:
    if not lms().take_client_id(client_id):
        raise RegistrationError(401, "token_already_used")
    if updates and lms().tool(client_id) is None:
        raise RegistrationError(401, "invalid_client_id")


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the tool asks for, as fields of its record, or refuse it as Moodle does."""
    tool = body.get(TOOL)
    tool = tool if isinstance(tool, dict) else {}
    _demand("id_token" in _list(body, "response_types"), "invalid_response_types")
    _demand(bool(body.get("initiate_login_uri")), "missing_initiate_login_uri")
    _demand(bool(_list(body, "redirect_uris")), "missing_redirect_uris")
    _demand(bool(body.get("client_name")), "missing_client_name")
    _demand(bool(body.get("jwks_uri")), "missing_jwks_uri")
    _demand(body.get("token_endpoint_auth_method") == "private_key_jwt", "invalid_auth_method")
    _demand(bool(tool.get("domain")), "missing_domain")
    target = tool.get("target_link_uri") or f"https://{tool['domain']}"
    _demand(urlsplit(target).netloc == tool["domain"], "domain_targetlinkuri_mismatch")
    claims = _list(tool, "claims")
    return {
        "name": body["client_name"],
        "initiate_login_url": body["initiate_login_uri"],
        "redirect_uris": tuple(_list(body, "redirect_uris")),
        "jwks_url": body["jwks_uri"],
        "target_link_uri": target,
        "ags": _ags(str(body.get("scope", "")).split()),
        "shares_roster": Scope.MEMBERSHIPS in str(body.get("scope", "")).split(),
        "shares_name": not {"name", "given_name", "family_name"}.isdisjoint(claims),
        "shares_email": "email" in claims,
        "messages": tuple(str(each.get("type")) for each in _list(tool, "messages")),
    }


def _demand(holds: bool, reason: str) -> None:
    if not holds:
        raise RegistrationError(400, reason)


def _list(container: Mapping[str, Any], name: str) -> list[Any]:
    value = container.get(name)
    return value if isinstance(value, list) else []


def _ags(scopes: list[str]) -> AgsSetting:
    if Scope.LINE_ITEM in scopes:
        return AgsSetting.LINE_ITEMS
    return AgsSetting.SCORES if Scope.SCORE in scopes else AgsSetting.NONE


def _store(client_id: str, changes: dict[str, Any], *, updates: bool) -> None:
    """A new tool is pending and in no chooser, whatever it asks for; an updated one stays."""
    if updates:
        lms().update_tool(client_id, **changes)
    else:
        lms().register_tool(client_id=client_id, is_active=False, is_in_chooser=False, **changes)


def _registered(client_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Moodle lists `lineitem` even where only `score` was asked for, and resource links never."""
    found = lms().tool(client_id)
    assert found is not None
    scopes = str(body.get("scope", "")).split()
    if Scope.SCORE in scopes and Scope.LINE_ITEM not in scopes:
        scopes = [*scopes, Scope.LINE_ITEM]
    tool = {
        "domain": found.domain,
        "target_link_uri": found.target_link_uri,
        "claims": ["sub", "iss"],
        "messages": [{"type": each} for each in found.messages if each == MESSAGES[1]],
        "deployment_id": found.deployment_id,
        "version": "1.3.0",
    }
    return {
        "client_id": client_id,
        "response_types": ["id_token"],
        "jwks_uri": found.jwks_url,
        "initiate_login_uri": found.initiate_login_url,
        "grant_types": ["client_credentials", "implicit"],
        "redirect_uris": list(found.redirect_uris),
        "application_type": "web",
        "token_endpoint_auth_method": "private_key_jwt",
        "client_name": found.name,
        "scope": " ".join(scopes),
        TOOL: tool,
    }
