"""Teaching assistants sign off; teachers set up the course and decide about awards, or let them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import CompletionRecord, CourseMember, PendingAward, Placement
from lti_tool.services.completing import assessors
from lti_tool.web.http.security import CSRF_FIELD
from lti_tool.web.teacher.entries import field
from tests.factories.databases import on_each_database
from tests.factories.visits import Page, Visit, Visits

SAFETY, READING = "BEM-S-WLD1-U1", "BEM-S-WLD1-U2"
DONE, REFUSED = 200, 403

Act = Callable[[Visit, Visits], Page]


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    """A course whose award waits for a confirmation, and which has a flagged one beside it."""
    found = Visits.at(app, database, clock.now() - timedelta(hours=1))
    teacher = found.open("olha", teacher=True, unit=SAFETY)
    for sub in ("ana", "ben"):
        found.open(sub)
    found.school.complete(teacher.id, "ben", found.mc)
    save(teacher, confirmations="1")
    found.school.tick(minutes=1)
    found.school.complete(teacher.id, "ana", found.mc)
    return found


@pytest.fixture
def olha(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True)


@pytest.fixture
def tom(visits: Visits) -> Visit:
    return visits.open("tom", teacher=True, assistant=True)


def save(teacher: Visit, **fields: str | list[str]) -> Page:
    path, data = teacher.get("course/settings").filled("settings", **fields)
    return teacher.post(path, data)


def tell_settings(visit: Visit, _: Visits) -> Page:
    data = {"confirmations": ["2"], "assessors": ["all"], "assistants_lead": ["1"], **token(visit)}
    return visit.post("course/settings", data)


def change_route(visit: Visit, _: Visits) -> Page:
    data = {"route": ["participation"], **token(visit)}
    return visit.post(f"course/units/{READING}/route", data)


def record(visit: Visit, visits: Visits) -> Page:
    ana = visits.open("ana").person_id
    return visit.post(f"course/units/{SAFETY}", {field(ana): ["95"], **token(visit)})


def confirm(visit: Visit, visits: Visits) -> Page:
    data = {"person": [str(visits.open("ana").person_id)], **token(visit)}
    return visit.post("course/confirmations", data)


def withdraw(visit: Visit, visits: Visits) -> Page:
    award = visits.school.award("ben", visits.mc.code)
    assert award is not None
    data = {"reason": ["No"], "sure": ["1"], **token(visit)}
    return visit.post(f"course/awards/{award.id}/revoke", data)


def token(visit: Visit) -> dict[str, list[str]]:
    """Return what proves that a form is sent from a page of this launch."""
    form = visit.get("course/settings").form("settings")
    return {one.name: [one.value] for one in form.fields if one.name == CSRF_FIELD}


ACTS: dict[Act, int] = {
    record: DONE,
    tell_settings: REFUSED,
    change_route: REFUSED,
    confirm: REFUSED,
    withdraw: REFUSED,
}
"""What an assistant may do while teachers lead; a teacher may do all of it."""


@on_each_database
@pytest.mark.parametrize("act", ACTS)
def test_what_a_teacher_does_an_assistant_does_only_where_they_are_let(
    visits: Visits, olha: Visit, tom: Visit, act: Act
) -> None:
    before = state(visits)
    answer = act(tom, visits)
    assert answer.status == ACTS[act]
    if ACTS[act] == REFUSED:
        assert "Ask a teacher to do it, or to let assistants do it" in answer.text
        assert state(visits) == before
    save(olha, assistants_lead="1")
    assert act(tom, visits).status == DONE
    assert state(visits) != before


@pytest.mark.parametrize("act", ACTS)
def test_a_teacher_does_all_of_it(visits: Visits, olha: Visit, act: Act) -> None:
    before = state(visits)
    assert act(olha, visits).status == DONE
    assert state(visits) != before


def state(visits: Visits) -> tuple[object, ...]:
    award = visits.school.award("ben", visits.mc.code)
    with visits.school.transaction() as db:
        placement = db.query(Placement).one()
        routes = [unit.route for unit in placement.units]
        counts = db.query(CompletionRecord).count(), db.query(PendingAward).count()
        return placement.confirmations, routes, award is not None, counts


def test_an_assistant_sees_everything_and_no_button_that_is_refused(tom: Visit) -> None:
    page = tom.get("course/settings")
    assert "your learning platform calls you an assistant" in page.text
    assert "Save the settings" not in page.text
    assert 'class="choices" disabled' in page.html
    page = tom.get("course/confirmations")
    assert "Ana" in page.text
    assert "Confirm those ticked" not in page.text


def test_a_teacher_who_is_not_named_changes_who_is(visits: Visits, olha: Visit, tom: Visit) -> None:
    save(olha, assistants_lead="1")
    named = save(tom, assessors="named", assessor=str(tom.person_id))
    assert "Tom (you) (assistant)" in " ".join(named.text.split())
    assert record(olha, visits).status == REFUSED
    assert "calls you an assistant" not in olha.get("course/settings").text
    assert save(olha, assessors="all").status == DONE
    assert record(olha, visits).status == DONE


def test_assistants_stand_in_while_no_teacher_is_there(visits: Visits, tom: Visit) -> None:
    assert tell_settings(tom, visits).status == REFUSED
    with visits.school.transaction() as db:
        teacher = db.query(CourseMember).filter_by(teaches_as="teacher").one()
        teacher.last_seen_at = clock.now() - assessors.ABSENCE - timedelta(hours=1)
    assert tell_settings(tom, visits).status == DONE
    visits.open("olha", teacher=True)
    assert tell_settings(tom, visits).status == REFUSED


def test_who_was_made_a_teacher_in_the_lms_leads_from_the_next_launch(
    visits: Visits, tom: Visit
) -> None:
    assert tell_settings(tom, visits).status == REFUSED
    promoted = visits.open("tom", teacher=True)
    assert tell_settings(promoted, visits).status == DONE
