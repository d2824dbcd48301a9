"""The claims of a launch, typed: what the tool believes once the id_token is proven genuine.

Spec: LTI 1.3 core, section 5.3 (required claims) and 5.4 (optional claims); AGS 2.0, section 3.1;
Deep Linking 2.0, section 4.4; Submission Review 1.0. Anything of the wrong type refuses the launch
with a code that names the claim. Nothing about the person but `sub` is needed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lti_tool.lti import claim_values, deep_linking, roles
from lti_tool.lti.deep_linking import DeepLinkingSettings
from lti_tool.lti.errors import LaunchRefused
from lti_tool.lti.id_token import LTI_CLAIM

VERSION = "1.3.0"
RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
SUBMISSION_REVIEW_REQUEST = "LtiSubmissionReviewRequest"
# Platforms use either name (the specification is known to members of 1EdTech only).
DATA_PRIVACY_REQUESTS = ("DataPrivacyLaunchRequest", "LtiDataPrivacyLaunchRequest")
MESSAGE_TYPES = (
    RESOURCE_LINK_REQUEST,
    SUBMISSION_REVIEW_REQUEST,
    deep_linking.REQUEST,
    *DATA_PRIVACY_REQUESTS,
)
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"

MAX_TITLE = 255
MAX_EMAIL = 320
MAX_ROLES = 100
MAX_SCOPES = 20
MAX_CUSTOM = 100

_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageClaims:
    """Who came from where: what every message of a platform says.

    Identifiers are the platform's, at most 255 characters, without control characters. Titles
    and names are cleaned to one line of at most 255. `custom` lacks parameters that the platform
    left unsubstituted or empty. `is_assistant`: a teacher who helps others. `frame_origin` is where
    the page is shown, `return_url` where people may go back to; it is never logged.
    """

    issuer: str
    deployment_id: str
    sub: str
    roles: tuple[str, ...]
    is_teacher: bool
    is_test_user: bool
    target_link_uri: str
    context_id: str | None
    context_title: str | None
    name: str | None = field(repr=False)
    email: str | None = field(repr=False)
    locale: str | None
    custom: Mapping[str, str]
    is_assistant: bool = False
    frame_origin: str | None = None
    return_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchClaims(MessageClaims):
    """One launch by one person of one link."""

    resource_link_id: str
    resource_link_title: str | None
    line_item_url: str | None
    ags_scopes: frozenset[str]
    line_items_url: str | None = None
    roster_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionReviewClaims(LaunchClaims):
    """One person who looks at the grade of another, or at their own.

    `for_user`: the `sub` of whose grade it is. `resource_link_id` is empty where the platform
    names only the column.
    """

    for_user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPrivacyClaims(MessageClaims):
    """One person who asks what is kept about them; an administrator asks for another.

    `for_user`: the `sub` of whom it is about. Neither course nor link belong to it.
    """

    for_user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLinkingClaims(MessageClaims):
    """One person who is to choose what links of a course shall stand for."""

    settings: DeepLinkingSettings


AnyClaims = LaunchClaims | DeepLinkingClaims | DataPrivacyClaims


def parse(payload: Mapping[str, Any], *, frame_origin: str | None = None) -> AnyClaims:
    """Return the claims of a message of any type that is answered here.

    Raises:
        LaunchRefused: `<claim>_missing`, `<claim>_malformed`, version, message_type_unsupported
    """
    message_type = _message_type(payload)
    common = {**_common(payload), "frame_origin": frame_origin}
    if message_type == deep_linking.REQUEST:
        return DeepLinkingClaims(**common, settings=deep_linking.parse(payload))
    if message_type == SUBMISSION_REVIEW_REQUEST:
        return SubmissionReviewClaims(**common, **_reviewed(payload))
    if message_type in DATA_PRIVACY_REQUESTS:
        return DataPrivacyClaims(**common, for_user=_data_subject(payload, common["sub"]))
    return LaunchClaims(**common, **_activity(payload))


def _data_subject(payload: Mapping[str, Any], sub: str) -> str:
    """Return of whom the data is asked for: without a `user_id`, of who asks."""
    given = claim_values.members_of(payload, LTI_CLAIM + "for_user")
    if given.get("user_id") is None:
        return sub
    return claim_values.identifier(given, "user_id", of="for_user")


def _activity(payload: Mapping[str, Any], *, is_named: bool = True) -> dict[str, Any]:
    """Return the link and its column; without `is_named` the link may be missing."""
    link = claim_values.members_of(payload, LTI_CLAIM + "resource_link", is_required=is_named)
    endpoint = claim_values.members_of(payload, AGS_CLAIM)
    has_id = is_named or bool(link)
    return {
        "resource_link_id": claim_values.identifier(link, "id", of="resource_link")
        if has_id
        else "",
        "resource_link_title": claim_values.line(link, "title", MAX_TITLE, of="resource_link"),
        "line_item_url": claim_values.url(endpoint, "lineitem", of="endpoint") or None,
        "line_items_url": claim_values.url(endpoint, "lineitems", of="endpoint") or None,
        "ags_scopes": _scopes(endpoint),
        "roster_url": _roster_url(payload),
    }


def _roster_url(payload: Mapping[str, Any]) -> str | None:
    """Return the address of the course's Names and Roles service (NRPS 2.0, section 3.6.1)."""
    service = claim_values.members_of(payload, NRPS_CLAIM)
    name = "context_memberships_url"
    return claim_values.url(service, name, of="namesroleservice") or None


def _reviewed(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return whose grade in which column or of which link (Submission Review 1.0, section 3)."""
    given = claim_values.members_of(payload, LTI_CLAIM + "for_user", is_required=True)
    activity = _activity(payload, is_named=False)
    if not activity["resource_link_id"] and activity["line_item_url"] is None:
        raise LaunchRefused("resource_link_missing")
    return {"for_user": claim_values.identifier(given, "user_id", of="for_user"), **activity}


def _common(payload: Mapping[str, Any]) -> dict[str, Any]:
    given_roles = _roles(payload)
    context = claim_values.members_of(payload, LTI_CLAIM + "context")
    return {
        "issuer": claim_values.identifier(payload, "iss"),
        "deployment_id": claim_values.identifier(payload, LTI_CLAIM + "deployment_id"),
        "sub": claim_values.identifier(payload, "sub"),
        "roles": given_roles,
        "is_teacher": roles.is_teacher(given_roles),
        "is_test_user": roles.is_test_user(given_roles),
        "is_assistant": roles.is_assistant(given_roles),
        "target_link_uri": claim_values.url(
            payload, LTI_CLAIM + "target_link_uri", is_required=True
        ),
        "context_id": claim_values.identifier(context, "id", of="context") if context else None,
        "context_title": _context_title(context),
        "name": claim_values.person_name(payload),
        "email": _email(payload),
        "locale": _locale(payload),
        "custom": _custom(payload),
    }


def _message_type(payload: Mapping[str, Any]) -> str:
    version = payload.get(LTI_CLAIM + "version")
    if version != VERSION:
        raise LaunchRefused("version")
    message_type = payload.get(LTI_CLAIM + "message_type")
    if message_type is None:
        raise LaunchRefused("message_type_missing")
    if not isinstance(message_type, str) or message_type not in MESSAGE_TYPES:
        raise LaunchRefused("message_type_unsupported")
    return message_type


def _roles(payload: Mapping[str, Any]) -> tuple[str, ...]:
    given = payload.get(LTI_CLAIM + "roles")
    if given is None:
        raise LaunchRefused("roles_missing")
    return claim_values.strings(given, MAX_ROLES, "roles")


def _scopes(endpoint: Mapping[str, Any]) -> frozenset[str]:
    given = endpoint.get("scope")
    return (
        frozenset()
        if given is None
        else frozenset(claim_values.strings(given, MAX_SCOPES, "endpoint"))
    )


def _custom(payload: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the custom parameters that have a value.

    Platforms send `null` for what they do not share, and the variable's own name (`$User.image`)
    for what they do not know. Canvas sends numbers and booleans as such.
    """
    given = claim_values.members_of(payload, LTI_CLAIM + "custom")
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
    if not isinstance(value, str) or claim_values.is_unsafe(
        value.replace("\n", " ").replace("\t", " ")
    ):
        raise LaunchRefused("custom_malformed")
    return value


def _email(payload: Mapping[str, Any]) -> str | None:
    """Return the address, or None for something that is none; badges can do without."""
    given = claim_values.line(payload, "email", MAX_EMAIL + 1)
    if given is None or len(given) > MAX_EMAIL or not _EMAIL.fullmatch(given):
        return None
    return given


def _locale(payload: Mapping[str, Any]) -> str | None:
    """Return the language tag of the page around us, else the person's."""
    presentation = claim_values.members_of(payload, LTI_CLAIM + "launch_presentation")
    around = claim_values.line(
        presentation, "locale", claim_values.MAX_ID, of="launch_presentation"
    )
    given = around or claim_values.line(payload, "locale", claim_values.MAX_ID)
    if given is None or len(given) > 35 or not _LOCALE.fullmatch(given):
        return None
    return given.replace("_", "-")


def _context_title(context: Mapping[str, Any]) -> str | None:
    return claim_values.line(context, "title", MAX_TITLE, of="context") or claim_values.line(
        context, "label", MAX_TITLE, of="context"
    )
