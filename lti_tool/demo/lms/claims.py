"""The id_token of a resource link launch, in the shape Moodle 4.5 sends.

Spec: LTI Core 1.3, section 5.3 (required claims) and 5.4 (optional claims); AGS 2.0, section 3.1.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

from .config import ID_TOKEN_LIFE, LmsConfig
from .grants import PendingLaunch
from .records import Course, Link, Role, Tool, User
from .state import LmsState

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
ROLES = {Role.TEACHER: MEMBERSHIP + "Instructor", Role.LEARNER: MEMBERSHIP + "Learner"}
CONTAINERS = {"iframe": "3", "window": "4"}


def build(
    state: LmsState,
    pending: PendingLaunch,
    *,
    user: User,
    role: Role,
    nonce: str,
    session_key: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims; valid for 60 seconds from `now`."""
    link = state.link(pending.link_id)
    tool, course = state.tool(link.client_id), state.course(link.course_id)
    assert tool is not None
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": state.config.issuer,
        "aud": tool.client_id,
        "iat": issued,
        "exp": issued + int(ID_TOKEN_LIFE.total_seconds()),
        "nonce": nonce,
        "sub": user.id,
        LTI + "deployment_id": tool.deployment_id,
        LTI + "message_type": "LtiResourceLinkRequest",
        LTI + "version": "1.3.0",
        LTI + "target_link_uri": tool.target_link_uri,
        LTI + "roles": [ROLES[role]],
        LTI + "context": _context(course),
        LTI + "resource_link": _resource_link(link),
        LTI + "tool_platform": _platform(state.config),
        LTI + "launch_presentation": _presentation(state.config, pending, session_key),
        LTI + "lis": {"person_sourcedid": "", "course_section_sourcedid": ""},
        LTI + "ext": {"lms": "moodle-2"},
    }
    return claims | _person(tool, user) | _custom(link) | _grade_services(state, tool, link)


def _context(course: Course) -> dict[str, Any]:
    return {
        "id": course.id,
        "label": course.label,
        "title": course.title,
        "type": ["CourseSection"],
    }


def _resource_link(link: Link) -> dict[str, str]:
    return {"id": link.id, "title": link.title, "description": link.description}


def _platform(config: LmsConfig) -> dict[str, str]:
    return {
        "product_family_code": config.product_family_code,
        "version": "2024100706",
        "guid": sha256(config.issuer.encode()).hexdigest()[:32],
        "name": config.name,
        "description": config.name,
    }


def _presentation(config: LmsConfig, pending: PendingLaunch, session_key: str) -> dict[str, str]:
    """The return address carries the person's form key, as in Moodle; tools must not keep it."""
    container = CONTAINERS[pending.document_target]
    query = f"launch_container={container}&sesskey={session_key}"
    return {
        "locale": config.locale,
        "document_target": pending.document_target,
        "return_url": f"{config.issuer}/lms/return/{pending.link_id}?{query}",
    }


def _person(tool: Tool, user: User) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    if tool.shares_name and not user.is_private:
        claims |= {"name": user.name, "given_name": user.given_name}
        claims |= {"family_name": user.family_name}
        claims[LTI + "ext"] = {"user_username": user.username, "lms": "moodle-2"}
    if tool.shares_email and not user.is_private and user.email:
        claims["email"] = user.email
    return claims


def _custom(link: Link) -> dict[str, Any]:
    """Moodle sends a key that is not lower-case a second time in lower case."""
    both = dict(link.custom) | {key.lower(): value for key, value in link.custom.items()}
    return {LTI + "custom": both} if both else {}


def _grade_services(state: LmsState, tool: Tool, link: Link) -> dict[str, Any]:
    if not tool.ags.scopes:
        return {}
    base = f"{state.config.issuer}/lms/services/{link.course_id}/lineitems"
    query = f"?type_id={tool.deployment_id}"
    claim = {"scope": [str(scope) for scope in tool.ags.scopes], "lineitems": base + query}
    item = state.line_item_of(link)
    if item:
        claim["lineitem"] = f"{base}/{item.id}/lineitem{query}"
    return {AGS_CLAIM: claim}
