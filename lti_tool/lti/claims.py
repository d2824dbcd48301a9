"""The claims of a launch, typed: what the tool believes once the id_token is proven genuine.

Spec: LTI 1.3 core, section 5.3 (required claims) and 5.4 (optional claims); AGS 2.0, section 3.1.
Anything of the wrong type refuses the launch with a code that names the claim. Nothing about
the person but `sub` is needed.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lti_tool.lti import roles
from lti_tool.lti.errors import LaunchRefused
from lti_tool.lti.id_token import LTI_CLAIM

VERSION = "1.3.0"
RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"

MAX_ID = 255
MAX_TITLE = 255
MAX_NAME = 255
MAX_EMAIL = 320
MAX_URL = 2048
MAX_ROLES = 100
MAX_SCOPES = 20
MAX_CUSTOM = 100

_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchClaims:
    """One launch by one person of one link.

    Identifiers are the platform's, at most 255 characters, without control characters. Titles
    and names are cleaned to one line of at most 255. `custom` lacks parameters that the platform
    left unsubstituted or empty. `frame_origin` is where the page is shown.
    """

    issuer: str
    deployment_id: str
    sub: str
    roles: tuple[str, ...]
    is_teacher: bool
    is_test_user: bool
    target_link_uri: str
    resource_link_id: str
    resource_link_title: str | None
    context_id: str | None
    context_title: str | None
    name: str | None = field(repr=False)
    email: str | None = field(repr=False)
    locale: str | None
    custom: Mapping[str, str]
    line_item_url: str | None
    ags_scopes: frozenset[str]
    frame_origin: str | None = None


def parse(payload: Mapping[str, Any], *, frame_origin: str | None = None) -> LaunchClaims:
    """Return the claims of a resource link launch.

    Raises:
        LaunchRefused: `<claim>_missing`, `<claim>_malformed`, version, message_type_unsupported
    """
    _check_message(payload)
    given_roles = _roles(payload)
    link = _object(payload, LTI_CLAIM + "resource_link", is_required=True)
    context = _object(payload, LTI_CLAIM + "context")
    endpoint = _object(payload, AGS_CLAIM)
    return LaunchClaims(
        issuer=_identifier(payload, "iss"),
        deployment_id=_identifier(payload, LTI_CLAIM + "deployment_id"),
        sub=_identifier(payload, "sub"),
        roles=given_roles,
        is_teacher=roles.is_teacher(given_roles),
        is_test_user=roles.is_test_user(given_roles),
        target_link_uri=_url(payload, LTI_CLAIM + "target_link_uri", is_required=True),
        resource_link_id=_identifier(link, "id", of="resource_link"),
        resource_link_title=_line(link, "title", MAX_TITLE, of="resource_link"),
        context_id=_identifier(context, "id", of="context") if context else None,
        context_title=_context_title(context),
        name=_name(payload),
        email=_email(payload),
        locale=_locale(payload),
        custom=_custom(payload),
        line_item_url=_url(endpoint, "lineitem", of="endpoint") or None,
        ags_scopes=_scopes(endpoint),
        frame_origin=frame_origin,
    )


def _check_message(payload: Mapping[str, Any]) -> None:
    version = payload.get(LTI_CLAIM + "version")
    if version != VERSION:
        raise LaunchRefused("version")
    message_type = payload.get(LTI_CLAIM + "message_type")
    if message_type is None:
        raise LaunchRefused("message_type_missing")
    if message_type != RESOURCE_LINK_REQUEST:
        raise LaunchRefused("message_type_unsupported")


def _roles(payload: Mapping[str, Any]) -> tuple[str, ...]:
    given = payload.get(LTI_CLAIM + "roles")
    if given is None:
        raise LaunchRefused("roles_missing")
    return _strings(given, MAX_ROLES, "roles")


def _scopes(endpoint: Mapping[str, Any]) -> frozenset[str]:
    given = endpoint.get("scope")
    return frozenset() if given is None else frozenset(_strings(given, MAX_SCOPES, "endpoint"))


def _strings(given: object, most: int, claim: str) -> tuple[str, ...]:
    if not isinstance(given, list) or len(given) > most:
        raise LaunchRefused(f"{claim}_malformed")
    if not all(isinstance(one, str) and len(one) <= MAX_ID for one in given):
        raise LaunchRefused(f"{claim}_malformed")
    if any(map(_is_unsafe, given)):
        raise LaunchRefused(f"{claim}_malformed")
    return tuple(given)


def _custom(payload: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the custom parameters that have a value.

    Platforms send `null` for what they do not share, and the variable's own name (`$User.image`)
    for what they do not know. Canvas sends numbers and booleans as such.
    """
    given = _object(payload, LTI_CLAIM + "custom")
    if len(given) > MAX_CUSTOM:
        raise LaunchRefused("custom_malformed")
    texts = {name: _custom_text(value) for name, value in given.items() if value is not None}
    return MappingProxyType(
        {name: text for name, text in texts.items() if text and not text.startswith("$")}
    )


def _custom_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str) or _is_unsafe(value.replace("\n", " ").replace("\t", " ")):
        raise LaunchRefused("custom_malformed")
    return value


def _name(payload: Mapping[str, Any]) -> str | None:
    whole = _line(payload, "name", MAX_NAME)
    parts = [_line(payload, part, MAX_NAME) for part in ("given_name", "family_name")]
    return whole or " ".join(filter(None, parts))[:MAX_NAME] or None


def _email(payload: Mapping[str, Any]) -> str | None:
    """Return the address, or None for something that is none; badges can do without."""
    given = _line(payload, "email", MAX_EMAIL + 1)
    if given is None or len(given) > MAX_EMAIL or not _EMAIL.fullmatch(given):
        return None
    return given


def _locale(payload: Mapping[str, Any]) -> str | None:
    """Return the language tag of the page around us, else the person's."""
    presentation = _object(payload, LTI_CLAIM + "launch_presentation")
    around = _line(presentation, "locale", MAX_ID, of="launch_presentation")
    given = around or _line(payload, "locale", MAX_ID)
    if given is None or len(given) > 35 or not _LOCALE.fullmatch(given):
        return None
    return given.replace("_", "-")


def _context_title(context: Mapping[str, Any]) -> str | None:
    return _line(context, "title", MAX_TITLE, of="context") or _line(
        context, "label", MAX_TITLE, of="context"
    )


def _object(
    payload: Mapping[str, Any], claim: str, *, is_required: bool = False
) -> Mapping[str, Any]:
    value = payload.get(claim)
    short = claim.rpartition("/")[2]
    if value is None:
        if is_required:
            raise LaunchRefused(f"{short}_missing")
        return {}
    if not isinstance(value, dict) or (not value and short == "context"):
        raise LaunchRefused(f"{short}_malformed")
    return value


def _identifier(members: Mapping[str, Any], name: str, *, of: str = "") -> str:
    value = members.get(name)
    claim = of or name.rpartition("/")[2]
    if value is None or value == "":
        raise LaunchRefused(f"{claim}_missing")
    if not isinstance(value, str) or len(value) > MAX_ID or _is_unsafe(value):
        raise LaunchRefused(f"{claim}_malformed")
    if not value.strip():
        raise LaunchRefused(f"{claim}_malformed")
    return value


def _url(members: Mapping[str, Any], name: str, *, of: str = "", is_required: bool = False) -> str:
    value = members.get(name)
    claim = of or name.rpartition("/")[2]
    if value is None:
        if is_required:
            raise LaunchRefused(f"{claim}_missing")
        return ""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_URL:
        raise LaunchRefused(f"{claim}_malformed")
    if " " in value or _is_unsafe(value):
        raise LaunchRefused(f"{claim}_malformed")
    return value


def _line(members: Mapping[str, Any], name: str, most: int, *, of: str = "") -> str | None:
    """Return text for people, cleaned to one line; empty is None."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise LaunchRefused(f"{of or name}_malformed")
    visible = "".join(" " if _is_unsafe(character) else character for character in value)
    return " ".join(visible.split())[:most].rstrip() or None


def _is_unsafe(text: str) -> bool:
    """Return whether the text holds control, direction-override or half characters.

    A database refuses some of them, and others change how the text around them is read.
    """
    return any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or "\u202a" <= character <= "\u202e"
        or "\u2066" <= character <= "\u2069"
        for character in text
    )
