"""What anybody can look at in the demo: a copied course that asks, and what is kept about one."""

import re

from playwright.sync_api import expect

from lti_tool.demo.world import World, publish_newer
from tests.browser.conftest import Arrive, Show
from tests.browser.visitors import LAUNCHED


def test_a_copied_course_asks_its_teacher_which_version_it_offers(
    world: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(world.people.teacher)
    frame = teacher.open_in_frame(world.overview)
    expect(frame.get_by_role("heading", name=world.mc.title.best("en"))).to_be_visible()
    publish_newer(world)
    teacher.to_course()
    teacher.press(teacher.page.get_by_role("button", name="Copy this course"))
    copied = f"{world.course.title} (copy)"
    expect(teacher.page.get_by_role("heading", name=copied)).to_be_visible()
    overview = world.lms.links(world.lms.courses()[-1])[-1]
    asked = teacher.open_in_frame(overview, copied)
    heading = asked.get_by_role("heading", name="Which version does this course offer?")
    expect(heading).to_be_visible()
    expect(asked.get_by_role("radio", checked=True)).to_have_accessible_name(
        re.compile("^Version 1.0 · as in the original course")
    )
    show(teacher.page, "copied course asks")
    newest = asked.get_by_role("radio", name="Version 2.0 · the newest")
    newest.check()
    teacher.press(asked.locator("form[name=version] button"))
    expect(asked.get_by_text("This course offers version 2.0.")).to_be_visible()


def test_a_learner_asks_the_lms_what_is_kept(world: World, arrive: Arrive, show: Show) -> None:
    learner = arrive(world.people.learners[0])
    learner.open_in_frame(world.overview)
    learner.page.goto(f"{world.lms_url}/lms/")
    learner.press(learner.page.get_by_role("link", name="What Credlet keeps about me"))
    frame = learner.framed()
    assert LAUNCHED.search(frame.url)
    expect(frame.get_by_role("heading", name="What is kept about you")).to_be_visible()
    expect(frame.get_by_text(learner.user.name).first).to_be_visible()
    show(learner.page, "data privacy")
