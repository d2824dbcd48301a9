"""Structural: every route is counted by a rule, and the strictest one where none was chosen."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule as Route

from config import Settings
from lti_tool import create_app
from lti_tool.web.http import limits
from lti_tool.web.http.limits import BY_BLUEPRINT, BY_ENDPOINT, NOWHERE, STRICT, UNLIMITED, rule_of
from tests.unit.web.test_guards import example_path

PERCENT = 1
"""So that a flood is a handful of requests."""


@pytest.fixture
def limited(tool_settings: Settings) -> Iterator[Flask]:
    made = create_app(tool_settings.model_copy(update={"rate_limit_percent": PERCENT}))
    yield made
    made.extensions["credlet"].database.close()


def most(endpoint: str) -> int:
    """Return how many requests one address has at this endpoint."""
    rule = rule_of(endpoint)
    assert rule is not None
    return min(
        max(rate.requests * PERCENT // 100, 1) for rate in (*rule.address, *rule.each, *rule.own)
    )


def counted(app: Flask) -> list[Route]:
    return [route for route in app.url_map.iter_rules() if route.endpoint not in UNLIMITED]


def test_a_flood_is_stopped_at_every_address(limited: Flask) -> None:
    """Each address is asked by somebody else, so that none uses up another's allowance."""
    for number, route in enumerate(counted(limited), start=1):
        stranger = limited.test_client()
        path, method = example_path(route), sorted(route.methods or ())[-1]
        statuses = [
            stranger.open(
                path,
                method=method,
                environ_base={"REMOTE_ADDR": f"198.51.{number // 256}.{number % 256}"},
            ).status_code
            for _ in range(most(route.endpoint) + 1)
        ]
        assert 429 not in statuses[:-1], (route, statuses)
        assert statuses[-1] == 429, (route, statuses)


def test_only_a_cached_file_and_the_probe_are_not_counted(limited: Flask) -> None:
    endpoints = {route.endpoint for route in limited.url_map.iter_rules()}
    assert {one for one in endpoints if rule_of(one) is None} == {"health.health", "web.static"}
    client = limited.test_client()
    assert {client.get("/health").status_code for _ in range(50)} == {200}


def test_every_line_of_the_tables_names_something_that_exists(app: Flask) -> None:
    endpoints = {route.endpoint for route in app.url_map.iter_rules()}
    assert set(BY_BLUEPRINT) <= set(app.blueprints)
    assert (set(BY_ENDPOINT) | UNLIMITED) - endpoints == {NOWHERE}


def test_a_route_that_nobody_thought_of_has_the_strictest_rule() -> None:
    assert rule_of("tomorrow.sign_in") is STRICT


def test_a_rule_without_percent_left_allows_one() -> None:
    assert limits.Rate(20, 60).scaled(1) == "1 per 60 second"
    assert limits.Rate(20, 60).scaled(500) == "100 per 60 second"
