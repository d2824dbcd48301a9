"""From an invitation to a first launch, in the frame of an LMS, with real clicks."""

import re
from urllib.parse import urlencode

from playwright.sync_api import Frame, Page, expect

from lti_tool import clock
from lti_tool.demo.lms import Role, registration
from lti_tool.demo.world import World
from lti_tool.models import Registration
from lti_tool.services import organisations
from lti_tool.services.connections import invitations, registrations
from tests.browser import measure
from tests.browser.conftest import Arrive, NewContext, Show
from tests.browser.visitors import Visitor

REVIEW = re.compile(r"/lti/register/")


def invite(world: World) -> str:
    with world.tool.database.transaction() as db:
        school = organisations.find(db, world.mc.awarding_body.slug)
        _, token = invitations.invite(db, school, clock.now())
    return f"{world.tool.settings.public_url}/lti/register/{token}"


def to_tools(admin: Visitor) -> None:
    admin.page.goto(f"{admin.world.lms_url}/lms/")
    admin.press(admin.page.get_by_role("button", name=admin.user.name))
    admin.press(admin.page.get_by_role("link", name="Manage tools"))


def open_registration(admin: Visitor, link: str) -> Frame:
    """Add the tool by its address; the site knows one at this address already."""
    admin.page.get_by_label("Tool URL").fill(link)
    admin.press(admin.page.get_by_role("button", name="Add LTI Advantage"))
    admin.press(admin.page.get_by_role("button", name="Add it as a new tool"))
    handle = admin.page.locator("iframe.activity").element_handle()
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_url(REVIEW)
    return frame


def pending(world: World) -> Registration:
    with world.tool.database.transaction(read_only=True) as db:
        return db.query(Registration).filter(Registration.pending_since.is_not(None)).one()


def test_an_administrator_connects_an_lms_and_a_learner_arrives(
    world: World, arrive: Arrive, show: Show
) -> None:
    admin = arrive(world.admin)
    to_tools(admin)
    admin.taps = 0
    frame = open_registration(admin, invite(world))
    expect(frame.get_by_role("heading", name="Connect your learning platform")).to_be_visible()
    assert measure.violations(frame) == []
    assert measure.main_action_problem(frame) == ""
    show(admin.page, "registration review")
    admin.press(frame.get_by_role("button", name="Register"))
    # The window closes by the message alone: the LMS goes back to its list of tools.
    admin.page.wait_for_url(f"{world.lms_url}/lms/tools")
    expect(admin.page.get_by_text("Pending")).to_be_visible()
    show(admin.page, "registration pending")
    registered = pending(world)
    card = admin.page.locator(f"#tool-{registered.client_id}")
    admin.press(card.get_by_role("button", name="Activate"))
    admin.press(card.get_by_role("button", name="Show in the activity chooser"))
    expect(card.get_by_text("shown in the activity chooser")).to_be_visible()
    show(admin.page, "registration active")
    learner = _too_early(world, registered, arrive, show)
    with world.tool.database.transaction() as db:
        found = registrations.find_pending(db, registered.id)
        registrations.confirm(db, found, clock.now())
    frame = learner.open_in_frame(world.lms.links(world.lms.courses()[-1])[0], "New course")
    expect(frame.get_by_role("heading", name=world.mc.title.best("en"))).to_be_visible()
    show(learner.page, "registration first launch")


def _too_early(world: World, registered: Registration, arrive: Arrive, show: Show) -> Visitor:
    """Open a link before the operator has confirmed, and read why it stays closed."""
    course = world.lms.add_course("New course")
    learner = world.people.learners[0]
    world.lms.enrol(learner, course, Role.LEARNER)
    reference = f"{world.mc.awarding_body.slug}/{world.mc.code}"
    link = world.lms.add_link(course, "Welding", {"mc": reference}, client_id=registered.client_id)
    visitor = arrive(learner)
    refused = f"{world.tool.settings.public_url}/lti/{registered.id}/login"
    visitor.watch.expect_refusal(refused)
    visitor.to_course("New course")
    visitor.press(visitor.page.get_by_role("link", name=link.title, exact=True))
    framed = visitor.page.frame_locator("iframe.activity")
    expect(framed.get_by_text("not confirmed yet")).to_be_visible()
    show(visitor.page, "registration not confirmed")
    return visitor


def test_the_finished_page_reads_well_where_nothing_closes_it(
    world: World, arrive: Arrive, show: Show
) -> None:
    admin = arrive(world.admin)
    page = _in_a_window(world, admin.page, invite(world))
    assert measure.violations(page) == []
    show(page, "registration review window")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Your learning platform is registered")).to_be_visible()
    expect(page.get_by_text("This window closes by itself. If it does not")).to_be_visible()
    assert measure.violations(page) == []
    show(page, "registration done")
    page.set_viewport_size({"width": 360, "height": 740})
    assert measure.too_wide(page) == []
    assert measure.too_small(page) == []
    show(page, "registration done 360")


def test_the_page_fits_a_phone_in_both_languages(world: World, arrive: Arrive, show: Show) -> None:
    admin = arrive(world.admin, viewport={"width": 360, "height": 740})
    for language in ("en", "de"):
        admin.page.goto(f"{_with_configuration(world, invite(world))}&lang={language}")
        assert measure.violations(admin.page) == []
        assert measure.too_wide(admin.page) == []
        assert measure.too_small(admin.page) == []
        show(admin.page, f"registration review 360 {language}")
    admin.press(admin.page.get_by_role("button", name="Registrieren"))
    heading = admin.page.get_by_role("heading", name="Ihre Lernplattform ist registriert")
    expect(heading).to_be_visible()


def _in_a_window(world: World, page: Page, link: str) -> Page:
    page.goto(_with_configuration(world, link))
    return page


def _with_configuration(world: World, link: str) -> str:
    """Return the address that the LMS's frame would show."""
    token = registration.token_for(world.lms, world.lms.reserve_client_id(), updates=False)
    where = f"{world.lms_url}/lms/openid-configuration"
    return f"{link}?{urlencode({'openid_configuration': where, 'registration_token': token})}"


def test_the_message_reaches_the_platform_only(
    world: World, stranger: str, new_context: NewContext
) -> None:
    """A window opened by somebody else's page: the same script, the same moment, no message."""
    for opener, hears in ((f"{world.lms_url}/lms/login", True), (stranger, False)):
        sitting = new_context()
        page = sitting.context.new_page()
        page.goto(opener)
        page.evaluate("window.heard = []; addEventListener('message', e => heard.push(e.data))")
        url = _with_configuration(world, invite(world))
        with page.expect_popup() as opened:
            page.evaluate("url => { window.open(url) }", url)
        popup = opened.value
        popup.get_by_role("button", name="Register").click()
        expect(popup.get_by_role("heading", name="is registered")).to_be_visible()
        popup.wait_for_load_state("networkidle")
        expected = [{"subject": "org.imsglobal.lti.close"}] if hears else []
        assert page.evaluate("window.heard") == expected


def test_nobody_else_can_frame_the_page(
    world: World, stranger: str, new_context: NewContext
) -> None:
    sitting = new_context()
    page = sitting.context.new_page()
    page.goto(stranger)
    url = _with_configuration(world, invite(world))
    page.evaluate(
        "url => { const f = document.createElement('iframe'); f.src = url; f.name = 'framed';"
        " document.body.append(f); }",
        url,
    )
    page.wait_for_timeout(1500)
    frame = page.frame("framed")
    assert frame is None or frame.get_by_role("button", name="Register").count() == 0
    assert any("frame-ancestors" in each for each in sitting.watch.complaints)
    sitting.watch.complaints.clear()
