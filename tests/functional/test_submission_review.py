"""Looking at a grade from the gradebook of the LMS (Submission Review 1.0)."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from badges import samples
from badges.completion import Route
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.browser import Browser
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import PARTICIPATION, World, running
from lti_tool.models import CompletionRecord, LaunchSession, Person, ResourceLink
from lti_tool.services.courses import placements
from tests.factories import courses
from tests.factories.launches import Visitor, refusal_code, sessions_of
from tests.factories.platform import ABSENT, MEMBERSHIP
from tests.factories.visits import Page, landed

WLD = samples.welding()
SAFETY, READING, *_ = (unit.code for unit in WLD.units)
REFERENCE = f"{WLD.awarding_body.slug}/{WLD.code}"
TEACHER = {"sub": "2", "name": "Olha", "roles": [MEMBERSHIP + "Instructor"]}
UNIT = {"custom": {"mc": REFERENCE, "unit": SAFETY}}


@pytest.fixture(autouse=True)
def definition(visitor: Visitor, database: Database) -> None:
    with database.transaction() as db:
        courses.publish(db, WLD, visitor.tool_url, clock.now())


def review(for_user: object, **changes: Any) -> dict[str, Any]:
    """Return the claims by which a review differs from a learner's launch."""
    message = {"message_type": "LtiSubmissionReviewRequest", "for_user": for_user}
    return {**TEACHER, **UNIT, **message, **changes}


def column(visitor: Visitor, number: int = 5) -> dict[str, Any]:
    url = f"{visitor.platform.url}/2/lineitems/{number}/lineitem?type_id=1"
    return {"endpoint": {"scope": [], "lineitem": url}}


def open_review(visitor: Visitor, for_user: object, **changes: Any) -> Page:
    return landed(visitor.client, visitor.launch(**review(for_user, **changes)))


def records(database: Database) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalar(sa.select(sa.func.count()).select_from(CompletionRecord)) or 0


def test_a_teacher_sees_what_a_grade_rests_on_and_can_record(visitor: Visitor) -> None:
    visitor.launch(**UNIT)
    page = open_review(visitor, {"user_id": "7"})
    assert page.status == 200
    assert "Ada Lovelace" in page.text
    assert "Unit 1 of 5" in page.text
    assert "Nothing is recorded yet." in page.text
    unit = page.follow("Record a result")
    points = next(one.name for one in unit.form("record").fields if "points-" in (one.name or ""))
    unit.submit("record", **{points: "92"}, evidence="checklist of 3 March")
    again = open_review(visitor, {"user_id": "7"})
    assert "92 points" in again.text
    assert "checklist of 3 March" in again.text
    assert "Completed" in again.text
    assert again.follow("All units of Ada Lovelace").status == 200
    assert again.follow("All learners of the course").status == 200


def test_the_column_alone_says_which_unit_it_is(visitor: Visitor) -> None:
    visitor.launch(**UNIT, **column(visitor))
    page = open_review(
        visitor, {"user_id": "7"}, resource_link=ABSENT, custom=ABSENT, **column(visitor)
    )
    assert "Ada Lovelace" in page.text
    assert "Unit 1 of 5" in page.text


@pytest.mark.parametrize("context", [{"id": "course-2"}, {"id": "course-1"}])
def test_a_column_that_was_never_seen_in_that_course_says_so(
    visitor: Visitor, database: Database, context: dict[str, str]
) -> None:
    visitor.launch(**UNIT, **column(visitor))
    number = 5 if context["id"] == "course-2" else 6
    refused = visitor.launch(
        **review({"user_id": "7"}, resource_link=ABSENT, context=context, **column(visitor, number))
    )
    assert (refused.status_code, refusal_code(refused)) == (404, "unknown_activity")
    assert "nobody has opened here yet" in refused.text
    assert sessions_of(database) == 1


def test_the_column_of_the_overview_shows_all_units(visitor: Visitor) -> None:
    overview = {"custom": {"mc": REFERENCE}}
    visitor.launch(**overview)
    page = open_review(visitor, {"user_id": "7"}, **overview)
    assert "Unit by unit, and why" in page.text
    assert "Ada Lovelace" in page.text


@pytest.mark.parametrize("sub", ["8", "elsewhere"])
def test_somebody_who_was_never_in_the_course_is_said_to_be_missing(
    visitor: Visitor, sub: str
) -> None:
    visitor.launch(sub="elsewhere", context={"id": "course-9"}, resource_link={"id": "link-9"})
    page = open_review(visitor, {"user_id": sub})
    assert page.status == 200
    assert "This learner was not here yet" in page.text
    assert page.follow("All learners of the course").status == 200


def test_an_activity_without_a_unit_asks_the_teacher_first(visitor: Visitor) -> None:
    page = open_review(visitor, {"user_id": "7"}, custom=ABSENT)
    assert "What does this activity stand for?" in page.text


def test_a_learner_cannot_look_at_the_grade_of_another(
    visitor: Visitor, database: Database
) -> None:
    visitor.launch(**UNIT)
    learner = {"roles": [MEMBERSHIP + "Learner"]}
    refused = visitor.launch(**review({"user_id": "7"}, **learner, sub="8"))
    assert (refused.status_code, refusal_code(refused)) == (403, "for_user_foreign")
    assert sessions_of(database) == 1
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Person.sub)).all() == ["7"]


def test_a_learner_who_looks_at_the_own_grade_sees_the_own_unit(visitor: Visitor) -> None:
    page = open_review(
        visitor, {"user_id": "7"}, roles=[MEMBERSHIP + "Learner"], sub="7", name="Ada Lovelace"
    )
    assert "Unit 1 of 5" in page.text
    assert "Your way to the badge" in page.text


def test_a_click_on_ones_grade_completes_no_unlocked_unit(
    visitor: Visitor, database: Database
) -> None:
    visitor.launch(**TEACHER, **UNIT)
    with database.transaction() as db:
        link = db.scalars(sa.select(ResourceLink)).one()
        assert link.placement is not None
        placements.set_route(
            db, link.placement, SAFETY, Route.UNLOCKED, "quiz", actor="test", now=clock.now()
        )
    own = {"roles": [MEMBERSHIP + "Learner"], "sub": "7"}
    visitor.launch(**review({"user_id": "7"}, **own))
    assert records(database) == 0
    visitor.launch(**UNIT)
    assert records(database) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"for_user": ABSENT}, "for_user_missing"),
        ({"for_user": {}}, "for_user_missing"),
        ({"for_user": {"user_id": 7}}, "for_user_malformed"),
        ({"for_user": {"user_id": ""}}, "for_user_missing"),
        ({"for_user": "7"}, "for_user_malformed"),
        ({"resource_link": ABSENT}, "resource_link_missing"),
        ({"resource_link": {"title": "no id"}}, "resource_link_missing"),
    ],
)
def test_a_review_that_names_nobody_or_nothing_is_refused(
    visitor: Visitor, database: Database, changes: dict[str, Any], code: str
) -> None:
    refused = visitor.launch(**review(**{"for_user": {"user_id": "7"}, **changes}))
    assert refusal_code(refused) == code
    assert sessions_of(database) == 0


def test_an_ordinary_visit_has_the_course_instead(visitor: Visitor) -> None:
    page = landed(visitor.client, visitor.launch(**TEACHER, **UNIT))
    assert "Learners and units" in page.visit.get("course/review").text


def test_the_visit_of_a_review_knows_whom_it_is_about(visitor: Visitor, database: Database) -> None:
    visitor.launch(**UNIT)
    open_review(visitor, {"user_id": "7"})
    with database.transaction(read_only=True) as db:
        session = db.scalars(sa.select(LaunchSession).filter_by(is_review=True)).one()
        assert session.about is not None
        assert (session.about.sub, session.person.sub) == ("7", "2")


class TestFromTheGradebookOfTheDemoLms:
    """As on Moodle 4.5: any activity, declared or not, and any `user` in the address."""

    @pytest.fixture
    def world(self, tmp_path: Any) -> Iterator[World]:
        with running(tmp_path, tool_port=free_port(), lms_port=free_port(), worker=False) as made:
            yield made

    def test_a_click_on_a_grade_leads_to_the_learners_unit(self, world: World) -> None:
        ana = world.people.learners[0]
        link = world.links[PARTICIPATION]
        with Browser(world.lms_url) as learner:
            learner.launch(link.id, ana.id)
        with Browser(world.lms_url) as teacher:
            teacher.login(world.people.teacher.id)
            teacher.get(f"{world.lms_url}/lms/course/{world.course.id}/grades")
            teacher.follow(f"/lms/review/{link.id}?user={ana.id}")
            page = teacher.settle()
            assert page.status == 200, page.text
            assert ana.name in page.text
            assert "Unit 2 of 5" in page.text

    def test_a_forged_address_shows_a_learner_nothing_of_another(self, world: World) -> None:
        ana, ben = world.people.learners[:2]
        link = world.links[PARTICIPATION]
        with Browser(world.lms_url) as browser:
            browser.launch(link.id, ana.id)
            browser.login(ben.id)
            browser.get(f"{world.lms_url}/lms/review/{link.id}?user={ana.id}")
            page = browser.settle()
            assert page.status == 403
            assert "You can look at your own results only." in page.text
            assert ana.name not in page.text
