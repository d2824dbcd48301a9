"""Launches that were refused stand in the audit log, in words, and a flood of them in one line."""

from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, Organisation
from lti_tool.services import audit
from lti_tool.services.connections import refused_launches
from lti_tool.web.admin import acts
from lti_tool.web.admin.acts import REFUSALS
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import rsa_key, serving_platform
from tests.factories.threads import at_one_moment


def noted(database: Database) -> list[AuditEntry]:
    with database.transaction(read_only=True) as db:
        found = sa.select(AuditEntry).filter_by(action="launch.refused").order_by(AuditEntry.at)
        return list(db.scalars(found))


def reasons(database: Database) -> dict[str, int]:
    return {row.details["reason"]: row.details["count"] for row in noted(database)}


def forge(visitor: Visitor) -> str:
    begun = visitor.begin()
    forged = visitor.platform.sign(visitor.payload(begun), key=rsa_key(99))
    return refusal_code(visitor.send(begun, forged))


def test_what_an_administrator_should_see_is_noted(visitor: Visitor, database: Database) -> None:
    assert forge(visitor) == "signature"
    assert refusal_code(visitor.launch(aud="other")) == "audience"
    assert refusal_code(visitor.launch(iss="https://evil.example")) == "issuer_mismatch"
    assert refusal_code(visitor.launch(deployment_id="77")) == "deployment_unknown"
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun))
    assert visitor.send(begun, id_token).status_code == 303
    assert refusal_code(visitor.send(begun, id_token)) == "state_unknown"
    assert refusal_code(visitor.login(iss="https://other.example")) == "issuer_mismatch"
    assert reasons(database) == {
        "signature": 1,
        "audience": 1,
        "issuer_mismatch": 2,
        "deployment_unknown": 1,
        "state_unknown": 1,
    }
    with database.transaction(read_only=True) as db:
        school = db.scalars(sa.select(Organisation)).one()
    assert {row.organisation_id for row in noted(database)} == {school.id}
    assert {row.subject for row in noted(database)} == {f"registration:{visitor.registration_id}"}


def test_another_registrations_launch_and_another_browser_are_noted(
    visitor: Visitor, database: Database, app: Flask
) -> None:
    begun = visitor.begin_in_frame()
    id_token = visitor.platform.sign(visitor.payload(begun))
    other = replace(visitor, client=app.test_client())
    assert other.send(begun, id_token).status_code == 200
    assert refusal_code(other.confirm(begun.state, "guess")) == "browser_unknown"
    with serving_platform("client-2", key=2) as neighbours:
        neighbour = replace(
            visitor,
            platform=neighbours,
            registration_id=neighbours.register(database, clock.now(), slug="neighbour"),
        )
        begun = visitor.begin()
        assert refusal_code(neighbour.send(begun, "any")) == "state_foreign"
    assert reasons(database) == {"browser_unknown": 1, "state_foreign": 1}


def test_what_a_person_does_by_mistake_is_not_noted(visitor: Visitor, database: Database) -> None:
    assert refusal_code(visitor.launch(sub=None)) == "sub_missing"
    assert refusal_code(visitor.login(login_hint="")) == "login_hint_missing"
    visitor.client.post(f"/lti/{visitor.registration_id}/launch", data={})
    unknown = f"/lti/{'0' * 8}-0000-4000-8000-{'0' * 12}/login"
    assert visitor.client.post(unknown, data=visitor.login_params()).status_code == 404
    assert reasons(database) == {}


def test_a_flood_is_one_line_an_hour(visitor: Visitor, database: Database) -> None:
    begin = datetime.fromisoformat("2026-03-02T09:10:00+00:00")
    with time_machine.travel(begin, tick=False) as travel:
        for _ in range(5):
            forge(visitor)
        travel.shift(3600)
        forge(visitor)
    assert [row.details["count"] for row in noted(database)] == [5, 1]


def test_what_is_counted_has_an_end(
    visitor: Visitor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_COUNTED", 3)
    for _ in range(5):
        forge(visitor)
    assert reasons(database) == {"signature": 3}


@on_each_database
def test_refusals_of_one_moment_are_all_counted(visitor: Visitor, database: Database) -> None:
    now = clock.now()

    def note() -> None:
        with database.transaction() as db:
            refused_launches.note(db, visitor.registration_id, "signature", now)

    at_one_moment([note] * 8)
    assert reasons(database) == {"signature": 8}


def test_every_reason_has_words(visitor: Visitor, database: Database, app: Flask) -> None:
    assert set(REFUSALS) == refused_launches.NOTED
    forge(visitor)
    forge(visitor)
    with app.test_request_context():
        (row,) = noted(database)
        assert acts.act(row) == "refused launches: the signature is wrong; within an hour: 2"
