"""What tools sign: client assertions and answers to deep linking requests.

Every claim is checked, also those real platforms let pass, so that a mistake of the tool shows.
Spec: 1EdTech Security Framework 1.0, sections 4.1 (assertions) and 5.2 (messages of a tool).
"""

import json
from typing import Any

import jwt

from .errors import KeySetError, OAuthError, ToolUnreachable
from .records import Tool
from .visits import lms


def read(message: str) -> tuple[Tool, dict[str, Any]]:
    """Return the tool that signed a message, and its claims; `iss` names the tool.

    Raises:
        OAuthError: no JWT, nobody's, or not signed by a key of the tool's key set.
    """
    tool, kid = _sender(message)
    try:
        key = lms().tool_keys.find(tool.jwks_url, kid)
    except KeySetError as error:
        raise ToolUnreachable from error
    if key is None:
        raise OAuthError("invalid_client", "The key set has no such kid")
    try:
        claims = json.loads(jwt.PyJWS().decode(message, key, algorithms=["RS256"]))
    except (jwt.InvalidTokenError, ValueError) as error:
        raise OAuthError("invalid_client", "The signature is wrong") from error
    return tool, claims


def check_once(claims: dict[str, Any], tool: Tool) -> None:
    """Check `iat`, `exp` and `jti`, and use the `jti` up.

    Raises:
        OAuthError
    """
    now = lms().config.clock()
    if not all(_is_time(claims.get(name)) for name in ("iat", "exp")):
        raise OAuthError("invalid_client", "iat and exp are required")
    if claims["iat"] > now.timestamp():
        raise OAuthError("invalid_client", "The message was made in the future")
    if claims["exp"] <= now.timestamp():
        raise OAuthError("invalid_client", "The message has expired")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise OAuthError("invalid_client", "jti is required")
    if not lms().grants.use_jti(tool.client_id, jti, claims["exp"], now):
        raise OAuthError("invalid_client", "The message was used before")


def _sender(message: str) -> tuple[Tool, str]:
    """Return the tool the message names and its kid; nothing is verified yet."""
    try:
        unverified = jwt.api_jwt.decode_complete(message, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError) as error:
        raise OAuthError("invalid_request", "This is no JWT") from error
    issuer, kid = unverified["payload"].get("iss"), unverified["header"].get("kid")
    tool = lms().tool(issuer) if isinstance(issuer, str) else None
    if tool is None:
        raise OAuthError("invalid_client", "Unknown client")
    if not isinstance(kid, str) or not kid:
        raise OAuthError("invalid_client", "The message has no kid")
    return tool, kid


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
