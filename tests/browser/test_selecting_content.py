"""From "select content" to a placed micro-credential, with real clicks in the LMS's frame."""

from playwright.sync_api import Page, expect

from lti_tool.demo.world import World
from tests.browser import measure
from tests.browser.chromium import PHONE
from tests.browser.conftest import Arrive, Show
from tests.browser.visitors import Visitor

MOST_TAPS = 6


def test_a_teacher_places_a_micro_credential_in_six_clicks_at_most(
    world: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(world.people.teacher)
    _open_add_page(teacher)
    teacher.taps = 0
    _select_content(teacher)
    _check(teacher, show, "select frame")
    _choose_welding(teacher)
    _check(teacher, show, "select units frame", has_main_action=True)
    teacher.press(teacher.framed().get_by_role("button", name="Add to the course"))
    frame = teacher.page.frame_locator("iframe.activity")
    teacher.press(frame.get_by_role("button", name="Save"))
    _expect_course_with_everything(world, teacher.page)
    assert teacher.taps == 4
    assert teacher.taps <= MOST_TAPS
    show(teacher.page, "placed")
    overview = world.lms.links(world.empty_course)[0]
    shown = teacher.open_in_frame(overview, world.empty_course.title)
    expect(shown.get_by_role("heading", name=world.empty_course.title)).to_be_visible()


def test_two_single_units_are_placed_in_six_clicks(world: World, arrive: Arrive) -> None:
    teacher = arrive(world.people.teacher)
    _open_add_page(teacher)
    teacher.taps = 0
    _select_content(teacher)
    _choose_welding(teacher)
    frame = teacher.framed()
    teacher.press(frame.get_by_role("link", name="Tick nothing"))
    expect(frame.get_by_role("checkbox", checked=True)).to_have_count(0)
    unit = world.mc.units[2].title.best("en")
    teacher.press(frame.get_by_role("checkbox", name=unit))
    teacher.press(frame.get_by_role("button", name="Add to the course"))
    teacher.press(teacher.page.frame_locator("iframe.activity").get_by_role("button", name="Save"))
    expect(teacher.page.get_by_role("link", name=unit, exact=True)).to_be_visible()
    assert len(world.lms.links(world.empty_course)) == 1
    assert teacher.taps <= MOST_TAPS


def test_the_whole_way_works_without_javascript(world: World, arrive: Arrive, show: Show) -> None:
    """The LMS's own forms wait for their buttons too."""
    teacher = arrive(world.people.teacher, scripts=False)
    _open_add_page(teacher)
    _press_in_window(teacher, "Select content")
    frame = teacher.page.frame_locator("iframe.activity")
    for form in ("ltiInitiateLoginForm", "autopostme", "ltiAuthForm"):
        frame.locator(f"#{form}").get_by_role("button").click()
    frame.get_by_role("link", name=world.mc.title.best("en")).click()
    frame.get_by_role("button", name="Add to the course").click()
    expect(frame.get_by_role("heading", name="6 activities go to the course")).to_be_visible()
    frame.get_by_role("button", name="Back to the course").click()
    frame.locator("#autopostme").get_by_role("button").click()  # the LMS fetches its cookie
    frame.get_by_role("button", name="Save").click()
    _expect_course_with_everything(world, teacher.page)


def test_the_way_back_shows_its_button_while_the_platform_is_slow(
    world: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(world.people.teacher)
    teacher.page.route("**/lms/content/return*", lambda route: route.fulfill(status=204))
    _open_add_page(teacher)
    _select_content(teacher)
    _choose_welding(teacher)
    frame = teacher.framed()
    teacher.press(frame.get_by_role("button", name="Add to the course"))
    expect(frame.get_by_role("heading", name="6 activities go to the course")).to_be_visible()
    show(teacher.page, "answer frame")
    assert measure.violations(frame) == []
    assert measure.main_action_problem(frame) == ""
    teacher.page.unroute("**/lms/content/return*")
    teacher.press(frame.get_by_role("button", name="Back to the course"))
    save = teacher.page.frame_locator("iframe.activity").get_by_role("button", name="Save")
    expect(save).to_be_visible()


def test_a_teacher_with_a_phone_can_do_it(world: World, arrive: Arrive, show: Show) -> None:
    teacher = arrive(world.people.teacher, **PHONE)
    _open_add_page(teacher)
    _select_content(teacher)
    assert measure.too_wide(teacher.framed()) == []
    _choose_welding(teacher)
    assert measure.too_wide(teacher.framed()) == []
    assert measure.too_small(teacher.framed()) == []
    show(teacher.page, "select units phone")
    teacher.press(teacher.framed().get_by_role("button", name="Add to the course"))
    teacher.press(teacher.page.frame_locator("iframe.activity").get_by_role("button", name="Save"))
    _expect_course_with_everything(world, teacher.page)


def test_cancelling_leads_back_to_the_course(world: World, arrive: Arrive) -> None:
    teacher = arrive(world.people.teacher)
    _open_add_page(teacher)
    _select_content(teacher)
    teacher.press(teacher.framed().get_by_role("button", name="Cancel"))
    back = teacher.page.frame_locator("iframe.activity").get_by_role("link", name="Back to the")
    teacher.press(back)
    expect(teacher.page.get_by_text("There is nothing in this course yet.")).to_be_visible()


def _open_add_page(teacher: Visitor) -> None:
    teacher.to_course(teacher.world.empty_course.title)
    teacher.press(teacher.page.get_by_role("link", name="Add an activity"))


def _press_in_window(teacher: Visitor, name: str) -> None:
    teacher.press(teacher.page.get_by_role("link", name=name))


def _select_content(teacher: Visitor) -> None:
    _press_in_window(teacher, "Select content")
    expect(teacher.framed().get_by_role("heading", name="Add a micro-credential")).to_be_visible()


def _choose_welding(teacher: Visitor) -> None:
    frame = teacher.framed()
    teacher.press(frame.get_by_role("link", name=teacher.world.mc.title.best("en")))
    expect(frame.get_by_role("heading", name="What shall the course get?")).to_be_visible()


def _check(teacher: Visitor, show: Show, name: str, *, has_main_action: bool = False) -> None:
    frame = teacher.framed()
    show(teacher.page, name)
    assert measure.violations(frame) == []
    assert measure.too_wide(frame) == []
    if has_main_action:
        assert measure.main_action_problem(frame) == ""


def _expect_course_with_everything(world: World, page: Page) -> None:
    expect(page.get_by_role("heading", name=world.empty_course.title)).to_be_visible()
    for unit in world.mc.units:
        expect(page.get_by_role("link", name=unit.title.best("en"))).to_be_visible()
    assert len(world.lms.links(world.empty_course)) == 1 + len(world.mc.units)
