"""A micro-credential with a choice of units, as everybody sees it, on a screen and on a phone."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from badges.choices import Asked
from badges.text import Text
from lti_tool import clock
from lti_tool.demo.world import World
from lti_tool.models import Course, Person, Placement
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.courses import course_settings
from lti_tool.services.definitions import catalogue
from tests.browser import measure, teaching
from tests.browser.conftest import NewContext, Show
from tests.browser.visitors import sit
from tests.factories.awards import chosen
from tests.factories.courses import publish
from tests.factories.judgements import passing

MC = chosen(Text({"en": "Quality of the seam", "de": "Qualität der Naht"}))
NEEDED, OPTIONAL, THIRD, FOURTH, LAST = (unit.code for unit in MC.units)
EMPTY: dict[str, Any] = {"points": None, "part": None, "signed_off": False}
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 720}


def look(page: Page, show: Show, address: str, name: str) -> None:
    for language in ("en", "de"):
        page.goto(f"{address}?lang={language}")
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            show(page, f"{name} {language} {size['width']}")
            assert measure.too_wide(page) == []
            assert measure.too_small(page) == []
        assert measure.violations(page) == []


@pytest.fixture
def base(world: World, new_context: NewContext) -> tuple[Page, str, str]:
    """A learner's page, and the addresses that their pages and the teacher's share."""
    tool = world.tool
    with tool.database.transaction() as db:
        publish(db, MC, "http://localhost", clock.now())
    learner = world.people.learners[0]
    course, _ = teaching.add_course(world, "Welding by choice", [learner])
    link = world.lms.add_link(course, "My way", {"mc": MC.code}, gradable=False)
    page = new_context().context.new_page()
    teacher = sit(page, world, world.people.teacher, link)
    return page, sit(page, world, learner, link), teacher


def exact(judgement: dict[str, Any]) -> dict[str, Any]:
    points = judgement.get("points")
    return judgement | {"points": None if points is None else Decimal(str(points))}


def complete(world: World, *codes: str) -> None:
    with world.tool.database.transaction() as db:
        version = catalogue.find(db, MC.code)
        course = db.query(Course).filter_by(title="Welding by choice").one()
        person = db.query(Person).filter_by(name=world.people.learners[0].name).one()
        teacher = db.query(Person).filter_by(name=world.people.teacher.name).one()
        for code in codes:
            for each in passing(MC.unit(code)):
                judgement = Judgement(**EMPTY | {"unit": code} | exact(each))
                completions.record(
                    db,
                    person,
                    version,
                    judgement,
                    course=course,
                    assessor=teacher,
                    key=f"{code}{each}",
                    now=clock.now(),
                )


def ask(world: World, asked: Asked) -> None:
    with world.tool.database.transaction() as db:
        teacher = db.query(Person).filter_by(name=world.people.teacher.name).one()
        course = db.query(Course).filter_by(title="Welding by choice").one()
        placement = db.query(Placement).filter_by(course_id=course.id).one()
        wished = replace(course_settings.of(db, placement), asked=asked)
        course_settings.change(db, placement, wished, by=teacher, now=clock.now())


def test_learners_see_what_is_needed_and_what_they_may_choose(
    world: World, base: tuple[Page, str, str], show: Show
) -> None:
    page, learner, teacher = base
    look(page, show, f"{learner}/", "choices new")
    assert "1 of these 2 units are needed:" in read(page, f"{learner}/")
    ask(world, Asked(needed=frozenset({OPTIONAL}), left_out=frozenset({FOURTH})))
    look(page, show, f"{learner}/", "choices asked")
    asked = read(page, f"{learner}/")
    assert "not offered in this course" in asked
    assert asked.count("needed in this course") == 2  # one is named, one is all that is left
    assert "of these" not in asked
    ask(world, Asked())
    complete(world, NEEDED, THIRD)
    assert "2/3" in read(page, f"{learner}/")
    look(page, show, f"{learner}/", "choices half")
    look(page, show, f"{teacher}/course", "choices course")
    for language, words in (("en", "A: 1 of 1 by choice"), ("de", "A: 1 von 1 nach Wahl")):
        page.goto(f"{teacher}/course?lang={language}")
        expect(page.get_by_text(words)).to_be_visible()  # on a phone, with nothing unfolded
    complete(world, LAST)
    assert "everything that is needed is completed" in read(page, f"{learner}/")
    look(page, show, f"{learner}/", "choices earned")
    page.goto(f"{learner}/?lang=en")
    page.get_by_role("link", name="Claim your badge").click()
    page.get_by_role("button", name="Claim").first.click()
    look(page, show, f"{learner}/", "choices claimed")
    page.goto(f"{learner}/badge?lang=en")
    page.get_by_role("button", name="Make it public").click()
    shown = page.locator("#public a").first.get_attribute("href")
    assert shown is not None
    look(page, show, shown, "choices credential")
    assert "everything that this micro-credential asks for" in read(page, shown)
    page.goto(f"{teacher}/course?lang=en")
    page.get_by_role("link", name=world.people.learners[0].name).first.click()
    look(page, show, page.url.partition("?")[0], "choices person")
    body = MC.awarding_body.slug
    public = f"{learner.partition('/launches/')[0]}/definitions/{body}/{MC.code}/{MC.version}"
    look(page, show, public, "choices definition")
    assert "has completed every unit" not in read(page, public)


def read(page: Page, address: str) -> str:
    page.goto(f"{address}?lang=en")
    return page.locator("body").inner_text().replace("\n", " ")
