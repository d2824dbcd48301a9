"""Deep linking: what a platform asks for, and the signed message that answers it.

Spec: LTI Deep Linking 2.0, sections 4.4 (request), 4.5 (response) and 3 (content items); 1EdTech
Security Framework 1.0, section 5.2.2 (messages of a tool).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from lti_tool.lti import claim_values
from lti_tool.lti.errors import LaunchRefused
from lti_tool.lti.id_token import LTI_CLAIM

REQUEST = "LtiDeepLinkingRequest"
RESPONSE = "LtiDeepLinkingResponse"
RESOURCE_LINK = "ltiResourceLink"
DL_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"

MAX_ACCEPTED = 50
MAX_LINE = 255
MAX_DATA = 16_384

LIFE = timedelta(minutes=4)
# Moodle refuses a message from its future, however near (seen on 4.5).
BACKDATED = timedelta(seconds=60)

# Whose grades can be looked at here: of everybody who has begun.
REVIEWABLE = ("InProgress", "Completed")

_SETTINGS = "deep_linking_settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLinkingSettings:
    """What the platform takes, and where the answer goes.

    `return_url` may carry the form key of the person's visit to the LMS (Moodle's does): it and
    `data` are never logged. `title` and `text` are what the LMS would call a link without a title.
    `accept_line_item` is None where the platform does not say.
    """

    return_url: str = field(repr=False)
    data: str | None = field(repr=False)
    accept_types: tuple[str, ...]
    accept_presentation_document_targets: tuple[str, ...]
    accept_multiple: bool
    accept_line_item: bool | None
    title: str | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the gradebook that is wanted with a link. `maximum`: greater than 0.

    `resource_id` and `tag` come back in line items and survive the copy of a course.
    """

    maximum: Decimal
    label: str
    resource_id: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link that the platform shall make. Values of `custom` are single lines."""

    title: str
    text: str
    url: str
    custom: Mapping[str, str]
    column: Column | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Between whom the answer goes. `data`: exactly as the platform sent it, if it did."""

    client_id: str
    issuer: str
    deployment_id: str
    data: str | None = field(default=None, repr=False)


def parse(payload: Mapping[str, Any]) -> DeepLinkingSettings:
    """Return the settings of a deep linking request.

    Without `accept_multiple` one link is taken: the platform did not promise more.

    Raises:
        LaunchRefused: deep_linking_settings_missing, deep_linking_settings_malformed,
            deep_linking_types_unsupported (no links to a tool are taken)
    """
    given = claim_values.members_of(payload, DL_CLAIM + _SETTINGS, is_required=True)
    accept_types = _required_strings(given, "accept_types")
    targets = _required_strings(given, "accept_presentation_document_targets")
    settings = DeepLinkingSettings(
        return_url=_return_url(given),
        data=_data(given),
        accept_types=accept_types,
        accept_presentation_document_targets=targets,
        accept_multiple=_truth(given, "accept_multiple") or False,
        accept_line_item=_truth(given, "accept_lineitem"),
        title=claim_values.line(given, "title", MAX_LINE, of=_SETTINGS),
        text=claim_values.line(given, "text", MAX_LINE, of=_SETTINGS),
    )
    if RESOURCE_LINK not in accept_types:
        raise LaunchRefused("deep_linking_types_unsupported")
    return settings


def content_item(link: Link) -> dict[str, Any]:
    """Return a link as a content item of type `ltiResourceLink` (section 3.2).

    Without a column `lineItem` is left out: then Moodle makes none.
    """
    item: dict[str, Any] = {
        "type": RESOURCE_LINK,
        "title": link.title,
        "text": link.text,
        "url": link.url,
        "custom": dict(link.custom),
    }
    if link.column is not None:
        item["lineItem"] = {
            "scoreMaximum": _number(link.column.maximum),
            "label": link.column.label,
            "resourceId": link.column.resource_id,
            "tag": link.column.tag,
            "submissionReview": {"reviewableStatus": list(REVIEWABLE)},
        }
    return item


def response(
    envelope: Envelope, links: Sequence[Link], now: datetime, *, message: str | None = None
) -> dict[str, Any]:
    """Return the claims of an answer; no links at all cancel. `message` is for people."""
    claims: dict[str, Any] = {
        "iss": envelope.client_id,
        "aud": envelope.issuer,
        "iat": int((now - BACKDATED).timestamp()),
        "exp": int((now + LIFE).timestamp()),
        "nonce": secrets.token_urlsafe(24),
        "jti": secrets.token_urlsafe(24),
        LTI_CLAIM + "deployment_id": envelope.deployment_id,
        LTI_CLAIM + "message_type": RESPONSE,
        LTI_CLAIM + "version": "1.3.0",
        DL_CLAIM + "content_items": [content_item(link) for link in links],
    }
    if envelope.data is not None:
        claims[DL_CLAIM + "data"] = envelope.data
    if message:
        claims[DL_CLAIM + "msg"] = message
    return claims


def sign(claims: Mapping[str, Any], key: RSAPrivateKey, kid: str) -> str:
    """Return the message as a compact JWS, to be posted as `JWT`."""
    return jwt.encode(dict(claims), key, algorithm="RS256", headers={"kid": kid})


def _required_strings(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return claim_values.strings(given.get(name), MAX_ACCEPTED, _SETTINGS)


def _return_url(given: Mapping[str, Any]) -> str:
    """Return the address, once a browser and we are sure to read the same host in it."""
    url = claim_values.url(given, "deep_link_return_url", of=_SETTINGS, is_required=True)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise LaunchRefused(f"{_SETTINGS}_malformed") from error
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    if not is_web or "@" in parts.netloc or "\\" in url:
        raise LaunchRefused(f"{_SETTINGS}_malformed")
    return url


def _data(given: Mapping[str, Any]) -> str | None:
    value = given.get("data")
    if value is not None and (not isinstance(value, str) or len(value) > MAX_DATA):
        raise LaunchRefused(f"{_SETTINGS}_malformed")
    return value


def _truth(given: Mapping[str, Any], name: str) -> bool | None:
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        raise LaunchRefused(f"{_SETTINGS}_malformed")
    return value


def _number(value: Decimal) -> int | float:
    """Return a JSON number; whole ones as such, because Open edX takes no others."""
    return int(value) if value == value.to_integral_value() else float(value)
