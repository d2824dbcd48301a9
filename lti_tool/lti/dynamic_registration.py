"""Register this tool with a platform that offers it.

Spec: LTI Dynamic Registration 1.0, section 3.5 (registration request) and 3.6 (response);
OpenID Connect Dynamic Client Registration 1.0, section 3.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from lti_tool.lti import platform_configuration
from lti_tool.lti.errors import RegistrationRefused
from lti_tool.lti.platform_configuration import PlatformConfiguration
from lti_tool.lti.registrations import is_identifier
from lti_tool.lti.tool_configuration import TOOL_CONFIGURATION
from lti_tool.outbound import Outbound, OutboundError, Response

CREATED = (200, 201)  # Moodle says 200
MAX_TOKEN = 8192

_REASON = re.compile(r"[A-Za-z][A-Za-z0-9_ ]{0,79}")
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Registered:
    """What the platform made of it. Some deploy later, and tell no deployment id here."""

    client_id: str
    deployment_id: str | None


def hinted_client_id(token: str) -> str | None:
    """Return the client that a registration token speaks of, unproven.

    Moodle asks its administrator "update or new?" and says so in the token's `sub` only. An
    update must keep the tool's addresses, so it has to be known before anything is posted.
    """
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return None
    sub = claims.get("sub")
    return sub if isinstance(sub, str) and is_identifier(sub) else None


def is_token(text: str) -> bool:
    """Return whether this can be sent as a bearer token; none at all is allowed by the spec."""
    return not text or (len(text) <= MAX_TOKEN and _TOKEN.fullmatch(text) is not None)


def register(
    outbound: Outbound,
    platform: PlatformConfiguration,
    token: str,
    request: Mapping[str, Any],
) -> Registered:
    """Post the registration. Call it outside any transaction.

    The scopes of the answer are not looked at: Moodle lists some that it does not grant. What is
    granted stands in each launch.

    Raises:
        RegistrationRefused: platform_refused (param `reason`), platform_unavailable,
            platform_answer
    """
    try:
        answer = outbound.post(
            platform.registration_endpoint,
            headers=platform_configuration.headers(token),
            json=request,
        )
    except OutboundError as error:
        code = "platform_answer" if error.code == "too_large" else "platform_unavailable"
        raise RegistrationRefused(code, status=502) from error
    if answer.status not in CREATED:
        raise RegistrationRefused("platform_refused", status=502, reason=_reason(answer))
    return _registered(answer)


def _registered(answer: Response) -> Registered:
    try:
        document = answer.json()
    except OutboundError as error:
        raise RegistrationRefused("platform_answer", status=502) from error
    client_id = document.get("client_id") if isinstance(document, dict) else None
    if not isinstance(client_id, str) or not is_identifier(client_id):
        raise RegistrationRefused("platform_answer", status=502)
    return Registered(client_id, _deployment_id(document))


def _deployment_id(document: Mapping[str, Any]) -> str | None:
    """Return it from where the spec has it (section 3.6), or from beside that, as in Canvas."""
    tool = document.get(TOOL_CONFIGURATION)
    for place in (tool, document):
        found = place.get("deployment_id") if isinstance(place, Mapping) else None
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        if isinstance(found, str) and is_identifier(found):
            return found
    return None


def _reason(answer: Response) -> str:
    """Return the platform's own word for it, if it is one (Moodle's are), else its status."""
    text = answer.content[:200].decode("utf-8", "replace").strip()
    return text if _REASON.fullmatch(text) else str(answer.status)
