"""A teacher signs off two learners from the grid without a mouse, and takes it back."""

import csv
import re
from pathlib import Path

from playwright.sync_api import Frame, Locator, Page, expect

from lti_tool.demo.world import ASSESSED, World
from tests.browser import measure, teaching
from tests.browser.conftest import Arrive, Show
from tests.factories import files

MOST_STOPS = 40
LAST_UNIT = ASSESSED[-1]


def test_two_are_chosen_signed_off_and_taken_back_with_the_keyboard_alone(
    world: World, arrive: Arrive, show: Show
) -> None:
    for user in world.people.learners[:2]:
        teaching.visit(world, user, [world.overview])
    teacher = arrive(world.people.teacher)
    frame = teacher.open_in_frame(world.overview)
    page = teacher.page
    for user in world.people.learners[:2]:
        tab_to(page, frame, frame.get_by_role("checkbox", name=f"Choose {user.name}"))
        page.keyboard.press("Space")
    unit = frame.get_by_label("Record for those ticked")
    tab_to(page, frame, unit)
    unit.select_option(LAST_UNIT)
    tab_to(page, frame, frame.get_by_role("button", name="Continue"))
    page.keyboard.press("Enter")
    expect(frame.get_by_role("checkbox", checked=True)).to_have_count(2)
    show(page, "keyboard chosen")
    tab_to(page, frame, frame.get_by_role("button", name="Sign off those ticked"))
    page.keyboard.press("Enter")
    expect(frame.get_by_role("status")).to_contain_text("Recorded for 2 learners.")
    tab_to(page, frame, frame.get_by_role("link", name="Undo"))
    page.keyboard.press("Enter")
    reason = frame.get_by_label("Why?")
    expect(reason).to_be_visible()
    tab_to(page, frame, reason)
    page.keyboard.type("mixed up")
    tab_to(page, frame, frame.get_by_role("button", name="Take them back"))
    page.keyboard.press("Enter")
    expect(frame.get_by_role("status")).to_contain_text("The results were taken back.")


def test_a_whole_column_with_evidence_is_signed_off_and_one_taken_back_with_the_keyboard_alone(
    world: World, arrive: Arrive, show: Show, tmp_path: Path
) -> None:
    users = world.people.learners[:2]
    for user in users:
        teaching.visit(world, user, [world.overview])
    teacher = arrive(world.people.teacher)
    frame = teacher.open_in_frame(world.overview)
    page = teacher.page
    unit = world.mc.unit(LAST_UNIT).title.best("en")
    enter(page, frame, frame.get_by_role("main").get_by_role("link", name=unit).first)
    expect(frame.get_by_role("heading", level=1)).to_contain_text(unit)
    enter(page, frame, frame.get_by_role("link", name="Tick all who have not completed it"))
    expect(frame.get_by_role("checkbox", checked=True)).not_to_have_count(0)
    tab_to(page, frame, frame.get_by_label("What it rests on"))
    page.keyboard.type("seen at the yard")
    tab_to(page, frame, frame.locator("summary", has_text="Add a link or files"))
    page.keyboard.press("Space")
    tab_to(page, frame, frame.get_by_label("Link", exact=True))
    page.keyboard.type("https://yard.example/log")
    photo = tmp_path / "weld.png"
    photo.write_bytes(files.photo("PNG"))
    tab_to(page, frame, frame.get_by_label(re.compile("^(A file|Files)")))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(photo)
    show(page, "keyboard whole column")
    enter(page, frame, frame.get_by_role("button", name="Sign off those ticked"))
    expect(frame.get_by_role("status")).to_contain_text("Recorded for")
    enter(page, frame, frame.get_by_role("link", name=users[0].name))
    expect(frame.get_by_text("seen at the yard")).to_be_visible()
    expect(frame.get_by_role("link", name="weld.png", exact=True)).to_be_visible()
    enter(page, frame, frame.get_by_role("link", name=re.compile("^Take back")).first)
    expect(frame.get_by_role("heading", name="Take this record back?")).to_be_visible()
    tab_to(page, frame, frame.get_by_label(re.compile("^Why")))
    page.keyboard.type("mixed up")
    enter(page, frame, frame.get_by_role("button", name="Take it back"))
    expect(frame.get_by_text("taken back", exact=True)).to_be_visible()


def test_results_go_to_a_spreadsheet_and_come_back_with_the_keyboard_alone(
    world: World, arrive: Arrive, show: Show, tmp_path: Path
) -> None:
    (user,) = world.people.learners[:1]
    teaching.visit(world, user, [world.overview])
    teacher = arrive(world.people.teacher)
    frame = teacher.open_in_frame(world.overview)
    page = teacher.page
    enter(page, frame, frame.get_by_role("link", name="Results from a spreadsheet"))
    export = frame.get_by_role("link", name="Download the table (CSV)")
    expect(export).to_be_visible()
    tab_to(page, frame, export)
    with page.expect_download() as saving:
        page.keyboard.press("Enter")
    header, row, *_ = csv.reader(saving.value.path().read_text("utf-8-sig").splitlines())
    (column,) = (place for place, title in enumerate(header) if title.startswith(LAST_UNIT))
    teacher.watch.expect_refusal(frame.url)  # the one with the mistake
    for value, heading in (("maybe", "One cell cannot be used"), ("x", "One result would be")):
        table = tmp_path / f"{value}.csv"
        with table.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([header, [*row[:column], value, *row[column + 1 :]]])
        tab_to(page, frame, frame.get_by_label("File", exact=True))
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Space")
        chooser.value.set_files(table)
        enter(page, frame, frame.get_by_role("button", name="Show what would change"))
        expect(frame.get_by_text(heading)).to_be_visible()
        show(page, f"keyboard table {value}")
    enter(page, frame, frame.get_by_role("button", name="Record it"))
    expect(frame.get_by_role("status")).to_contain_text("Recorded for")


def enter(page: Page, frame: Frame, wanted: Locator) -> None:
    """Go to what is wanted with Tab, and press it."""
    tab_to(page, frame, wanted)
    page.keyboard.press("Enter")


def tab_to(page: Page, frame: Frame, wanted: Locator) -> None:
    """Press Tab until `wanted` has the focus; every stop within the frame is outlined."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        at = measure.focus(frame)
        if at["tag"] == "BODY":
            continue  # still among the LMS's own links
        assert at["outline"] == "solid 3px", at
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached in {MOST_STOPS} stops")
