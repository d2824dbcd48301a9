"""Logging: what reaches the log and what never does."""

import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from config import Settings
from config.logging import StderrHandler, configure
from lti_tool.db import Database
from tests.factories.databases import on_each_database

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"

SENSITIVE = """
    name family_name email token id_token access_token state nonce sub login_hint password
    client_assertion secret_key encryption_keys claims form args cookie Authorization
""".split()  # noqa: SIM905 - a list of words reads better than a list of strings


@pytest.fixture
def logged(
    tool_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> Iterator["type[LoggedLines]"]:
    levels = {name: logging.getLogger(name).level for name in ("", "werkzeug", "urllib3")}
    configure(tool_settings.model_copy(update={"log_format": "json"}))
    LoggedLines.capture = capsys
    yield LoggedLines
    root = logging.getLogger()
    root.handlers = [kept for kept in root.handlers if not isinstance(kept, StderrHandler)]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


class LoggedLines:
    """Reads what was written since the last look."""

    capture: pytest.CaptureFixture[str]

    @classmethod
    def text(cls) -> str:
        return cls.capture.readouterr().err

    @classmethod
    def one(cls) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(cls.text())
        return line


def test_an_event_is_one_line_with_its_ids(logged: type[LoggedLines]) -> None:
    structlog.get_logger("credlet.test").info("launch_accepted", launch_id="7f", attempts=2)
    line = logged.one()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "launch_accepted",
        "launch_id": "7f",
        "attempts": 2,
        "level": "info",
        "logger": "credlet.test",
    }


def test_ids_of_the_request_are_on_each_line(logged: type[LoggedLines]) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger().info("anything")
    assert logged.one()["request_id"] == "r1"


@pytest.mark.parametrize("key", SENSITIVE)
def test_a_sensitive_key_is_dropped_at_any_depth(logged: type[LoggedLines], key: str) -> None:
    nested = {"inner": [{key: "Ada", "kept": 1}]}
    structlog.get_logger().info(
        "launch_refused", code="state_unknown", nested=nested, **{key: "Ada"}
    )
    line = logged.one()
    assert line["code"] == "state_unknown"
    assert line["nested"] == {"inner": [{"kept": 1}]}
    assert "Ada" not in json.dumps(line)


def test_tokens_and_addresses_in_text_are_masked(logged: type[LoggedLines]) -> None:
    text = f"got {TOKEN} for ada@school.example with Authorization: Bearer abc.def"
    structlog.get_logger().info("odd", detail=text)
    assert logged.one()["detail"] == "got [token] for [email] with Authorization: Bearer [token]"


def test_an_exception_is_logged_without_values(logged: type[LoggedLines]) -> None:
    try:
        claims = {"given_name": "Ada"}
        raise ValueError(f"{len(claims)} bad claims in {TOKEN} of ada@school.example")
    except ValueError:
        structlog.get_logger().exception("launch_failed")
    trace = logged.one()["exception"]
    assert "ValueError: 1 bad claims in [token] of [email]" in trace
    assert "Ada" not in trace


@pytest.mark.parametrize("logger", ["gunicorn.error", "urllib3.connectionpool", "werkzeug"])
def test_lines_of_libraries_lose_query_strings(logged: type[LoggedLines], logger: str) -> None:
    logging.getLogger(logger).error("Error handling request GET %s", "/lti/7/login?state=S&sub=4")
    line = logged.one()
    assert line["event"] == "Error handling request GET /lti/7/login?[query]"
    assert line["logger"] == logger


def test_the_access_log_of_the_test_server_is_silent(logged: type[LoggedLines]) -> None:
    logging.getLogger("werkzeug").info('"GET /lti/7/login?state=S HTTP/1.1" 302 -')
    assert logged.text() == ""


def test_events_below_the_level_are_not_logged(
    logged: type[LoggedLines], tool_settings: Settings
) -> None:
    configure(tool_settings.model_copy(update={"log_level": "warning"}))
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert "loud" in (text := logged.text())
    assert "quiet" not in text


def test_configuring_twice_does_not_double_lines(
    logged: type[LoggedLines], tool_settings: Settings
) -> None:
    configure(tool_settings)
    structlog.get_logger().info("once", unit="U1")
    assert logged.text().count("once") == 1


def test_the_console_form_masks_too(logged: type[LoggedLines], tool_settings: Settings) -> None:
    configure(tool_settings.model_copy(update={"log_format": "console"}))
    structlog.get_logger().warning("odd", email="ada@school.example", unit="U1", detail=TOKEN)
    text = logged.text()
    assert "unit=U1" in text
    assert "ada@" not in text
    assert TOKEN not in text


@on_each_database
def test_the_row_that_a_database_refuses_is_not_logged(
    database: Database, logged: type[LoggedLines]
) -> None:
    """PostgreSQL quotes it in the detail of its error."""
    statement = sa.text(
        "INSERT INTO people (id, platform_id, sub, name) VALUES (:id, NULL, :sub, :name)"
    )
    try:
        with database.transaction() as db:
            db.execute(
                statement, {"id": uuid.uuid4().hex, "sub": "number-7", "name": "Ada Lovelace"}
            )
    except sa.exc.IntegrityError as error:
        structlog.get_logger("credlet.test").error("request_failed", exc_info=error)
    text = logged.text()
    assert "IntegrityError" in text
    assert "Ada Lovelace" not in text
    assert "number-7" not in text
