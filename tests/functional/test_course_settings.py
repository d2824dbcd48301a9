"""What a teacher sets for their course: dates, who signs off, language, how a claim begins."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from badges import samples
from badges.completion import Route
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, CompletionRecord, CourseMember, Placement
from lti_tool.services.completing import course_dates
from lti_tool.web.teacher.entries import field
from tests.factories.databases import on_each_database
from tests.factories.threads import at_one_moment
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_mentors import ask, send

SAFETY, READING, SIGN_OFF = (f"BEM-S-WLD1-U{number}" for number in (1, 2, 3))
TODAY = date.fromordinal(datetime.now(UTC).toordinal())


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def olha(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


@pytest.fixture
def petra(visits: Visits) -> Visit:
    return visits.open("petra", teacher=True)


def save(teacher: Visit, **fields: str | list[str]) -> Page:
    names = {name.replace("_of_", "-"): value for name, value in fields.items()}
    return teacher.get("course/settings").submit("settings", **names)


def days(number: int) -> str:
    return (TODAY + timedelta(days=number)).isoformat()


def records(visits: Visits) -> int:
    with visits.school.transaction() as db:
        return db.query(CompletionRecord).count()


@on_each_database
def test_saving_the_page_as_it_stands_changes_nothing(visits: Visits, olha: Visit) -> None:
    assert "The settings are saved." in save(olha).text
    with visits.school.transaction() as db:
        placement = db.query(Placement).one()
        assert (placement.confirmations, placement.due_on, placement.language) == (0, None, None)
        assert (placement.proposes_name, placement.offers_email) == (True, True)
        assert "placement.settings_changed" not in {row.action for row in db.query(AuditEntry)}


@on_each_database
def test_learners_see_days_and_teachers_who_is_late(visits: Visits, olha: Visit) -> None:
    ana = visits.open("ana")
    save(olha, due=days(20), **{f"due-{READING}": days(-3)})
    page = ana.get()
    assert "was due on" in page.text
    assert "it still counts" in page.text
    assert "due by" in page.text
    stuck = olha.get("course?show=stuck")
    assert "late 2" in " ".join(stuck.text.split())
    assert "was due on" in olha.get(f"course/people/{ana.person_id}").text
    visits.school.assess(olha.id, "ana", visits.mc.code, READING, points=99)
    assert "late 2" not in " ".join(olha.get("course").text.split())
    assert "was due on" not in ana.get().text
    with visits.school.transaction() as db:
        entry = db.query(AuditEntry).filter_by(action="placement.settings_changed").one()
        assert entry.details == {"dates": f"/{days(20)}", "units": f"{READING}:/{days(-3)}"}


def test_nobody_confirms_to_have_taken_part_before_the_first_day(
    visits: Visits, olha: Visit
) -> None:
    visits.school.set_route(olha.id, READING, Route.PARTICIPATION)
    ana = visits.open("ana", unit=READING, link="reading")
    early = ana.get()
    form = early.filled("participate")
    save(olha, **{f"opens-{READING}": days(2)})
    assert "This unit opens on" in ana.get().text
    assert not ana.get().has_form("participate")
    refused = ana.post(*form)
    assert (refused.status, "not open yet" in refused.text) == (409, True)
    assert records(visits) == 0
    save(olha, **{f"opens-{READING}": ""})
    assert "You have completed this unit." in ana.get().submit("participate").text


def test_days_begin_where_the_school_is(visits: Visits, olha: Visit) -> None:
    with visits.school.transaction() as db:
        placement = db.query(Placement).one()
        midnight = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
        school = placement.course.platform.organisation
        school.country = "DE"
        assert course_dates.today(placement, midnight) == date(2026, 7, 2)
        school.country = "US"  # many zones: nobody guesses
        assert course_dates.today(placement, midnight) == date(2026, 7, 1)
        school.time_zone = "Asia/Tokyo"
        assert course_dates.today(placement, midnight) == date(2026, 7, 2)
        placement.course.time_zone = "America/Denver"
        assert course_dates.today(placement, midnight) == date(2026, 7, 1)
        placement.course.time_zone = "Nowhere/Here"  # dropped from this machine's list
        assert course_dates.today(placement, midnight) == date(2026, 7, 2)


def test_a_course_chooses_its_time_zone_and_shows_times_in_it(
    visits: Visits, olha: Visit, petra: Visit
) -> None:
    ana = visits.open("ana")
    visits.school.assess(olha.id, "ana", visits.mc.code, SAFETY, points=99)
    at = f"course/people/{ana.person_id}"
    assert "GMT+09:00" not in olha.get(at).text
    saved = save(olha, time_zone="Asia/Tokyo")
    assert "Days begin and end as in Asia/Tokyo" in saved.text
    assert saved.filled("settings")[1]["time_zone"] == ["Asia/Tokyo"]
    with visits.school.transaction() as db:
        there = db.query(CompletionRecord).one().recorded_at.astimezone(ZoneInfo("Asia/Tokyo"))
    page = petra.get(at).text
    assert f"{there:%H:%M} GMT+09:00" in page
    refused = save(olha, time_zone="Nowhere/Here")
    assert (refused.status, "There is no such time zone." in refused.text) == (400, True)
    assert "as in Asia/Tokyo" not in save(olha, time_zone="").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"opens": "2026-13-01"}, "A day cannot be read."),
        ({"opens": "0001-01-01"}, "A day cannot be read."),
        ({"opens": "2030-02-01", "due": "2030-01-01"}, "due before it opens"),
        ({"opens": "2030-02-01", f"due-{READING}": "2030-01-01"}, "due before it opens"),
        ({"assessors": "named"}, "Name at least one person"),
        ({"language": "xx"}, "Choose one of the settings"),
        ({"assessors": "zz"}, "Choose one of the settings"),
        ({"proposes_name": "zz"}, "Choose one of the settings"),
        ({"offers_email": "zz"}, "Choose one of the settings"),
    ],
)
def test_what_makes_no_sense_is_said_and_what_was_typed_kept(
    visits: Visits, olha: Visit, fields: dict[str, str], words: str
) -> None:
    refused = save(olha, confirmations="2", **fields)
    assert (refused.status, words in refused.text) == (400, True)
    assert refused.filled("settings")[1]["confirmations"] == ["2"]
    if "opens" in fields:
        assert f'value="{fields["opens"]}"' in refused.html
    assert olha.get("course/settings").filled("settings")[1]["confirmations"] == ["0"]


@on_each_database
def test_only_who_is_named_records_and_confirms(
    visits: Visits, olha: Visit, petra: Visit, client: FlaskClient
) -> None:
    ana = visits.open("ana")
    page = petra.get(f"course/units/{SAFETY}").filled("record", **{field(ana.person_id): "92"})
    ticked = petra.get(f"course/units/{SIGN_OFF}").filled("record", person=str(ana.person_id))
    route = petra.get(f"course/units/{READING}").filled("route", route="participation")
    mentor = ask(petra, ana, SIGN_OFF)
    save(olha, assessors="named", assessor=str(olha.person_id))
    assert "recorded and confirmed by Olha" in petra.get("course").text
    assert "recorded and confirmed by Olha" in petra.get(f"course/units/{SAFETY}").text
    for form in (page, ticked):
        refused = petra.post(*form)
        assert (refused.status, "Nothing was recorded." in refused.text) == (403, True)
    assert petra.post(*route).status == 403
    assert petra.get("course/confirmations").status == 200
    status, text = send(client, mentor, [SIGN_OFF], "Master Q")
    assert (status, "Nothing was recorded." in text) == (403, True)
    assert records(visits) == 0
    olha.get(f"course/units/{SAFETY}").submit("record", **{field(ana.person_id): "92"})
    assert records(visits) == 1
    with visits.school.transaction() as db:
        row = db.query(CompletionRecord).one()
        where = f"course/records/{row.id}/retract"
    assert petra.get(where).status == 403
    back = petra.post(where, {**page[1], "reason": ["no"]})
    assert back.status == 403
    assert records(visits) == 1
    save(petra, assessors="all")  # whoever is named: a teacher can always change that
    assert petra.post(*page).status == 200
    assert records(visits) == 2


def test_nobody_is_locked_out_once_all_who_are_named_have_left(
    visits: Visits, olha: Visit, petra: Visit
) -> None:
    ana = visits.open("ana")
    path, data = petra.get(f"course/units/{SAFETY}").filled("record", **{field(ana.person_id): "9"})
    save(olha, assessors="named", assessor=str(olha.person_id))
    assert petra.post(path, data).status == 403
    with visits.school.transaction() as db:
        key = {"person_id": olha.person_id}
        db.query(CourseMember).filter_by(**key).one().left_at = clock.now()
    page = petra.get(f"course/units/{SAFETY}")
    page.submit("record", **{field(ana.person_id): "92"})
    assert records(visits) == 1
    assert "Name at least one person" in save(petra).text  # the old list names nobody who is here
    assert save(petra, assessors="all").status == 200


def test_a_learner_cannot_be_named(visits: Visits, olha: Visit) -> None:
    ana = visits.open("ana")
    path, data = olha.get("course/settings").filled("settings", assessors="named")
    refused = olha.post(path, data | {"assessor": [str(ana.person_id)]})
    assert (refused.status, "Name at least one person" in refused.text) == (400, True)


def test_the_course_speaks_its_language_until_a_learner_chooses(
    visits: Visits, olha: Visit
) -> None:
    save(olha, language="de")
    ana = visits.open("ana", locale="en")
    assert 'lang="de"' in ana.get().html
    assert 'lang="en"' in visits.open("olha", teacher=True).get().html
    visits.school.complete(olha.id, "ana", visits.mc)
    assert ana.get("claim").filled("claim")[1]["language"] == ["de"]
    assert 'lang="en"' in ana.get("units?lang=en").html
    again = visits.open("ana", locale="de")
    assert 'lang="en"' in again.get().html  # what the person chose comes first
    assert again.get("claim").filled("claim")[1]["language"] == ["en"]


def test_a_course_language_without_pages_leaves_what_the_lms_says(visits: Visits) -> None:
    (mc,) = [one for one in samples.all() if one.code == "BEM-S-HOSP1"]
    visits.school.publish(mc)
    teacher = visits.open("olha", teacher=True, mc=mc.code)
    assert "The settings are saved." in save(teacher, language="uk").text
    ana = visits.open("ana", mc=mc.code, locale="de")
    assert '<html lang="de"' in ana.get(**{"Accept-Language": "en"}).html
    assert '<html lang="en"' in visits.open("ben", mc=mc.code, locale="en").get().html


def test_a_claim_begins_as_the_course_says_and_the_learner_decides(
    visits: Visits, olha: Visit
) -> None:
    ana = visits.open("ana", email="ana@example.org")
    visits.school.complete(olha.id, "ana", visits.mc)
    claim = ana.get("claim")
    assert claim.filled("claim")[1]["naming"] == ["named"]
    assert "fingerprint of ana@example.org" in claim.text
    path, data = olha.get("course/settings").filled("settings", proposes_name="no")
    del data["offers_email"]
    olha.post(path, data)
    claim = ana.get("claim")
    assert claim.filled("claim")[1]["naming"] == ["nameless"]
    assert "fingerprint" not in claim.text
    named = claim.submit("claim", naming="named", name="Ana Learner")
    assert "Ana Learner" in named.text


@on_each_database
def test_what_another_window_set_meanwhile_is_shown_and_not_undone(
    visits: Visits, olha: Visit, petra: Visit
) -> None:
    older = petra.get("course/settings")
    save(olha, due=days(20), language="uk", offers_email=[])
    asked = older.submit("settings", proposes_name="no", due=days(30))
    assert asked.status == 409
    said = " ".join(asked.text.split())
    assert "changed meanwhile, perhaps by somebody else" in said
    assert "The settings are saved" not in said
    form = asked.filled("settings")[1]
    assert form["language"] == ["uk"], "what she had not touched is as it is now"
    assert "offers_email" not in form
    assert (form["due"], form["proposes_name"]) == ([days(30)], ["no"]), "what she chose stays"
    assert said.count("The form below shows what you chose.") == 1
    assert said.count("The form below shows it, as you had not changed it.") == 2
    with visits.school.transaction() as db:
        placement = db.query(Placement).one()
        assert (placement.due_on, placement.proposes_name) == (date.fromisoformat(days(20)), True)
    assert "The settings are saved." in asked.submit("settings").text
    with visits.school.transaction() as db:
        placement = db.query(Placement).one()
        assert (placement.due_on, placement.language) == (date.fromisoformat(days(30)), "uk")
        assert (placement.proposes_name, placement.offers_email) == (False, False)


def test_a_window_that_would_undo_nothing_is_not_held_up(
    visits: Visits, olha: Visit, petra: Visit
) -> None:
    older = petra.get("course/settings")
    save(olha, due=days(20), assessors="named", assessor=str(olha.person_id))
    same = {"due": days(20), "assessors": "named", "assessor": str(olha.person_id)}
    assert "The settings are saved." in older.submit("settings", **same).text
    page = petra.get("course/settings")
    wrong = page.submit("settings", opens="2026-13-01", language="de")
    assert wrong.status == 400
    save(olha, language="uk")
    asked = wrong.submit("settings", opens="")
    assert (asked.status, "Ukrainian" in asked.text) == (409, True)
    strange = asked.submit("settings", seen="count-x=1&opens-nothing=2&due=never")
    assert strange.status in (200, 409)


@on_each_database
def test_of_two_who_save_at_one_moment_one_is_asked(
    visits: Visits, olha: Visit, petra: Visit
) -> None:
    pages = [one.get("course/settings") for one in (olha, petra)]
    wishes = [{f"due-{READING}": days(20)}, {f"due-{READING}": days(30)}]
    saves = [
        partial(page.submit, "settings", **wish) for page, wish in zip(pages, wishes, strict=True)
    ]
    answers = at_one_moment(saves)
    assert sorted(one.status for one in answers if isinstance(one, Page)) == [200, 409]
