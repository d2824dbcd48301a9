"""Assignment and Grade Services, as literal about media types and query strings as Moodle 4.5.

Spec: LTI AGS 2.0, section 3. What a refusal was about stands in the HTTP reason phrase; the body
is `[]`.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from .errors import ServiceError
from .failing import NO_ANSWER, may_fail
from .faults import Endpoint
from .gradebook import number
from .grants import AccessToken
from .records import Grade, LineItem, ReceivedScore, Scope
from .visits import lms

bp = Blueprint("services", __name__, url_prefix="/lms/services/<course_id>/lineitems")

MEDIA = "application/vnd.ims.lis.v2."
CONTAINER = MEDIA + "lineitemcontainer+json"
ITEM = MEDIA + "lineitem+json"
RESULTS = MEDIA + "resultcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
READS_ITEMS = (Scope.LINE_ITEM, Scope.LINE_ITEM_READONLY)


def refused(work: Callable[[], Response]) -> Response:
    """Return what `work` does, or its refusal in the reason phrase."""
    try:
        return work()
    except ServiceError as error:
        status = f"{error.status} {error.reason}"
        return Response("[]", status=status, content_type="application/json")


def _answer(content: object, media: str, status: int = 200) -> Response:
    answer = jsonify(content)
    answer.status_code, answer.content_type = status, media
    return answer


# What Moodle looks at before it looks for a handler: the literal text of Accept or Content-Type.


def _accepts(media: str, *, anything: bool) -> None:
    accept = request.headers.get("Accept", "")
    if accept not in ("", media) and not (anything and accept == "*/*"):
        raise ServiceError(400, f"No handler found for {request.path} {accept}")


def _carries(media: str) -> None:
    sent = request.headers.get("Content-Type", "")
    if sent.split(";")[0].strip() != media:
        raise ServiceError(400, f"No handler found for {request.path} {sent}")


def bearer(*any_of: Scope) -> AccessToken:
    """Return the request's token if it is live, allows one of the scopes and fits `type_id`."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = lms().grants.access_token(token, lms().config.clock())
    if kind.lower() != "bearer" or found is None or not set(any_of) & set(found.scopes):
        raise ServiceError(401, "Unauthorized")
    tool = lms().tool(found.client_id)
    if "type_id" not in request.args:
        raise ServiceError(403, "Forbidden")
    if tool is None or request.args["type_id"] != tool.deployment_id:
        raise ServiceError(401, "Unauthorized")
    return found


def _find(course_id: str, item_id: str, token: AccessToken) -> LineItem:
    item = lms().gradebook.item(item_id)
    if item is None or item.course_id != course_id:
        raise ServiceError(404, "Not Found")
    if item.client_id != token.client_id:
        raise ServiceError(403, "Forbidden")
    return item


def _as_json(item: LineItem) -> dict[str, Any]:
    shown = {
        "id": _address(item, "lineitem"),
        "label": item.label,
        "scoreMaximum": item.maximum,
        "resourceId": item.resource_id,
        "tag": item.tag,
    }
    return shown | ({"resourceLinkId": item.link_id} if item.link_id else {})


def _address(item: LineItem, rest: str) -> str:
    tool = lms().tool(item.client_id)
    assert tool is not None
    base = lms().config.line_items(item.course_id)
    return f"{base}/{item.id}/{rest}?type_id={tool.deployment_id}"


@bp.get("")
def list_items(course_id: str) -> Response:
    """Section 3.2: the tool's own columns, all on one page."""

    def work() -> Response:
        _accepts(CONTAINER, anything=False)
        token = bearer(*READS_ITEMS)
        own = [i for i in lms().gradebook.items(course_id) if i.client_id == token.client_id]
        return _answer([_as_json(item) for item in own if _is_wanted(item)], CONTAINER)

    return refused(work)


def _is_wanted(item: LineItem) -> bool:
    has = {"resource_id": item.resource_id, "tag": item.tag, "resource_link_id": item.link_id}
    return all(request.args[key] == value for key, value in has.items() if key in request.args)


@bp.post("")
def add_item(course_id: str) -> Response:
    """Section 3.2: a column, of its own or as a further one of a link."""

    def work() -> Response:
        _carries(ITEM)
        token = bearer(Scope.LINE_ITEM)
        fields = _sent_item(course_id, token.client_id)
        added = lms().gradebook.add(course_id, token.client_id, **fields)
        return _answer(_as_json(added), ITEM, 201)

    return refused(work)


def _sent_item(course_id: str, client_id: str) -> dict[str, Any]:
    """Return the fields of the line item in the body; what is left out is empty, not unchanged."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ServiceError(400, "Bad Request")
    maximum, manners = number(body.get("scoreMaximum")), lms().config.manners
    if maximum is None or maximum <= 0 or not body.get("label"):
        raise ServiceError(400, "Bad Request")
    if manners.has_whole_maximum and not isinstance(body["scoreMaximum"], int):
        raise ServiceError(400, "A valid integer is required.")
    if len(str(body.get("tag") or "")) > manners.longest_tag:
        raise ServiceError(400, "Ensure this field has no more characters.")
    link_id = str(body["resourceLinkId"]) if body.get("resourceLinkId") else None
    _check_place(course_id, link_id, client_id)
    return {
        "label": str(body["label"]),
        "maximum": maximum,
        "link_id": link_id,
        "resource_id": str(body.get("resourceId") or ""),
        "tag": str(body.get("tag") or ""),
    }


def _check_place(course_id: str, link_id: str | None, client_id: str) -> None:
    """Refuse a column in no course, or on a link that is not the tool's."""
    course = next((each for each in lms().courses() if each.id == course_id), None)
    if course is None:
        raise ServiceError(404, "Not Found")
    own = {link.id for link in lms().links(course) if link.client_id == client_id}
    if link_id and link_id not in own:
        raise ServiceError(403, "Forbidden")


@bp.get("/<item_id>/lineitem")
def read_item(course_id: str, item_id: str) -> Response:
    def work() -> Response:
        _accepts(ITEM, anything=True)
        return _answer(_as_json(_find(course_id, item_id, bearer(*READS_ITEMS))), ITEM)

    return refused(work)


@bp.put("/<item_id>/lineitem")
def change_item(course_id: str, item_id: str) -> Response:
    """Replace the whole column: without `resourceLinkId` it loses its link."""

    def work() -> Response:
        _carries(ITEM)
        token = bearer(Scope.LINE_ITEM)
        item = _find(course_id, item_id, token)
        fields = _sent_item(course_id, token.client_id)
        return _answer(_as_json(lms().gradebook.change(item, **fields)), ITEM)

    return refused(work)


@bp.delete("/<item_id>/lineitem")
def remove_item(course_id: str, item_id: str) -> Response:
    def work() -> Response:
        if not lms().config.manners.deletes_columns:
            raise ServiceError(403, "Forbidden")
        lms().gradebook.remove(_find(course_id, item_id, bearer(Scope.LINE_ITEM)))
        return Response(status=204)

    return refused(work)


@bp.post("/<item_id>/lineitem/scores")
def post_score(course_id: str, item_id: str) -> Response:
    """Section 3.4; every request is logged with its answer."""

    def work() -> Response:
        _carries(SCORE)
        item = _find(course_id, item_id, bearer(Scope.SCORE))
        course = lms().course(course_id)
        body = request.get_json(force=True, silent=True)
        lms().gradebook.post(
            item, body, lambda user: lms().can_be_graded(user, course), lms().config.manners
        )
        return Response(status=200)

    answer = may_fail(Endpoint.SCORES, lambda: refused(work))
    _log(item_id, answer)
    return answer


def _log(item_id: str, answer: Response) -> None:
    body = request.get_json(force=True, silent=True)
    code, _, reason = answer.status.partition(" ")
    lms().score_log.append(
        ReceivedScore(
            line_item_id=item_id,
            path=request.full_path.rstrip("?"),
            content_type=request.headers.get("Content-Type", ""),
            body=body if isinstance(body, dict) else None,
            raw=request.get_data(),
            status=None if reason == NO_ANSWER else int(code),
            reason=reason,
            at=lms().config.clock(),
        )
    )


@bp.get("/<item_id>/lineitem/results")
def results(course_id: str, item_id: str) -> Response:
    """Section 3.3: rows only for people who have a grade or a comment."""

    def work() -> Response:
        _accepts(RESULTS, anything=True)
        item = _find(course_id, item_id, bearer(Scope.RESULT_READONLY))
        if "limit" in request.args:
            # Moodle 4.5 crashes here; whoever sends `limit` shall notice.
            return Response("<h1>Error</h1>", status=404, content_type="text/html")
        only = request.args.get("user_id")
        rows = [
            _result(item, grade)
            for grade in lms().gradebook.grades(item)
            if only in (None, grade.user_id) and (grade.score is not None or grade.comment)
        ]
        return _answer(rows, RESULTS)

    return may_fail(Endpoint.RESULTS, lambda: refused(work))


def _result(item: LineItem, grade: Grade) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": _address(item, f"lineitem/results/{grade.user_id}"),
        "userId": grade.user_id,
        "scoreOf": _address(item, "lineitem"),
        "resultMaximum": item.maximum,
    }
    if grade.score is not None:
        row["resultScore"] = grade.score
    return row | ({"comment": grade.comment} if grade.comment else {})
