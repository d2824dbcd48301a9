"""What several people do one after another: write, review at a partner, sign off a whole class."""

from datetime import timedelta

from playwright.sync_api import Frame, expect

from lti_tool import clock
from lti_tool.demo.lms import Role as LmsRole
from lti_tool.demo.world import ASSESSED, World
from lti_tool.services import organisations
from lti_tool.services.staff.accounts import Role
from tests.browser import operating, test_writing
from tests.browser.conftest import Arrive, NewContext, Show
from tests.browser.visitors import Visitor

CLASS = 30


def test_thirty_learners_are_signed_off_in_one_action(
    world: World, arrive: Arrive, show: Show
) -> None:
    for number in range(CLASS - len(world.people.learners) - 1):  # and one who shares no name
        learner = world.lms.add_user("Learner", f"{number:02d}")
        world.lms.enrol(learner, world.course, LmsRole.LEARNER)
    teacher = arrive(world.people.teacher)
    frame = _course_with_its_class(teacher, world)
    unit = world.mc.unit(ASSESSED[-1]).title.best("en")
    teacher.press(frame.get_by_role("columnheader", name=unit).get_by_role("link"))
    teacher.press(frame.get_by_role("link", name="Tick all who have not completed it"))
    expect(frame.get_by_role("checkbox", checked=True)).to_have_count(CLASS)
    teacher.press(frame.get_by_role("button", name="Sign off those ticked"))
    expect(frame.get_by_role("status")).to_contain_text(f"Recorded for {CLASS} learners.")
    show(teacher.page, "a class signed off")


def _course_with_its_class(teacher: Visitor, world: World) -> Frame:
    """Open the course as often as it takes until its list of learners was read from the LMS."""
    frame = teacher.open_in_frame(world.overview)
    wait_for = clock.now() + timedelta(seconds=60)
    while not frame.get_by_text(f"{CLASS} learners").count() and clock.now() < wait_for:
        teacher.page.wait_for_timeout(500)
        frame = teacher.open_in_frame(world.overview)
    expect(frame.get_by_text(f"{CLASS} learners")).to_be_visible()
    return frame


def test_what_one_school_wrote_a_partner_publishes(
    world: World, new_context: NewContext, show: Show
) -> None:
    body, now = world.mc.awarding_body, clock.now()
    with world.tool.database.transaction() as db:
        organisations.add(db, "gori-college", "Gori College", "GE", now, by="command")
    tool = world.tool.settings.public_url
    author = new_context().context.new_page()
    boss = operating.add_account(world, "Iryna", Role.ADMINISTRATOR, body.slug)
    operating.come_in(world, author, boss)
    author.goto(f"{tool}/admin/organisations")
    author.get_by_role("link", name=body.name.best("en")).click()
    author.get_by_role("link", name="Who reviews").click()
    author.get_by_label("Gori College").check()
    author.get_by_role("button", name="Save").click()
    author.goto(f"{tool}/admin/drafts")
    test_writing.start(author)
    test_writing.write(author)
    author.locator(".button.main").click()
    expect(author.get_by_text("It is handed in.")).to_be_visible()

    partner = new_context().context.new_page()
    reviewer = operating.add_account(world, "Nino", Role.REVIEWER, "gori-college")
    operating.come_in(world, partner, reviewer)
    partner.get_by_role("link", name="Go on without").click()
    partner.get_by_role("link", name="Look at what waits").click()
    partner.get_by_role("link", name="Solar panels on a roof").click()
    show(partner, "partner reviews")
    partner.get_by_label("I had no part in writing this definition.").check()
    partner.get_by_role("button", name="Approve and publish").click()
    expect(partner.get_by_text("Approved and published.")).to_be_visible()

    public = new_context().context.new_page()
    public.goto(f"{tool}/catalogue?q=solar")
    public.get_by_role("link", name="Solar panels on a roof").click()
    expect(public.get_by_role("main")).to_contain_text("Gori College")
    show(public, "published by a partner")
