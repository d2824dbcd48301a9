"""The teacher's pages: choose, record, take back, decide, resend; and who may not."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import Award, CompletionRecord, Credential, Delivery, ResourceLink
from lti_tool.services.awarding import credentials
from lti_tool.services.awarding.credentials import Claim
from lti_tool.web.teacher.entries import field
from tests.factories.visits import Visit, Visits

SAFETY, READING, SIGN_OFF, PARTS = (f"BEM-S-WLD1-U{number}" for number in (1, 2, 3, 4))


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


def records(visits: Visits) -> list[CompletionRecord]:
    with visits.school.transaction() as db:
        return db.query(CompletionRecord).order_by(CompletionRecord.recorded_at).all()


def claim(visits: Visits, sub: str) -> None:
    with visits.school.transaction() as db:
        award = db.query(Award).filter_by(person_id=visits.school.person(db, sub).id).one()
        tool = visits.app.extensions["credlet"]
        wishes = Claim(name="Ana", language="en")
        credentials.claim(
            db, award, wishes, signing=tool.signing, actor="person:x", now=visits.school.now
        )


def test_the_teacher_is_asked_once_what_a_link_stands_for(visits: Visits) -> None:
    teacher = visits.open("olha", teacher=True, mc=None, title="Safety first")
    found = teacher.get()
    assert "What does this activity stand for?" in found.text
    assert "“Safety first”" in found.text
    unit = found.follow("Welding basics")
    course = unit.submit("choose", unit=SAFETY)
    assert "Chosen." in course.text
    again = visits.open("olha", teacher=True, mc=None)
    assert "Learners and units" in again.get().text
    assert "Unit 1 of 5" in visits.open("ana", mc=None).get().text


def test_what_the_learning_platform_sets_is_not_to_be_changed_here(
    visits: Visits, teacher: Visit
) -> None:
    page = teacher.get("course")
    assert "is set in your learning platform" in page.text
    assert "Change what this activity stands for" not in page.text
    refused = teacher.get("choose").follow("Welding basics").submit("choose", unit=READING)
    assert refused.status == 409
    assert "Change it there" in refused.text
    assert "Unit 1 of 5" in visits.open("ana", unit=SAFETY).get().text
    chosen = visits.open("olha", teacher=True, link="other", mc="no-such-thing").get()
    assert "What does this activity stand for?" in chosen.text
    course = chosen.follow("Welding basics").submit("choose", unit=SAFETY)
    assert "is set in your learning platform" not in course.text
    assert course.follow("Change what this activity stands for").status == 200


def test_the_catalogue_is_searched_by_every_word_in_any_language(visits: Visits) -> None:
    teacher = visits.open("olha", teacher=True, mc=None)
    assert "Welding basics" in teacher.get("choose?q=SCHUTZAUSR%C3%9CSTUNG+mag").text
    empty = teacher.get("choose?q=knitting")
    assert "Nothing else matches “knitting”" in empty.text


def test_a_unit_that_the_definition_lacks_cannot_be_chosen(visits: Visits) -> None:
    page = visits.open("olha", teacher=True, mc=None).get().follow("Welding basics")
    assert page.submit("choose", unit="no-such-unit").status == 400
    with visits.school.transaction() as db:
        assert db.query(ResourceLink).one().placement_id is None


def test_points_are_recorded_for_several_learners_at_once(visits: Visits, teacher: Visit) -> None:
    ana, ben = visits.open("ana"), visits.open("ben")
    page = teacher.get().follow("Record results")
    entered = {field(ana.person_id): "92", field(ben.person_id): "64,5"}
    saved = page.submit("record", **entered, evidence="checklist of 3 March")
    assert "Recorded for 2 learners." in saved.text
    assert "92 of 100 points (needed: 80)" in saved.text
    assert "64.5 of 100 points so far, 80 are needed" in saved.text
    assert {row.evidence for row in records(visits)} == {"checklist of 3 March"}


def test_the_same_form_sent_twice_records_once(visits: Visits, teacher: Visit) -> None:
    ana = visits.open("ana")
    page = teacher.get(f"course/units/{SAFETY}")
    form = page.filled("record", **{field(ana.person_id): "92"})
    teacher.post(*form)
    teacher.post(*form)
    assert len(records(visits)) == 1
    teacher.get(f"course/units/{SAFETY}").submit("record", **{field(ana.person_id): "92"})
    assert len(records(visits)) == 2  # a new form is a new judgement


def test_one_unreadable_entry_saves_nothing_and_keeps_what_was_typed(
    visits: Visits, teacher: Visit
) -> None:
    ana, ben = visits.open("ana"), visits.open("ben")
    page = teacher.get(f"course/units/{SAFETY}")
    wrong = page.submit("record", **{field(ana.person_id): "92", field(ben.person_id): "101"})
    assert wrong.status == 400
    assert "One entry cannot be read, so nothing was saved." in wrong.text
    assert 'value="92"' in wrong.html
    assert not records(visits)
    assert "2 learners" in wrong.submit("record", **{field(ben.person_id): "100"}).text


def test_sign_offs_are_given_to_those_ticked(visits: Visits, teacher: Visit) -> None:
    ana, ben = visits.open("ana"), visits.open("ben")
    page = teacher.get(f"course/units/{SIGN_OFF}")
    page.submit("record", person=[str(ana.person_id), str(ben.person_id)])
    assert len(records(visits)) == 2
    nobody = page.submit("record")
    assert "Nobody was chosen" in nobody.text
    assert nobody.status == 400
    assert "Recorded for 1 learner" in nobody.submit("record", person=str(ana.person_id)).text


def test_all_who_lack_a_sign_off_are_ticked_by_one_link(visits: Visits, teacher: Visit) -> None:
    ana, ben = visits.open("ana"), visits.open("ben")
    teacher.get(f"course/units/{SIGN_OFF}").submit("record", person=str(ana.person_id))
    page = teacher.get(f"course/units/{SIGN_OFF}").follow("Tick all")
    _, data = page.filled("record")
    assert data["person"] == [str(ben.person_id)]


def test_parts_are_marked_apart(visits: Visits, teacher: Visit) -> None:
    ana = visits.open("ana")
    page = teacher.get(f"course/units/{PARTS}")
    saved = page.submit("record", **{field(ana.person_id, "PA"): "75"})
    assert "Test piece in position PA: 75 of 100 points (needed: 70)" in saved.text
    assert [row.part for row in records(visits)] == ["PA"]


def test_the_route_of_a_unit_is_chosen_with_what_it_rests_on(
    visits: Visits, teacher: Visit
) -> None:
    page = teacher.get(f"course/units/{READING}")
    assert page.submit("route", route="unlocked", basis=" ").status == 400
    changed = page.submit("route", route="unlocked", basis="quiz passed")
    assert "Changed." in changed.text
    assert "quiz passed" in changed.text
    assert "Completed" in visits.open("ana", unit=READING).get().text


def test_participation_is_offered_only_where_the_definition_allows_it(
    visits: Visits, teacher: Visit
) -> None:
    assert 'value="participation"' in teacher.get(f"course/units/{READING}").html
    page = teacher.get(f"course/units/{SAFETY}")
    assert 'value="participation"' not in page.html
    assert page.submit("route", route="participation").status == 400
    assert page.submit("route", route="nonsense").status == 400


def test_a_record_is_taken_back_with_a_reason_and_stays_visible(
    visits: Visits, teacher: Visit
) -> None:
    ana = visits.open("ana")
    visits.school.assess(teacher.id, "ana", "BEM-S-WLD1", SAFETY, points=92)
    person = teacher.get(f"course/people/{ana.person_id}")
    ask = person.follow("Take back")
    unsaid = ask.submit("retract", reason="  ")
    assert unsaid.status == 400
    assert "Give a reason." in unsaid.text
    assert unsaid.has_form("retract")
    long = ask.submit("retract", reason="x" * 2001)
    assert long.status == 400
    assert "x" * 2001 in long.html, "what was typed is kept"
    done = ask.submit("retract", reason="wrong person")
    assert "taken back" in done.text
    assert "wrong person" in done.text
    assert "0 of 5 units are completed" in done.text
    ask.submit("retract", reason="sent again")
    assert len(records(visits)) == 2


def test_another_courses_record_is_seen_without_evidence_and_without_undo(
    visits: Visits, teacher: Visit
) -> None:
    other = visits.open("petro", teacher=True, course="other", link="other")
    visits.open("ana", course="other", link="other")
    ana = visits.open("ana")
    page = other.get(f"course/units/{SAFETY}")
    page.submit("record", **{field(ana.person_id): "92"}, evidence="confidential note")
    mine = teacher.get(f"course/people/{ana.person_id}")
    assert "in another course" in mine.text
    assert "confidential" not in mine.text
    assert "92 points" not in mine.text
    assert "Take back" not in mine.text
    record = records(visits)[0]
    assert teacher.get(f"course/records/{record.id}/retract").status == 404
    assert "Completed in another course on" in mine.text
    for path in (f"course/people/{ana.person_id}", f"course/units/{SAFETY}", "course"):
        page = teacher.get(path)
        assert "in another course on" in page.text, path
        assert "92" not in page.text, path


def test_a_mark_made_elsewhere_is_not_added_to_ones_own(visits: Visits, teacher: Visit) -> None:
    other = visits.open("petro", teacher=True, course="other", link="other")
    ben = visits.open("ben", course="other", link="other")
    ana = visits.open("ana", course="other", link="other")
    visits.open("ana")
    visits.open("ben")
    there = {field(ana.person_id): "71", field(ben.person_id): "72"}
    other.get(f"course/units/{SAFETY}").submit("record", **there)
    here = {field(ana.person_id): "64", field(ben.person_id): "85"}
    teacher.get(f"course/units/{SAFETY}").submit("record", **here)
    for path in (f"course/people/{ana.person_id}", f"course/units/{SAFETY}"):
        page = teacher.get(path)
        assert "64 of 100 points so far, 80 are needed" in page.text
        assert "a result was recorded in another course on" in page.text
    assert "64 Started, not enough yet also in another course on" in teacher.get("course").text
    for path in (f"course/people/{ben.person_id}", f"course/units/{SAFETY}", "course"):
        page = teacher.get(path).text
        assert "85" in page
        assert "71" not in page, path
        assert "72" not in page, path


def test_a_flagged_award_is_kept_or_revoked_by_a_person(visits: Visits, teacher: Visit) -> None:
    visits.open("ana")
    visits.school.complete(teacher.id, "ana", visits.mc)
    claim(visits, "ana")
    visits.school.tick()
    visits.school.retract(teacher.id, records(visits)[0].id)
    course = teacher.get("course")
    assert "This needs you" in course.text
    decide = course.follow("Decide")
    assert "The award stands." in decide.submit("keep", reason="re-examined").text
    assert "This needs you" not in teacher.get("course").text


def test_revoking_asks_for_a_reason_and_sets_the_badge_invalid(
    visits: Visits, teacher: Visit
) -> None:
    ana = visits.open("ana")
    visits.school.complete(teacher.id, "ana", visits.mc)
    claim(visits, "ana")
    page = teacher.get(f"course/people/{ana.person_id}").follow("Details")
    unsaid = page.submit("revoke", sure="1", reason="")
    assert unsaid.status == 400
    assert "Give a reason." in unsaid.text
    assert 'name="sure" value="1" required checked' in unsaid.html
    unsure = page.submit("revoke", reason="not their own work")
    assert unsure.status == 400
    assert "has to be confirmed" in unsure.text
    assert "not their own work</textarea>" in unsure.html
    done = unsure.submit("revoke", sure="1", reason="not their own work")
    assert "revoked" in done.text
    assert "It can be earned again" in done.text
    assert "not their own work" in done.text
    assert "Withdrawn" in teacher.get("course").text
    assert "Your award was withdrawn" in ana.get().text
    with visits.school.transaction() as db:
        assert db.query(Credential).one().revoked_at is not None
    assert page.submit("revoke", sure="1", reason="again").status == 200  # harmless


def test_a_failed_score_is_shown_and_sent_again(visits: Visits, teacher: Visit) -> None:
    visits.open("ana", unit=SAFETY)
    visits.school.assess(teacher.id, "ana", "BEM-S-WLD1", SAFETY, points=92)
    with visits.school.transaction() as db:
        delivery = db.query(Delivery).one()
        delivery.state, delivery.failure = "failed", "not_gradable"
    page = teacher.get("course")
    assert "The gradebook did not take the score of Ana" in page.text
    assert "sent again" in page.submit("resend").text
    with visits.school.transaction() as db:
        assert db.query(Delivery).one().state == "pending"
    assert page.submit("resend").status == 409


def test_learners_are_refused_on_every_page_for_teachers(visits: Visits, teacher: Visit) -> None:
    ana = visits.open("ana")
    paths = [
        rule.rule.split("<uuid:launch_id>/")[1]
        for rule in visits.app.url_map.iter_rules()
        if rule.endpoint.startswith("teacher.") and "GET" in (rule.methods or ())
    ]
    assert len(paths) >= 7
    for path in paths:
        path = re.sub(r"<uuid:\w+>", str(ana.id), path.replace("<code>", SAFETY))
        assert ana.get(path).status == 403, path


def test_a_teacher_of_one_course_finds_nothing_of_another(visits: Visits, teacher: Visit) -> None:
    other = visits.open("petro", teacher=True, course="other", link="other")
    ana = visits.open("ana")
    visits.school.complete(teacher.id, "ana", visits.mc)
    with visits.school.transaction() as db:
        award = db.query(Award).one()
        placement = visits.school.version(db, "BEM-S-WLD1")
    record = records(visits)[0]
    for path in (
        f"course/people/{ana.person_id}",
        f"course/records/{record.id}/retract",
        f"course/awards/{award.id}",
        f"course?placement={placement.id}",
        "course?placement=nonsense",
    ):
        assert other.get(path).status == 404, path


def test_a_teachers_own_page_says_that_nothing_of_theirs_counts(teacher: Visit) -> None:
    assert "awards are TEST awards" in teacher.get(f"course/people/{teacher.person_id}").text


def test_an_empty_course_says_what_will_appear(teacher: Visit) -> None:
    assert "Nobody has opened this activity yet" in teacher.get("course").text


def test_until_the_list_of_learners_was_read_an_empty_course_says_so(visits: Visits) -> None:
    teacher = visits.open("teacher", teacher=True, roster="https://lms.example/roster")
    assert "is being read from your learning platform" in teacher.get("course").text


def test_nameless_learners_are_told_apart(visits: Visits, teacher: Visit) -> None:
    ana = visits.open("ana", name=None)
    assert f"Learner {ana.person_id.hex[:4]}" in teacher.get("course").text


def test_the_course_page_asks_the_database_no_more_for_more_learners(
    visits: Visits, teacher: Visit
) -> None:
    asked: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        asked.append(statement)

    engine = visits.app.extensions["credlet"].database.engine
    counts = []
    for start in (0, 10):
        for number in range(start, start + 10):
            visits.open(f"learner{number}")
        asked.clear()
        sa.event.listen(engine, "before_cursor_execute", note)
        teacher.get("course")
        sa.event.remove(engine, "before_cursor_execute", note)
        counts.append(len(asked))
    assert counts[0] == counts[1]
