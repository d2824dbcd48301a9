"""The LMS's own web services over REST, as Moodle 4.5 answers them: a tool's reading side of it.

Every refusal is a 200 with `exception`, `errorcode` and `message`; parameters are checked as
literally as Moodle does.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from .failing import may_fail
from .faults import Endpoint
from .records import Course, Quiz, Role, User
from .service_accounts import ServiceAccount
from .visits import lms

bp = Blueprint("web_services", __name__)

OPTION = re.compile(r"options\[\d+\]\[(name|value)\]")
INTEGER = re.compile(r"-?\d{1,18}")


class Refused(Exception):
    """What Moodle says instead of an answer."""

    def __init__(self, kind: str, errorcode: str, message: str) -> None:
        super().__init__(message)
        self.content = {"exception": kind, "errorcode": errorcode, "message": message}


@dataclass(frozen=True, slots=True)
class Function:
    """`params`: the integers it needs; `work(account, values)` answers."""

    params: tuple[str, ...]
    takes_options: bool
    work: Callable[[ServiceAccount, Mapping[str, str]], object]


@bp.route("/webservice/rest/server.php", methods=["GET", "POST"])
def serve() -> Response:
    return may_fail(Endpoint.WEB_SERVICES, _answer)


def _answer() -> Response:
    if not lms().service_accounts.is_enabled:
        return Response(status=403)
    sent = {**request.args, **request.form}
    as_json = sent.pop("moodlewsrestformat", "xml") == "json"
    try:
        content = _call(sent)
    except Refused as refused:
        content = refused.content
    return jsonify(content) if as_json else _as_xml(content)


def _call(sent: dict[str, str]) -> object:
    account = _account(sent.pop("wstoken", ""))
    name = sent.pop("wsfunction", "")
    if name not in account.functions:
        raise _no_access()
    if name not in FUNCTIONS:
        raise _moodle("invalidrecord", f"Can't find data record in database. ({name})")
    function = FUNCTIONS[name]
    return function.work(account, _checked(function, sent))


def _account(token: str) -> ServiceAccount:
    found = lms().service_accounts.find(token)
    if found is None:
        raise _moodle("invalidtoken", "Invalid token - token not found")
    if found.expires and found.expires <= lms().config.clock():
        raise _no_access()
    return found


def _checked(function: Function, sent: Mapping[str, str]) -> Mapping[str, str]:
    for name in sent:
        is_option = function.takes_options and OPTION.fullmatch(name)
        if name not in function.params and not is_option:
            raise _invalid(f"Unexpected keys ({name}) detected in parameter array.")
    for name in function.params:
        if name not in sent:
            raise _invalid(f"Missing required key in single structure: {name}")
        if not INTEGER.fullmatch(sent[name]):
            raise _invalid(f"Invalid external api parameter: the value is {sent[name]!r}")
    return sent


def _site_info(account: ServiceAccount, _: Mapping[str, str]) -> object:
    return {
        "sitename": lms().config.name,
        "username": "reader",
        "firstname": "Web",
        "lastname": "Service",
        "fullname": "Web Service",
        "lang": lms().config.locale,
        "userid": 1,
        "siteurl": lms().config.issuer,
        "functions": [
            {"name": name, "version": "2024100706"} for name in sorted(account.functions)
        ],
        "release": "4.5.6 (Build: 20250811)",
        "version": "2024100706",
    }


def _contents(account: ServiceAccount, sent: Mapping[str, str]) -> object:
    course = _course(account, sent["courseid"])
    modules = [_quiz_module(quiz) for quiz in lms().quizzes(course)]
    modules += [
        {
            "id": int(link.module_id),
            "name": escape(link.title),
            "instance": int(link.id),
            "modname": "lti",
            "modplural": "External tools",
            "visible": 1,
            "uservisible": True,
            "completion": 0,
        }
        for link in lms().links(course)
    ]
    return [{"id": 1, "name": "General", "section": 0, "visible": 1, "modules": modules}]


def _quiz_module(quiz: Quiz) -> dict[str, Any]:
    return {
        "id": int(quiz.module_id),
        "name": escape(quiz.title),
        "instance": int(quiz.id),
        "modname": "quiz",
        "modplural": "Quizzes",
        "visible": 1,
        "uservisible": True,
        "completion": 2,
    }


def _completion(account: ServiceAccount, sent: Mapping[str, str]) -> object:
    course, user = _report(account, sent)
    statuses = []
    for quiz in lms().quizzes(course):
        graded = lms().quiz_grade(user, quiz)
        passed = graded is not None and graded.points >= quiz.pass_mark
        statuses.append(
            {
                "cmid": int(quiz.module_id),
                "modname": "quiz",
                "instance": int(quiz.id),
                "state": 0 if graded is None else 2 if passed else 3,
                "timecompleted": 0 if graded is None else int(graded.at.timestamp()),
                "tracking": 2,
                "overrideby": None,
                "valueused": True,
                "hascompletion": True,
                "isautomatic": True,
                "istrackeduser": True,
                "uservisible": True,
                "details": [],
            }
        )
    return {"statuses": statuses, "warnings": []}


def _grades(account: ServiceAccount, sent: Mapping[str, str]) -> object:
    course, user = _report(account, sent)
    items: list[dict[str, Any]] = [
        _grade_item(user, quiz, number) for number, quiz in enumerate(lms().quizzes(course), 1)
    ]
    total = {"id": 900, "itemname": None, "itemtype": "course", "itemnumber": 0, "graderaw": None}
    person = {
        "courseid": int(course.id),
        "courseidnumber": "",
        "userid": int(user.id),
        "userfullname": user.name,
        "useridnumber": "",
        "maxdepth": 2,
        "gradeitems": [*items, total],
    }
    return {"usergrades": [person], "warnings": []}


def _grade_item(user: User, quiz: Quiz, number: int) -> dict[str, Any]:
    graded = lms().quiz_grade(user, quiz)
    return {
        "id": number,
        "itemname": escape(quiz.title),
        "itemtype": "mod",
        "itemmodule": "quiz",
        "iteminstance": int(quiz.id),
        "itemnumber": 0,
        "cmid": int(quiz.module_id),
        "graderaw": graded.points if graded else None,
        "gradedategraded": int(graded.at.timestamp()) if graded else None,
        "gradehiddenbydate": False,
        "gradeishidden": bool(graded and graded.is_hidden),
        "grademin": 0,
        "grademax": quiz.maximum,
        "feedback": "",
    }


def _report(account: ServiceAccount, sent: Mapping[str, str]) -> tuple[Course, User]:
    course = _course(account, sent["courseid"])
    try:
        user = lms().user(sent["userid"])
    except KeyError:
        raise _moodle("invaliduser", "Invalid user") from None
    if not account.views_reports:
        kind = "required_capability_exception"
        raise Refused(kind, "nopermissions", "Sorry, but you do not currently have permissions")
    if lms().role(user, course) is not Role.LEARNER:
        raise _moodle("usernotenroled", "User is not enrolled")
    return course, user


def _course(account: ServiceAccount, course_id: str) -> Course:
    try:
        course = lms().course(course_id)
    except KeyError:
        raise _moodle("invalidcourseid", "You are trying to use an invalid course ID") from None
    if account.courses is not None and course_id not in account.courses:
        message = "Course or activity not accessible. (Not enrolled)"
        raise Refused("require_login_exception", "requireloginerror", message)
    return course


def _moodle(errorcode: str, message: str) -> Refused:
    return Refused("core\\exception\\moodle_exception", errorcode, message)


def _no_access() -> Refused:
    return Refused("webservice_access_exception", "accessexception", "Access control exception")


def _invalid(message: str) -> Refused:
    kind = "core\\exception\\invalid_parameter_exception"
    return Refused(kind, "invalidparameter", f"Invalid parameter value detected ({message})")


def _as_xml(content: object) -> Response:
    """Only that it is XML matters: who forgets to ask for JSON shall notice."""
    body = f'<?xml version="1.0" encoding="UTF-8" ?>\n<RESPONSE>{escape(str(content))}</RESPONSE>'
    return Response(body, content_type="application/xml; charset=utf-8")


FUNCTIONS = {
    "core_webservice_get_site_info": Function((), False, _site_info),
    "core_course_get_contents": Function(("courseid",), True, _contents),
    "core_completion_get_activities_completion_status": Function(
        ("courseid", "userid"), False, _completion
    ),
    "gradereport_user_get_grade_items": Function(("courseid", "userid"), False, _grades),
}
