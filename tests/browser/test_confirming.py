"""Awards that wait for a person outside of the course in which one looks."""

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

from playwright.sync_api import Page, expect

from lti_tool import clock
from lti_tool.demo.lms import User
from lti_tool.demo.world import World
from lti_tool.models import Course, Person, Placement, Platform
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.courses import course_settings
from lti_tool.services.definitions import catalogue
from lti_tool.services.staff.accounts import Role
from tests.browser import operating, teaching
from tests.browser.conftest import NewContext, Show
from tests.browser.test_operating import check
from tests.browser.visitors import sit
from tests.factories import handing_in
from tests.factories.judgements import passing

LANGUAGES = ("de", "en")


def wait_for_body(world: World, name: str) -> uuid.UUID:
    """Let an award wait for the awarding body; return the version."""
    with world.tool.database.transaction() as db:
        version = catalogue.find(db, world.mc.code).id
        platform = db.query(Platform).first()
        assert platform is not None
        platform_id = platform.id
    made = world.tool.database, platform_id, version, world.tool.keeping, clock.now()
    handing_in.waiting_award(*made, name=name)
    return version


def test_administrators_look_decide_and_think_again(
    world: World, new_context: NewContext, show: Show
) -> None:
    base = f"{world.tool.settings.public_url}/admin"
    wait_for_body(world, "Oleksandra Hryhorenko-Bilozerska")
    page = new_context().context.new_page()
    slug = world.mc.awarding_body.slug
    operating.come_in(world, page, operating.add_account(world, "Body", Role.ADMINISTRATOR, slug))
    for language in LANGUAGES:
        page.goto(f"{base}/awards?lang={language}")
        check(page, f"awards waiting {language}", show)
    page.get_by_role("link", name="Oleksandra").click()
    case = page.url
    for language in LANGUAGES:
        page.goto(f"{case}?lang={language}")
        check(page, f"award waiting {language}", show)
    with page.expect_download() as saved:
        page.get_by_role("link", name="reference.txt").click()
    assert saved.value.suggested_filename == "reference.txt"
    page.get_by_role("link", name="Do not confirm it").click()
    page.locator("summary", has_text="Do not confirm it").click()
    page.get_by_label("Why? The learner will read it.").fill("Whose work is the second bead?")
    page.get_by_role("button", name="Do not confirm").click()
    expect(page.get_by_text("The learner reads your reason.")).to_be_visible()
    for language in LANGUAGES:
        page.goto(f"{base}/awards?lang={language}")
        check(page, f"awards not confirmed {language}", show)
        page.goto(f"{case}?lang={language}")
        check(page, f"award not confirmed {language}", show)
    page.get_by_role("button", name="Confirm after all").click()
    expect(page.get_by_text("Confirmed: the learner has got the award.")).to_be_visible()
    check(page, "awards given", show)


def judgement(unit: str, said: dict[str, Any]) -> Judgement:
    points = {"points": Decimal(str(said["points"]))} if "points" in said else {}
    return Judgement(unit=unit, **{**said, **points})


def careful(world: World, title: str, learner: User, confirmations: int) -> None:
    """Let the learner complete everything in a course whose awards this many confirm."""
    with world.tool.database.transaction() as db:
        course = db.query(Course).filter_by(title=title).one()
        placement = db.query(Placement).filter_by(course_id=course.id).one()
        teacher = db.query(Person).filter_by(sub=world.people.teacher.id).one()
        person = db.query(Person).filter_by(sub=learner.id).one()
        wished = replace(course_settings.of(db, placement), confirmations=confirmations)
        course_settings.change(db, placement, wished, by=teacher, now=clock.now())
        for unit in world.mc.units:
            for judged in passing(unit):
                completions.record(
                    db,
                    person,
                    placement.version,
                    judgement(unit.code, judged),
                    course=course,
                    assessor=teacher,
                    key=uuid.uuid4().hex,
                    now=clock.now(),
                )


def record_again(world: World, title: str, learner: User) -> None:
    """Let another course of the learner record something new."""
    unit = world.mc.units[0]
    with world.tool.database.transaction() as db:
        course = db.query(Course).filter_by(title=title).one()
        placement = db.query(Placement).filter_by(course_id=course.id).one()
        completions.record(
            db,
            db.query(Person).filter_by(sub=learner.id).one(),
            placement.version,
            judgement(unit.code, passing(unit)[0]),
            course=course,
            assessor=db.query(Person).filter_by(sub=world.people.teacher.id).one(),
            key=uuid.uuid4().hex,
            now=clock.now(),
        )


def looked_at(page: Page, address: str, name: str, show: Show) -> None:
    for language in LANGUAGES:
        page.goto(f"{address}?lang={language}")
        check(page, f"{name} {language}", show)


def test_what_waits_in_one_course_is_said_in_the_other(
    world: World, new_context: NewContext, show: Show
) -> None:
    learner, teacher = world.people.learners[0], new_context().context.new_page()
    _, strict = teaching.add_course(world, "Careful course", [learner])
    _, lax = teaching.add_course(world, "Evening course", [learner])
    page = new_context().context.new_page()
    for link in (strict, lax):
        sit(teacher, world, world.people.teacher, link)
        sit(page, world, learner, link)
    careful(world, "Careful course", learner, 2)
    here = sit(page, world, learner, lax)
    looked_at(page, f"{here}/units", "waits in another course", show)
    expect(page.get_by_text("your award waits in another course")).to_be_visible()
    base = sit(teacher, world, world.people.teacher, strict)
    teacher.goto(f"{base}/course/confirmations")
    teacher.get_by_role("button", name="Confirm those ticked").click()
    looked_at(teacher, f"{base}/course/confirmations", "confirmations halfway", show)
    teacher.get_by_role("checkbox", name="waits for another teacher").check()
    teacher.get_by_label("Why? The learner and whoever").fill("Too early")
    teacher.get_by_role("button", name="Take the confirmation").click()
    expect(teacher.get_by_text("1 award waits again.")).to_be_visible()
    looked_at(teacher, f"{base}/course/confirmations", "confirmations taken back", show)
    page.goto(f"{here}/data")
    check(page, "data waiting", show)
    record_again(world, "Evening course", learner)
    looked_at(teacher, f"{base}/course", "course given meanwhile", show)
    looked_at(teacher, f"{base}/course/confirmations", "confirmations given meanwhile", show)
    teacher.get_by_role("button", name="I have seen it").click()
    expect(teacher.get_by_text("Nobody is waiting.")).to_be_visible()
