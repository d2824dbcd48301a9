"""The id_token of a launch or a deep linking request, in the shape Moodle 4.5 sends.

Spec: LTI Core 1.3, section 5.3 (required claims) and 5.4 (optional claims); AGS 2.0, section 3.1;
Deep Linking 2.0, section 4.4 (settings).
"""

import re
from datetime import datetime
from hashlib import sha256
from typing import Any

from . import parameters
from .config import ID_TOKEN_LIFE, LmsConfig
from .grants import PendingLaunch
from .manners import INSTITUTION
from .records import Course, Link, Role, Tool, User
from .state import LmsState

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
OUTCOME_CLAIM = "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SETTINGS_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
ROLES = {Role.TEACHER: MEMBERSHIP + "Instructor", Role.LEARNER: MEMBERSHIP + "Learner"}
ROLES[Role.TUTOR] = ROLES[Role.TEACHER]
TAG = re.compile(r"<[^>]*>")
CONTAINERS = {"iframe": "3", "window": "4"}


def build(
    state: LmsState,
    pending: PendingLaunch,
    *,
    user: User,
    role: Role | None,
    nonce: str,
    session_key: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims; valid for 60 seconds from `now`. Without a course, what is kept about
    `pending.for_user` is asked for.
    """
    tool = state.tool(pending.client_id)
    assert tool is not None
    course = state.course(pending.course_id) if pending.course_id else None
    claims = _everywhere(state, pending, user, nonce, session_key, now) | _person(tool, user)
    if course is None or role is None:
        return claims | _data_privacy(state, pending, user)
    claims |= {LTI + "context": _context(course), LTI + "roles": _roles(state.config, role)}
    if pending.link_id is None:
        claims |= _selection(state.config, pending, tool, session_key)
        return claims | _grade_services(state, tool, course, None) | _roster(state, tool, course)
    link = state.link(pending.link_id)
    claims |= _resource_link(link) | _review(pending)
    if custom := parameters.of(tool, course, link, user):
        claims[LTI + "custom"] = custom
    return claims | _grade_services(state, tool, course, link) | _roster(state, tool, course)


def _everywhere(
    state: LmsState,
    pending: PendingLaunch,
    user: User,
    nonce: str,
    session_key: str,
    now: datetime,
) -> dict[str, Any]:
    """Return what every message says. The person's number is sent whatever is shared."""
    tool = state.tool(pending.client_id)
    assert tool is not None
    course = state.course(pending.course_id) if pending.course_id else None
    issued = int(now.timestamp())
    return {
        "iss": state.config.iss,
        "aud": tool.client_id,
        "iat": issued,
        "exp": issued + int(ID_TOKEN_LIFE.total_seconds()),
        "nonce": nonce,
        "sub": user.id,
        LTI + "deployment_id": state.deployment_of(tool, course),
        LTI + "version": "1.3.0",
        LTI + "target_link_uri": tool.target_link_uri,
        LTI + "tool_platform": _platform(state.config),
        LTI + "launch_presentation": _presentation(state.config, pending, session_key),
        LTI + "lis": {"person_sourcedid": user.number, "course_section_sourcedid": ""},
        LTI + "ext": {"lms": "moodle-2"},
    }


def _data_privacy(state: LmsState, pending: PendingLaunch, user: User) -> dict[str, Any]:
    kind = "Administrator" if state.is_admin(user) else "Other"
    return {
        LTI + "message_type": "DataPrivacyLaunchRequest",
        LTI + "roles": [INSTITUTION + kind],
        LTI + "for_user": {"user_id": pending.for_user},
    }


def _roles(config: LmsConfig, role: Role) -> list[str]:
    """Canvas also says what somebody is in the institution: a colleague who learns here."""
    further = config.manners.learner_roles if role is Role.LEARNER else ()
    return [ROLES[role], *further]


def _selection(
    config: LmsConfig, pending: PendingLaunch, tool: Tool, session_key: str
) -> dict[str, Any]:
    """Moodle sends no `data` and no `accept_lineitem`; the return address has the form key."""
    query = f"course={pending.course_id}&id={tool.deployment_id}&sesskey={session_key}"
    settings = {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_copy_advice": False,
        "accept_multiple": True,
        "accept_unsigned": False,
        "auto_create": False,
        "can_confirm": False,
        "deep_link_return_url": f"{config.issuer}/lms/content/return?{query}",
        "title": tool.name,
        "text": "",
    }
    return {LTI + "message_type": "LtiDeepLinkingRequest", SETTINGS_CLAIM: settings}


def _context(course: Course) -> dict[str, Any]:
    return {
        "id": course.id,
        "label": course.label,
        "title": course.title,
        "type": ["CourseSection"],
    }


def _resource_link(link: Link) -> dict[str, Any]:
    """Tags vanish from what people typed; the column's label keeps them."""
    title, description = (TAG.sub("", text) for text in (link.title, link.description))
    claim = {"id": link.id, "title": title, "description": description}
    return {LTI + "message_type": "LtiResourceLinkRequest", LTI + "resource_link": claim}


def _review(pending: PendingLaunch) -> dict[str, Any]:
    """Moodle sends this for any activity whose grade is clicked, declared or not."""
    if not pending.for_user:
        return {}
    kind = {LTI + "message_type": "LtiSubmissionReviewRequest"}
    return kind | {LTI + "for_user": {"user_id": pending.for_user}}


def _platform(config: LmsConfig) -> dict[str, str]:
    return {
        "product_family_code": config.manners.product_family,
        "version": "2024100706",
        "guid": sha256(config.issuer.encode()).hexdigest()[:32],
        "name": config.name,
        "description": config.name,
    }


def _presentation(config: LmsConfig, pending: PendingLaunch, session_key: str) -> dict[str, str]:
    """The return address carries the person's form key, as in Moodle; tools must not keep it."""
    container = CONTAINERS[pending.document_target]
    query = f"launch_container={container}&sesskey={session_key}"
    place = pending.link_id or f"course/{pending.course_id}"
    if not pending.course_id:
        return {"locale": config.locale, "document_target": pending.document_target}
    return {
        "locale": config.locale,
        "document_target": pending.document_target,
        "return_url": f"{config.issuer}/lms/return/{place}?{query}",
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


def _grade_services(
    state: LmsState, tool: Tool, course: Course, link: Link | None
) -> dict[str, Any]:
    if not tool.ags.scopes:
        return {}
    base = state.config.line_items(course.id)
    query = f"?type_id={tool.deployment_id}"
    claim = {"scope": [str(scope) for scope in tool.ags.scopes], "lineitems": base + query}
    item = state.line_item_of(link) if link else None
    if item:
        claim["lineitem"] = f"{base}/{item.id}/lineitem{query}"
    return {AGS_CLAIM: claim} | (_outcome_of_lti_1(state.config, link) if link else {})


def _outcome_of_lti_1(config: LmsConfig, link: Link) -> dict[str, Any]:
    """Moodle adds the service of LTI 1.1 wherever it takes grades."""
    claim = {
        "lis_result_sourcedid": f'{{"data":{{"instanceid":"{link.id}"}}}}',
        "lis_outcome_service_url": f"{config.issuer}/lms/service.php",
    }
    return {OUTCOME_CLAIM: claim}


def _roster(state: LmsState, tool: Tool, course: Course) -> dict[str, Any]:
    """As Moodle: only once the course has an activity of the tool."""
    has_activity = any(link.client_id == tool.client_id for link in state.links(course))
    if not tool.shares_roster or not has_activity:
        return {}
    url = f"{state.config.services}/lms/services/{course.id}/members?type_id={tool.deployment_id}"
    return {NRPS_CLAIM: {"context_memberships_url": url, "service_versions": ["1.0", "2.0"]}}
