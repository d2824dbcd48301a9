"""Names and titles that are code, or turn the text around them, stay what they are: text."""

import pytest
from playwright.sync_api import Page, expect

from lti_tool.demo.lms import Link, Role, User
from lti_tool.demo.world import ASSESSED, World
from tests.browser import teaching
from tests.browser.conftest import NewContext, Show
from tests.browser.visitors import BADGE, sit

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
TEMPLATE = "{{ 7*7 }} ' autofocus onfocus=alert(1) x='"
UNCLOSED = f"{TEMPLATE} <img src=x onerror=alert(1)"
"""A title that passes an LMS which takes markup out of titles."""
TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
TURNED = "Anna \u202egnihton\u202c \u2066Meier"


@pytest.mark.parametrize("name", [SCRIPT, IMAGE, TEMPLATE])
def test_code_in_names_and_titles_is_shown_and_never_run(
    world: World, new_context: NewContext, show: Show, name: str
) -> None:
    page = new_context().context.new_page()
    user, link = _course_of(world, name)
    learner = sit(page, world, user, link)
    _goto(page, f"{learner}/data")
    expect(page.get_by_text(name)).to_be_visible()
    _goto(page, f"{learner}/claim")
    expect(page.get_by_role("textbox", name="Name as it will be printed")).to_have_value(name)
    page.get_by_role("button", name="Claim this badge").click()
    page.wait_for_url(BADGE)
    expect(page.get_by_text(f"for {name}")).to_be_visible()
    page.get_by_role("button", name="Make it public").click()
    _goto(page, page.get_by_role("link", name="/credentials/").inner_text())
    expect(page.get_by_text(name)).to_be_visible()
    teacher = f"{sit(page, world, world.people.teacher, link)}/course"
    person = teaching.person_id(world, user)
    for path in ("", f"/units/{ASSESSED[0]}", f"/units/{ASSESSED[1]}", f"/people/{person}"):
        _goto(page, teacher + path)
        expect(page.get_by_text(name).first).to_be_visible()
    show(page, f"hostile {name[:4].strip('<')}")


def test_a_launch_on_a_link_with_code_as_title_asks_the_teacher_in_plain_text(
    world: World, new_context: NewContext
) -> None:
    page = new_context().context.new_page()
    blank = world.lms.add_link(world.course, UNCLOSED)
    chooser = f"{sit(page, world, world.people.teacher, blank)}/choose"
    _goto(page, chooser)
    expect(page.get_by_text(f"“{UNCLOSED}”")).to_be_visible()
    page.get_by_role("searchbox").fill(IMAGE)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Nothing else matches “{IMAGE}”")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value(IMAGE)


def test_a_name_that_turns_the_text_direction_turns_nothing_around_it(
    world: World, new_context: NewContext
) -> None:
    page = new_context().context.new_page()
    user, link = _course_of(world, TURNED)
    learner = sit(page, world, user, link)
    _goto(page, f"{learner}/claim")
    page.get_by_role("button", name="Claim this badge").click()
    teacher = sit(page, world, world.people.teacher, link)
    person = teaching.person_id(world, user)
    for address in (
        f"{learner}/data",
        f"{learner}/badge",
        f"{teacher}/course",
        f"{teacher}/course/people/{person}",
        f"{teacher}/course/units/{ASSESSED[0]}",
    ):
        _goto(page, address)
        expect(page.get_by_text("Anna").first).to_be_visible()
        assert not TURNING & set(page.content()), address


def _course_of(world: World, name: str) -> tuple[User, Link]:
    """Add a course called `name` with a learner called `name`, who has completed everything."""
    user = world.lms.add_user("", name, email="somebody@example.org")
    _, link = teaching.add_course(world, f"{name} course", [user])
    teaching.choose_routes(world, world.overview)
    world.lms.enrol(user, world.course, Role.LEARNER)
    teaching.visit(world, user, [*world.links.values(), link])
    teaching.assess(world, link, [user], ASSESSED)
    return user, link


def _goto(page: Page, address: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
