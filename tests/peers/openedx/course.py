# SPDX-License-Identifier: AGPL-3.0-or-later
"""The course that the platform serves: its people, its LTI links and its gradebook, in memory.

Importing this module puts them where `lti_consumer.plugin.compat` would ask the LMS. Who exists is
decided here; tokens, keys and services are the library's alone.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from uuid import NAMESPACE_DNS, uuid5

from lti_consumer.exceptions import LtiError
from lti_consumer.plugin import compat
from opaque_keys.edx.keys import CourseKey, UsageKey

COURSE = CourseKey.from_string("course-v1:Demo+MC+2026")


@dataclass(frozen=True)
class User:
    """Somebody enrolled; without name and e-mail where the course shares no personal data."""

    id: int
    username: str
    name: str | None = None
    email: str | None = None

    @property
    def external_id(self) -> str:
        """What tools know the person by (`sub`)."""
        return str(uuid5(NAMESPACE_DNS, f"{self.username}.platform.example"))


USERS = {
    user.username: user
    for user in (
        User(1, "ana", "Ana Lindqvist", "ana@platform.example"),
        User(2, "ben"),
        User(3, "cho", "Cho Ito", "cho@platform.example"),
        User(4, "tea", "Tea Marin", "tea@platform.example"),
    )
}


@dataclass
class Block:
    """An LTI component of the course, with its column of the gradebook.

    `weight` is the line item's scoreMaximum; `grades` maps usernames to what is shown.
    """

    location: UsageKey
    display_name: str
    weight: int
    custom: dict[str, str]
    has_score: bool = True
    accept_grades_past_due: bool = True
    grades: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def scope_ids(self) -> SimpleNamespace:
        return SimpleNamespace(usage_id=self.location)

    def is_past_due(self) -> bool:
        return False

    def max_score(self) -> int:
        return self.weight

    def set_user_module_score(
        self, user: User, score: float, max_score: float, comment: str | None = ""
    ) -> None:
        """Show a grade. `score` is 0.0–1.0; `writes` counts how often the platform was told."""
        writes = self.grades.get(user.username, {}).get("writes", 0)
        self.grades[user.username] = {
            "score": score * max_score,
            "maximum": max_score,
            "comment": comment,
            "writes": writes + 1,
        }


BLOCKS: dict[UsageKey, Block] = {}


def place(link: str, title: str, points: int, custom: dict[str, str]) -> Block:
    """Put an LTI component into the course; an earlier one of the same name goes."""
    location = COURSE.make_usage_key("lti_consumer", link)
    BLOCKS[location] = Block(location, title, points, custom)
    return BLOCKS[location]


def members(course_key: CourseKey) -> dict[int, dict[str, object]]:
    """Return everybody enrolled, as the LMS tells it to the roster service."""
    return {
        user.id: {
            "id": user.id,
            "username": user.username,
            "name": user.name,
            "email": user.email,
            "roles": ["staff"] if user.username == "tea" else ["student"],
            "external_id": user.external_id,
        }
        for user in USERS.values()
    }


def external_ids(_users: object) -> dict[int, SimpleNamespace]:
    return {
        user.id: SimpleNamespace(external_user_id=user.external_id) for user in USERS.values()
    }


def user_of(external_user_id: str) -> User:
    for user in USERS.values():
        if user.external_id == external_user_id:
            return user
    raise LtiError("Invalid User")


compat.load_enough_xblock = BLOCKS.__getitem__
compat.load_block_as_user = BLOCKS.__getitem__
compat.get_user_from_external_user_id = user_of
compat.get_course_members = members
compat.merge_course_forum_roles = lambda course_key, found: found
compat.batch_get_or_create_externalids = external_ids
# Nobody signs in here; who may author is asked when the launch is made.
compat.user_has_studio_write_access = lambda user, course_key: True
