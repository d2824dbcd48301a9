"""A teacher moves a course whose learners have begun to a newer version: told before what it means,
what is the same counts on, what changed is done again, and who holds the award keeps it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask

from badges import samples
from badges.rules import PointsAtLeast
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    AuditEntry,
    CompletionRecord,
    Delivery,
    Placement,
    ResourceLink,
)
from lti_tool.services.awarding import awards
from lti_tool.services.completing import completions, mentors
from lti_tool.services.definitions import catalogue
from tests.factories.judgements import passing
from tests.factories.visits import Page, Visit, Visits

OLD = samples.welding()
SAFETY, READING, *_ = [unit.code for unit in OLD.units]
STRICTER = replace(OLD.units[1], rule=PointsAtLeast(minimum=Decimal(95), maximum=Decimal(100)))
NEW = replace(OLD, version="2.0", units=(OLD.units[0], STRICTER, *OLD.units[2:]))
WORDING = replace(OLD, version="2.0", register_entry=None)


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    """Of version 1.0 ana has two units, ben the one that stays, and olena the award."""
    made = Visits.at(app, database, clock.now() - timedelta(hours=1))
    teacher = made.open("olha", teacher=True, unit=SAFETY, link="safety")
    made.open("olha", teacher=True, unit=READING, link="reading")
    for sub, units in (
        ("ana", OLD.units[:2]),
        ("ben", OLD.units[:1]),
        ("olena", OLD.units),
    ):
        made.open(sub, unit=SAFETY, link="safety")
        made.open(sub, unit=READING, link="reading")
        for unit in units:
            assess(made, teacher, sub, unit.code)
    made.school.tick()
    return made


def assess(visits: Visits, teacher: Visit, sub: str, code: str) -> None:
    for judgement in passing(OLD.unit(code)):
        visits.school.assess(teacher.id, sub, OLD.code, code, **judgement)


def published(visits: Visits, mc: object = NEW) -> Visit:
    """Publish a newer version, and come back as the teacher."""
    visits.school.publish(mc)  # type: ignore[arg-type]
    visits.school.tick()
    return visits.open("olha", teacher=True, unit=SAFETY, link="safety")


def looked_at(teacher: Visit) -> Page:
    return teacher.get("course").follow("Other versions").follow("What moving to version 2.0 means")


def moved(visits: Visits, mc: object = NEW) -> Visit:
    teacher = published(visits, mc)
    page = looked_at(teacher).submit("move")
    assert "The course and its learners were moved." in page.text
    return teacher


def offered(visits: Visits) -> str:
    with visits.school.transaction() as db:
        return db.scalars(sa.select(Placement)).one().version.version


def done(visits: Visits, sub: str, version: str) -> list[str]:
    """Return the units that somebody has completed in a version."""
    with visits.school.transaction() as db:
        row = catalogue.find(db, f"{OLD.awarding_body.slug}/{OLD.code}/{version}")
        person = visits.school.person(db, sub)
        found = completions.standing(db, person, row, visits.school.now).real
        return [unit.unit for unit in found.units if unit.is_complete]


def carried(visits: Visits) -> Sequence[CompletionRecord]:
    with visits.school.transaction() as db:
        rows = sa.select(CompletionRecord).filter(CompletionRecord.carried_from_id.is_not(None))
        return db.scalars(rows).all()


def test_the_teacher_is_told_what_it_means_before_anything_moves(visits: Visits) -> None:
    page = published(visits).get("course").follow("Other versions")
    assert "keep it until you move them" in page.text
    assert "Version 2.0 · the newest" in page.text
    told = page.follow("What moving to version 2.0 means")
    assert "2 learners have begun with it." in told.text
    assert "1 learner loses nothing" in told.text
    assert f"1 learner has to do “{OLD.units[1].title.best('en')}” again" in told.text
    assert "1 learner holds the award of version 1.0 and keeps it" in told.text
    assert "This cannot be undone." in told.text
    assert "Unit 2, How it is completed · more than wording" in told.text
    assert offered(visits) == "1.0"
    assert carried(visits) == []


def test_what_is_the_same_counts_on_and_what_changed_is_done_again(visits: Visits) -> None:
    moved(visits)
    assert offered(visits) == "2.0"
    assert done(visits, "ana", "2.0") == [SAFETY]
    assert done(visits, "ben", "2.0") == [SAFETY]
    assert done(visits, "ana", "1.0") == [SAFETY, READING]


def test_what_is_carried_over_says_where_it_was_made(visits: Visits) -> None:
    teacher = moved(visits)
    rows = carried(visits)
    assert len(rows) == 2
    with visits.school.transaction() as db:
        for row in rows:
            origin = db.get_one(CompletionRecord, row.carried_from_id)
            kept = (row.person_id, row.points, row.recorded_at, row.assessor_id, row.course_id)
            assert kept == (
                origin.person_id,
                origin.points,
                origin.recorded_at,
                origin.assessor_id,
                origin.course_id,
            )
            assert origin.version.version == "1.0"
    person = teacher.get(f"course/people/{rows[0].person_id}")
    assert "carried over from an older version" in person.text


def person_page(visits: Visits, teacher: Visit, sub: str) -> str:
    with visits.school.transaction() as db:
        person = visits.school.person(db, sub).id
    return teacher.get(f"course/people/{person}").text


def test_who_holds_the_award_keeps_it_and_can_still_claim_it(visits: Visits) -> None:
    teacher = moved(visits)
    assert done(visits, "olena", "2.0") == []
    course = teacher.get("course").text
    assert "1 earned the award" in course
    assert "Earned version 1.0" in course
    assert "Recorded for version 1.0" in person_page(visits, teacher, "olena")
    assert ("Olena" in course, "Olena" in teacher.get("course?show=open").text) == (True, False)
    learner = visits.open("olena", unit=SAFETY, link="safety")
    page = learner.get()
    assert "You hold the award of version 1.0" in page.text
    badge = page.follow("Claim that badge").submit("claim")
    assert badge.status == 200
    assert "See that badge" in learner.get().text
    with visits.school.transaction() as db:
        old = catalogue.find(db, f"{OLD.awarding_body.slug}/{OLD.code}/1.0")
        new = catalogue.find(db, f"{OLD.awarding_body.slug}/{OLD.code}/2.0")
        olena = visits.school.person(db, "olena")
        assert awards.standing(db, olena, old) is not None
        assert awards.standing(db, olena, new) is None


def test_another_persons_award_is_not_opened_by_its_id(visits: Visits) -> None:
    moved(visits)
    with visits.school.transaction() as db:
        old = catalogue.find(db, f"{OLD.awarding_body.slug}/{OLD.code}/1.0")
        award = awards.standing(db, visits.school.person(db, "olena"), old)
        assert award is not None
    ana = visits.open("ana", unit=SAFETY, link="safety")
    assert ana.get(f"claim?of={award.id}").status == 404


def test_grades_of_who_has_finished_stay_and_those_to_be_done_again_are_cleared(
    visits: Visits,
) -> None:
    moved(visits)
    for sub in ("ana", "ben", "olena"):
        visits.open(sub, unit=READING, link="reading")
    last = {sub: scores(visits, sub) for sub in ("ana", "ben", "olena")}
    assert last["ana"]["reading"] is None
    assert last["ana"]["safety"] is not None
    assert last["ben"] == {"safety": last["ben"]["safety"]}
    assert None not in last["olena"].values()


def scores(visits: Visits, sub: str) -> dict[str, object]:
    """Return what each column was told last."""
    with visits.school.transaction() as db:
        person = visits.school.person(db, sub)
        rows = db.execute(
            sa.select(ResourceLink.resource_link_id, Delivery.points)
            .join(Delivery, Delivery.link_id == ResourceLink.id)
            .filter(Delivery.person_id == person.id)
            .order_by(Delivery.created_at, Delivery.id)
        )
        return dict(rows.all())


def test_learners_go_on_and_earn_the_newer_version(visits: Visits) -> None:
    teacher = moved(visits)
    visits.school.tick()
    for unit in NEW.units[2:]:
        assess(visits, teacher, "ana", unit.code)
    visits.school.assess(teacher.id, "ana", OLD.code, READING, points=96)
    award = visits.school.award("ana", OLD.code)
    assert award is not None
    with visits.school.transaction() as db:
        assert db.merge(award).version.version == "2.0"


def test_nobody_agrees_to_something_else_than_they_read(visits: Visits) -> None:
    teacher = published(visits)
    form = looked_at(teacher).filled("move")
    page = teacher.get(f"course/units/{READING}")
    ben = visits.open("ben", unit=READING, link="reading")
    page.submit("record", **{f"points-{ben.person_id}": "88"})
    refused = teacher.post(*form)
    assert refused.status == 409
    assert "Something has changed since you looked" in refused.text
    assert offered(visits) == "1.0"
    assert "2 learners have to do" in looked_at(teacher).text


def test_sent_twice_it_is_moved_once(visits: Visits) -> None:
    teacher = published(visits)
    form = looked_at(teacher).filled("move")
    assert teacher.post(*form).status == 200
    assert teacher.post(*form).status == 200
    assert len(carried(visits)) == 2


def test_there_is_no_way_back_to_the_older_version(visits: Visits) -> None:
    teacher = moved(visits)
    with visits.school.transaction() as db:
        old = catalogue.find(db, f"{OLD.awarding_body.slug}/{OLD.code}/1.0").id
    assert teacher.get(f"course/version/{old}").status == 404
    assert "so it stays" in teacher.get("course/version").text


def test_awards_that_wait_for_a_confirmation_are_decided_first(visits: Visits) -> None:
    with visits.school.transaction() as db:
        placement = db.scalars(sa.select(Placement)).one()
        placement.confirmations = 1
    teacher = visits.open("olha", teacher=True, unit=SAFETY, link="safety")
    for unit in OLD.units[1:]:
        assess(visits, teacher, "ben", unit.code)
    page = looked_at(published(visits))
    assert "1 award waits for a confirmation." in page.text
    assert not page.has_form("move")


def test_an_award_that_was_withdrawn_does_not_come_back_by_moving(visits: Visits) -> None:
    with visits.school.transaction() as db:
        award = awards.standing(
            db, visits.school.person(db, "olena"), visits.school.version(db, OLD.code)
        )
        assert award is not None
        award.withdrawn_at, award.withdrawn_reason = visits.school.now, "somebody else's work"
    visits.school.tick()
    moved(visits, WORDING)
    assert done(visits, "olena", "2.0") == [unit.code for unit in OLD.units]
    assert visits.school.award("olena", OLD.code) is None


def test_what_a_mentor_is_asked_of_the_same_unit_stays_open(visits: Visits) -> None:
    practice = next(unit.code for unit in OLD.units if passing(unit)[0].get("signed_off"))
    with visits.school.transaction() as db:
        placement = db.scalars(sa.select(Placement)).one()
        school = visits.school
        link, _ = mentors.ask(
            db,
            placement.course,
            placement.version,
            school.person(db, "ana"),
            [practice],
            of="Mentor",
            by=school.person(db, "olha"),
            now=school.now,
        )
        link_id = link.id
    moved(visits)
    with visits.school.transaction() as db:
        row = db.get_one(type(link), link_id)
        assert (row.version.version, row.revoked_at) == ("2.0", None)


def test_the_move_is_in_the_audit_log(visits: Visits) -> None:
    moved(visits)
    with visits.school.transaction() as db:
        (entry,) = db.scalars(sa.select(AuditEntry).filter_by(action="placement.version_moved"))
    told = {key: entry.details[key] for key in ("from", "version", "learners", "records")}
    assert told == {"from": "1.0", "version": "2.0", "learners": "2", "records": "2"}
