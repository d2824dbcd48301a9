"""Take completions from another system: many at once, each answered by itself."""

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, request
from flask_babel import gettext
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from badges import strict_json
from lti_tool import clock
from lti_tool.errors import ToolError
from lti_tool.services.completing import reports
from lti_tool.services.completing.reports import MOST_ITEMS, Reported, Result
from lti_tool.web import errors
from lti_tool.web.api import tokens
from lti_tool.web.api.blueprint import blueprint
from lti_tool.web.api.shapes import (
    CompletionReport,
    FieldProblem,
    ItemAnswer,
    LearnerInLms,
    Refusal,
)
from lti_tool.web.api.shapes import ReportAnswer as Answer

KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 255
MOST_PROBLEMS = 20


@blueprint.post("/api/v1/completions")
def report() -> Response:
    """Record completions: `{"completions": [...]}` with 1 to `MOST_ITEMS` items.

    The answer is 200 also where items were refused: each says what became of it. A repetition
    under the same `Idempotency-Key` gets the first answer.
    """
    with tokens.authorised() as (db, client):
        sent, now = request.get_data(), clock.now()
        key, items = _key(), _items(sent)

        def answer() -> dict[str, Any]:
            read = [_read(item) for item in items]
            reported = [one if isinstance(one, Reported) else None for one in read]
            taken = reports.take(db, client, reported, key=key, now=now)
            return _answer([_said(one, result) for one, result in zip(read, taken, strict=True)])

        return jsonify(reports.once(db, client, key, sent, now, answer))


def _key() -> str:
    key = request.headers.get(KEY_HEADER, "").strip()
    if not key:
        raise ToolError("idempotency_key_missing")
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise ToolError("idempotency_key_malformed")
    return key


def _items(sent: bytes) -> list[object]:
    """Return what stands in `completions`.

    Raises:
        ToolError: `report_not_json`, `report_malformed`, `report_too_long`.
    """
    try:
        body = strict_json.loads(sent)
    except strict_json.MalformedJson as error:
        raise ToolError("report_not_json") from error
    items = body.get("completions") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(items, list) or not items:
        raise ToolError("report_malformed")
    if len(items) > MOST_ITEMS:
        raise ToolError("report_too_long", maximum=str(MOST_ITEMS))
    return items


def _read(item: object) -> Reported | Refusal:
    try:
        return CompletionReport.model_validate(item).as_reported()
    except ValidationError as error:
        return Refusal(
            code="item_malformed",
            detail=gettext("This completion cannot be read: correct the fields that are named."),
            fields=[
                _problem(one)
                for one in error.errors(include_url=False, include_input=False)[:MOST_PROBLEMS]
            ],
        )


def _problem(details: ErrorDetails) -> FieldProblem:
    """Return what is wrong with a member. One that is not known is not named: the answer is kept,
    and whatever a stranger calls a member is not ours to keep."""
    place = details["loc"]
    if details["type"] != "extra_forbidden":
        return FieldProblem(path=pointer(place), detail=_words(details))
    shape = CompletionReport if len(place) == 1 else LearnerInLms
    known = ", ".join(shape.model_fields)
    return FieldProblem(
        path=pointer(place[:-1]),
        detail=gettext("Something here is not known. Known are: %(names)s.", names=known),
    )


def _words(details: ErrorDetails) -> str:
    """Return what to send instead, for each kind of problem that the shapes can have."""
    limits = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return gettext("This is needed.")
        case "string_type" | "string_unicode":
            return gettext("A string is needed.")
        case "string_too_short":
            return gettext("This must not be empty.")
        case "string_too_long":
            return gettext("At most %(maximum)s characters.", maximum=limits["max_length"])
        case "string_pattern_mismatch":
            return gettext("Control characters are not allowed here.")
        case "bool_type" | "bool_parsing":
            return gettext("true or false is needed.")
        case "model_type" | "dict_type":
            return gettext("An object is needed.")
        case "value_error":
            return gettext("Either “points” or “signed_off” is needed, and not both.")
        case kind if kind.startswith(("decimal_", "greater_than", "finite_number", "is_instance")):
            return gettext(
                "A number from 0 is needed, with at most six digits before the point and three "
                "after it."
            )
    return gettext("This cannot be used as it is.")


def pointer(place: Sequence[str | int]) -> str:
    """Return where something stands, as JSON Pointer (RFC 6901, section 3).

    >>> pointer(("a/b", "m~n", 0))
    '/a~1b/m~0n/0'
    """
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in place)


def _said(read: Reported | Refusal, result: Result | None) -> ItemAnswer:
    if isinstance(read, Refusal):
        return ItemAnswer(status="refused", error=read)
    if isinstance(result, ToolError):
        refusal = Refusal(code=result.code, detail=errors.for_operators(result))
        return ItemAnswer(status="refused", error=refusal)
    return ItemAnswer(status="recorded", record=str(result))


def _answer(results: list[ItemAnswer]) -> dict[str, Any]:
    recorded = sum(one.status == "recorded" for one in results)
    answer = Answer(results=results, recorded=recorded, refused=len(results) - recorded)
    return answer.model_dump(exclude_none=True)
