"""What learners read while an award waits for a person: every state, on every page that says it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import CompletionRecord, PendingAward, Placement, ResourceLink
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.awards import chosen
from tests.factories.judgements import passing
from tests.factories.visits import Visit, Visits

MC = replace(chosen(), confirmations=1)
NEEDED, EXTRA, THIRD, FOURTH, LAST = (unit.code for unit in MC.units)
BODY = MC.awarding_body.name["en"]
HERE: dict[str, Any] = {"course": "course", "link": "here"}
THERE: dict[str, Any] = {"course": "other", "link": "there"}
WHY = "Bring your test piece."

AT_TEACHER, AT_OTHER = "your award waits for your teacher", "your award waits in another course"
AT_BODY, REFUSED, GIVEN = "your award is being looked at", "was not confirmed", "Claim your badge"
STATES = (AT_TEACHER, AT_OTHER, AT_BODY, REFUSED, GIVEN)
"""Of these a page says one, or none."""


@dataclass
class Stage:
    """Ana is complete in the course of Olha; Petra's offers the same and has no result of hers."""

    app: Flask
    visits: Visits
    olha: Visit
    here: Visit
    there: Visit
    petra: Visit
    named: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, app: Flask, database: Database) -> "Stage":
        visits = Visits.at(app, database, clock.now() - timedelta(hours=3))
        visits.school.publish(MC)
        at: dict[str, Any] = {"mc": MC.code}
        return cls(
            app,
            visits,
            visits.open("olha", teacher=True, unit=NEEDED, **HERE, **at),
            visits.open("ana", **HERE, **at),
            visits.open("ana", **THERE, **at),
            visits.open("petra", teacher=True, unit=NEEDED, **THERE, **at),
        )

    def complete(self) -> None:
        for unit in MC.units:
            if unit.code in (NEEDED, THIRD, LAST):
                for judgement in passing(unit):
                    self.visits.school.assess(self.olha.id, "ana", MC.code, unit.code, **judgement)
        with self.visits.school.transaction() as db:
            row = db.query(PendingAward).one()
            self.named = {"person": str(row.person_id), "version": str(row.version_id)}

    def ask_more_there(self) -> None:
        settings = self.petra.get("course/settings")
        settings.submit("settings", **{f"elective-{EXTRA}": "needed"})

    def decide(self, **fields: str) -> None:
        page = self.olha.get("course/confirmations")
        page.submit("confirm", person=str(self.here.person_id), **fields)

    def stop_offering(self) -> None:
        """Let the course in which it waits offer it no longer: the awarding body is asked."""
        with self.visits.school.transaction() as db:
            row = db.query(PendingAward).one()
            offered = {"course_id": row.course_id, "version_id": row.version_id}
            placement = db.query(Placement).filter_by(**offered).one()
            for link in db.query(ResourceLink).filter_by(placement_id=placement.id):
                link.placement = None
            db.flush()
            db.delete(placement)

    def ask_body(self, **fields: str) -> None:
        now, slug = clock.now(), MC.awarding_body.slug
        database = self.visits.school.database
        made = signing_in.account(database, now, "Boss", Role.ADMINISTRATOR, slug)
        boss = signing_in.signed_in(self.app, database, made, now)
        assert boss.post("/admin/awards/confirm", **self.named, **fields).status_code == 303


def waits_in_course(stage: Stage) -> None:
    stage.complete()


def declined_by_teacher(stage: Stage) -> None:
    stage.complete()
    stage.decide(act="decline", reason=WHY)


def confirmed_by_teacher_after_all(stage: Stage) -> None:
    declined_by_teacher(stage)
    stage.decide()


def waits_again_after_something_new(stage: Stage) -> None:
    declined_by_teacher(stage)
    stage.visits.school.tick(hours=4)
    for judgement in passing(MC.unit(FOURTH)):
        stage.visits.school.assess(stage.olha.id, "ana", MC.code, FOURTH, **judgement)


def waits_where_another_asks_for_more(stage: Stage) -> None:
    stage.ask_more_there()
    stage.complete()


def declined_where_another_asks_for_more(stage: Stage) -> None:
    waits_where_another_asks_for_more(stage)
    stage.decide(act="decline", reason=WHY)


def waits_at_body(stage: Stage) -> None:
    stage.complete()
    stage.stop_offering()


def declined_by_body(stage: Stage) -> None:
    waits_at_body(stage)
    stage.ask_body(act="decline", reason=WHY)


def confirmed_by_body_after_all(stage: Stage) -> None:
    declined_by_body(stage)
    stage.ask_body()


def waits_at_body_where_another_asks_for_more(stage: Stage) -> None:
    stage.ask_more_there()
    waits_at_body(stage)


def declined_by_body_where_another_asks_for_more(stage: Stage) -> None:
    waits_at_body_where_another_asks_for_more(stage)
    stage.ask_body(act="decline", reason=WHY)


def taken_back_by_teacher(stage: Stage) -> None:
    stage.complete()
    stage.decide()
    page = stage.olha.get("course/confirmations")
    page.submit("unconfirm", person=str(stage.here.person_id), reason=WHY)


def no_longer_complete(stage: Stage) -> None:
    declined_by_teacher(stage)
    with stage.visits.school.transaction() as db:
        found = db.query(CompletionRecord).filter_by(unit_code=NEEDED).first()
        assert found is not None
        record = found.id
    stage.visits.school.retract(stage.olha.id, record)


@dataclass(frozen=True)
class Row:
    """`here`, `there`: the state that the page of each course says, "" for none, and further words
    that stand there; `kept`: what the page of what is kept says."""

    make: Callable[[Stage], None]
    here: tuple[str, ...]
    there: tuple[str, ...]
    kept: str
    says_why: bool = False


NOT_THERE = ("",)
"""The course offers it no longer, so it has no page of it."""
ROWS = (
    Row(
        waits_in_course,
        (AT_TEACHER,),
        (AT_OTHER, "A teacher of your course “Course course” confirms the award"),
        "for a teacher of the course “Course course”",
    ),
    Row(
        declined_by_teacher,
        (REFUSED, "your teacher has a question", "Talk to your teacher."),
        (REFUSED, "a teacher of your course “Course course”, where"),
        f"not confirmed: {WHY}",
        says_why=True,
    ),
    Row(confirmed_by_teacher_after_all, (GIVEN,), (GIVEN,), ""),
    Row(
        waits_again_after_something_new,
        (AT_TEACHER,),
        (AT_OTHER,),
        "for a teacher of the course “Course course”",
    ),
    Row(
        waits_where_another_asks_for_more,
        (AT_TEACHER,),
        ("", "another course of yours asks for: there your award waits"),
        "for a teacher of the course “Course course”",
    ),
    Row(
        declined_where_another_asks_for_more,
        (REFUSED,),
        ("", "but a teacher there did not confirm your award"),
        f"not confirmed: {WHY}",
        says_why=True,
    ),
    Row(
        waits_at_body,
        NOT_THERE,
        (AT_BODY, f"waits for a confirmation by {BODY}"),
        f"for a confirmation by {BODY}",
    ),
    Row(
        declined_by_body,
        NOT_THERE,
        (REFUSED, f"but {BODY} did not confirm the award"),
        f"not confirmed by {BODY}: {WHY}",
        says_why=True,
    ),
    Row(confirmed_by_body_after_all, NOT_THERE, (GIVEN,), ""),
    Row(
        waits_at_body_where_another_asks_for_more,
        NOT_THERE,
        ("", f"it waits for a confirmation by {BODY}"),
        f"for a confirmation by {BODY}",
    ),
    Row(
        declined_by_body_where_another_asks_for_more,
        NOT_THERE,
        ("", f"but {BODY} did not confirm it"),
        f"not confirmed by {BODY}: {WHY}",
        says_why=True,
    ),
    Row(
        taken_back_by_teacher,
        (AT_TEACHER,),
        (AT_OTHER,),
        f"a confirmation was taken back: {WHY}",
    ),
    Row(no_longer_complete, ("",), ("",), "waits for nothing now"),
)


@pytest.mark.parametrize("row", ROWS, ids=[row.make.__name__ for row in ROWS])
def test_every_page_says_the_one_state_of_an_award_that_waits(
    app: Flask, database: Database, row: Row
) -> None:
    stage = Stage.at(app, database)
    row.make(stage)
    for visit, (state, *further) in ((stage.here, row.here), (stage.there, row.there)):
        page = visit.get()
        assert page.status == 200
        assert [one for one in STATES if one in page.text] == ([state] if state else []), page.text
        assert [one for one in further if one not in page.text] == []
        if row.here is not NOT_THERE or visit is stage.there:
            assert (WHY in page.text) is row.says_why
        assert (visit.get("claim").status == 200) is (state == GIVEN)
    kept = stage.there.get("data").text
    assert ("Awards to confirm" in kept) is bool(row.kept)
    assert row.kept in kept
    assert not (row.says_why and "waiting since" in kept)
