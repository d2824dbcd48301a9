"""Credlet launched from Open edX, and its scores in Open edX's gradebook: a platform by others."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from badges import samples
from badges.rules import PointsAtLeast
from lti_tool import clock, worker
from lti_tool.demo.browser import Browser, Page
from lti_tool.demo.serving import free_port
from lti_tool.lti import grades
from lti_tool.lti.grades import LineItem
from lti_tool.models import (
    CompletionRecord,
    CourseMember,
    Delivery,
    LaunchSession,
    ResourceLink,
)
from lti_tool.models import Course as LmsCourse
from lti_tool.services import organisations
from lti_tool.services.connections import platforms
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.lms import columns
from lti_tool.services.lms.columns import Repair
from lti_tool.tool import Tool as Credlet
from tests.conftest import RunningTool
from tests.factories.courses import School
from tests.peers.openedx_process import VENV, Link, OpenEdx, Tool

LINK = "unit-1"
BARE = "unit-2"  # without a line item until a tool makes one
LAUNCH_FORM = "lti-launch"  # Open edX's page that posts itself to the tool
DELIVERY_SECONDS = 20
WLD = samples.welding()
UNIT = WLD.units[0]
MAXIMUM = 100

pytestmark = pytest.mark.timeout(600)  # the first run installs the platform


@dataclass(slots=True)
class Course:
    """Open edX with one link to a unit that points complete, and the tool that serves it."""

    lms: OpenEdx
    url: str
    tool: Credlet
    school: School

    def launch_form(self, user: str, role: str) -> tuple[Browser, Page]:
        """Click on the link; end on the page that posts the id_token."""
        browser = Browser()
        return browser, browser.get(self.lms.launch_url(user, role, LINK))

    def launch(self, user: str, role: str = "student", link: str = LINK) -> Page:
        browser = Browser()
        browser.get(self.lms.launch_url(user, role, link))
        return browser.submit(LAUNCH_FORM)

    def record(self, user: str, points: int) -> uuid.UUID:
        """Assess as the teacher who launched, and let the worker deliver the score."""
        self.school.now = clock.now()
        record = self.school.assess(
            self._teacher_launch(), self.sub(user), WLD.code, UNIT.code, points=points
        )
        self.deliver()
        return record

    def retract(self, record: uuid.UUID) -> None:
        self.school.now = clock.now()
        self.school.retract(self._teacher_launch(), record)
        self.deliver()

    def deliver(self) -> None:
        """Work until nothing waits: the second score of a second waits for the clock."""
        deadline = time.monotonic() + DELIVERY_SECONDS
        while time.monotonic() < deadline:
            worker.drain(self.tool)
            with self.tool.database.transaction(read_only=True) as db:
                if db.query(Delivery).filter_by(state="pending").count() == 0:
                    return
            time.sleep(0.1)
        raise AssertionError([(row.state, row.failure) for row in self.deliveries()])

    def deliveries(self) -> list[Delivery]:
        with self.tool.database.transaction(read_only=True) as db:
            return db.query(Delivery).order_by(Delivery.created_at, Delivery.sequence).all()

    def sub(self, user: str) -> str:
        return self.lms.platform.users[user]

    def grade(self, user: str) -> tuple[float, float, int]:
        """Return score, maximum and how often it was written."""
        grade = self.lms.gradebook()[LINK]["grades"][user]
        return grade["score"], grade["maximum"], grade["writes"]

    def score(self, user: str) -> dict[str, object]:
        """Return what the platform's AGS stored last."""
        stored: dict[str, object] = self.lms.gradebook()[LINK]["scores"][user]
        return stored

    def line_item(self) -> LineItem:
        with self.tool.database.transaction(read_only=True) as db:
            link = db.query(ResourceLink).one()
            assert link.line_item_url is not None
            scopes = frozenset((link.line_item_scopes or "").split())
            return LineItem(link.registration_id, link.line_item_url, scopes)

    def result(self, user: str) -> grades.Result | None:
        return grades.read_result(
            self.tool.database,
            self.tool.outbound,
            self.tool.encryption,
            self.line_item(),
            self.sub(user),
            clock.now(),
        )

    def _teacher_launch(self) -> uuid.UUID:
        with self.tool.database.transaction(read_only=True) as db:
            launch = db.query(LaunchSession).filter_by(is_teacher=True).first()
        if launch is None:
            self.launch("tea", role="staff")
            return self._teacher_launch()
        return launch.id


@pytest.fixture(scope="module")
def lms() -> Iterator[OpenEdx]:
    with OpenEdx(VENV, free_port()) as running:
        yield running


@pytest.fixture
def course(lms: OpenEdx, running_tool: RunningTool) -> Course:
    """The platform's course, entered anew: no grades, nobody known to the tool."""
    tool: Credlet = running_tool.app.extensions["credlet"]
    school = School(tool.database, clock.now(), _register(tool, lms), tool.encryption)
    school.publish(WLD)
    base = f"{running_tool.url}/lti/{school.registration_id}"
    link = Link(UNIT.title.best("en"), MAXIMUM, {"mc": WLD.code, "unit": UNIT.code})
    links = {LINK: link, BARE: replace(link, ags="programmatic")}
    lms.enter(Tool(f"{base}/login", f"{base}/launch", f"{base}/jwks", f"{base}/launch", links))
    return Course(lms, running_tool.url, tool, school)


def _register(tool: Credlet, lms: OpenEdx) -> uuid.UUID:
    platform = lms.platform
    details = PlatformDetails(
        name="Open edX",
        issuer=platform.issuer,
        client_id=platform.client_id,
        auth_login_url=platform.auth_url,
        auth_token_url=platform.token_url,
        key_set_url=platform.jwks_url,
        deployment_ids=[platform.deployment_id],
    )
    now = clock.now()
    with tool.database.transaction() as db:
        body = organisations.get_or_add_organisation(db, "school", "School", "DE", now)
        return platforms.add(db, body, details, allow_http=True, now=now).id


def test_the_unit_of_the_link_is_completed_by_points() -> None:
    assert isinstance(UNIT.rule, PointsAtLeast)
    assert int(UNIT.rule.maximum) == MAXIMUM


def test_a_learner_arrives_at_the_unit(course: Course) -> None:
    page = course.launch("ana")
    assert page.status == 200, page.text
    assert page.url.startswith(course.url)
    assert UNIT.title.best("en") in page.text
    with course.tool.database.transaction(read_only=True) as db:
        launch = db.query(LaunchSession).one()
        assert launch.person.sub == course.sub("ana")
        assert launch.person.name == "Ana Lindqvist"
        assert launch.link.unit_code == UNIT.code
        assert not launch.is_teacher


def test_a_learner_whose_name_is_not_shared_arrives_too(course: Course) -> None:
    page = course.launch("ben")
    assert page.status == 200
    assert UNIT.title.best("en") in page.text


def test_a_teacher_sees_who_launched(course: Course) -> None:
    course.launch("ana")
    page = course.launch("tea", role="staff")
    assert page.status == 200
    assert "Ana Lindqvist" in page.text


def test_a_launch_posted_twice_is_refused(course: Course) -> None:
    browser, form = course.launch_form("ana", "student")
    assert browser.submit(LAUNCH_FORM).status == 200
    browser.get(form.url)  # the platform's page again, with a state that was used
    assert browser.submit(LAUNCH_FORM).status in range(400, 500)


def test_a_completed_unit_is_graded_once(course: Course) -> None:
    course.launch("ana")
    course.record("ana", MAXIMUM)
    course.deliver()
    assert course.grade("ana") == (MAXIMUM, MAXIMUM, 1)
    score = course.score("ana")
    assert (score["activity_progress"], score["grading_progress"]) == ("Completed", "FullyGraded")
    assert [row.state for row in course.deliveries()] == ["delivered"]


def test_a_later_mark_replaces_the_grade(course: Course) -> None:
    course.launch("ben")
    course.record("ben", MAXIMUM)
    course.record("ben", MAXIMUM - 1)
    assert course.grade("ben") == (MAXIMUM - 1, MAXIMUM, 2)


def test_a_retraction_takes_the_score_back(course: Course) -> None:
    """Open edX drops the result, but goes on showing the last grade to people: its own limit."""
    course.launch("cho")
    course.retract(course.record("cho", MAXIMUM))
    assert course.score("cho")["score_given"] is None
    assert course.grade("cho") == (MAXIMUM, MAXIMUM, 1)
    assert [row.state for row in course.deliveries()] == ["delivered", "delivered"]


def test_a_score_that_is_there_already_is_not_written_again(course: Course) -> None:
    """Open edX says so with 400, not with 409."""
    course.launch("ana")
    course.launch("ben")
    course.record("ben", MAXIMUM - 7)  # its results are everybody's, whoever is asked for
    course.record("ana", MAXIMUM - 5)
    with course.tool.database.transaction() as db:
        row = db.query(Delivery).order_by(Delivery.created_at.desc()).first()
        assert row is not None
        row.state, row.finished_at = "pending", None  # as if the worker had died with the answer
    course.deliver()
    assert course.grade("ana") == (MAXIMUM - 5, MAXIMUM, 1)
    assert [row.state for row in course.deliveries()] == ["delivered", "delivered"]
    assert [row.attempts for row in course.deliveries()] == [1, 2]


def test_each_persons_own_result_is_read(course: Course) -> None:
    course.launch("ana")
    course.launch("ben")
    course.launch("cho")
    course.record("ana", MAXIMUM - 5)
    course.record("ben", MAXIMUM - 7)
    for user, points in (("ana", MAXIMUM - 5), ("ben", MAXIMUM - 7)):
        result = course.result(user)
        assert result is not None
        assert (result.score, result.maximum) == (points, MAXIMUM)
    assert course.result("cho") is None


def test_time_stamps_are_stored_as_they_were_sent(course: Course) -> None:
    course.launch("ana")
    record = course.record("ana", MAXIMUM)
    (row,) = course.deliveries()
    stored = datetime.fromisoformat(str(course.score("ana")["timestamp"]))
    assert stored.astimezone(UTC) == row.sent_timestamp
    with course.tool.database.transaction(read_only=True) as db:
        recorded = db.get_one(CompletionRecord, record).recorded_at
    assert row.sent_timestamp is not None
    assert abs((row.sent_timestamp - recorded).total_seconds()) < 5


def test_a_result_that_did_not_come_from_here_completes_the_unit(course: Course) -> None:
    """Read whole, as the platform sends it; what was sent from here is no judgement."""
    course.launch("ana")
    course.launch("ben")
    course.record("ben", MAXIMUM - 7)
    foreign = grades.Score(
        user_id=course.sub("ana"),
        timestamp=clock.now().replace(microsecond=0),
        points=Decimal(90),
        maximum=Decimal(MAXIMUM),
    )
    tool = course.tool
    sent = grades.send_score(
        tool.database, tool.outbound, tool.encryption, course.line_item(), foreign, clock.now()
    )
    assert sent.kind is grades.OutcomeKind.DELIVERED
    with tool.database.transaction() as db:
        row = db.query(ResourceLink).one()
        row.results_wanted_at = clock.now()
    worker.drain(tool)
    with tool.database.transaction(read_only=True) as db:
        records = db.query(CompletionRecord).order_by(CompletionRecord.recorded_at).all()
        found = [(row.person.sub, row.route, row.points) for row in records]
        assert db.query(ResourceLink).one().results_failure is None
    assert found == [
        (course.sub("ben"), "assessed", MAXIMUM - 7),
        (course.sub("ana"), "graded", 90),
    ]


def test_the_roster_names_learners_who_never_launched(course: Course) -> None:
    course.launch("tea", role="staff")
    worker.drain(course.tool)
    with course.tool.database.transaction(read_only=True) as db:
        found = db.query(LmsCourse).one()
        assert (found.roster_failure, found.roster_read_at is None) == (None, False)
        waiting = db.query(CourseMember).filter_by(has_launched=False)
        assert {row.person.sub for row in waiting} == {
            course.sub(name) for name in ("ana", "ben", "cho")
        }


def test_a_line_item_is_made_found_again_and_filled(course: Course) -> None:
    course.launch("ana", link=BARE)
    with course.tool.database.transaction(read_only=True) as db:
        link = db.query(ResourceLink).one()
        assert link.line_item_url is None
    course.record("ana", MAXIMUM - 4)
    courier = worker.courier(course.tool)
    made = columns.repair(courier, link.id, "Safety", "person:tea")
    assert made.repair is Repair.MADE, made
    course.deliver()
    stored = course.lms.gradebook()[BARE]["scores"]["ana"]
    assert (stored["score_given"], stored["score_maximum"]) == (MAXIMUM - 4, MAXIMUM)
    assert columns.repair(courier, link.id, "Safety", "person:tea").repair is Repair.PRESENT
    with course.tool.database.transaction() as db:
        row = db.get_one(ResourceLink, link.id)
        row.line_item_url = row.own_line_item_url = None
    assert columns.repair(courier, link.id, "Safety", "person:tea").repair is Repair.FOUND


def test_selected_content_is_stored_and_each_item_opens_its_unit(course: Course) -> None:
    """One request, one signed answer that another's code verifies, and a launch of what it kept."""
    browser = Browser()
    browser.get(course.lms.select_url("tea", "staff", LINK))
    browser.submit(LAUNCH_FORM)
    browser.follow(WLD.title.best("en"))
    browser.submit("select", {"columns": "units"})
    answer = browser.submit("answer")
    assert answer.status == 200, answer.text
    stored = course.lms.content(LINK)
    overview, *units = stored.values()
    assert overview["custom"]["mc"] == f"{WLD.awarding_body.slug}/{WLD.code}"
    assert "unit" not in overview["custom"]
    assert [item["custom"]["unit"] for item in units] == [unit.code for unit in WLD.units]
    assert [item["lineItem"]["scoreMaximum"] for item in units] == [MAXIMUM] * len(units)
    third = list(stored)[3]
    browser.get(f"{course.lms.launch_url('ana', 'student', LINK)}&item={third}")
    page = browser.submit(LAUNCH_FORM)
    assert page.status == 200
    assert WLD.units[2].title.best("en") in page.text
    with course.tool.database.transaction(read_only=True) as db:
        assert db.query(ResourceLink).one().unit_code == WLD.units[2].code


def test_cancelling_stores_nothing(course: Course) -> None:
    browser = Browser()
    browser.get(course.lms.select_url("tea", "staff", LINK))
    browser.submit(LAUNCH_FORM)
    browser.submit("cancel")
    assert browser.submit("answer").status == 200
    assert course.lms.content(LINK) == {}
