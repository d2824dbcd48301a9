"""A mentor at the workplace confirms by a one-time link, and a teacher vouches."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.forms import PageReader
from lti_tool.models import (
    AuditEntry,
    CompletionRecord,
    CourseMember,
    MentorLink,
    Platform,
    Registration,
)
from lti_tool.services.completing import mentors
from tests.factories.judgements import passing
from tests.factories.visits import Visit, Visits

SAFETY, SIGN_OFF, LAST = (f"BEM-S-WLD1-U{number}" for number in (1, 3, 5))


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(minutes=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


@pytest.fixture
def ana(visits: Visits, teacher: Visit) -> Visit:
    return visits.open("ana")


def ask(teacher: Visit, ana: Visit, *units: str, name: str = "Workshop Q") -> str:
    """Make a link as the teacher; return its path."""
    page = teacher.get(f"course/people/{ana.person_id}").follow("Ask a mentor")
    made = page.submit("ask", unit=list(units), name=name)
    link = next(one.value for one in PageForm(made.html).inputs if "/confirm/" in one.value)
    return "/confirm/" + link.partition("/confirm/")[2]


class PageForm:
    """The inputs of a page, also those outside forms."""

    def __init__(self, html: str) -> None:
        reader = PageReader()
        reader.feed(f"<form name='all'>{html.partition('<main')[2]}</form>")
        reader.close()
        self.inputs = [one for form in reader.forms for one in form.fields]


def send(client: FlaskClient, path: str, units: list[str], name: str) -> tuple[int, str]:
    page = client.get(path)
    assert page.status_code == 200, page.text
    token = next(one.value for one in PageForm(page.text).inputs if one.name == "csrf_token")
    data = {"csrf_token": token, "unit": units, "name": name, "evidence": "Seen in the workshop"}
    answer = client.post(path, data=data)
    return answer.status_code, answer.text


def test_a_mentor_sees_who_asks_what_and_confirms_once(
    visits: Visits, teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    path = ask(teacher, ana, SIGN_OFF, LAST)
    page = client.get(path)
    assert "What can you confirm of Ana?" in page.text
    assert "Olha asks you" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    status, text = send(client, path, [SIGN_OFF], "  Master   Q ")
    assert (status, "Your confirmation is recorded" in text) == (200, True)
    person = teacher.get(f"course/people/{ana.person_id}")
    assert "confirmed at the workplace by Master Q" in person.text
    assert "Seen in the workshop" in person.text
    with visits.school.transaction() as db:
        row = db.query(CompletionRecord).one()
        assert (row.unit_code, row.assessor_id) == (SIGN_OFF, teacher.person_id)
    again = client.get(path)
    assert again.status_code == 403
    assert "This link was used" in again.text


def test_what_is_missing_is_said_and_what_was_typed_kept(
    teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    path = ask(teacher, ana, SIGN_OFF)
    for units, name, words in (
        ([], "Master Q", "Tick at least one"),
        ([SAFETY], "Master Q", "Tick at least one"),
        ([SIGN_OFF], "  ", "A name is needed."),
    ):
        status, text = send(client, path, units, name)
        assert status == 400
        assert words in text
        assert "Seen in the workshop" in text
    assert send(client, path, [SIGN_OFF], "Master Q")[0] == 200


def test_a_link_ends_by_time_by_the_teacher_and_with_the_platform(
    visits: Visits, teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    old, revoked, closed = (ask(teacher, ana, SIGN_OFF, name=name) for name in "abc")
    with visits.school.transaction() as db:
        link = db.query(MentorLink).filter_by(asked_of="a").one()
        link.expires_at = clock.now() - timedelta(seconds=1)
    assert "This link is too old." in client.get(old).text
    page = teacher.get(f"course/people/{ana.person_id}/mentor")
    with visits.school.transaction() as db:
        wanted = str(db.query(MentorLink).filter_by(asked_of="b").one().id)
    form = next(one for one in page.read.forms if wanted in one.action)
    token = next(one.value for one in form.fields if one.name == "csrf_token")
    assert "revoked on" in teacher.post(form.action, {"csrf_token": [token]}).text
    assert "The teacher has revoked this link." in client.get(revoked).text
    with visits.school.transaction() as db:
        db.query(Platform).one().disabled_at = clock.now()
    assert client.get(closed).status_code == 403
    assert client.get("/confirm/nonsense").status_code == 404


def test_it_is_said_as_it_is_that_a_mentor_confirmed(
    visits: Visits, teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    send(client, ask(teacher, ana, SIGN_OFF, name="Frau Q"), [SIGN_OFF], "Master Q")
    words = "Signed off for a mentor at the workplace, for whom a teacher vouches"
    assert words in ana.get("units").text
    assert "Signed off by a teacher" not in ana.get("units").text
    data = ana.get("data").text
    assert "Frau Q was asked on" in data
    assert "confirmed by Master Q on" in data
    visits.school.tick()
    form = teacher.get(f"course/units/{SIGN_OFF}")
    form.submit("record", person=[str(ana.person_id)])
    assert "Signed off by a teacher" in ana.get("units").text, "the teacher saw it too by now"


def test_the_badge_says_that_a_mentor_confirmed_it(
    visits: Visits, teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    send(client, ask(teacher, ana, LAST), [LAST], "Master Q")
    for unit in visits.mc.units[:-1]:
        for judgement in passing(unit):
            visits.school.assess(teacher.id, "ana", visits.mc.code, unit.code, **judgement)
    ana.get("claim").submit("claim")
    proven = {
        one["name"]: one["narrative"] for one in ana.get("badge.json").response.json["evidence"]
    }
    said = [text for text in proven.values() if "Confirmed at the workplace" in text]
    assert len(said) == 1
    assert "Master Q" not in str(proven)


def test_a_refusal_gives_back_what_was_typed_whatever_ended_the_link(
    visits: Visits, teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    path = ask(teacher, ana, SIGN_OFF)
    page = client.get(path)
    token = next(one.value for one in PageForm(page.text).inputs if one.name == "csrf_token")
    with visits.school.transaction() as db:
        db.query(MentorLink).one().revoked_at = clock.now()
    typed = {"csrf_token": token, "unit": SIGN_OFF, "name": "Q", "evidence": "Typed at length"}
    refused = client.post(path, data=typed)
    assert refused.status_code == 403
    assert "The teacher has revoked this link." in refused.text
    assert "Typed at length" in refused.text


def test_a_link_ends_with_its_teacher_and_with_the_registration(
    visits: Visits, teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    path = ask(teacher, ana, SIGN_OFF)
    with visits.school.transaction() as db:
        member = db.query(CourseMember).filter_by(person_id=teacher.person_id).one()
        member.left_at = clock.now()
    gone = client.get(path)
    assert (gone.status_code, "no longer in the course" in gone.text) == (403, True)
    with visits.school.transaction() as db:
        member = db.query(CourseMember).filter_by(person_id=teacher.person_id).one()
        member.left_at = None
    assert client.get(path).status_code == 200
    with visits.school.transaction() as db:
        db.query(Registration).one().disabled_at = clock.now()
    assert client.get(path).status_code == 403


def test_teachers_ask_for_sign_offs_of_a_named_mentor_and_not_without_end(
    visits: Visits, teacher: Visit, ana: Visit
) -> None:
    page = teacher.get(f"course/people/{ana.person_id}/mentor")
    assert f'value="{SAFETY}"' not in page.html, "points are for assessors"
    assert page.submit("ask", unit=[], name="Q").status == 400
    assert page.submit("ask", unit=[SIGN_OFF], name=" ").status == 400
    for _ in range(mentors.MOST_OPEN):
        assert page.submit("ask", unit=[SIGN_OFF], name="Q").status == 200
    refused = page.submit("ask", unit=[SIGN_OFF], name="Q")
    assert refused.status == 409
    assert "Too many links" in refused.text


def test_the_log_knows_what_happened_and_no_names(
    visits: Visits, teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    send(client, ask(teacher, ana, SIGN_OFF), [SIGN_OFF], "Master Q")
    with visits.school.transaction() as db:
        rows = db.query(AuditEntry).filter(AuditEntry.action.startswith("mentor.")).all()
        assert {row.action for row in rows} == {"mentor.asked", "mentor.confirmed"}
        assert "Master" not in str([(row.actor, row.subject, row.details) for row in rows])


def test_a_form_that_is_not_from_the_page_is_refused(
    teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    path = ask(teacher, ana, SIGN_OFF)
    assert client.post(path, data={"unit": SIGN_OFF, "name": "Q"}).status_code == 403


def test_a_link_ends_at_a_time_in_the_zone_of_the_course(
    teacher: Visit, ana: Visit, client: FlaskClient
) -> None:
    path = ask(teacher, ana, SIGN_OFF)
    assert "GMT+01:00" in client.get(path).text, "as the school says"
    teacher.get("course/settings").submit("settings", time_zone="Asia/Tokyo")
    page = client.get(path).text
    assert "GMT+09:00" in page
    assert " UTC" not in page
