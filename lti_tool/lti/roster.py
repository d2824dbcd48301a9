"""Who is in a course, from a platform's Names and Roles service: the whole roster, bounded.

Spec: NRPS 2.0, sections 2 (service) and 2.4 (roles, paging, statuses). Names and addresses need
not be shared; addresses are not even looked at.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lti_tool.lti import addresses, claim_values, paging, roles, service_calls
from lti_tool.lti.errors import LaunchRefused, ServiceError
from lti_tool.lti.service_calls import Caller
from lti_tool.outbound import OutboundError, Response

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MAX_MEMBERS = 20_000
PAGE = 500
"""Asked for only where the whole is too large for one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`is_learner`: the platform names a learner's role and none that assesses.

    `is_active`: neither Inactive nor Deleted (Moodle leaves such people out instead).
    """

    user_id: str
    is_learner: bool
    is_active: bool
    name: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Service:
    """A course's service. `resource_link_id`: only people who reach that link (section 3)."""

    registration_id: uuid.UUID
    url: str
    resource_link_id: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """`is_whole`: the last page names no further one. A platform whose links lead back to a page
    that was read may have more people than it let us see."""

    members: list[Member]
    is_whole: bool


def read(caller: Caller, service: Service) -> Roster:
    """Return every member that the platform names, each once.

    Rows that name nobody are passed over.

    Raises:
        ServiceError: `roster_gone`, `roster_malformed`, `roster_too_large`, those of `paging` and
            of calls. Then nothing is known of anybody.
    """

    def fetch(url: str) -> Response:
        answer = caller.call("GET", url, SCOPE, {"Accept": MEDIA_TYPE})
        if not answer.is_success:
            raise service_calls.failure(answer, caller.now, gone="roster_gone")
        return answer

    asked = {"rlid": service.resource_link_id} if service.resource_link_id else {}
    try:
        return _read(fetch, service.url, asked)
    except ServiceError as error:
        if error.code != "too_large":
            raise
    return _read(fetch, service.url, {**asked, "limit": str(PAGE)})


def _read(fetch: Callable[[str], Response], url: str, asked: Mapping[str, str]) -> Roster:
    found: dict[str, Member] = {}
    is_whole = True
    for page in paging.pages(fetch, addresses.with_query(url, asked), keep=asked):
        for row in _rows(page):
            member = _member(row)
            if member is not None:
                found[member.user_id] = member
        if len(found) > MAX_MEMBERS:
            raise ServiceError("roster_too_large")
        is_whole = not paging.has_next(page)
    if not found:  # whoever asked launched from this course
        raise ServiceError("roster_malformed", is_transient=True)
    return Roster(list(found.values()), is_whole)


def _rows(page: Response) -> list[Any]:
    try:
        document = page.json()
    except OutboundError as error:
        raise ServiceError("roster_malformed", is_transient=True) from error
    rows = document.get("members") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ServiceError("roster_malformed", is_transient=True)
    return rows


def _member(row: object) -> Member | None:
    if not isinstance(row, dict):
        return None
    user_id = row.get("user_id")
    user_id = str(user_id) if isinstance(user_id, int) else user_id
    try:
        user_id = claim_values.identifier({"user_id": user_id}, "user_id")
    except LaunchRefused:
        return None
    given = row.get("roles")
    named = [role for role in given if isinstance(role, str)] if isinstance(given, list) else []
    status = row.get("status", "Active")
    return Member(
        user_id=user_id,
        is_learner=roles.is_learner(named),
        is_active=not (isinstance(status, str) and status.lower() in {"inactive", "deleted"}),
        name=_name(row),
    )


def _name(row: dict[str, Any]) -> str | None:
    """Return the name as shared, in one line; one that cannot be read is none."""
    try:
        return claim_values.person_name(row)
    except LaunchRefused:
        return None
