"""The LMS's own web services: what they tell, and how literally they refuse."""

from datetime import timedelta
from typing import Any

import pytest

from lti_tool.demo.lms import Endpoint, Fault, Quiz

from .world import World

SERVER = "/webservice/rest/server.php"
COMPLETION = "core_completion_get_activities_completion_status"
GRADES = "gradereport_user_get_grade_items"
CONTENTS = "core_course_get_contents"


@pytest.fixture
def quiz(world: World) -> Quiz:
    return world.state.add_quiz(
        world.course, "Burns & scalds", question="?", answers=["a", "b"], right=1
    )


@pytest.fixture
def token(world: World) -> str:
    return world.state.service_accounts.add()


def call(world: World, token: str, function: str, **params: Any) -> Any:
    sent = {"wstoken": token, "wsfunction": function, "moodlewsrestformat": "json", **params}
    answer = world.app.test_client().post(SERVER, data=sent)
    assert answer.status_code == 200
    return answer.json


def person(world: World) -> dict[str, str]:
    return {"courseid": world.course.id, "userid": world.people.learners[0].id}


def test_the_site_says_what_the_token_may_call(world: World, token: str) -> None:
    info = call(world, token, "core_webservice_get_site_info")
    assert info["siteurl"] == world.config.issuer
    assert len(info["functions"]) == 4


def test_contents_name_the_quiz_by_its_module_and_escape_its_title(
    world: World, token: str, quiz: Quiz
) -> None:
    (section,) = call(world, token, CONTENTS, courseid=world.course.id)
    (found,) = [one for one in section["modules"] if one["modname"] == "quiz"]
    assert (found["id"], found["name"]) == (int(quiz.module_id), "Burns &amp; scalds")
    assert {one["modname"] for one in section["modules"]} == {"quiz", "lti"}


@pytest.mark.parametrize(("points", "state"), [(None, 0), (20, 3), (80, 2)])
def test_completion_follows_the_grade_of_the_quiz(
    world: World, token: str, quiz: Quiz, points: float | None, state: int
) -> None:
    world.state.grade_quiz(world.people.learners[0], quiz, points)
    (status,) = call(world, token, COMPLETION, **person(world))["statuses"]
    assert (status["cmid"], status["state"]) == (int(quiz.module_id), state)
    (grades,) = call(world, token, GRADES, **person(world))["usergrades"]
    assert grades["gradeitems"][0]["graderaw"] == points


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"courseid": "21"}, "Missing required key"),
        ({"courseid": "21", "userid": "x"}, "Invalid external api parameter"),
        ({"courseid": "21", "userid": "4", "more": "1"}, "Unexpected keys"),
    ],
)
def test_parameters_are_taken_literally(
    world: World, token: str, params: dict[str, str], said: str
) -> None:
    refused = call(world, token, COMPLETION, **params)
    assert refused["errorcode"] == "invalidparameter"
    assert said in refused["message"]


def test_refusals_are_told_as_exceptions_in_a_good_answer(world: World, token: str) -> None:
    accounts = world.state.service_accounts
    asked = person(world)
    teacher = {**asked, "userid": world.people.teacher.id}
    assert call(world, "none", COMPLETION, **asked)["errorcode"] == "invalidtoken"
    assert call(world, token, COMPLETION, **teacher)["errorcode"] == "usernotenroled"
    nobody = {**asked, "userid": "999999"}
    assert call(world, token, GRADES, **nobody)["errorcode"] == "invaliduser"
    nowhere = {**asked, "courseid": "999999"}
    assert call(world, token, GRADES, **nowhere)["errorcode"] == "invalidcourseid"
    accounts.change(token, views_reports=False)
    assert call(world, token, GRADES, **asked)["errorcode"] == "nopermissions"
    accounts.change(token, courses=frozenset())
    assert call(world, token, GRADES, **asked)["errorcode"] == "requireloginerror"
    accounts.change(token, functions=frozenset({COMPLETION}))
    assert call(world, token, GRADES, **asked)["errorcode"] == "accessexception"
    accounts.change(token, expires=world.now - timedelta(days=1))
    assert call(world, token, COMPLETION, **asked)["errorcode"] == "accessexception"


def test_who_does_not_ask_for_json_gets_xml(world: World, token: str) -> None:
    sent = {"wstoken": token, "wsfunction": "core_webservice_get_site_info"}
    answer = world.app.test_client().post(SERVER, data=sent)
    assert answer.content_type.startswith("application/xml")


def test_switched_off_and_broken_services_say_so_by_status(world: World, token: str) -> None:
    world.state.faults.add(Endpoint.WEB_SERVICES, Fault(status=503))
    client = world.app.test_client()
    assert client.post(SERVER).status_code == 503
    world.state.service_accounts.is_enabled = False
    assert client.post(SERVER).status_code == 403
