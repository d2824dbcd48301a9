"""Columns of a platform's gradebook: find, make, change.

Spec: AGS 2.0, sections 3.2.5 to 3.2.9. Media types are sent literally and alone: Moodle compares
the whole header. A change sends back everything that was there: Moodle cuts a column off its
activity when `resourceLinkId` is left out, and forgets `submissionReview`.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lti_tool.lti import addresses, grades, paging, service_calls
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.service_calls import Caller
from lti_tool.outbound import OutboundError, Response

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
READONLY_SCOPE = SCOPE + ".readonly"
MEDIA_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER_MEDIA_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"


@dataclass(frozen=True, slots=True)
class Container:
    """The columns of a course, and what the platform allows there."""

    registration_id: uuid.UUID
    url: str
    scopes: frozenset[str]

    @property
    def can_write(self) -> bool:
        return SCOPE in self.scopes

    @property
    def can_read(self) -> bool:
        return self.can_write or READONLY_SCOPE in self.scopes

    @property
    def reading_scope(self) -> str:
        return READONLY_SCOPE if READONLY_SCOPE in self.scopes else SCOPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A column to be made or found again. `maximum`: greater than 0."""

    label: str
    maximum: Decimal
    resource_id: str
    tag: str
    resource_link_id: str


@dataclass(frozen=True, slots=True)
class LineItem:
    """A column as the platform describes it; `document` is all of that."""

    url: str
    document: Mapping[str, Any] = field(repr=False)

    def text(self, name: str) -> str:
        value = self.document.get(name)
        return str(value) if isinstance(value, str | int) else ""


def find(caller: Caller, container: Container, filters: Mapping[str, str]) -> list[LineItem]:
    """Return the columns of a course that match, also where a platform ignores filters.

    `filters`: of resource_link_id, resource_id, tag.

    Raises:
        ServiceError
    """
    names = {"resource_link_id": "resourceLinkId", "resource_id": "resourceId", "tag": "tag"}

    def fetch(url: str) -> Response:
        headers = {"Accept": CONTAINER_MEDIA_TYPE}
        answer = caller.call("GET", url, container.reading_scope, headers)
        if not answer.is_success:
            raise service_calls.failure(answer, caller.now, gone="line_items_gone")
        return answer

    found = []
    for page in paging.pages(fetch, addresses.with_query(container.url, filters), keep=filters):
        rows = _json(page)
        for row in rows if isinstance(rows, list) else []:
            item = _line_item(row)
            if item and all(item.text(names[key]) == value for key, value in filters.items()):
                found.append(item)
    return found


def fetch(caller: Caller, container: Container, url: str) -> LineItem | None:
    """Return one column, or None where it was deleted.

    Raises:
        ServiceError
    """
    answer = caller.call("GET", url, container.reading_scope, {"Accept": MEDIA_TYPE})
    if answer.status in {404, 410}:
        return None
    if not answer.is_success:
        raise service_calls.failure(answer, caller.now)
    row = _json(answer)
    return LineItem(url, row if isinstance(row, dict) else {})


def create(caller: Caller, container: Container, wanted: Wanted) -> LineItem:
    """Make a column and return it as the platform answers.

    Raises:
        ServiceError
    """
    document = {
        "label": wanted.label,
        "scoreMaximum": grades.number(wanted.maximum),
        "resourceId": wanted.resource_id,
        "tag": wanted.tag,
        "resourceLinkId": wanted.resource_link_id,
    }
    made = _line_item(_json(_send(caller, "POST", container.url, document)))
    if made is None:
        raise ServiceError("line_item_malformed")
    return made


def change(caller: Caller, item: LineItem, changes: Mapping[str, Any]) -> LineItem:
    """Change a column, leaving everything else as it was fetched.

    Raises:
        ServiceError
    """
    document = {**item.document, **changes}
    _send(caller, "PUT", item.url, document)
    return LineItem(item.url, document)


def _send(caller: Caller, method: str, url: str, document: Mapping[str, Any]) -> Response:
    body = json.dumps(document).encode()
    headers = {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}
    answer = caller.call(method, url, SCOPE, headers, body=body)
    if not answer.is_success:
        raise service_calls.failure(answer, caller.now)
    return answer


def _json(answer: Response) -> Any:
    try:
        return answer.json()
    except OutboundError as error:
        raise ServiceError("line_item_malformed", is_transient=True) from error


def _line_item(row: object) -> LineItem | None:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or len(row["id"]) > 2048:
        return None
    return LineItem(row["id"], row)
