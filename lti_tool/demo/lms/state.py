"""Everything the demo LMS remembers, in memory; also the way to set it up from Python."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from secrets import token_urlsafe
from threading import RLock
from types import MappingProxyType
from typing import Any

from .config import LmsConfig
from .faults import Faults
from .gradebook import Gradebook
from .grants import Grants
from .keys import PlatformKeys, ToolKeys
from .records import (
    AgsSetting,
    Course,
    Grade,
    LineItem,
    Link,
    Paging,
    Quiz,
    QuizGrade,
    ReceivedScore,
    RegistrationRequest,
    Role,
    TokenRequest,
    Tool,
    User,
)
from .service_accounts import ServiceAccounts


class LmsState:
    """People, courses, links, tools and grades of one LMS. Safe to use from several threads."""

    def __init__(self, config: LmsConfig) -> None:
        self.config = config
        self.keys = PlatformKeys()
        self.tool_keys = ToolKeys(config.fetch)
        self.faults = Faults()
        self.score_log: list[ReceivedScore] = []
        self.token_log: list[TokenRequest] = []
        self.registration_log: list[RegistrationRequest] = []
        self.grants = Grants()
        self.service_accounts = ServiceAccounts()
        self._lock = RLock()
        # Ranges of their own, so that a mix-up of two ids shows.
        starts = {"user": 2, "course": 21, "quiz": 51, "module": 101, "link": 301, "item": 4001}
        self._counters = {kind: count(start) for kind, start in starts.items()}
        self.gradebook = Gradebook(lambda: self._id("item"))
        self._users: dict[str, User] = {}
        self._courses: dict[str, Course] = {}
        self._links: dict[str, Link] = {}
        self._quizzes: dict[str, Quiz] = {}
        self._tools: dict[str, Tool] = {}
        self.roster_paging = Paging()
        self.roster_log: list[str] = []
        self._suspended: set[tuple[str, str]] = set()
        self._roles: dict[tuple[str, str], Role] = {}
        self._quiz_grades: dict[tuple[str, str], QuizGrade] = {}
        self._admins: set[str] = set()
        self._reserved: set[str] = set()

    def _id(self, kind: str) -> str:
        return str(next(self._counters[kind]))

    # tools

    def register_tool(
        self,
        *,
        initiate_login_url: str,
        redirect_uris: Sequence[str],
        jwks_url: str,
        target_link_uri: str,
        name: str = "Credlet",
        ags: AgsSetting = AgsSetting.SCORES,
        shares_name: bool = True,
        shares_email: bool = True,
        client_id: str | None = None,
        **rest: Any,
    ) -> tuple[str, str]:
        """Register a tool and return its client id and deployment id; `rest`: fields of `Tool`."""
        with self._lock:
            tool = Tool(
                client_id=client_id or token_urlsafe(11),
                deployment_id=str(len(self._tools) + 1),
                name=name,
                initiate_login_url=initiate_login_url,
                redirect_uris=tuple(redirect_uris),
                jwks_url=jwks_url,
                target_link_uri=target_link_uri,
                ags=ags,
                shares_name=shares_name,
                shares_email=shares_email,
                **rest,
            )
            if tool.client_id in self._tools:
                raise ValueError(f"client id {tool.client_id} is taken")
            self._tools[tool.client_id] = tool
            return tool.client_id, tool.deployment_id

    def deployment_of(self, tool: Tool, course: Course | None) -> str:
        """Return the deployment id that a launch from a course, or from none, names."""
        kinds = {"one": "1"} | ({"course": f"{tool.deployment_id}:{course.id}"} if course else {})
        return kinds.get(self.config.manners.deployments, tool.deployment_id)

    def update_tool(self, client_id: str, **changes: Any) -> None:
        """Change a registration; takes the keywords of `register_tool`."""
        if "redirect_uris" in changes:
            changes["redirect_uris"] = tuple(changes["redirect_uris"])
        with self._lock:
            self._tools[client_id] = replace(self._tools[client_id], **changes)

    def tool(self, client_id: str) -> Tool | None:
        return self._tools.get(client_id)

    def tools(self) -> tuple[Tool, ...]:
        return tuple(self._tools.values())

    def offered_tools(self) -> tuple[Tool, ...]:
        """Return the tools that teachers can add: active, and shown in the chooser."""
        return tuple(each for each in self.tools() if each.is_active and each.is_in_chooser)

    def remove_tool(self, client_id: str) -> None:
        with self._lock:
            del self._tools[client_id]

    def reserve_client_id(self, client_id: str | None = None) -> str:
        """Return a client id for a tool that is about to register, or to renew this one."""
        client_id = client_id or token_urlsafe(11)
        with self._lock:
            self._reserved.add(client_id)
        return client_id

    def take_client_id(self, client_id: str) -> bool:
        """Say whether it was reserved and not yet taken; it is now."""
        with self._lock:
            was_free = client_id in self._reserved
            self._reserved.discard(client_id)
            return was_free

    # people and courses

    def add_user(
        self,
        given_name: str,
        family_name: str,
        *,
        email: str | None = None,
        username: str | None = None,
        is_private: bool = False,
        number: str = "",
    ) -> User:
        identifier = self._id("user")
        user = User(
            id=identifier,
            username=username or f"user{identifier}",
            given_name=given_name,
            family_name=family_name,
            email=email,
            is_private=is_private,
            number=number,
        )
        self._users[user.id] = user
        return user

    def add_admin(self, given_name: str, family_name: str) -> User:
        """Add a person who administers the site and is enrolled nowhere."""
        user = self.add_user(given_name, family_name)
        self._admins.add(user.id)
        return user

    def is_admin(self, user: User) -> bool:
        return user.id in self._admins

    def add_course(self, title: str, *, label: str = "", history: tuple[str, ...] = ()) -> Course:
        """Add a course; `history`: ids of those it was copied from, the nearest first."""
        identifier = self._id("course")
        course = Course(identifier, title, label or f"C{identifier}", history)
        self._courses[course.id] = course
        return course

    def enrol(self, user: User, course: Course, role: Role) -> None:
        self._roles[user.id, course.id] = role

    def suspend(self, user: User, course: Course, *, is_suspended: bool = True) -> None:
        """Suspend an enrolment, or take it up again."""
        change = self._suspended.add if is_suspended else self._suspended.discard
        change((user.id, course.id))

    def is_suspended(self, user: User, course: Course) -> bool:
        return (user.id, course.id) in self._suspended

    def role(self, user: User, course: Course) -> Role | None:
        return self._roles.get((user.id, course.id))

    def user(self, user_id: str) -> User:
        return self._users[user_id]

    def users(self) -> tuple[User, ...]:
        return tuple(self._users.values())

    def learners(self, course: Course) -> tuple[User, ...]:
        return tuple(user for user in self.users() if self.role(user, course) is Role.LEARNER)

    def course(self, course_id: str) -> Course:
        return self._courses[course_id]

    def courses(self) -> tuple[Course, ...]:
        return tuple(self._courses.values())

    # quizzes and links

    def add_quiz(
        self, course: Course, title: str, *, question: str, answers: Sequence[str], right: int
    ) -> Quiz:
        quiz = Quiz(
            id=self._id("quiz"),
            module_id=self._id("module"),
            course_id=course.id,
            title=title,
            question=question,
            answers=tuple(answers),
            right=right,
        )
        self._quizzes[quiz.id] = quiz
        return quiz

    def quiz(self, quiz_id: str) -> Quiz:
        return self._quizzes[quiz_id]

    def remove_quiz(self, quiz: Quiz) -> None:
        del self._quizzes[quiz.id]

    def quizzes(self, course: Course) -> tuple[Quiz, ...]:
        return tuple(quiz for quiz in list(self._quizzes.values()) if quiz.course_id == course.id)

    def pass_quiz(self, user: User, quiz: Quiz) -> None:
        self.grade_quiz(user, quiz, quiz.maximum)

    def grade_quiz(
        self, user: User, quiz: Quiz, points: float | None, *, is_hidden: bool = False
    ) -> None:
        """Set a grade, as the quiz does or a teacher; None: take it away."""
        if points is None:
            self._quiz_grades.pop((user.id, quiz.id), None)
        else:
            graded = QuizGrade(points, self.config.clock(), is_hidden)
            self._quiz_grades[user.id, quiz.id] = graded

    def quiz_grade(self, user: User, quiz: Quiz) -> QuizGrade | None:
        return self._quiz_grades.get((user.id, quiz.id))

    def has_passed(self, user: User, quiz: Quiz) -> bool:
        graded = self.quiz_grade(user, quiz)
        return graded is not None and graded.points >= quiz.pass_mark

    def add_link(
        self,
        course: Course,
        title: str,
        custom: Mapping[str, str] = MappingProxyType({}),
        *,
        gradable: bool = True,
        maximum: float = 100,
        resource_id: str = "",
        tag: str = "",
        restricted_by: Quiz | None = None,
        client_id: str | None = None,
        description: str = "",
    ) -> Link:
        """Add a link to a tool; `client_id` may be left out while there is one tool only.

        `maximum`, `resource_id` and `tag` are those of its column, if it is gradable.
        """
        if client_id is None:
            (client_id,) = self._tools
        link = Link(
            id=self._id("link"),
            module_id=self._id("module"),
            course_id=course.id,
            client_id=client_id,
            title=title,
            description=description,
            custom=MappingProxyType(dict(custom)),
            restricted_by=restricted_by.id if restricted_by else None,
        )
        self._links[link.id] = link
        if gradable and self.config.manners.has_columns:
            self.gradebook.add(
                course.id,
                client_id,
                title,
                maximum,
                link_id=link.id,
                resource_id=resource_id,
                tag=tag,
            )
        return link

    def link(self, link_id: str) -> Link:
        return self._links[link_id]

    def links(self, course: Course) -> tuple[Link, ...]:
        return tuple(link for link in list(self._links.values()) if link.course_id == course.id)

    def can_open(self, user: User, link: Link, role: Role) -> bool:
        """Say whether "Restrict access" lets the person in; teachers always pass."""
        if role is not Role.LEARNER or link.restricted_by is None:
            return True
        return self.has_passed(user, self.quiz(link.restricted_by))

    # grades

    def line_item_of(self, link: Link) -> LineItem | None:
        return self.gradebook.item_of(link)

    def grade(self, link: Link, user: User) -> Grade | None:
        item = self.line_item_of(link)
        return self.gradebook.grade(item, user.id) if item else None

    def override_grade(self, link: Link, user: User, score: float | None) -> None:
        """Grade by hand, as a teacher does in the gradebook; None lifts it."""
        item = self.gradebook.item_of(link)
        if item is None:
            raise KeyError(link.id)
        self.gradebook.override(item, user.id, score, self.config.clock())

    def lock(self, link: Link, *, is_locked: bool = True) -> None:
        item = self.gradebook.item_of(link)
        if item is None:
            raise KeyError(link.id)
        self.gradebook.change(item, is_locked=is_locked)

    def can_be_graded(self, user_id: str, course: Course) -> bool:
        return self._roles.get((user_id, course.id)) is Role.LEARNER

    # faults

    def rotate_keys(self, *, keep_old: bool = True) -> None:
        """Sign id_tokens with a new key from now on."""
        self.keys.rotate(keep_old=keep_old)

    def revoke_tokens(self) -> None:
        """Forget every access token that was handed out."""
        self.grants.revoke_tokens()
