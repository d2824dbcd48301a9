"""Writing a definition in the frame of an LMS, at a desk, with a phone, and without scripts."""

import json
import re
import threading
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Frame, Locator, Page, expect

from badges import definition as definitions
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import UNLOCKED, World, running
from lti_tool.services.staff.accounts import Role
from tests.browser import measure, operating
from tests.browser.chromium import COOKIELESS_HOST, PHONE
from tests.browser.conftest import Arrive, NewContext, Show
from tests.browser.visitors import Visitor

SIZES = {360: 740, 1280: 720}
SUN = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">
<circle cx="50" cy="50" r="48" fill="#ffd34d" stroke="#a15c00" stroke-width="4"/></svg>"""
DONE = "Everything is there. You can hand it in."


def _begin(teacher: Visitor, world: World) -> Frame:
    frame = teacher.open_in_frame(world.links[UNLOCKED])
    teacher.press(frame.get_by_role("link", name="Write a micro-credential of your own"))
    frame.get_by_label("Title").fill("Solar panels on a roof")
    teacher.press(frame.get_by_role("button", name="Start writing"))
    expect(frame.get_by_role("heading", name="What it is")).to_be_visible()
    return frame


def _go_on(where: Frame | Page) -> None:
    where.locator(".button.main").click()


def write(where: Frame | Page) -> None:
    """Fill in what is needed, from the first step to the check, three units in all."""
    where.get_by_label("Description").fill("For people who mount solar panels in a team.")
    where.get_by_label("Form of participation").fill("Blended")
    _go_on(where)
    for number, title in enumerate(("Safety", "Mounting", "Handing over"), start=1):
        where.get_by_role("button", name="Add a unit").click()
        unit = where.locator(f"#units-{number - 1}")
        unit.get_by_label("Title of the unit").fill(title)
        unit.get_by_label("Outcome 1", exact=True).fill(f"does what {title} needs")
    _go_on(where)
    where.locator("#assessment-methods").get_by_label("practical assessment").check()
    for number in range(1, 4):
        _box(where, number).get_by_label("by one assessor").check()
        _box(where, number).get_by_label("What is confirmed").fill("has done it alone")
    _go_on(where)
    where.get_by_label("Hours of work in all").fill("30")
    where.get_by_label("Level of the European").select_option("3")
    where.get_by_label("our own judgement").check()
    _go_on(where)
    where.get_by_label("Kind of quality assurance").fill("moderation by partners")
    _go_on(where)
    expect(where.get_by_text(DONE)).to_be_visible()


def _box(where: Frame | Page, number: int) -> Locator:
    return where.locator(f"#units-{number - 1}")


def test_a_teacher_writes_and_hands_in_a_definition_in_the_frame(
    world: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(world.people.teacher)
    frame = _begin(teacher, world)
    assert measure.main_action_problem(frame) == ""
    write(frame)
    assert measure.violations(frame) == []
    frame.get_by_role("link", name="Preview").click()
    expect(frame.get_by_text("This is not public.")).to_be_visible()
    show(teacher.page, "writing preview frame")
    assert measure.violations(frame) == []
    assert measure.too_wide(frame) == []
    frame.get_by_role("link", name="Back to writing").click()
    _go_on(frame)
    expect(frame.get_by_text("It is handed in.")).to_be_visible()
    show(teacher.page, "writing handed in frame")


def test_a_definition_is_written_without_scripts(world: World, arrive: Arrive) -> None:
    teacher = arrive(world.people.teacher, scripts=False)
    page = _admin(world, teacher.page)
    start(page)
    write(page)
    _go_on(page)
    expect(page.get_by_text("It is handed in.")).to_be_visible()


def test_the_next_page_knows_what_was_typed_last(world: World, arrive: Arrive) -> None:
    page = _admin(world, arrive(world.people.teacher).page)
    start(page)
    slow = threading.Event()
    page.route("**/edit?step=what", lambda route: (slow.wait(1), route.continue_()))
    page.get_by_label("Description").fill("For people who mount solar panels in a team.")
    page.get_by_role("link", name="Check and hand in").first.click()
    expect(page.get_by_role("heading", name="Check and hand in")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Title")
    expect(page.get_by_role("main").get_by_text("Description", exact=True)).to_have_count(0)


def _admin(world: World, page: Page) -> Page:
    slug = world.mc.awarding_body.slug
    account = operating.add_account(world, "Iryna", Role.ADMINISTRATOR, slug)
    operating.come_in(world, page, account)
    page.goto(f"{world.tool.settings.public_url}/admin/drafts")
    return page


def start(page: Page) -> None:
    page.get_by_label("Title").fill("Solar panels on a roof")
    page.get_by_role("button", name="Start writing").click()
    expect(page.get_by_role("heading", name="What it is")).to_be_visible()


def test_every_page_reads_well_on_a_desk_and_on_a_phone(
    world: World, new_context: NewContext, show: Show
) -> None:
    page = _admin(world, new_context().context.new_page())
    _look(page, "writing list", show)
    start(page)
    here = page.url.partition("/edit")[0]
    _look(page, "writing what", show)
    page.goto(f"{here}/edit?step=units")
    page.get_by_role("button", name="Add a unit").click()
    page.get_by_label("Title of the unit").fill("Working safely at height")
    page.get_by_role("button", name="Add an outcome").click()
    expect(page.get_by_label("Outcome 2", exact=True)).to_be_visible()
    for step in ("units", "assessment", "level", "quality"):
        page.goto(f"{here}/edit?step={step}&show=missing")
        for language in ("en", "de"):
            page.goto(f"{here}/edit?step={step}&show=missing&lang={language}")
            _look(page, f"writing {step} {language}", show)
    page.goto(f"{here}?lang=en")
    _look(page, "writing check", show)
    page.goto(f"{here}/translation?language=uk")
    _look(page, "writing translation", show)
    page.goto(f"{here}/table?lang=de")
    _look(page, "writing table", show)
    page.goto(f"{here.rpartition('/')[0]}/import")
    _look(page, "writing import", show)
    mc = world.mc
    public = f"{world.tool.settings.public_url}/definitions/{mc.awarding_body.slug}/{mc.code}"
    for language in ("de", "en"):
        page.goto(f"{here.rpartition('/')[0]}/import?address={public}&lang={language}")
        page.locator("form[name=look_up] button").click()
        expect(page.locator("form[name=adopt]")).to_be_visible()
        _look(page, f"writing adopt {language}", show)
    page.goto(f"{here}/picture?lang=en")
    _look(page, "writing picture", show)
    page.get_by_label("Picture", exact=True).set_input_files(
        {"name": "sun.svg", "mimeType": "image/svg+xml", "buffer": SUN}
    )
    page.get_by_label("What is on the picture").fill("a sun")
    page.get_by_role("button", name="Save the picture").click()
    expect(page.get_by_alt_text("a sun")).to_be_visible()
    _look(page, "writing picture brought", show)
    page.goto(f"{here}/preview?lang=en")
    _look(page, "writing preview early", show)
    page.goto(f"{here}/edit?step=units")
    page.get_by_role("button", name=re.compile("Remove unit 1 Working")).click()
    expect(page.get_by_role("heading", name="Remove this unit?")).to_be_visible()
    _look(page, "writing remove", show)
    page.goto(f"{here}/discard")
    _look(page, "writing discard", show)


def test_the_preview_reads_well_in_each_language_of_the_draft(
    world: World, new_context: NewContext, show: Show
) -> None:
    page = _admin(world, new_context().context.new_page())
    own = definitions.dump(world.mc) | {"code": "OWN-1"}
    file = {"name": "own.json", "mimeType": "application/json", "buffer": json.dumps(own).encode()}
    page.goto(f"{page.url}/import?lang=en")
    page.locator("input[name=file]").set_input_files([file])
    page.get_by_role("button", name="Start a draft with it").click()
    page.get_by_role("link", name="Preview").first.click()
    languages = page.get_by_role("navigation", name="Languages of the texts")
    for tag, name in (("uk", "Ukrainian"), ("de", "German"), ("en", "English")):
        languages.get_by_role("link", name=name).click()
        expect(languages.locator("[aria-current]")).to_have_text(name)
        expect(page.get_by_role("heading", level=1)).to_have_text(world.mc.title[tag])
        _look(page, f"writing preview {tag}", show)


def _look(page: Page, name: str, show: Show) -> None:
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert measure.violations(page) == [], name
        assert measure.too_wide(page) == [], name
        assert measure.too_small(page) == [], name
        show(page, f"{name} {width}")


def test_the_form_is_filled_in_with_the_keyboard_alone(
    world: World, new_context: NewContext
) -> None:
    page = _admin(world, new_context().context.new_page())
    start(page)
    page.get_by_label("Description").focus()
    page.keyboard.type("Typed")
    for _ in range(40):
        page.keyboard.press("Tab")
        at = measure.focus(page)
        assert not at["outline"].startswith("none"), at
        if at["name"] == "Save and go on":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Add a unit")).to_be_visible()


def test_what_is_typed_is_saved_by_itself(
    world: World, new_context: NewContext, show: Show
) -> None:
    page = _admin(world, new_context().context.new_page())
    start(page)
    page.get_by_label("Website of the awarding body").fill("www.school.example")
    page.get_by_label("Description").press_sequentially("Typed and left")
    website = page.get_by_label("Website of the awarding body")
    expect(website).to_have_value("https://www.school.example")
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    page.reload()
    expect(website).to_have_value("https://www.school.example")
    expect(page.get_by_label("Description")).to_have_value("Typed and left")
    expect(page.locator("#checklist")).to_contain_text("of 9 needed elements")


def test_a_hint_goes_once_what_it_asked_for_is_there(world: World, new_context: NewContext) -> None:
    page = _admin(world, new_context().context.new_page())
    start(page)
    page.goto(f"{page.url.partition('/edit')[0]}/edit?step=level&show=missing")
    hint = page.get_by_text("Say how many hours of work it takes.")
    expect(hint).to_be_visible()
    page.get_by_label("Hours of work in all").press_sequentially("30")
    expect(hint).to_have_count(0)
    expect(page.get_by_text("Say which level it has.")).to_be_visible()


def test_without_a_network_it_is_kept_on_the_device_until_it_went_through(
    world: World, new_context: NewContext
) -> None:
    sitting = new_context()
    page = _admin(world, sitting.context.new_page())
    start(page)
    address = page.url
    page.route("**/edit?**", lambda route: route.abort())
    page.get_by_label("Description").fill("Typed in a tunnel")
    expect(page.locator("#saved")).to_contain_text("kept on this device")
    sitting.watch.complaints.clear()  # the browser's own word about the network
    later = sitting.context.new_page()
    later.goto(address)
    expect(later.get_by_label("Description")).to_have_value("Typed in a tunnel")
    expect(later.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    later.reload()
    expect(later.get_by_label("Description")).to_have_value("Typed in a tunnel")
    assert later.evaluate("localStorage.length") == 0


def _lose_the_network(teacher: Visitor, frame: Frame) -> None:
    """Type without a network, press "Save and go on", and see that nothing is lost."""
    assert not frame.evaluate("(() => { try { return !!localStorage } catch { return false } })()")
    teacher.context.set_offline(True)
    description = frame.get_by_label("Description")
    description.fill("Typed in a frame that keeps nothing")
    expect(frame.locator("#saved")).to_contain_text("Leave this page open.")
    teacher.press(frame.locator(".button.main"))
    asked = frame.get_by_role("alert")
    expect(asked).to_contain_text("What you typed last is not saved yet.")
    expect(asked).to_contain_text("as soon as the server can be reached again")
    expect(asked).to_be_focused()
    teacher.press(asked.get_by_role("button", name="Try again"))
    expect(asked).to_be_focused()
    expect(description).to_have_value("Typed in a frame that keeps nothing")


def test_without_a_network_the_page_stays_where_the_browser_keeps_nothing(
    world: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(world.people.teacher, storage=False)
    frame = _begin(teacher, world)
    _lose_the_network(teacher, frame)
    show(teacher.page, "writing without a network")
    teacher.context.set_offline(False)
    expect(frame.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    expect(frame.get_by_role("alert")).to_have_count(0)
    teacher.press(frame.locator(".button.main"))
    expect(frame.get_by_role("heading", name="Units and outcomes")).to_be_visible()
    teacher.context.set_offline(True)
    teacher.press(frame.get_by_role("button", name="Add a unit"))
    expect(frame.get_by_role("alert")).to_contain_text("everything you typed is saved")
    teacher.context.set_offline(False)
    expect(frame.get_by_role("alert")).to_have_count(0)
    teacher.press(frame.get_by_role("button", name="Add a unit"))
    expect(frame.get_by_label("Title of the unit")).to_be_visible()
    frame.get_by_role("link", name="What it is").first.click()
    kept = "Typed in a frame that keeps nothing"
    expect(frame.get_by_label("Description")).to_have_value(kept)
    teacher.watch.complaints.clear()  # the browser's own words about the network


def test_a_document_that_outlives_what_it_sends_goes_on_saving(
    tmp_path: Path, new_context: NewContext
) -> None:
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, **ports, tool_host=COOKIELESS_HOST) as world:
        world.lms.config = replace(world.lms.config, storage_target="_parent")
        teacher = Visitor(new_context(storage=False), world, world.people.teacher)
        frame = _begin(teacher, world)
        _lose_the_network(teacher, frame)
        teacher.context.set_offline(False)
        expect(frame.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
        teacher.page.route("**/edit?**", lambda route: route.abort())
        teacher.press(frame.locator(".button.main"))  # nothing is unsaved, so that it is sent
        expect(frame.get_by_role("button", name="Try again")).to_be_visible()
        teacher.page.unroute("**/edit?**")
        frame.get_by_label("Description").fill("Typed after that failed")
        expect(frame.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
        frame.get_by_role("link", name="Your own micro-credentials").click()
        frame.get_by_role("link", name="Solar panels on a roof").click()
        expect(frame.get_by_label("Description")).to_have_value("Typed after that failed")
        teacher.watch.complaints.clear()  # the browser's own words about the network


def test_a_link_that_would_lose_what_was_typed_asks_first(
    world: World, new_context: NewContext, show: Show
) -> None:
    sitting = new_context()
    page = _admin(world, sitting.context.new_page())
    start(page)
    address = page.url
    page.route("**/edit?**", lambda route: route.abort())
    page.get_by_label("Description").fill("Typed before the tunnel")
    page.get_by_role("link", name="Check and hand in").click()
    asked = page.get_by_role("alert")
    expect(asked).to_contain_text("What you typed last is not saved yet.")
    expect(asked).to_contain_text("offered when you open this page again")
    expect(asked).to_be_focused()
    show(page, "unsaved")
    assert page.url == address
    page.get_by_role("button", name="Try again").click()
    expect(asked).to_contain_text("What you typed last is not saved yet.")
    page.unroute("**/edit?**")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Check and hand in")).to_be_visible()
    page.goto(address)
    expect(page.get_by_label("Description")).to_have_value("Typed before the tunnel")
    sitting.watch.complaints.clear()  # the browser's own words about the network


def test_what_was_left_unsaved_is_offered_and_replaces_nothing_by_itself(
    world: World, new_context: NewContext, show: Show
) -> None:
    sitting = new_context()
    page = _admin(world, sitting.context.new_page())
    start(page)
    address = page.url
    page.route("**/edit?**", lambda route: route.fulfill(status=503, body=""))
    page.get_by_label("Description").fill("Typed while the server was away")
    page.get_by_role("link", name="Check and hand in").click()
    page.get_by_role("button", name="Leave this page").click()
    expect(page.get_by_role("heading", name="Check and hand in")).to_be_visible()
    page.unroute("**/edit?**")
    signed_in = sitting.context.storage_state() | {"origins": []}  # the same account elsewhere
    other = new_context(storage_state=signed_in).context.new_page()
    other.goto(address)
    other.get_by_label("Description").fill("Typed elsewhere")
    expect(other.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    page.goto(address)
    expect(page.get_by_label("Description")).to_have_value("Typed elsewhere")
    expect(page.get_by_role("alert")).to_contain_text("typed here before and never saved")
    expect(page.get_by_label("What you typed", exact=True)).to_have_value(
        "Typed while the server was away"
    )
    show(page, "offered")
    page.reload()
    page.get_by_role("button", name="Put it in the fields").click()
    expect(page.get_by_label("Description")).to_have_value("Typed while the server was away")
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    page.reload()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_label("Description")).to_have_value("Typed while the server was away")
    sitting.watch.complaints.clear()  # the browser's own words about the server


def test_what_was_offered_and_ignored_is_still_offered_after_more_was_left_unsaved(
    world: World, new_context: NewContext
) -> None:
    sitting = new_context()
    page = _admin(world, sitting.context.new_page())
    start(page)
    address = page.url
    signed_in = sitting.context.storage_state() | {"origins": []}  # the same account elsewhere
    other = new_context(storage_state=signed_in).context.new_page()
    for turn in ("first", "second"):
        page.route("**/edit?**", lambda route: route.fulfill(status=503, body=""))
        page.get_by_label("Description").fill(f"Left unsaved {turn}")
        expect(page.locator("#saved")).to_contain_text("kept on this device")
        page.unroute("**/edit?**")
        other.goto(address)
        other.get_by_label("Description").fill(f"Typed elsewhere {turn}")
        expect(other.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
        page.reload()
    expect(page.get_by_label("Description")).to_have_value("Typed elsewhere second")
    expect(page.get_by_label("What you typed", exact=True)).to_have_value(
        "Left unsaved first\nLeft unsaved second"
    )
    expect(page.get_by_role("button", name="Put it in the fields")).to_have_count(0)
    sitting.watch.complaints.clear()  # the browser's own words about the server


def test_it_is_saved_by_itself_where_the_browser_keeps_no_cookie(
    browser: Browser, tmp_path: Path, new_context: NewContext
) -> None:
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, **ports, tool_host=COOKIELESS_HOST) as world:
        teacher = Visitor(new_context(), world, world.people.teacher)
        frame = _begin(teacher, world)
        frame.get_by_label("Description").fill("Typed in a frame without cookies")
        expect(frame.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
        frame.get_by_role("link", name="Your own micro-credentials").click()
        frame.get_by_role("link", name="Solar panels on a roof").click()
        description = frame.get_by_label("Description")
        expect(description).to_have_value("Typed in a frame without cookies")
        assert {one["name"] for one in teacher.context.cookies()} == {"demo_lms"}


def test_two_windows_do_not_overwrite_each_other(world: World, new_context: NewContext) -> None:
    sitting = new_context()
    first = _admin(world, sitting.context.new_page())
    start(first)
    second = sitting.context.new_page()
    second.goto(first.url)
    first.get_by_label("Description").fill("From the first window")
    expect(first.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    second.get_by_label("Description").fill("From the second window")
    expect(second.locator("#saved")).to_contain_text("changed on another page")
    _go_on(second)
    expect(second.get_by_role("alert")).to_contain_text("Nothing is lost")
    expect(second.get_by_label("Description")).to_have_value("From the second window")
    assert measure.violations(second) == []
    _go_on(second)
    expect(second.get_by_role("button", name="Add a unit")).to_be_visible()
    sitting.watch.complaints.clear()  # the browser's own word about the refusals


def test_a_teacher_with_a_phone_writes_in_a_window(world: World, arrive: Arrive) -> None:
    teacher = arrive(world.people.teacher, **PHONE)
    page = teacher.open_in_window(world.links[UNLOCKED])
    teacher.press(page.get_by_role("link", name="Write a micro-credential of your own"))
    page.get_by_label("Title").fill("Solar panels on a roof")
    teacher.press(page.get_by_role("button", name="Start writing"))
    expect(page.get_by_role("heading", name="What it is")).to_be_visible()
    assert measure.too_wide(page) == []
    write(page)
