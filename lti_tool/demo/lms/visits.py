"""Who sits at the browser: sign-in, the role they play, and the key that guards forms."""

from dataclasses import dataclass
from secrets import compare_digest, token_urlsafe

from flask import Flask, abort, current_app, redirect, request, session, url_for

from .records import Course, Link, Role, User
from .state import LmsState

EXTENSION = "demo_lms"


def state_of(app: Flask) -> LmsState:
    """Return the state behind an application made by `create_lms`."""
    found = app.extensions[EXTENSION]
    assert isinstance(found, LmsState)
    return found


def lms() -> LmsState:
    """Return the state behind the current request."""
    return state_of(current_app)


@dataclass(frozen=True, slots=True)
class Visit:
    """`id` is new with each sign-in; `session_key` goes into every form (Moodle's sesskey)."""

    id: str
    session_key: str
    user: User | None
    as_learner: frozenset[str]

    def role(self, course: Course) -> Role | None:
        """Return the role the person plays now: "switch role" makes a teacher a learner."""
        role = lms().role(self.user, course) if self.user else None
        return Role.LEARNER if role and course.id in self.as_learner else role


def visit() -> Visit:
    """Return the current visit; begins one at the first request."""
    if "visit" not in session:
        session["visit"], session["session_key"] = token_urlsafe(16), token_urlsafe(8)
    user_id = session.get("user")
    return Visit(
        session["visit"],
        session["session_key"],
        lms().user(user_id) if user_id else None,
        frozenset(session.get("as_learner", ())),
    )


def sign_in(user: User) -> None:
    session.clear()
    visit()
    session["user"] = user.id


def sign_out() -> None:
    session.clear()


def switch_role(course: Course, *, to_learner: bool) -> None:
    courses = set(session.get("as_learner", ()))
    session["as_learner"] = sorted(courses | {course.id} if to_learner else courses - {course.id})


def signed_in() -> tuple[Visit, User]:
    """Return visit and user, or send the person to the sign-in page."""
    current = visit()
    if current.user is None:
        there = url_for("pages.login", next=request.full_path if request.method == "GET" else None)
        abort(redirect(there, 303))
    return current, current.user


def member(course: Course) -> tuple[Visit, User, Role]:
    """Return visit, user and their role in the course; 403 for anybody not enrolled."""
    current, user = signed_in()
    role = current.role(course)
    if role is None:
        abort(403)
    return current, user, role


def teacher(course: Course) -> tuple[Visit, User]:
    current, user, role = member(course)
    if role is not Role.TEACHER:
        abort(403)
    return current, user


def administrator() -> Visit:
    """Return the visit of somebody who administers the site; 403 for anybody else."""
    current, user = signed_in()
    if not lms().is_admin(user):
        abort(403)
    return current


def check_form() -> None:
    """Refuse a form that does not carry the visit's key."""
    if not compare_digest(request.form.get("sesskey", ""), visit().session_key):
        abort(403)


def find_course(course_id: str) -> Course:
    try:
        return lms().course(course_id)
    except KeyError:
        abort(404)


def find_link(link_id: str) -> tuple[Link, Course]:
    try:
        link = lms().link(link_id)
    except KeyError:
        abort(404)
    return link, lms().course(link.course_id)
