"""Two assessors, a result in part, and what may be appealed: every page of it, on a phone too."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from badges.rules import SignOffs
from badges.text import Text
from lti_tool import clock
from lti_tool.demo.world import World
from lti_tool.models import Placement
from lti_tool.services.definitions import catalogue
from lti_tool.services.staff.accounts import Role
from tests.browser import operating, teaching
from tests.browser.chromium import PHONE
from tests.browser.conftest import NewContext, Show
from tests.browser.teaching import ASSESSED_UNIT
from tests.browser.test_operating import check
from tests.browser.test_prior_learning import choose
from tests.browser.visitors import sit
from tests.factories import files

NOT_HERE = {"en": "You show us yourself that you work safely.", "de": "Das zeigen Sie uns selbst."}


@pytest.fixture
def strict(world: World) -> World:
    """A world whose unit takes two assessors, and another unit cannot be recognised at all."""
    units = []
    for unit in world.mc.units:
        if unit.code == ASSESSED_UNIT:
            units.append(replace(unit, rule=SignOffs(Text({"en": "It was done."}), 2)))
        elif unit is world.mc.units[0]:
            units.append(replace(unit, no_prior_learning=Text(NOT_HERE)))
        else:
            units.append(unit)
    stricter = replace(world.mc, version="9", units=tuple(units))
    with world.tool.database.transaction() as db:
        url = world.tool.settings.public_url
        version, _ = catalogue.publish(db, stricter, public_url=url, now=clock.now())
        db.execute(sa.update(Placement).values(version_id=version.id))
    return world


def test_what_two_assessors_recognise_in_part_is_appealed_and_corrected(
    strict: World, new_context: NewContext, show: Show
) -> None:
    page = new_context(**PHONE).context.new_page()
    learner = strict.people.learners[0]
    base = sit(page, strict, learner, strict.links[ASSESSED_UNIT])

    def look(name: str, path: str = f"prior-learning/{ASSESSED_UNIT}") -> None:
        for language in ("de", "en"):
            page.goto(f"{base}/{path}?lang={language}")
            check(page, f"appeals {name} {language}", show)

    def assessor(name: str) -> Page:
        own = new_context().context.new_page()
        slug = strict.mc.awarding_body.slug
        operating.come_in(strict, own, operating.add_account(strict, name, Role.ASSESSOR, slug))
        own.get_by_role("link", name="Go on without").click()
        return own

    look("advice", "prior-learning")
    expect(page.get_by_text(NOT_HERE["en"])).to_be_visible()
    page.goto(f"{base}/prior-learning/{ASSESSED_UNIT}")
    page.get_by_label("I can do it", exact=True).nth(0).check()
    page.get_by_label("I can do it partly").nth(1).check()
    page.get_by_label("I cannot do it yet").nth(2).check()
    whole = page.get_by_role("group", name="Evidence for the whole unit")
    whole.get_by_label("What you did, where and when").fill("Five years at a dockyard.")
    choose(whole, "certificate.jpg", files.photo(size=(600, 400)))
    page.get_by_role("button", name="Keep as a draft").tap()
    expect(page.get_by_text("its files are deleted on")).to_be_visible()
    look("draft")
    page.get_by_role("button", name="Hand in").tap()
    asta, berta = assessor("Asta"), assessor("Berta")
    judge(asta, "Recognised", "Not recognised", look_as=("first judge", show))
    look("half judged")
    judge(berta, "Recognised", "Not recognised")
    look("in part")
    expect(page.get_by_text("1 of 3 learning outcomes are recognised")).to_be_visible()
    appeal(page, "It is the same process.")
    look("nobody to judge the appeal")
    for name in ("Carla", "Dora"):
        judge(assessor(name), "Not recognised", look_as=(f"appeal {name}", show))
    look("appeal answered")
    expect(page.get_by_text("the same judgement cannot be appealed twice")).to_be_visible()
    asta.get_by_role("link", name="Prior learning").first.click()
    asta.locator("main a[href$='/correct']").first.click()
    expect(asta.get_by_role("link", name="certificate.jpg")).to_be_visible()
    for language in ("de", "en"):
        asta.goto(f"{asta.url.partition('?')[0]}?lang={language}")
        check(asta, f"appeals correction {language}", show)
    asta.get_by_label("I take it back: not recognised").check()
    asta.get_by_label("Reason for the correction").fill("I took one for another.")
    asta.get_by_role("button", name="Record the correction").click()
    look("corrected")
    expect(page.get_by_text("This time it is about:")).to_be_attached()
    appeal(page, "It was recognised before.")
    look("appealed again")
    teacher = new_context().context.new_page()
    course = sit(teacher, strict, strict.people.teacher, strict.overview)
    path = f"course/people/{teaching.person_id(strict, learner)}"
    for language in ("de", "en"):
        teacher.goto(f"{course}/{path}?lang={language}")
        check(teacher, f"appeals teacher {language}", show)
    expect(teacher.get_by_text("a record was taken back")).to_be_visible()
    expect(teacher.get_by_text("by Berta")).to_have_count(0)  # one of two recognises nothing


def appeal(page: Page, reason: str) -> None:
    page.get_by_text("Ask for another assessor").first.tap()
    page.get_by_label("Why you see it otherwise").fill(reason)
    page.get_by_role("button", name="Ask for another assessor").tap()
    expect(page.get_by_role("status")).to_contain_text("Your appeal is handed in")


def judge(page: Page, *verdicts: str, look_as: tuple[str, Show] | None = None) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Prior learning").click()
    page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    for language in ("de", "en") if look_as else ():
        page.goto(f"{page.url.partition('?')[0]}?lang={language}")
        check(page, f"appeals {look_as[0]} {language}", look_as[1])
    groups = page.get_by_role("group", name="Your judgement").all()
    for group, verdict in zip(groups, verdicts, strict=True):
        group.get_by_label(verdict, exact=True).check()
    for field in page.get_by_role("textbox", name="Reason").all():
        field.fill("As the certificate says.")
    page.get_by_label("I do not teach this learner").check()
    page.get_by_role("button", name="Record the judgement").click()
    expect(page.get_by_role("status")).to_contain_text("Your judgement is recorded")
