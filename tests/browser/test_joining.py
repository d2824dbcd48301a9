"""Somebody learns at two schools: a part here, a part there, one larger badge; with real clicks."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from lti_tool.demo.lms import User
from lti_tool.demo.world import World
from tests.browser import second_school
from tests.browser.conftest import NewContext, Show
from tests.browser.second_school import SCHOOL, come, complete
from tests.browser.test_operating import check
from tests.factories.two_schools import FIRST, LARGER, SECOND


@pytest.fixture
def second(world: World) -> Iterator[World]:
    with second_school.beside(world) as made:
        yield made


def settled(page: Page, world: World, user: User, heading: str) -> None:
    """Open the larger one again until the worker has judged it."""
    deadline = time.monotonic() + 30
    while True:
        come(page, world, user, LARGER)
        if page.get_by_role("heading", name=heading).is_visible():
            return
        assert time.monotonic() < deadline, page.inner_text("main")
        time.sleep(0.5)


def join(here: Page, there: Page, show: Show) -> None:
    """Both stand before the larger one; the second school speaks German."""
    here.get_by_role("link", name="I also learn at another school").click()
    check(here, "joining", show)
    here.get_by_role("button", name="Make a code here").click()
    check(here, "joining code", show)
    code = here.locator(".join-code").inner_text()
    assert re.fullmatch(r"[2-9A-Z]{5}-[2-9A-Z]{5}", code)
    there.get_by_role("link", name="Ich lerne auch an einer anderen Schule").click()
    check(there, "joining de", show)
    there.get_by_label("Code von Ihrer anderen Schule").fill(code.lower())
    there.get_by_role("button", name="Weiter").click()
    expect(
        there.get_by_role("heading", name="Haben Sie diesen Code selbst erzeugt?")
    ).to_be_visible()
    check(there, "joining agree de", show)
    there.get_by_role("button", name="Ja, das bin ich").click()
    check(there, "joining wait de", show)
    here.get_by_role("link", name="I have entered it there").click()
    expect(here.get_by_text(SCHOOL)).to_be_visible()
    check(here, "joining confirm", show)
    here.get_by_role("button", name="Yes, that is me").click()
    expect(here.get_by_role("status")).to_contain_text("Joined.")
    check(here, "joining joined", show)


def test_parts_of_two_schools_become_one_larger_badge(
    world: World, second: World, new_context: NewContext, show: Show
) -> None:
    here, there = (new_context().context.new_page() for _ in range(2))
    learner, same = world.people.learners[0], second.people.learners[0]
    complete(here, world, learner, FIRST)
    complete(there, second, same, SECOND)
    come(there, second, same, LARGER)
    come(here, world, learner, LARGER)
    expect(here.get_by_text("1 of 2 micro-credentials earned").first).to_be_visible()
    check(here, "larger part here", show)
    join(here, there, show)
    here.get_by_role("link", name="Back", exact=True).click()
    settled(there, second, same, "Geschafft: Alles ist erworben")
    check(there, "larger earned de", show)
    settled(here, world, learner, "You did it: everything is earned")
    check(here, "larger elsewhere", show)
    there.get_by_role("link", name="Badge abholen").click()
    there.get_by_text("Was der Badge sagt").click()
    check(there, "larger claim de", show)
    says = there.locator("details.says").inner_text()
    assert all(any(title in says for title in mc.title.values()) for mc in (FIRST, SECOND)), says
    there.get_by_role("button", name="Diesen Badge abholen").click()
    expect(there.get_by_role("heading", name="Ihr Badge")).to_be_visible()
    check(there, "larger badge de", show)
    come(here, world, learner, LARGER)
    expect(
        here.get_by_role("heading", name="You have this badge at your other school")
    ).to_be_visible()
    check(here, "larger claimed elsewhere", show)
    here.get_by_role("link", name="What is kept about you").click()
    expect(here.get_by_text(SCHOOL)).to_be_visible()
    check(here, "data joined", show)


def test_where_names_differ_a_teacher_sees_both_and_confirms(
    world: World, second: World, new_context: NewContext, show: Show
) -> None:
    here, there, desk = (new_context().context.new_page() for _ in range(3))
    learner, friend = world.people.learners[0], second.people.learners[1]
    complete(here, world, learner, FIRST)
    complete(there, second, friend, SECOND)
    come(there, second, friend, LARGER)
    come(here, world, learner, LARGER)
    join(here, there, show)
    address = come(desk, world, world.people.teacher, LARGER)
    settled(there, second, friend, "Alles geschafft: Ihre Auszeichnung wartet auf Ihre Lehrkraft")
    check(there, "larger waits de", show)
    come(here, world, learner, LARGER)
    expect(
        here.get_by_role("heading", name="Your award waits at your other school")
    ).to_be_visible()
    check(here, "larger waits elsewhere", show)
    address = come(desk, second, second.people.teacher, LARGER)
    for language in ("en", "de"):
        desk.goto(f"{address}/course/confirmations?lang={language}")
        expect(desk.get_by_text(learner.name).first).to_be_visible()
        check(desk, f"confirmations joined {language}", show)
    desk.get_by_role("checkbox", name=friend.name).check()
    desk.get_by_role("button", name="Angekreuzte bestätigen").click()
    expect(desk.get_by_role("status")).to_be_visible()
    settled(there, second, friend, "Geschafft: Alles ist erworben")
    there.get_by_role("link", name="Ich lerne auch an einer anderen Schule").click()
    there.get_by_text("Verbindung trennen").first.click()
    check(there, "joining end de", show)
    there.get_by_label("Ich bin sicher.").check()
    there.get_by_role("button", name="Verbindung trennen").click()
    expect(there.get_by_role("status")).to_contain_text("Die Verbindung ist getrennt.")
    settled(here, world, learner, "Metal worker")
    assert "1 of 2 micro-credentials earned" in here.inner_text("main")
