"""Reading Moodle over HTTP: the demo LMS as the good one, and a site without manners."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from lti_tool.demo.lms import Course, LmsConfig, LmsState, Quiz, Role, User, create_lms
from lti_tool.demo.serving import free_port, serving
from lti_tool.lti import moodle_web_services as moodle
from lti_tool.lti.moodle_web_services import Concern, MoodleRefused, Site, State
from lti_tool.outbound import Outbound

OUTBOUND = Outbound(("127.0.0.1",))
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Lms:
    state: LmsState
    site: Site
    course: Course
    quiz: Quiz
    learner: User


@pytest.fixture
def lms() -> Iterator[Lms]:
    port = free_port()
    state = LmsState(LmsConfig(issuer=f"http://127.0.0.1:{port}", clock=lambda: NOW))
    course = state.add_course("First aid")
    learner = state.add_user("Ana", "Learner")
    state.enrol(learner, course, Role.LEARNER)
    quiz = state.add_quiz(course, "Burns & scalds", question="?", answers=["a"], right=0)
    site = Site(state.config.issuer, state.service_accounts.add())
    with serving(create_lms(state.config, state), port=port):
        yield Lms(state, site, course, quiz, learner)


@dataclass
class RudeSite:
    """Answers every request with `status` and `body`."""

    site: Site
    status: int = 200
    body: bytes = b"{}"

    def say(self, content: object) -> None:
        self.body = json.dumps(content).encode()


@pytest.fixture
def rude() -> Iterator[RudeSite]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(answers.status)
            self.send_header("Content-Length", str(len(answers.body)))
            self.end_headers()
            self.wfile.write(answers.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers = RudeSite(Site(f"http://127.0.0.1:{server.server_port}", "t0ken"))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield answers
    server.shutdown()
    thread.join()
    server.server_close()


def refusal(site: Site, course: str = "21", user: str = "2") -> MoodleRefused:
    with pytest.raises(MoodleRefused) as refused:
        moodle.completion(OUTBOUND, site, course, user)
    return refused.value


def test_a_token_of_its_own_service_lacks_nothing_and_has_nothing_to_spare(lms: Lms) -> None:
    info = moodle.site_info(OUTBOUND, lms.site)
    assert (info.missing, info.unneeded) == ((), ())
    assert info.url == lms.site.url
    assert info.release.startswith("4.5")


def test_activities_come_with_the_name_that_people_see(lms: Lms) -> None:
    lms.state.register_tool(
        initiate_login_url="", redirect_uris=[], jwks_url="", target_link_uri=""
    )
    lms.state.add_link(lms.course, "An external tool")
    (found,) = moodle.activities(OUTBOUND, lms.site, lms.course.id)
    assert (found.id, found.name, found.kind) == (int(lms.quiz.module_id), "Burns & scalds", "quiz")
    assert found.tracks_completion


def test_a_name_as_long_as_an_answer_may_be_holds_nobody_up(lms: Lms) -> None:
    """Looking for the end of each "<" would take minutes, and the whole process waits."""
    lms.state.add_quiz(lms.course, "<" * 150_000, question="Ready?", answers=["yes", "no"], right=0)
    *_, found = moodle.activities(OUTBOUND, lms.site, lms.course.id)
    assert found.name == "<" * moodle.LONGEST_NAME


def test_completion_and_grade_of_a_person_are_read(lms: Lms) -> None:
    lms.state.grade_quiz(lms.learner, lms.quiz, 82.5)
    ids = lms.course.id, lms.learner.id
    activity = int(lms.quiz.module_id)
    assert moodle.completion(OUTBOUND, lms.site, *ids)[activity].state is State.PASSED
    grade = moodle.grades(OUTBOUND, lms.site, *ids)[activity]
    assert (grade.points, grade.maximum, grade.percent) == (Decimal("82.5"), 100, Decimal("82.5"))
    assert grade.at == NOW


def test_a_hidden_grade_is_no_grade(lms: Lms) -> None:
    lms.state.grade_quiz(lms.learner, lms.quiz, 82.5, is_hidden=True)
    found = moodle.grades(OUTBOUND, lms.site, lms.course.id, lms.learner.id)
    assert found[int(lms.quiz.module_id)].points is None


@pytest.mark.parametrize(
    ("change", "code", "concern"),
    [
        ({"functions": frozenset({moodle.GRADES})}, "moodle_access", Concern.SITE),
        ({"expires": NOW}, "moodle_access", Concern.SITE),
        ({"courses": frozenset()}, "moodle_course", Concern.COURSE),
        ({"views_reports": False}, "moodle_permission", Concern.COURSE),
    ],
)
def test_a_refusal_says_what_it_is_about(
    lms: Lms, change: dict[str, object], code: str, concern: Concern
) -> None:
    lms.state.service_accounts.change(lms.site.token, **change)
    found = refusal(lms.site, lms.course.id, lms.learner.id)
    assert (found.code, found.concern) == (code, concern)


def test_a_revoked_token_and_switched_off_services_stop_the_whole_site(lms: Lms) -> None:
    lms.state.service_accounts.is_enabled = False
    assert refusal(lms.site).code == "moodle_access"
    lms.state.service_accounts.is_enabled = True
    lms.state.service_accounts.revoke(lms.site.token)
    assert refusal(lms.site).code == "moodle_token"
    assert lms.site.token not in repr(lms.site)


def test_somebody_who_left_concerns_nobody_else(lms: Lms) -> None:
    assert refusal(lms.site, lms.course.id, "99999").concern is Concern.PERSON


@pytest.mark.parametrize(("course", "user"), [("x", "2"), ("21", "ana@x"), ("21", "0"), ("", "2")])
def test_ids_that_moodle_cannot_have_given_are_not_asked_about(course: str, user: str) -> None:
    nowhere = Site("https://127.0.0.1:1", "t")
    assert refusal(nowhere, course, user).concern in {Concern.COURSE, Concern.PERSON}


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (500, b"", "moodle_unreachable"),
        (200, b"<html>", "moodle_answer"),
        (200, b"[1]", "moodle_answer"),
        (200, b"x" * (2 * 1024 * 1024), "moodle_unreachable"),
        (302, b"", "moodle_unreachable"),
        (200, b'{"exception": "x", "errorcode": "sitemaintenance"}', "moodle_busy"),
        (200, b'{"exception": "x", "errorcode": "<script>"}', "moodle_refused"),
        (200, b'{"exception": 1}', "moodle_refused"),
    ],
)
def test_any_other_answer_is_a_refusal_with_a_code(
    rude: RudeSite, status: int, body: bytes, code: str
) -> None:
    rude.status, rude.body = status, body
    found = refusal(rude.site)
    assert found.code == code
    assert "<" not in str(found.params)


def test_impossible_values_are_passed_over(rude: RudeSite) -> None:
    rude.say(
        {
            "statuses": [
                1,
                {"cmid": "7", "state": 1},
                {"cmid": 8, "state": 99},
                {"cmid": 9, "state": 1, "timecompleted": 10**300},
            ]
        }
    )
    found = moodle.completion(OUTBOUND, rude.site, "21", "2")
    assert found[9].state is State.COMPLETE
    assert found[9].at is None
    assert 8 not in found
    items = [
        {"cmid": 7, "graderaw": "NaN", "grademax": 1e308},
        {"cmid": 8, "graderaw": [], "grademin": 5, "grademax": 5},
        {"cmid": 9, "graderaw": 3, "grademax": 10, "itemnumber": 1},
        {"cmid": 9, "graderaw": 8, "grademax": 10, "itemnumber": 0},
    ]
    rude.say(
        {"usergrades": [{"userid": 2, "gradeitems": items}, {"userid": 3, "gradeitems": items[:1]}]}
    )
    grades = moodle.grades(OUTBOUND, rude.site, "21", "2")
    assert [grades[one].percent for one in (7, 8, 9)] == [None, None, 80]
    names = ["", "a\u202eb", "<b>", 7, "x" * 999]
    rude.say([None, {"modules": [{"id": 1, "name": name, "modname": "page"} for name in names]}])
    (found_activity,) = moodle.activities(OUTBOUND, rude.site, "21")
    assert len(found_activity.name) == moodle.LONGEST_NAME
