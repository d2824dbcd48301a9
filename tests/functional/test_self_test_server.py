"""The self-test of this server: what it finds, and how operators and programs read it."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, redirect
from werkzeug.wrappers import Response

from lti_tool import clock, worker
from lti_tool.cli import doctor
from lti_tool.db import Database
from lti_tool.demo.serving import free_port, serving
from lti_tool.lti import tool_keys
from lti_tool.lti.token_answers import Meaning
from lti_tool.models import Delivery, ScheduledJob
from lti_tool.services import self_test
from lti_tool.services.self_test import Finding, Verdict
from lti_tool.tool import Tool
from lti_tool.web.words.self_test import CHECKS, REASONS, VERDICTS
from tests.conftest import NewDatabase, RunningTool
from tests.factories.databases import on_each_database
from tests.factories.gradebooks import SAFETY, teaching
from tests.factories.redis_server import redis_server
from tests.functional.test_command_line import Operator


def look(tool: Tool, *, later: timedelta = timedelta()) -> dict[str, list[tuple[Verdict, str]]]:
    found: dict[str, list[tuple[Verdict, str]]] = {}
    for finding in self_test.of_server(tool, clock.now() + later):
        found.setdefault(finding.check, []).append((finding.verdict, finding.reason))
    return found


def changed(tool: Tool, **settings: object) -> Tool:
    return replace(tool, settings=tool.settings.model_copy(update=settings))


@on_each_database
def test_a_server_that_does_everything_says_so(running_tool: RunningTool) -> None:
    tool: Tool = running_tool.app.extensions["credlet"]
    worker.run_due(tool)
    found = look(tool)
    assert found.pop("settings") == [
        (Verdict.WARNING, "development"),
        (Verdict.WARNING, "not_https"),
    ]
    assert {verdict for each in found.values() for verdict, _reason in each} == {Verdict.OK}


def test_a_proxy_that_is_not_trusted_is_named(tool: Tool) -> None:
    production = {"environment": "production", "public_url": "https://badges.invalid"}
    found = look(changed(tool, **production, web_processes=2))
    assert found["settings"] == [
        (Verdict.WARNING, "no_trusted_proxy"),
        (Verdict.WARNING, "limits_apart"),
    ]
    trusting = changed(tool, **production, trusted_proxies=1)
    assert look(trusting)["settings"] == [(Verdict.OK, "ok")]


def test_a_store_of_counts_that_does_not_answer_is_named(tool: Tool, tmp_path: Path) -> None:
    assert look(tool)["limits"] == [(Verdict.OK, "no_limits")]
    assert look(changed(tool, rate_limit_percent=100))["limits"] == [(Verdict.OK, "ok")]
    with redis_server(tmp_path) as store:
        shared = changed(tool, rate_limit_percent=100, rate_limit_storage_url=store.url)
        assert look(shared)["limits"] == [(Verdict.OK, "ok")]
        store.stop()
        assert look(shared)["limits"] == [(Verdict.FAILED, "store_silent")]
    nonsense = changed(tool, rate_limit_percent=100, rate_limit_storage_url="redis://[")
    assert look(nonsense)["limits"] == [(Verdict.FAILED, "store_silent")]


@on_each_database
def test_a_worker_that_does_not_run_is_named(tool: Tool, database: Database) -> None:
    assert look(tool)["worker"] == [(Verdict.FAILED, "never_ran")]
    worker.run_due(tool)
    assert look(tool)["worker"] == [(Verdict.OK, "ok")]
    assert look(tool, later=timedelta(hours=1))["worker"] == [(Verdict.FAILED, "silent")]
    with database.transaction() as db:
        db.get_one(ScheduledJob, "forget_secrets").failure = "OperationalError"
    assert look(tool)["worker"] == [(Verdict.OK, "ok"), (Verdict.WARNING, "job_failed")]


@on_each_database
def test_scores_that_wait_or_were_refused_are_counted(tool: Tool, database: Database) -> None:
    with teaching(database, clock.now()) as course:
        course.assess(course.learner("Ana"), SAFETY, points=90)
    assert look(tool)["outbox"] == [(Verdict.OK, "ok")]
    assert look(tool, later=timedelta(hours=1))["outbox"] == [(Verdict.FAILED, "stuck")]
    with database.transaction() as db:
        db.execute(sa.update(Delivery).values(state="failed", failure="not_gradable"))
    assert look(tool, later=timedelta(hours=1))["outbox"] == [(Verdict.WARNING, "scores_refused")]


def test_a_public_address_that_leads_nowhere_is_only_a_warning(tool: Tool) -> None:
    """A firewall may keep a server from its own public address."""
    found = look(tool)
    assert found["public_address"] == [(Verdict.WARNING, "own_unreachable")]
    assert found["tool_keys"] == [(Verdict.WARNING, "own_unreachable")]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response("<h1>Welcome to nginx</h1>"), "somebody_else"),
        (Response('{"status": "great"}'), "somebody_else"),
        (redirect("https://www.school.invalid/"), "own_redirect"),
    ],
    ids=["another page", "another program", "redirect"],
)
def test_somebody_else_at_the_public_address_is_named(
    tool: Tool, answer: Response, reason: str
) -> None:
    other = Flask("other")
    other.wsgi_app = answer  # type: ignore[method-assign]
    with serving(other, port=int(tool.settings.bind.rpartition(":")[2])):
        found = look(tool)
    assert found["public_address"] == [(Verdict.FAILED, reason)]


def test_keys_of_another_database_at_the_public_address_are_named(
    running_tool: RunningTool, new_database: NewDatabase
) -> None:
    tool: Tool = running_tool.app.extensions["credlet"]
    with closing(Database(new_database("sqlite"))) as other:
        with other.transaction() as db:
            tool_keys.current(db, tool.encryption, clock.now())
        found = look(replace(tool, database=other))
    assert found["public_address"] == [(Verdict.OK, "ok")]
    assert found["tool_keys"] == [(Verdict.FAILED, "keys_differ")]


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on() -> None:
    def broken() -> Iterator[Finding]:
        yield Finding.ok("settings")
        raise ValueError

    def fine() -> Iterator[Finding]:
        yield Finding.ok("worker")

    found = list(self_test.run({"settings": broken, "worker": fine}))
    assert [(each.check, each.reason) for each in found] == [
        ("settings", "ok"),
        ("settings", "broke"),
        ("worker", "ok"),
    ]


# On the command line


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path)
    port = free_port()
    made.environment |= {
        "ENVIRONMENT": "development",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BIND": f"127.0.0.1:{port}",
        "LOG_LEVEL": "error",
    }
    assert made.run("db", "upgrade").exit_code == 0
    return made


def test_the_doctor_says_what_to_do_and_fails_where_something_does(operator: Operator) -> None:
    answer = operator.run("doctor")
    assert answer.exit_code == 1
    assert "✗ Worker: No worker has ever run: scores reach no gradebook." in answer.stdout
    assert "Before the first `credlet serve` this is normal." in answer.stdout
    assert "start `credlet worker`" in answer.stdout
    assert "Not working: 1." in answer.stdout
    assert operator.run("worker", "--once").exit_code == 0
    answer = operator.run("doctor")
    assert answer.exit_code == 0, answer.stdout
    assert "Not working: 0." in answer.stdout


def test_the_doctor_speaks_german(operator: Operator) -> None:
    assert "Noch nie lief ein Worker" in operator.run("doctor", LC_ALL="de_DE.UTF-8").stdout


def test_programs_read_findings_by_stable_ids(operator: Operator) -> None:
    answer = operator.run("doctor", "--json")
    assert answer.exit_code == 1
    document = json.loads(answer.stdout)
    assert document["ok"] is False
    (found,) = [each for each in document["findings"] if each["check"] == "worker"]
    assert (found["subject"], found["verdict"], found["reason"]) == (
        "server",
        "failed",
        "never_ran",
    )
    assert all(each["message"] for each in document["findings"])


def test_the_doctor_looks_at_one_lms_if_told(operator: Operator) -> None:
    ids = []
    for number in range(2):
        issuer = f"http://127.0.0.1:{free_port()}"
        added = operator.run(
            "platform", "add", "--name", f"Moodle {number}", "--organisation", "school",
            "--moodle", issuer, "--client-id", "c", "--deployment", "1",
        )  # fmt: skip
        assert added.exit_code == 0, added.output
        ids.append(added.stdout.rpartition("(platform ")[2].split(")")[0])
    everything = operator.run("doctor").stdout
    assert "Moodle 0" in everything
    assert "Moodle 1" in everything
    one = operator.run("doctor", "--platform", ids[0])
    assert one.exit_code == 1
    assert "Moodle 0" in one.stdout
    assert "Moodle 1" not in one.stdout
    assert "This server" not in one.stdout
    assert "cannot be reached from here (unreachable)" in one.stdout
    nobody = operator.run("doctor", "--platform", "0b0e7a56-5f0c-4e0c-9d3e-1b7a1c9f6a11")
    assert nobody.exit_code == 2
    assert "No LMS has this id" in nobody.stderr


def test_a_server_that_cannot_start_is_a_finding_too(operator: Operator, tmp_path: Path) -> None:
    for changes, reason in (
        ({"INSTANCE_FOLDER": str(tmp_path / "empty")}, "schema_old"),
        ({"TRUSTED_PROXIES": "many"}, "wrong_setting"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "database_unusable"),
    ):
        answer = operator.run("doctor", "--json", **changes)
        assert answer.exit_code == 1, changes
        (found,) = json.loads(answer.stdout)["findings"]
        assert found["reason"] == reason, changes


# Structural


def test_every_finding_has_words_and_no_words_are_left_over() -> None:
    folder = Path(self_test.__file__).parent
    files = (folder / "self_test.py", folder / "platform_test.py", Path(doctor.__file__))
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    made = set(re.findall(r'Finding\.\w+\(\s*(?:"\w+"|\w+),\s*"(\w+)"', source))
    made |= {f"token_{meaning}" for meaning in Meaning if meaning is not Meaning.GRANTED}
    made |= {"ok", "platform_ahead", "platform_behind"}
    # Why a registration cannot be loaded.
    made |= {"registration_unknown", "registration_pending", "platform_disabled"}
    assert made == set(REASONS)
    assert {verdict.value for verdict in Verdict} == set(VERDICTS)
    checks = set(re.findall(r'Finding\.\w+\(\s*"(\w+)"', source))
    assert checks | {"clock"} <= set(CHECKS)
