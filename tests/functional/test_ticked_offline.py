"""Signing off without network: what the phone gets, and what becomes of the queue it sends."""

import html
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from badges.rules import PointsAtLeast
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    CompletionRecord,
    CourseAssessor,
    CourseMove,
    LaunchSession,
    MicroCredentialVersion,
    Placement,
)
from lti_tool.services.courses import queued
from lti_tool.services.launching.launches import BEARER_LIFETIME
from lti_tool.web.http.security import csrf_token
from tests.factories.awards import chosen
from tests.factories.databases import on_each_database
from tests.factories.statements import recorded
from tests.factories.visits import Visit, Visits

SAFETY, READING, SIGN_OFF, PARTS, LAST = (f"BEM-S-WLD1-U{number}" for number in (1, 2, 3, 4, 5))
LEARNERS = ("zoe", "ana", "ben")


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def people(visits: Visits, teacher: Visit) -> dict[str, uuid.UUID]:
    found = {}
    for sub in LEARNERS:
        visits.school.tick()
        found[sub] = visits.open(sub).person_id
    return found


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


def tick(learner: uuid.UUID, unit: str = SIGN_OFF, **changes: Any) -> dict[str, Any]:
    made = {
        "key": uuid.uuid4().hex,
        "learner": str(learner),
        "unit": unit,
        "part": None,
        "points": None,
        "note": "",
        "at": clock.now().isoformat(),
    }
    return {**made, **changes}


def post(
    app: Flask, visit: Visit, queue: str, path: str = "course/offline/queue", **extra: str
) -> TestResponse:
    with app.test_request_context():
        data = {"csrf_token": csrf_token(visit.id), "queue": queue, **extra}
    headers = {"Accept": "application/json"}
    return visit.client.post(f"{visit.home}{path}", data=data, headers=headers)


def send(
    app: Flask, visit: Visit, *items: object, sent_at: datetime | None = None, **changes: Any
) -> TestResponse:
    whole = {
        "person": str(visit.person_id),
        "sent_at": (sent_at or clock.now()).isoformat(),
        "items": list(items),
        **changes,
    }
    return post(app, visit, json.dumps(whole))


def answers(response: TestResponse) -> list[str]:
    """Return of each item its status, or the code of its refusal."""
    assert response.status_code == 200, response.text
    assert response.json is not None
    return [one.get("code", one["status"]) for one in response.json["answers"]]


def records(visits: Visits) -> list[CompletionRecord]:
    with visits.school.transaction() as db:
        return db.query(CompletionRecord).order_by(CompletionRecord.recorded_at).all()


@on_each_database
def test_ticks_are_recorded_once_with_the_time_of_the_tick(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    noted = clock.now() - timedelta(days=3)
    items = [
        tick(people["ana"], at=noted.isoformat(), note="seen at the yard"),
        tick(people["ben"], SAFETY, points="92,5"),
        tick(people["zoe"], PARTS, part="A", points="85"),
    ]
    items[2]["part"] = visits.mc.unit(PARTS).rule.parts[0].code  # type: ignore[union-attr]
    assert answers(send(app, teacher, *items)) == ["recorded"] * 3
    assert answers(send(app, teacher, *items)) == ["known"] * 3
    kept = records(visits)
    assert len(kept) == 3
    ana = next(one for one in kept if one.person_id == people["ana"])
    assert ana.judged_at is not None
    assert abs(ana.judged_at - noted) < timedelta(seconds=30)
    assert ana.recorded_at - noted > timedelta(days=2)
    assert ana.evidence == "seen at the yard"
    assert ana.assessor_id == teacher.person_id
    shown = teacher.get(f"course/people/{people['ana']}").text
    assert "noted without network, came in on" in shown


def test_a_phone_whose_clock_is_wrong_still_says_how_long_ago_it_was(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    wrong = datetime(2001, 1, 1, tzinfo=UTC)
    item = tick(people["ana"], at=(wrong - timedelta(hours=5)).isoformat())
    assert answers(send(app, teacher, item, sent_at=wrong)) == ["recorded"]
    (record,) = records(visits)
    assert record.judged_at is not None
    ago = record.recorded_at - record.judged_at
    assert abs(ago - timedelta(hours=5)) < timedelta(seconds=30)


def test_each_item_that_cannot_be_recorded_says_why_and_keeps_no_other_back(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    now, ana = clock.now(), people["ana"]
    items = {
        "tick_too_old": tick(ana, at=(now - timedelta(days=31)).isoformat()),
        "tick_in_future": tick(ana, at=(now + timedelta(days=1)).isoformat()),
        "learner_gone": tick(uuid.uuid4()),
        "unknown_unit": tick(ana, "NOWHERE"),
        "wrong_kind": tick(ana, SAFETY),
        "points_out_of_range": tick(ana, SAFETY, points="101"),
        "unknown_part": tick(ana, PARTS, part="nowhere", points="5"),
        "recorded": tick(ana),
    }
    response = send(app, teacher, *items.values())
    assert answers(response) == list(items)
    assert response.json is not None
    assert all(one["words"] for one in response.json["answers"] if one["status"] == "refused")
    assert len(records(visits)) == 1


def test_a_unit_that_was_completed_meanwhile_is_not_signed_off_again(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    assert answers(send(app, teacher, tick(people["ana"]))) == ["recorded"]
    other = visits.open("second", teacher=True, unit=SAFETY)
    assert answers(send(app, other, tick(people["ana"]))) == ["completed_meanwhile"]
    better = tick(people["ana"], SAFETY, points="70"), tick(people["ana"], SAFETY, points="90")
    assert answers(send(app, other, *better)) == ["recorded", "recorded"]


def test_a_key_that_comes_with_something_else_is_refused(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    first = tick(people["ana"], SAFETY, points="70")
    same = {**first, "note": "a note that was written since"}
    twice = {**first, "points": "90"}
    elsewhere = {**first, "learner": str(people["ben"])}
    answered = answers(send(app, teacher, first, same, twice, elsewhere))
    assert answered == ["recorded", "recorded", "tick_key_reused", "tick_key_reused"]
    assert answers(send(app, teacher, twice, same)) == ["tick_key_reused", "known"]
    assert [str(one.points) for one in records(visits)] == ["70.000"]


def test_who_may_not_sign_off_any_more_reads_that_of_each_item(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    other = visits.open("second", teacher=True, unit=SAFETY)
    with visits.school.transaction() as db:
        placement = db.query(Placement).one()
        db.add(CourseAssessor(placement_id=placement.id, person_id=other.person_id))
    both = tick(people["ana"]), tick(people["ben"], at="yesterday")
    response = send(app, teacher, *both)
    assert answers(response) == ["not_an_assessor", "tick_unreadable"]
    assert response.json is not None
    assert [one["passing"] for one in response.json["answers"]] == [True, False]
    assert records(visits) == []


def brought(page: str) -> dict[str, Any]:
    """Return the list that the page on the phone was opened with."""
    found = re.search(r'data-brought="([^"]*)"', page)
    assert found
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


def opened(visit: Visit) -> dict[str, Any]:
    path, data = visit.get("course/offline").filled("take")
    return brought(visit.client.post(path, data=data).text)


@on_each_database
def test_what_was_ticked_in_another_version_is_refused_and_says_so(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    old = opened(teacher)["version"]
    sent, waiting = tick(people["ana"], version=old), tick(people["ben"], version=old)
    assert answers(send(app, teacher, sent)) == ["recorded"]
    with visits.school.transaction() as db:
        placement = db.query(Placement).one().id
    visits.school.publish(replace(visits.mc, version="2.0"))
    visits.school.tick()
    with visits.school.transaction() as db:
        newer = db.query(MicroCredentialVersion).filter_by(version="2.0").one()
        db.get_one(Placement, placement).version = newer
    new = opened(teacher)["version"]
    assert new != old
    response = send(app, teacher, sent, waiting, tick(people["zoe"], version=new))
    assert answers(response) == ["known", "tick_of_other_version", "recorded"]
    assert response.json is not None
    assert response.json["answers"][1]["words"] == (
        "The course has since begun to offer version 2.0. "
        "Take the list along anew and look at what is confirmed now."
    )
    assert {one.person_id for one in records(visits)} == {people["ana"], people["zoe"]}


@on_each_database
@pytest.mark.parametrize("names_version", [True, False])
def test_a_list_of_before_the_course_was_moved_counts_for_units_that_stayed_the_same(
    app: Flask,
    visits: Visits,
    teacher: Visit,
    people: Mapping[str, uuid.UUID],
    names_version: bool,
) -> None:
    """A list that names no version was taken before an update."""
    old = {"version": opened(teacher)["version"]} if names_version else {}
    reading = replace(
        visits.mc.unit(READING), rule=PointsAtLeast(minimum=Decimal(95), maximum=Decimal(100))
    )
    units = tuple(reading if one.code == READING else one for one in visits.mc.units)
    begun = tick(people["zoe"], **old)
    assert answers(send(app, teacher, begun)) == ["recorded"]
    visits.school.publish(replace(visits.mc, version="2.0", units=units))
    visits.school.tick()
    page = teacher.get("course").follow("Other versions").follow("What moving to version 2.0 means")
    assert page.submit("move").status == 200
    queue = [
        begun,
        tick(people["ana"], **old),
        tick(people["ana"], READING, points="90", **old),
        tick(people["ben"], SAFETY, points="90", **old),
    ]
    response = send(app, teacher, *queue)
    assert answers(response) == ["known", "recorded", "tick_of_changed_unit", "recorded"]
    assert response.json is not None
    told = response.json["answers"][2]
    assert told["words"].startswith("The course was moved to version 2.0, and there something else")
    assert told["passing"] is False
    assert answers(send(app, teacher, *queue)) == [
        "known",
        "known",
        "tick_of_changed_unit",
        "known",
    ]
    new = {"version": opened(teacher)["version"]}
    assert answers(send(app, teacher, tick(people["ana"], READING, points="96", **new))) == [
        "recorded"
    ]


def test_a_list_without_a_version_that_was_taken_after_the_move_is_of_the_newer_one(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    stricter = replace(
        visits.mc.unit(READING), rule=PointsAtLeast(minimum=Decimal(95), maximum=Decimal(100))
    )
    units = tuple(stricter if one.code == READING else one for one in visits.mc.units)
    assert answers(send(app, teacher, tick(people["zoe"]))) == ["recorded"]
    visits.school.publish(replace(visits.mc, version="2.0", units=units))
    visits.school.tick()
    page = teacher.get("course").follow("Other versions").follow("What moving to version 2.0 means")
    page.submit("move")
    with visits.school.transaction() as db:
        move = db.query(CourseMove).one()
        move.moved_at = clock.now() - queued.LIST_KEPT - timedelta(minutes=1)
    assert answers(send(app, teacher, tick(people["ana"], READING, points="96"))) == ["recorded"]


def test_units_that_the_course_leaves_out_are_not_taken_along(visits: Visits) -> None:
    mc = chosen()
    visits.school.publish(mc)
    teacher = visits.open("olha", teacher=True, mc=mc.code)
    visits.open("ana", mc=mc.code)
    needed, extra, *_ = (unit.code for unit in mc.units)
    assert extra in [unit["code"] for unit in opened(teacher)["units"]]
    settings = {f"elective-{extra}": "left_out"}
    assert (
        "The settings are saved."
        in teacher.get("course/settings").submit("settings", **settings).text
    )
    codes = [unit["code"] for unit in opened(teacher)["units"]]
    assert needed in codes
    assert extra not in codes
    assert f"units/{extra}" not in teacher.get("course/offline").text


def test_the_tab_ends_when_the_bearer_of_the_frame_would(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    path, data = teacher.get("course/offline").filled("take")
    ends = clock.now() + BEARER_LIFETIME
    with visits.school.transaction() as db:
        db.get_one(LaunchSession, teacher.id).bearer_expires_at = ends
    assert app.test_client().post(path, data=data).status_code == 200
    with visits.school.transaction() as db:
        beside = db.query(LaunchSession).filter_by(person_id=teacher.person_id)
        assert [one.expires_at for one in beside if one.id != teacher.id] == [ends]


def test_the_queue_of_another_person_is_refused(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    other = visits.open("second", teacher=True, unit=SAFETY)
    refused = send(app, other, tick(people["ana"]), person=str(teacher.person_id))
    assert (refused.status_code, refused.json["code"]) == (403, "queue_of_other")  # type: ignore[index]
    assert records(visits) == []


def test_learners_of_another_course_are_nobody_here(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    stranger = visits.open("far", course="another", link="another")
    elsewhere = visits.open("olha", teacher=True, course="another", link="another", unit=SAFETY)
    assert answers(send(app, teacher, tick(stranger.person_id))) == ["learner_gone"]
    assert answers(send(app, elsewhere, tick(people["ana"]))) == ["learner_gone"]
    with visits.school.transaction() as db:
        own = db.get_one(LaunchSession, teacher.id).link.placement_id
    path = f"course/offline/queue?placement={own}"
    foreign = post(app, elsewhere, "{}", path)
    assert (foreign.status_code, foreign.json["code"]) == (404, "unknown_placement")  # type: ignore[index]
    assert records(visits) == []


MOMENT = "2026-11-22T12:00:00Z"
WHOLE = {"person": str(uuid.uuid4()), "sent_at": MOMENT, "items": []}


@pytest.mark.parametrize(
    "queue",
    [
        "",
        "not JSON",
        "[]",
        "null",
        "{" * 5000,
        "[" * 100_000,
        '{"person": 1}',
        json.dumps({**WHOLE, "sent_at": "12:00"}),
        json.dumps({**WHOLE, "sent_at": 1e300}),
        json.dumps({**WHOLE, "items": {}}),
        json.dumps({**WHOLE, "more": 1}),
        json.dumps({**WHOLE, "person": "\ud800"}),
        json.dumps({**WHOLE, "items": [{}] * (queued.MOST_ITEMS + 1)}),
        json.dumps({**WHOLE, "items": [{}] * 10_000}),
        json.dumps({**WHOLE, "items": [{"key": "x" * 100}] * 10_000}),
    ],
)
def test_what_is_no_queue_is_refused_as_a_whole(
    app: Flask, visits: Visits, teacher: Visit, queue: str
) -> None:
    refused = post(app, teacher, queue)
    assert refused.status_code in (400, 413)
    assert refused.json is not None
    assert refused.json["code"] in ("queue_unreadable", "queue_too_long", "http_413")
    assert refused.json["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "short"},
        {"key": "G" * 32},
        {"version": "2.0"},
        {"learner": "nobody"},
        {"unit": ""},
        {"unit": "a\x00b"},
        {"unit": "x" * 65},
        {"part": "\x00"},
        {"points": "many"},
        {"points": "1e9"},
        {"points": 5},
        {"points": "9" * 30},
        {"note": "a\x00b"},
        {"note": "\ud800"},
        {"note": "x" * 2001},
        {"at": None},
        {"at": "2026-11-22T12:00:00"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"more": 1},
    ],
    ids=str,
)
def test_an_item_that_cannot_be_read_is_refused_and_the_next_is_recorded(
    app: Flask,
    visits: Visits,
    teacher: Visit,
    people: Mapping[str, uuid.UUID],
    wrong: dict[str, Any],
) -> None:
    item = {**tick(people["ana"], SAFETY, points="5"), **wrong}
    refused, recorded = answers(send(app, teacher, item, tick(people["ben"])))
    assert refused in ("tick_unreadable", "tick_too_old", "tick_in_future")
    assert recorded == "recorded"
    assert answers(send(app, teacher, "x", None, 7, [], {})) == ["tick_unreadable"] * 5


def test_the_phone_page_opens_in_a_tab_that_has_no_cookie_of_the_frame(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    offer = teacher.get("course").follow("Sign off without network")
    path, data = offer.filled("take")
    tab = app.test_client()
    page = tab.post(path, data=data)
    assert page.status_code == 200
    assert all(name.title() in page.text for name in LEARNERS)
    assert "worker-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    with visits.school.transaction() as db:
        beside = db.query(LaunchSession).filter(LaunchSession.id != teacher.id).all()
        (own,) = (one for one in beside if one.person_id == teacher.person_id)
        first = db.get_one(LaunchSession, teacher.id)
        assert (own.course_id, own.link_id) == (first.course_id, first.link_id)
        assert own.expires_at == first.expires_at
    in_tab = Visit(tab, own.id, teacher.person_id)
    assert answers(send(app, in_tab, tick(people["ana"]))) == ["recorded"]


def test_only_those_whom_the_list_shows_are_taken_along(
    visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID]
) -> None:
    offer = teacher.get("course?q=ana").follow("Sign off without network")
    path, data = offer.filled("take")
    page = teacher.client.post(path, data=data)
    assert "Ana" in page.text
    assert "Zoe" not in page.text


@pytest.mark.parametrize("change", ["nothing", "late", "torn", "other", "foreign page"])
def test_a_form_without_a_good_ticket_opens_nothing(
    app: Flask, visits: Visits, teacher: Visit, people: Mapping[str, uuid.UUID], change: str
) -> None:
    path, data = teacher.get("course/offline").filled("take")
    headers = {"Accept": "application/json"}
    ends, _, seal = data["ticket"][0].partition(".")
    if change == "nothing":
        data["ticket"] = [""]
    elif change == "late":
        data["ticket"] = [f"{int(clock.now().timestamp()) - 1}.{seal}"]
    elif change == "torn":
        data["ticket"] = [f"{int(ends) + 1}.{seal}"]
    elif change == "other":
        other = visits.open("second", teacher=True, unit=SAFETY)
        data["ticket"] = other.get("course/offline").filled("take")[1]["ticket"]
    else:
        headers["Sec-Fetch-Site"] = "cross-site"
    refused = app.test_client().post(path, data=data, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (403, "session_missing")  # type: ignore[index]


def test_the_page_itself_holds_nothing_of_anybody(client: FlaskClient) -> None:
    page = client.get("/offline/?lang=de")
    assert page.status_code == 200
    assert "data-brought" not in page.text
    assert "Bogen zum Drucken" in page.text, "what to do without scripts"
    worker = client.get("/offline/worker.js")
    assert worker.mimetype == "text/javascript"
    assert "connect-src 'self'" in worker.headers["Content-Security-Policy"]
    others = client.get("/catalogue").headers["Content-Security-Policy"]
    assert "worker-src" not in others


@on_each_database
def test_the_number_of_statements_does_not_grow_with_the_queue(
    app: Flask, visits: Visits, teacher: Visit
) -> None:
    def statements(number: int) -> int:
        people = [visits.open(f"one{number}x{index}").person_id for index in range(number)]
        items = [tick(one) for one in people]
        with recorded(visits.school.database) as counted:
            assert answers(send(app, teacher, *items)) == ["recorded"] * number
        return len(counted)

    assert statements(3) == statements(20)
