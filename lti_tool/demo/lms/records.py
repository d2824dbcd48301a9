"""What the LMS knows: people, courses, links, tools, columns, grades and what it was sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any
from urllib.parse import urlsplit

NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"


class Role(StrEnum):
    TEACHER = "teacher"
    TUTOR = "tutor"  # what Moodle calls a non-editing teacher
    LEARNER = "learner"


class Scope(StrEnum):
    """AGS 2.0, section 3.1 of each service; NRPS 2.0, section 2.1."""

    LINE_ITEM = AGS + "lineitem"
    LINE_ITEM_READONLY = AGS + "lineitem.readonly"
    RESULT_READONLY = AGS + "result.readonly"
    SCORE = AGS + "score"
    MEMBERSHIPS = NRPS + "contextmembership.readonly"


class AgsSetting(IntEnum):
    """The administrator's choice per tool, numbered as Moodle numbers it."""

    NONE = 0
    SCORES = 1
    LINE_ITEMS = 2

    @property
    def scopes(self) -> tuple[Scope, ...]:
        reading = (Scope.LINE_ITEM_READONLY, Scope.RESULT_READONLY, Scope.SCORE)
        return ((), reading, (Scope.LINE_ITEM, *reading))[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`id` is the `sub`, `number` the institution's own.

    A private user's name and e-mail address are shared with no tool.
    """

    id: str
    username: str
    given_name: str
    family_name: str
    email: str | None
    is_private: bool
    number: str = ""

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True, slots=True)
class Course:
    """`history`: ids of the courses it was copied from, the nearest first."""

    id: str
    title: str
    label: str
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The LMS's own quiz of one question; a tool sees it through the LMS's web services only."""

    id: str
    module_id: str
    course_id: str
    title: str
    question: str
    answers: tuple[str, ...]
    right: int
    maximum: float = 100
    pass_mark: float = 80


@dataclass(frozen=True, slots=True)
class QuizGrade:
    """A hidden grade is one that the teacher has not released."""

    points: float
    at: datetime
    is_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`id` is `resource_link.id`; `module_id`, as in Moodle, is another number."""

    id: str
    module_id: str
    course_id: str
    client_id: str
    title: str
    description: str
    custom: Mapping[str, str]
    restricted_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One registration; `deployment_id` is also the `type_id` in service addresses.

    `custom`: parameters of all its links, which beat a link's own of the same name.
    """

    client_id: str
    deployment_id: str
    name: str
    initiate_login_url: str
    redirect_uris: tuple[str, ...]
    jwks_url: str
    target_link_uri: str
    ags: AgsSetting
    shares_name: bool
    shares_email: bool
    shares_roster: bool = True
    is_active: bool = True
    is_in_chooser: bool = True
    messages: tuple[str, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return (*self.ags.scopes, *((Scope.MEMBERSHIPS,) if self.shares_roster else ()))

    @property
    def domain(self) -> str:
        return urlsplit(self.target_link_uri).netloc


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRequest:
    """One registration as a tool sent it, and what it was answered."""

    body: Mapping[str, Any]
    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A column of the gradebook. `link_id` is None for a column of its own."""

    id: str
    course_id: str
    client_id: str
    label: str
    maximum: float
    link_id: str | None = None
    resource_id: str = ""
    tag: str = ""
    is_locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """`posted` and `overridden` are on the column's scale; `timestamp` is in epoch seconds."""

    line_item_id: str
    user_id: str
    posted: float | None
    comment: str | None
    timestamp: int
    overridden: float | None = None

    @property
    def score(self) -> float | None:
        return self.posted if self.overridden is None else self.overridden


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedScore:
    """One request to a scores address, as it came, and what it was answered.

    `path` has the query. `status` is None when the connection was closed without an answer.
    """

    line_item_id: str
    path: str
    content_type: str
    body: dict[str, Any] | None
    raw: bytes
    status: int | None
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """One access token handed out."""

    client_id: str
    scopes: tuple[Scope, ...]
    claims: Mapping[str, Any] = field(default_factory=dict)
    at: datetime


@dataclass(frozen=True, slots=True)
class Paging:
    """How a roster comes in pages: `size` members each (None: as the tool asks), and `link`, which
    makes the `Link` header of the next page's address."""

    size: int | None = None
    link: Callable[[str], str] = lambda url: f'<{url}>; rel="next"'
