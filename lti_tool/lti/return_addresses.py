"""Where people go back to in the LMS, and what is said there about a refusal.

Spec: LTI 1.3 core, section 5.4.4 (`return_url`), and the parameters `lti_errormsg` and
`lti_errorlog` of the tool's answer there. The address may carry the form key of the person's
visit to the LMS (Moodle's `sesskey`): it is never logged, and stored encrypted only.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from lti_tool.lti import claim_values, quirks
from lti_tool.lti.id_token import LTI_CLAIM
from lti_tool.lti.origins import origin
from lti_tool.lti.registrations import KnownRegistration

LONGEST_MESSAGE = 500


def of(payload: Mapping[str, Any], known: KnownRegistration) -> str | None:
    """Return the `return_url` of proven claims, if a person may be sent there.

    Anything else counts as none: a launch does not fail for want of a way back.
    """
    presentation = payload.get(LTI_CLAIM + "launch_presentation")
    url = presentation.get("return_url") if isinstance(presentation, dict) else None
    if not isinstance(url, str) or len(url) > claim_values.MAX_URL:
        return None
    return url if is_safe(url, known) else None


def is_safe(url: str, known: KnownRegistration) -> bool:
    """Return whether an address lies on the platform, read as a browser reads it.

    The platform is: the hosts of its registration, and the origins that an operator allowed to
    frame us. Plain http only where the platform itself has no better.
    """
    target = origin(url)
    if target is None or not url.isprintable() or " " in url:
        return False
    if "\\" in url or "@" in url.split("/", 3)[2]:
        return False
    if target.startswith("http:") and not known.auth_login_url.startswith("http:"):
        return False
    return target in known.frame_origins or quirks.is_service_of(known, url)


def with_error(url: str, message: str, log: str) -> str:
    """Return the address with `lti_errormsg` (for the person) and `lti_errorlog` added."""
    parts = urlsplit(url)
    said = urlencode({"lti_errormsg": message[:LONGEST_MESSAGE], "lti_errorlog": log})
    query = f"{parts.query}&{said}" if parts.query else said
    return urlunsplit(parts._replace(query=query))
