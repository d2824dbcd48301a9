"""Data privacy launches: what is kept about a person, for them and for who runs their LMS."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    ActivityResult,
    AuditEntry,
    GradebookResult,
    LaunchSession,
    Person,
    ResourceLink,
)
from tests.factories import courses
from tests.factories.launches import Visitor, refusal_code, sessions_of
from tests.factories.platform import ABSENT, INSTITUTION, MEMBERSHIP
from tests.factories.visits import Page, landed
from tests.functional.test_other_peoples_things import LAUNCH_ROUTES, UNIT, ask, code, methods

WLD = samples.welding()
REFERENCE = f"{WLD.awarding_body.slug}/{WLD.code}"
SAFETY = WLD.units[0].code
NAMES = ("DataPrivacyLaunchRequest", "LtiDataPrivacyLaunchRequest")
ADMIN = {"sub": "1", "name": "Ottokar", "roles": [INSTITUTION + "Administrator"]}


@pytest.fixture(autouse=True)
def learner(visitor: Visitor, database: Database) -> None:
    """Ada, whose `sub` is 7, has opened a unit."""
    with database.transaction() as db:
        courses.publish(db, WLD, visitor.tool_url, clock.now())
    visitor.launch(custom={"mc": REFERENCE, "unit": SAFETY})


def privacy(**changes: Any) -> dict[str, Any]:
    """Return the claims of a data privacy launch: no course and no link belong to it."""
    about = {"message_type": NAMES[0], "resource_link": ABSENT, "context": ABSENT}
    return {**about, **changes}


def shown(visitor: Visitor, **changes: Any) -> Page:
    return landed(visitor.client, visitor.launch(**privacy(**changes)))


@pytest.mark.parametrize("message_type", NAMES)
@pytest.mark.parametrize("for_user", [ABSENT, {}, {"user_id": "7"}])
def test_people_see_what_is_kept_about_them(
    visitor: Visitor, message_type: str, for_user: object
) -> None:
    page = shown(visitor, message_type=message_type, for_user=for_user)
    assert page.status == 200
    assert "What is kept about you" in page.text
    assert "Ada Lovelace" in page.text
    assert "Number in the learning platform: 7." in page.text
    assert "Course 1" in page.text


def test_what_the_lms_told_is_named_too(visitor: Visitor, database: Database) -> None:
    page = shown(visitor)
    assert "Nothing but what stands here." in page.text
    now = clock.now()
    with database.transaction() as db:
        link = db.scalars(sa.select(ResourceLink)).one()
        person = db.scalars(sa.select(Person).filter_by(sub="7")).one()
        link.course.roster_read_at = now
        activity = {"unit_code": SAFETY, "activity_id": 5, "activity_name": "Quiz"}
        assert link.placement is not None
        db.add(
            ActivityResult(
                placement_id=link.placement.id, person=person, sequence=1, read_at=now, **activity
            )
        )
        for sequence in (1, 2):
            db.add(
                GradebookResult(
                    link_id=link.id,
                    person_id=person.id,
                    sequence=sequence,
                    line_item_url="https://lms.example/1",
                    score=Decimal(sequence),
                    maximum=Decimal(100),
                    is_own=False,
                    read_at=now,
                    read_by="launch",
                )
            )
    own = landed(visitor.client, visitor.launch(custom={"mc": REFERENCE, "unit": SAFETY}))
    data = own.follow("What is kept about you")
    for page in (shown(visitor), data):
        assert "Named as a participant in the list of 1 course" in page.text
        assert "2 grades that somebody typed into the gradebook" in page.text
        assert "1 result of its own activities" in page.text


def test_who_runs_the_lms_sees_what_is_kept_about_a_person(
    visitor: Visitor, database: Database
) -> None:
    page = shown(visitor, **ADMIN, for_user={"user_id": "7"})
    assert "What is kept about Ada Lovelace" in page.text
    with database.transaction(read_only=True) as db:
        (entry,) = db.scalars(sa.select(AuditEntry).filter_by(action="person.data_shown")).all()
        session = db.scalars(sa.select(LaunchSession).filter_by(is_privacy=True)).one()
        assert entry.actor == f"person:{session.person_id}"
        assert entry.subject == f"person:{session.about_id}"


def test_of_somebody_who_never_came_nothing_is_kept(visitor: Visitor) -> None:
    page = shown(visitor, **ADMIN, for_user={"user_id": "nobody"})
    assert "Nothing is kept about this person" in page.text


@pytest.mark.parametrize(
    "roles", [[], [MEMBERSHIP + "Learner"], [MEMBERSHIP + "Instructor"], [INSTITUTION + "Faculty"]]
)
def test_nobody_else_sees_it(visitor: Visitor, database: Database, roles: list[str]) -> None:
    refused = visitor.launch(**privacy(sub="8", roles=roles, for_user={"user_id": "7"}))
    assert (refused.status_code, refusal_code(refused)) == (403, "data_of_others")
    assert "Ada" not in refused.text
    assert sessions_of(database) == 1


@pytest.mark.parametrize("for_user", ["7", {"user_id": 7}, {"user_id": ""}, ["7"]])
def test_a_malformed_person_is_refused(visitor: Visitor, for_user: object) -> None:
    refused = visitor.launch(**privacy(**ADMIN, for_user=for_user))
    assert refusal_code(refused).startswith("for_user_")


def test_such_a_visit_opens_no_other_page_not_even_for_an_administrator(
    app: Flask, visitor: Visitor
) -> None:
    page = shown(visitor, **ADMIN, for_user={"user_id": "7"})
    checked = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in LAUNCH_ROUTES or rule.endpoint in {"learner.home", "learner.data"}:
            continue
        ids = dict.fromkeys(rule.arguments, page.visit.person_id)
        ids |= {"launch_id": page.visit.id, "code": UNIT}  # type: ignore[dict-item]
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(rule.endpoint, ids, methods(rule)[0])
        for method in methods(rule):
            answer = ask(app, visitor.client, method, path, page.visit.id)
            assert answer.status_code in {403, 404}, (rule, method)
            assert code(answer) in {"other_launch", "teachers_only"}, (rule, method)
            checked += 1
    assert checked >= 30


def test_it_leads_back_to_the_lms(visitor: Visitor) -> None:
    url = f"{visitor.platform.url}/admin?sesskey=1"
    page = shown(visitor, launch_presentation={"return_url": url})
    assert page.html.count("Back to the learning platform") == 2
