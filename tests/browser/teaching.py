"""What teachers record, done over HTTP: the ground on which learners' pages are looked at."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from badges import samples
from lti_tool import clock
from lti_tool.demo.browser import Browser, Page
from lti_tool.demo.lms import Course, Link, Quiz, Role, User
from lti_tool.demo.world import ASSESSED, BASIS, PARTICIPATION, UNLOCKED, World
from lti_tool.models import Person
from tests.factories import courses

ASSESSED_UNIT, PARTS_UNIT, LAST_UNIT = ASSESSED


def person_id(world: World, user: User) -> str:
    """Return the id by which the teacher's pages know an LMS's user."""
    with world.tool.database.transaction(read_only=True) as db:
        return str(db.query(Person).filter_by(sub=user.id).one().id)


def choose_routes(world: World, link: Link) -> None:
    """Let the course of `link` complete one unit by the LMS's check and one by taking part."""
    with Browser(world.lms_url) as teacher:
        course = _course(teacher, world, link)
        teacher.get(f"{course}/units/{UNLOCKED}")
        _ok(teacher.submit("route", {"route": "unlocked", "basis": BASIS}))
        teacher.get(f"{course}/units/{PARTICIPATION}")
        _ok(teacher.submit("route", {"route": "participation"}))


def visit(world: World, user: User, links: Iterable[Link]) -> None:
    """Open links as a learner; a unit that the LMS unlocks or that takes part is completed."""
    world.lms.pass_quiz(user, world.quiz)
    with Browser(world.lms_url) as learner:
        for link in links:
            page = _ok(learner.launch(link.id, user.id))
            if any(form.name == "participate" for form in page.forms):
                _ok(learner.submit("participate"))


def assess(world: World, link: Link, users: Sequence[User], units: Iterable[str]) -> str:
    """Record that all of `users` meet the rules of `units`: points in parts, or a sign-off.

    Return the address of the last page, which offers to undo it.
    """
    people = [person_id(world, user) for user in users]
    with Browser(world.lms_url) as teacher:
        course = _course(teacher, world, link)
        for code in units:
            _ok(teacher.get(f"{course}/units/{code}"))
            parts = [part.code for part in getattr(world.mc.unit(code).rule, "parts", ())]
            points = {f"points-{who}-{part}": "85" for who in people for part in parts}
            page = _ok(teacher.submit("record", points or {"person": people}))
    return page.url


def claim(world: World, user: User, link: Link) -> None:
    with Browser(world.lms_url) as learner:
        page = _ok(learner.launch(link.id, user.id))
        learner.get(page.url.rstrip("/") + "/claim")
        _ok(learner.submit("claim"))


def publish(world: World, user: User, link: Link) -> None:
    with Browser(world.lms_url) as learner:
        page = _ok(learner.launch(link.id, user.id))
        learner.get(page.url.rstrip("/") + "/badge")
        _ok(learner.submit("publicity"))


def add_course(world: World, title: str, users: Sequence[User] = ()) -> tuple[Course, Link]:
    """Add a course with an overview link of the same micro-credential, taught by the teacher."""
    course = world.lms.add_course(title)
    world.lms.enrol(world.people.teacher, course, Role.TEACHER)
    for user in users:
        world.lms.enrol(user, course, Role.LEARNER)
    return course, world.lms.add_link(course, title, world.overview.custom, gradable=False)


def let_quiz_complete(world: World, link: Link, quiz: Quiz, user: User) -> None:
    """Let a quiz of the LMS complete the first unit in the course of `link`, and `user` pass it."""
    world.lms.pass_quiz(user, quiz)
    with Browser(world.lms_url) as learner:
        _ok(learner.launch(link.id, user.id))
    with Browser(world.lms_url) as teacher:
        page = f"{_course(teacher, world, link)}/units/{UNLOCKED}/activity"
        _ok(teacher.get(page))
        _ok(teacher.submit("list"))
        _wait(lambda: any(form.name == "activity" for form in _ok(teacher.get(page)).forms))
        chosen = {"activity": quiz.module_id, "criterion": "passed"}
        _ok(teacher.submit("activity", chosen))
        _wait(lambda: user.name in teacher.get(page).text)


def _wait(until: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "the LMS was not asked"
        time.sleep(0.1)


def copy_course(world: World) -> Link:
    """Add a course whose link was selected elsewhere for a version that is no longer the newest."""
    old = samples.all()[-1]
    with world.tool.database.transaction() as db:
        public_url = world.tool.settings.public_url
        courses.publish(db, replace(old, version="9.0"), public_url, clock.now())
    course, _ = add_course(world, "A copied course")
    custom = {"mc": f"{old.awarding_body.slug}/{old.code}", "version": old.version}
    return world.lms.add_link(course, "A copied activity", custom, gradable=False)


def begin_course(world: World) -> Link:
    """Add a course whose learner has begun with a version that is no longer the newest."""
    old = samples.all()[1]
    course, _ = add_course(world, "A course that has begun", world.people.learners[:1])
    custom = {"mc": f"{old.awarding_body.slug}/{old.code}", "unit": old.units[0].code}
    link = world.lms.add_link(course, "A unit that changes", custom, gradable=False)
    with world.tool.database.transaction() as db:
        courses.publish(db, old, world.tool.settings.public_url, clock.now())
    visit(world, world.people.learners[0], [link])
    with Browser(world.lms_url) as teacher:
        page = _course(teacher, world, link)
        for unit in old.units[:2]:
            who = person_id(world, world.people.learners[0])
            form = _ok(teacher.get(f"{page}/units/{unit.code}"))
            names = [one.name for one in form.forms if one.name == "record"]
            assert names
            points = {
                control.name: "99"
                for one in form.forms
                if one.name == "record"
                for control in one.fields
                if (control.name or "").startswith(f"points-{who}")
            }
            _ok(teacher.submit("record", points or {"person": [who]}))
    newer = replace(
        old,
        version="9.1",
        hours=(old.hours or 0) + 1,
        units=(replace(old.units[0], outcomes=old.units[0].outcomes[:1]), *old.units[1:]),
    )
    with world.tool.database.transaction() as db:
        courses.publish(db, newer, world.tool.settings.public_url, clock.now())
    return link


def mistake(world: World) -> tuple[Link, str]:
    """Add a course in which somebody was signed off by mistake; return where that is undone, below
    the units of the course."""
    user = world.lms.add_user("", "Оксана Коваленко-Дзюба", email="oksana@example.org")
    _, link = add_course(world, "A course with a mistake", [user])
    visit(world, user, [link])
    saved = assess(world, link, [user], [LAST_UNIT])
    return link, f"{LAST_UNIT}/batch?{urlsplit(saved).query}"


def mistype(world: World) -> Link:
    """Add a link whose parameter names nothing."""
    return world.lms.add_link(world.course, "A mistyped activity", {"mc": "BEM-S-WDL1"})


def _course(teacher: Browser, world: World, link: Link) -> str:
    """Launch as the teacher and return the address of the course page."""
    page = _ok(teacher.launch(link.id, world.people.teacher.id))
    return page.url.partition("?")[0]


def _ok(page: Page) -> Page:
    assert page.status == 200, f"{page!r} {page.text[:300]}"
    return page
