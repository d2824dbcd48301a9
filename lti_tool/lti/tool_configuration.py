"""What a platform is told of this tool: addresses, scopes, messages, claims.

Spec: LTI Dynamic Registration 1.0, section 2.1 (tool configuration). Canvas reads a JSON of its
own from an address ("Enter URL" of a developer key).
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lti_tool.lti.platform_configuration import PlatformConfiguration

NAME = "Credlet"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
RESOURCE_LINK, DEEP_LINKING = "LtiResourceLinkRequest", "LtiDeepLinkingRequest"
MESSAGES = (RESOURCE_LINK, DEEP_LINKING)
# Asked for only where the platform names them: it may refuse what it does not know.
MESSAGES_IF_OFFERED = (
    "LtiSubmissionReviewRequest",
    "LtiDataPrivacyLaunchRequest",
    "DataPrivacyLaunchRequest",
)
_AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
# Moodle grants `lineitem.readonly` only where it is asked for by name.
SCOPES = (
    _AGS + "score",
    _AGS + "result.readonly",
    _AGS + "lineitem",
    _AGS + "lineitem.readonly",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
# Where Canvas shows the tool; it installs a tool without any placement otherwise.
CANVAS = "canvas"
CANVAS_PLACEMENTS = {
    DEEP_LINKING: ("assignment_selection", "link_selection"),
    RESOURCE_LINK: ("course_navigation",),
}
# It shares nothing about people with a tool that does not say how much it needs.
CANVAS_PRIVACY = {"https://canvas.instructure.com/lti/privacy_level": "public"}
# Names for the badge's proposal and the teacher's list; the address only as a hash, if wished.
CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email")


@dataclass(frozen=True, slots=True)
class ToolAddresses:
    """The addresses of one registration; `icon_url` is the same for all."""

    public_url: str
    registration_id: uuid.UUID
    icon_url: str

    @property
    def base(self) -> str:
        return f"{self.public_url}/lti/{self.registration_id}"

    @property
    def launch(self) -> str:
        return f"{self.base}/launch"

    @property
    def login(self) -> str:
        return f"{self.base}/login"

    @property
    def key_set(self) -> str:
        return f"{self.base}/jwks"

    @property
    def public_key(self) -> str:
        """The key as text, for platforms that cannot fetch a key set."""
        return f"{self.base}/public-key.pem"

    @property
    def configuration(self) -> str:
        """The JSON that Canvas reads."""
        return f"{self.base}/config.json"

    @property
    def domain(self) -> str:
        """Host and, if it is unusual, port: exactly that of the launch address (Moodle)."""
        return urlsplit(self.public_url).netloc


def registration_request(
    tool: ToolAddresses, platform: PlatformConfiguration, description: str
) -> dict[str, Any]:
    """Return the client registration that is posted to the platform.

    Asks for what the platform says it has, or for everything where it says nothing.
    """
    is_canvas = platform.product_family == CANVAS
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": tool.login,
        "redirect_uris": [tool.launch],
        "client_name": NAME,
        "client_uri": tool.public_url,
        "logo_uri": tool.icon_url,
        "jwks_uri": tool.key_set,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(_offered(SCOPES, platform.scopes)),
        TOOL_CONFIGURATION: {
            "domain": tool.domain,
            "description": description,
            "target_link_uri": tool.launch,
            "custom_parameters": {},
            "claims": list(CLAIMS),
            "messages": [_message(kind, tool, is_canvas=is_canvas) for kind in messages(platform)],
            **(CANVAS_PRIVACY if is_canvas else {}),
        },
    }


def messages(platform: PlatformConfiguration) -> list[str]:
    """Return the message types that this platform is asked to send."""
    further = [one for one in MESSAGES_IF_OFFERED if one in platform.messages]
    return _offered(MESSAGES, platform.messages) + further


def _message(kind: str, tool: ToolAddresses, *, is_canvas: bool) -> dict[str, Any]:
    listed = CANVAS_PLACEMENTS.get(kind, ())
    placements = {"placements": list(listed)} if is_canvas and listed else {}
    return {
        "type": kind,
        "target_link_uri": tool.launch,
        "label": NAME,
        "icon_uri": tool.icon_url,
        **placements,
    }


def _offered(wanted: tuple[str, ...], offered: Iterable[str]) -> list[str]:
    known = set(offered)
    return [one for one in wanted if one in known] or list(wanted)


def canvas(tool: ToolAddresses, description: str) -> dict[str, Any]:
    """Return the JSON that Canvas reads when a developer key is made from an address."""
    placements = [
        {
            "placement": placement,
            "message_type": kind,
            "target_link_uri": tool.launch,
            "text": NAME,
            "icon_url": tool.icon_url,
            "enabled": True,
        }
        for kind, listed in CANVAS_PLACEMENTS.items()
        for placement in listed
    ]
    return {
        "title": NAME,
        "description": description,
        "oidc_initiation_url": tool.login,
        "target_link_uri": tool.launch,
        "public_jwk_url": tool.key_set,
        "scopes": list(SCOPES),
        "custom_fields": {},
        "extensions": [
            {
                "domain": tool.domain,
                "tool_id": NAME.lower(),
                "platform": "canvas.instructure.com",
                "privacy_level": "public",
                "settings": {"text": NAME, "icon_url": tool.icon_url, "placements": placements},
            }
        ],
    }
