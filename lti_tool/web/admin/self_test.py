"""The self-test for administrators: a page that is written while the test runs.

Each line appears when it is known. Nothing is held meanwhile: the transaction that let the visitor
in has ended before the first request goes out.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Response, render_template, stream_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lti_tool.errors import NotFound
from lti_tool.models import Registration
from lti_tool.services import platform_test, self_test
from lti_tool.services.self_test import Finding, Verdict
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import current_tool
from lti_tool.web.words.self_test import CHECKS, VERDICTS, words_for

SHAPES = {
    Verdict.OK: "complete",
    Verdict.WARNING: "attention",
    Verdict.FAILED: "failed",
    Verdict.NOT_TRIED: "open",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A finding in words."""

    shape: str
    verdict: str
    check: str
    title: str
    next_step: str


@blueprint.get("/self-test")
@signed_in(For.ADMINISTRATORS)
def self_tests(visit: AccountVisit) -> ResponseReturnValue:
    return render_template("admin/self_tests.html", visit=visit, registrations=_own(visit))


@blueprint.post("/self-test/server")
@signed_in(For.OPERATORS)
def test_server(visit: AccountVisit) -> ResponseReturnValue:
    found = self_test.of_server(current_tool(), visit.now)
    return _written_while_it_runs(visit, gettext("This server"), found)


@blueprint.post("/self-test/<uuid:registration_id>")
@signed_in(For.ADMINISTRATORS)
def test_platform(visit: AccountVisit, registration_id: uuid.UUID) -> ResponseReturnValue:
    registration = next((one for one in _own(visit) if one.id == registration_id), None)
    if registration is None:
        raise NotFound("unknown_registration")
    found = platform_test.of_registration(current_tool(), registration_id, visit.now)
    family = platform_test.family_of(registration)
    return _written_while_it_runs(visit, registration.platform.name, found, family)


def _own(visit: AccountVisit) -> list[Registration]:
    within = None if visit.access.is_operator else visit.access.administers
    return list(self_test.registrations_of(visit.db, within=within))


def _written_while_it_runs(
    visit: AccountVisit, subject: str, found: Iterator[Finding], family: str = ""
) -> Response:
    lines = (_in_words(finding, family) for finding in found)
    response = Response(
        stream_template("admin/self_test.html", visit=visit, subject=subject, lines=lines),
        content_type="text/html; charset=utf-8",
    )
    response.headers["X-Accel-Buffering"] = "no"  # nginx would wait for the end
    return response


def _in_words(finding: Finding, family: str) -> Line:
    words = words_for(finding, family)
    is_advised = finding.verdict is not Verdict.OK and words.next_step
    return Line(
        shape=SHAPES[finding.verdict],
        verdict=gettext(VERDICTS[finding.verdict]),
        check=gettext(CHECKS[finding.check]),
        title=gettext(words.title) % finding.params,
        next_step=gettext(words.next_step) % finding.params if is_advised else "",
    )
