"""Names and Roles Provisioning Services, as Moodle 4.5 has them.

Spec: NRPS 2.0, section 2. All active members come on one page unless `limit` is asked for;
suspended ones are not there at all; roles are short names; the link to the next page drops `role`.
"""

from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from .errors import ServiceError
from .failing import may_fail
from .faults import Endpoint
from .records import Course, Role, Scope, Tool, User
from .services import bearer, refused
from .visits import lms

bp = Blueprint("members", __name__, url_prefix="/lms/services/<course_id>/members")

MEDIA = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
# A non-editing teacher launches as an Instructor and is listed as a Learner: two capabilities.
ROLES = {Role.TEACHER: "Instructor", Role.TUTOR: "Learner", Role.LEARNER: "Learner"}


@bp.get("")
def members(course_id: str) -> Response:
    """Section 2.1: the members, all or a page of them."""

    def work() -> Response:
        accept = request.headers.get("Accept", "")
        if accept not in ("", "*/*", MEDIA):
            raise ServiceError(400, f"No handler found for {request.path} {accept}")
        token = bearer(Scope.MEMBERSHIPS)
        tool = lms().tool(token.client_id)
        course = next((each for each in lms().courses() if each.id == course_id), None)
        if course is None or tool is None:
            raise ServiceError(404, "Not Found")
        return _page(course, tool)

    lms().roster_log.append(request.full_path.rstrip("?"))
    return may_fail(Endpoint.MEMBERS, lambda: refused(work))


def _page(course: Course, tool: Tool) -> Response:
    wanted = _wanted(course)
    paging = lms().roster_paging
    size = paging.size or int(request.args.get("limit", "0")) or len(wanted) or 1
    start = int(request.args.get("from", "0"))
    rows = [_row(user, role, tool) for user, role in wanted[start : start + size]]
    url = f"{lms().config.services}{request.path}?type_id={tool.deployment_id}"
    answer = jsonify(id=url, context={"id": course.id, "title": course.title}, members=rows)
    answer.content_type = MEDIA
    if start + size < len(wanted):
        limit = f"&limit={request.args['limit']}" if "limit" in request.args else ""
        # UTF-8 in a header: that is how curly quotes leave Moodle.
        header = paging.link(f"{url}{limit}&from={start + size}")
        answer.headers["Link"] = header.encode().decode("latin-1")
    return answer


def _wanted(course: Course) -> list[tuple[User, Role]]:
    known = [(user, lms().role(user, course)) for user in lms().users()]
    here = [
        (user, role)
        for user, role in known
        if role is not None and not lms().is_suspended(user, course)
    ]
    asked = request.args.get("role", "")
    named = {"Learner", "Instructor"} & {asked.rpartition("#")[2]}
    return [(user, role) for user, role in here if not named or ROLES[role] in named]


def _row(user: User, role: Role, tool: Tool) -> dict[str, Any]:
    row: dict[str, Any] = {"status": "Active", "user_id": user.id, "roles": [ROLES[role]]}
    if tool.shares_name and not user.is_private:
        row |= {"name": user.name, "given_name": user.given_name, "family_name": user.family_name}
    if tool.shares_email and not user.is_private and user.email:
        row["email"] = user.email
    return row
