"""The learner's way through the pages: units, confirming, claiming, the badge, what is kept."""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask

from badges.baking import unbake
from badges.completion import Route
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import CompletionRecord, Credential, Delivery
from lti_tool.web import badge_files
from lti_tool.web.http.security import csrf_token
from tests.factories.visits import FRAME, Visit, Visits

READING = "BEM-S-WLD1-U2"  # allows participation


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def earned(visits: Visits) -> Visit:
    """A learner whose teacher has just completed every unit for them."""
    ana = visits.open("ana", email="ana@example.org")
    teacher = visits.open("olha", teacher=True)
    visits.school.complete(teacher.id, "ana", visits.mc)
    return ana


def count(visits: Visits, model: type) -> int:
    with visits.school.transaction() as db:
        return db.query(model).count()


def test_the_launched_unit_comes_first_with_what_is_still_missing(visits: Visits) -> None:
    page = visits.open("ana", unit="BEM-S-WLD1-U1").get()
    assert page.status == 200
    assert page.text.index("Unit 1 of 5") < page.text.index("Your way to the badge")
    assert "at least 80 of 100 points are needed, none recorded yet" in page.text
    assert "0 of 5 units completed" in page.text


def test_a_link_without_a_choice_tells_the_learner_to_wait(visits: Visits) -> None:
    page = visits.open("ana", mc=None).get()
    assert "not ready yet" in page.text


def test_a_participation_is_confirmed_once_however_often_the_form_is_sent(visits: Visits) -> None:
    teacher = visits.open("olha", teacher=True, unit=READING)
    visits.school.set_route(teacher.id, READING, Route.PARTICIPATION)
    page = visits.open("ana", unit=READING).get()
    form = page.filled("participate")
    for _ in range(2):
        done = page.visit.post(*form)
        assert "You have completed this unit." in done.text
    assert count(visits, CompletionRecord) == 1


def test_an_assessed_unit_cannot_be_confirmed_by_its_learner(visits: Visits) -> None:
    page = visits.open("ana", unit=READING).get()
    assert not page.has_form("participate")
    with visits.app.test_request_context():
        sent = {"csrf_token": [csrf_token(page.visit.id)]}
    refused = page.visit.post("participation", sent)
    assert refused.status == 400
    assert count(visits, CompletionRecord) == 0


def test_what_a_learner_adds_to_the_form_changes_nobodys_score(visits: Visits) -> None:
    """Another person, points, a column of one's own choice: none of it is read."""
    teacher = visits.open("olha", teacher=True, unit=READING)
    visits.school.set_route(teacher.id, READING, Route.PARTICIPATION)
    ben = visits.open("ben", unit=READING)
    page = visits.open("ana", unit=READING).get()
    path, form = page.filled("participate")
    claims = {
        str(ben.person_id): ("person", "person_id", "for_user"),
        "ben": ("sub", "user_id", "userId"),
        "BEM-S-WLD1-U1": ("unit", "code", "unit_code"),
        "1000": ("points", "progress", "score", "scoreGiven", f"points-{ben.person_id}"),
        f"{FRAME}/items/mine": ("line_item", "lineitem", "line_item_url"),
    }
    forged = {name: [value] for value, names in claims.items() for name in names}
    assert page.visit.post(path, {**forged, **form}).status == 200
    with visits.school.transaction() as db:
        (record,) = db.query(CompletionRecord)
        assert (record.person.sub, record.unit_code, record.points) == ("ana", READING, None)
        (score,) = db.query(Delivery)
        assert (score.person_id, score.line_item_url) == (
            page.visit.person_id,
            f"{FRAME}/items/link/lineitem?type_id=1",
        )
        assert score.points == score.maximum


def test_an_unlocked_unit_says_what_it_rests_on(visits: Visits) -> None:
    teacher = visits.open("olha", teacher=True, unit=READING)
    visits.school.set_route(teacher.id, READING, Route.UNLOCKED, "quiz <b>passed</b>")
    page = visits.open("ana", unit=READING).get()
    assert "Completed" in page.text
    assert "quiz &lt;b&gt;passed&lt;/b&gt;" in page.html


def test_a_badge_is_claimed_in_two_taps(visits: Visits, earned: Visit) -> None:
    units = earned.get()
    claim = units.follow("Claim your badge")
    badge = claim.submit("claim")
    assert "for Ana" in badge.text
    assert badge.has_form("publicity")
    assert "Your badge is here" in earned.get().text


def test_the_badge_is_seen_as_it_will_be_before_it_is_claimed(
    visits: Visits, earned: Visit
) -> None:
    before = earned.get("claim")
    shown = before.read.text
    assert "for Ana" in shown
    assert "valid until" in shown
    assert "of 100 points" in shown
    before.submit("claim")
    badge = json.loads(earned.get("badge.json").response.data)
    for entry in badge["evidence"]:
        assert entry["name"] in shown
        assert entry["narrative"] in shown
    narrative = badge["credentialSubject"]["achievement"]["criteria"]["narrative"]
    for line in narrative.splitlines():
        assert line.strip(" -*") in shown
    assert badge["issuer"]["name"] in shown


def test_the_badge_is_shown_in_another_language_without_losing_the_name(
    visits: Visits, earned: Visit
) -> None:
    english = earned.get("claim")
    assert 'class="badge-title" lang="en"' in english.html
    german = english.submit("claim", name="Ana Popović", language="de", preview="1")
    assert german.status == 200
    assert 'class="badge-title" lang="de">Grundlagen des Schweißens' in german.html
    assert "for Ana Popović" in german.text
    assert 'value="Ana Popović"' in german.html
    assert count(visits, Credential) == 0
    german.submit("claim")
    badge = json.loads(earned.get("badge.json").response.data)
    assert badge["credentialSubject"]["achievement"]["inLanguage"] == "de"
    assert badge["credentialSubject"]["identifier"][0]["identityHash"] == "Ana Popović"


def test_a_correction_is_shown_before_it_is_made(visits: Visits, earned: Visit) -> None:
    earned.get("claim").submit("claim")
    shown = earned.get("badge/correct").submit("claim", naming="nameless", preview="1")
    assert "without a name" in shown.text
    assert count(visits, Credential) == 1


def test_a_claim_sent_twice_is_one_badge(visits: Visits, earned: Visit) -> None:
    claim = earned.get("claim")
    form = claim.filled("claim")
    first, second = earned.post(*form), earned.post(*form)
    assert first.text == second.text
    assert count(visits, Credential) == 1


def test_the_claimed_badge_says_what_was_chosen(visits: Visits, earned: Visit) -> None:
    page = earned.get("claim")
    page.submit("claim", name="  Ana   Popović ", language="de", email="1")
    document = json.loads(earned.get("badge.json").response.data)
    subject = document["credentialSubject"]
    name, email = subject["identifier"]
    assert name["identityHash"] == "Ana Popović"
    assert email["identityHash"].startswith("sha256$")
    assert subject["achievement"]["inLanguage"] == "de"


def test_a_badge_can_be_claimed_without_a_name(visits: Visits, earned: Visit) -> None:
    badge = earned.get("claim").submit("claim", naming="nameless")
    assert "without a name" in badge.text
    document = json.loads(earned.get("badge.json").response.data)
    assert "identifier" not in document["credentialSubject"]


def test_a_name_that_cannot_be_printed_is_asked_for_again(visits: Visits, earned: Visit) -> None:
    page = earned.get("claim").submit("claim", name="Ana\u202egnp", language="de")
    assert page.status == 400
    assert "characters that cannot be printed" in page.text
    assert '<option value="de" selected>' in page.html  # what was chosen is kept
    assert count(visits, Credential) == 0
    assert "for Ana Popović" in page.submit("claim", name="Ana Popović").text


def test_no_e_mail_is_offered_where_the_platform_gave_none(visits: Visits) -> None:
    ana = visits.open("ana")
    visits.school.complete(visits.open("olha", teacher=True).id, "ana", visits.mc)
    page = ana.get("claim")
    assert not [field for field in page.form("claim").fields if field.name == "email"]


def test_a_wrong_name_is_corrected_by_a_new_badge_and_the_old_one_is_revoked(
    visits: Visits, earned: Visit
) -> None:
    badge = earned.get("claim").submit("claim", name="Ana Popovic")
    old = json.loads(earned.get("badge.json").response.data)
    correction = badge.follow("Is the name or the language wrong?")
    form = correction.filled("claim", name="Ana Popović", language="de")
    first, second = earned.post(*form), earned.post(*form)
    assert "for Ana Popović" in first.text
    assert first.text == second.text, "sent twice, corrected once"
    new = json.loads(earned.get("badge.json").response.data)
    assert new["id"] != old["id"]
    assert new["credentialSubject"]["achievement"]["inLanguage"] == "de"
    with visits.school.transaction() as db:
        rows = {str(row.id): row for row in db.query(Credential)}
        mistaken, corrected = (rows[each["id"].rsplit("/", 1)[-1]] for each in (old, new))
        assert len(rows) == 2
        assert mistaken.revoked_reason == "replaced"
        assert corrected.revoked_at is None
        assert corrected.replaces_id == mistaken.id


def test_a_correction_that_cannot_be_printed_leaves_the_badge_as_it_is(
    visits: Visits, earned: Visit
) -> None:
    earned.get("claim").submit("claim")
    again = earned.get("badge/correct").submit("claim", name="")
    assert again.response.status_code == 400
    assert count(visits, Credential) == 1


def test_there_is_nothing_to_correct_before_the_claim(visits: Visits, earned: Visit) -> None:
    assert earned.get("badge/correct").has_form("claim")
    assert count(visits, Credential) == 0


def test_nothing_is_claimed_before_everything_is_completed(visits: Visits) -> None:
    ana = visits.open("ana")
    assert ana.get("claim").status == 404
    assert ana.get("badge.json").status == 404
    assert ana.get("badge").text == ana.get("units").text


def test_the_picture_holds_the_signed_bytes(visits: Visits, earned: Visit) -> None:
    earned.get("claim").submit("claim")
    stored = earned.get("badge.json").response
    picture = earned.get("badge.png").response
    assert unbake(picture.data) == stored.data
    assert "attachment" in picture.headers["Content-Disposition"]
    assert stored.mimetype == "application/vc+ld+json"


def test_publicity_is_off_until_it_is_switched_on_and_off_again_at_once(
    visits: Visits, earned: Visit
) -> None:
    badge = earned.get("claim").submit("claim")
    assert "Private" in badge.text
    with visits.school.transaction() as db:
        address = f"/credentials/{db.query(Credential).one().id}"
    stranger = visits.app.test_client()
    assert stranger.get(address).status_code == 404
    public = badge.submit("publicity", public="on")
    assert stranger.get(address).status_code == 200
    public.submit("publicity", public="off")
    assert stranger.get(address).status_code == 404


def test_a_withdrawn_award_can_no_longer_be_claimed(visits: Visits) -> None:
    ana = visits.open("ana")
    teacher = visits.open("olha", teacher=True)
    visits.school.complete(teacher.id, "ana", visits.mc)
    claim = ana.get("claim")
    with visits.school.transaction() as db:
        record = db.query(CompletionRecord).first()
        assert record is not None
    visits.school.tick()
    visits.school.retract(teacher.id, record.id)
    assert claim.submit("claim").status == 404
    page = ana.get().text
    assert "4 of 5 units completed" in page
    assert "was withdrawn, because a result was taken back: Workshop safety" in page
    for path in (f"course/people/{ana.person_id}", "course"):
        told = teacher.get(path).text
        assert "Withdrawn" in told, path
        assert "result was taken back" in told, path
    visits.school.tick()
    visits.school.assess(teacher.id, "ana", visits.mc.code, record.unit_code, points=90)
    assert "withdrawn" not in ana.get().text
    assert "Withdrawn" not in teacher.get("course").text


def test_a_teacher_trying_the_learners_page_is_told_that_it_is_a_test(visits: Visits) -> None:
    teacher = visits.open("olha", teacher=True)
    visits.school.complete(teacher.id, "olha", visits.mc)
    claim = teacher.get("claim")
    assert "TEST badge" in claim.text
    assert "emblem-test.svg" in claim.html
    assert "emblem-test.svg" in claim.submit("claim").html


def test_a_test_award_is_said_to_be_one_also_to_somebody_in_a_learners_role(
    visits: Visits,
) -> None:
    teacher = visits.open("olha", teacher=True)
    as_learner = visits.open("olha")
    visits.school.complete(teacher.id, "olha", visits.mc)
    before = as_learner.get("units")
    as_learner.get("claim").submit("claim")
    for page in (before, as_learner.get("units")):
        assert "This is a TEST award: it shows how a real one looks, and proves nothing." in (
            page.text
        )
        assert "Your award is valid since" not in page.text
        assert badge_files.emblem_within(visits.mc, is_test=True) in page.html
    assert "emblem-test.svg" in teacher.get(f"course/people/{teacher.person_id}").html


def test_what_is_kept_about_a_person_is_told(visits: Visits, earned: Visit) -> None:
    page = earned.get("data")
    assert "6 records" in page.text
    assert "Ana" in page.text
    assert "A log notes when" in page.text


def test_a_nameless_learner_is_told_what_the_teacher_sees(visits: Visits) -> None:
    nameless = visits.open("nameless", name=None)
    teacher = visits.open("olha", teacher=True)
    shown = re.search(r"Learner [0-9a-f]{4}", teacher.get("course").text)
    assert shown
    for path in ("", "data"):
        assert "your teacher sees you" in nameless.get(path).text.lower()
        assert shown[0] in nameless.get(path).text


def test_the_pages_speak_the_language_of_the_platform_and_of_the_switch(visits: Visits) -> None:
    german = visits.open("ana", unit="BEM-S-WLD1-U1", locale="de_DE")
    assert '<html lang="de"' in german.get().html
    assert "Arbeitssicherheit" in german.get().text
    english = german.get("?lang=en")
    assert "Workshop safety" in english.text
    assert "Workshop safety" in german.get().text  # the choice is kept
    assert "The one you chose here: English." in german.get("data").text
    later = visits.open("ana", unit="BEM-S-WLD1-U1", locale="de_DE")
    assert "Workshop safety" in later.get().text  # also by the next launch
    other = visits.open("ben", unit="BEM-S-WLD1-U1", locale="de_DE")
    assert "Arbeitssicherheit" in other.get().text


def test_a_refusal_within_a_launch_can_be_read_in_another_language(visits: Visits) -> None:
    refused = visits.open("ana", unit="BEM-S-WLD1-U1").get("course?lang=de")
    assert refused.status == 403
    assert '<html lang="de"' in refused.html


def test_a_stranger_changes_no_ones_language(visits: Visits, app: Flask) -> None:
    ana = visits.open("ana", unit="BEM-S-WLD1-U1", locale="de_DE")
    assert app.test_client().get(f"/launches/{ana.id}/?lang=en").status_code == 403
    assert "Arbeitssicherheit" in ana.get().text


def test_pages_of_a_launch_are_framed_by_its_platform_only_and_never_stored(
    visits: Visits,
) -> None:
    page = visits.open("ana", unit="BEM-S-WLD1-U1").get()
    policy = page.response.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://lms.example")
    assert page.response.headers["Cache-Control"] == "no-store"


def test_an_expired_visit_asks_to_open_the_unit_again(visits: Visits) -> None:
    visits.school.now -= timedelta(hours=9)
    page = visits.open("ana", unit="BEM-S-WLD1-U1").get()
    assert page.status == 403
    assert "Open the unit again from your course" in page.text
    assert "frame-ancestors https://lms.example" in page.response.headers["Content-Security-Policy"]


def test_the_secret_of_one_visit_opens_no_other(visits: Visits) -> None:
    ana, ben = visits.open("ana"), visits.open("ben")
    cookie = ana.client.get_cookie("launch", path=f"/launches/{ana.id}")
    assert cookie is not None
    ana.client.set_cookie("launch", cookie.value, path=f"/launches/{ben.id}")
    assert ana.client.get(ben.home).status_code == 403


def test_the_name_from_the_platform_is_shown_as_text(visits: Visits) -> None:
    ana = visits.open("ana", name="<script>alert(1)</script>")
    visits.school.complete(visits.open("olha", teacher=True).id, "ana", visits.mc)
    assert "<script>" not in ana.get("claim").html
    assert "<script>" not in ana.get("data").html
