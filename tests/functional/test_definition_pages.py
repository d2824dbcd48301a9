"""Published definitions: listed, looked at again, retired; and who in a course is told."""

import html
import uuid
from datetime import timedelta

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import DefinitionDraft, MicroCredentialVersion
from lti_tool.services import organisations
from lti_tool.services.definitions import drafts, lifecycle
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Role
from tests.factories import handing_in, signing_in
from tests.factories.signing_in import SignedIn
from tests.factories.visits import Visits


@pytest.fixture
def version(database: Database) -> uuid.UUID:
    return handing_in.publish(database, "school", clock.now())


def somebody(app: Flask, database: Database, role: Role) -> SignedIn:
    made = signing_in.account(database, clock.now(), role.value, role, "school")
    return signing_in.signed_in(app, database, made, clock.now())


def review_by(database: Database, version: uuid.UUID, **later: float) -> None:
    with database.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version)
        found.review_by = clock.now() + timedelta(**later)


def test_a_review_that_is_due_is_announced_and_given(
    app: Flask, database: Database, version: uuid.UUID
) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    boss = somebody(app, database, Role.ADMINISTRATOR)
    assert "to be reviewed again" not in rita.get("/admin").text
    review_by(database, version, days=-1)
    for who in (rita, boss):
        assert "1 is closed to new courses: its day is over." in who.get("/admin").text
        assert "closed to new courses" in who.get("/admin/definitions").text
    page = f"/admin/definitions/{version}"
    assert "Confirm it" in rita.get(page).text
    assert "Confirm it" not in boss.get(page).text
    assert "PV-0" not in rita.client.get("/catalogue").text
    assert boss.code("POST", f"{page}/confirm", years="2") == (403, "reviewers_only")
    hasty = rita.post(f"{page}/confirm", years="2")
    assert hasty.status_code == 403
    assert "had no part in writing this definition" in hasty.text
    done = rita.post(f"{page}/confirm", years="2", independent="1")
    assert "Confirmed. Courses can begin with it." in rita.get(done.location).text
    assert "reviewed again and confirmed" in rita.get(page).text
    assert "PV-0" in rita.client.get("/catalogue").text


def test_the_author_is_told_that_somebody_else_has_to_look_again(
    app: Flask, database: Database, version: uuid.UUID
) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    with database.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version)
        db.add(
            DefinitionDraft(
                organisation_id=found.series.organisation_id,
                author=f"account:{rita.account_id}",
                kind=drafts.Kind.NEW.value,
                state=drafts.State.PUBLISHED.value,
                content={},
                published_id=version,
                created_at=clock.now(),
                updated_at=clock.now(),
            )
        )
    page = f"/admin/definitions/{version}"
    shown = rita.get(page).text
    assert "You wrote or handed in this definition yourself." in shown
    assert "Confirm it" not in shown
    refused = rita.code("POST", f"{page}/confirm", years="2", independent="1")
    assert refused == (403, "own_definition")


def test_an_administrator_retires_a_version_for_a_reason(
    app: Flask, database: Database, version: uuid.UUID
) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    boss = somebody(app, database, Role.ADMINISTRATOR)
    page = f"/admin/definitions/{version}"
    assert "Retire …" in boss.get(page).text
    assert "Retire …" not in rita.get(page).text
    assert rita.code("GET", f"{page}/retire") == (403, "administrators_only")
    assert boss.post(f"{page}/retire", reason="\u202e", series="1").status_code == 400
    refused = boss.post(f"{page}/retire", reason=" ", series="1")
    assert refused.status_code == 400
    assert "Give a reason." in refused.text
    assert "checked" in refused.text
    done = boss.post(f"{page}/retire", reason="The <b>law</b> changed")
    assert "Retired. Running courses go on" in boss.get(done.location).text
    public = rita.client.get("/definitions/school/PV-0/1.0").text
    assert "no new course begins with it" in public
    assert "The <b>law</b> changed" in html.unescape(public)
    assert "<b>law</b>" not in public
    assert boss.code("GET", f"{page}/retire") == (409, "already_retired")
    assert "retired a micro-credential" in boss.get("/admin/audit-log").text


def test_the_day_of_the_next_review_is_shown_however_far_it_is(
    app: Flask, database: Database, version: uuid.UUID
) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    boss = somebody(app, database, Role.ADMINISTRATOR)
    page = f"/admin/definitions/{version}"
    assert "no day is set on which it is to be reviewed again" in rita.get(page).text
    review_by(database, version, days=700)
    for who in (rita, boss):
        for path in (page, "/admin/definitions"):
            shown = who.get(path).text
            assert "open to courses; to be reviewed by" in shown
            assert "no day is set" not in shown


def test_what_is_overdue_and_what_is_near_are_counted_apart(
    app: Flask, database: Database, version: uuid.UUID
) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    near = handing_in.publish(database, "school", clock.now(), code="PV-N")
    review_by(database, version, days=-1)
    review_by(database, near, days=30)
    home = rita.get("/admin").text
    assert "1 is closed to new courses: its day is over." in home
    assert "1 is to be reviewed soon." in home
    other = rita.get("/admin/account").text
    assert "1 published definition closed to new courses until it is reviewed again" in other
    assert "1 published definition to be reviewed again soon" in other


def test_the_public_page_says_that_a_review_is_overdue(
    app: Flask, database: Database, version: uuid.UUID
) -> None:
    client = app.test_client()
    said = "No new course begins with it until a reviewer has confirmed it."
    for days, is_said in ((3, False), (-1, True)):
        review_by(database, version, days=days)
        page = client.get("/definitions/school/PV-0/1.0").text
        assert (said in page) is is_said
        assert ("badges stay valid" in page) is is_said


def test_where_nothing_is_published_the_list_says_so(app: Flask, database: Database) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    assert "Nothing is published yet." in rita.get("/admin/definitions").text


def test_teachers_and_learners_of_running_courses_are_told(app: Flask, database: Database) -> None:
    visits = Visits.at(app, database, clock.now() - timedelta(hours=1))
    teacher, learner = visits.open("olha", teacher=True), visits.open("ana")
    assert "retired" not in teacher.get("course").text
    with database.transaction() as db:
        found = visits.school.version(db, "BEM-S-WLD1")
        found.review_by = clock.now() + timedelta(days=30)
    assert "is to be reviewed by" in teacher.get("course").text
    with database.transaction() as db:
        found = visits.school.version(db, "BEM-S-WLD1")
        found.review_by = clock.now() - timedelta(days=1)
    assert "should have been reviewed by" in teacher.get("course").text
    assert "No new course begins" not in learner.get().text
    with database.transaction() as db:
        found = visits.school.version(db, "BEM-S-WLD1")
        lifecycle.retire(db, found, reason="Replaced", by="account:boss", now=clock.now())
    assert "was retired on" in teacher.get("course").text
    assert "You can complete it as before" in learner.get().text


@pytest.mark.parametrize(
    ("kind", "changes", "status", "said"),
    [
        ("editorial", {"hours": 99}, 409, "more than the wording"),
        ("editorial", {"description": {"en": "Said more clearly."}}, 303, "Said more clearly."),
        ("version", {"hours": 99}, 303, "Notional workload"),
        ("editorial", {}, 409, "says the same as"),
        ("version", {}, 409, "says the same as"),
    ],
)
def test_an_administrator_goes_on_with_a_published_definition(
    app: Flask,
    database: Database,
    version: uuid.UUID,
    kind: str,
    changes: dict[str, object],
    status: int,
    said: str,
) -> None:
    boss = somebody(app, database, Role.ADMINISTRATOR)
    begun = boss.post(f"/admin/drafts/from/{version}", kind=kind)
    assert begun.status_code == 303
    assert boss.get(begun.location).status_code == 200
    with database.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        content = draft.content | changes
        drafts.save(db, draft, content, revision=1, now=clock.now())
        page = f"/admin/drafts/{draft.id}"
    answer = boss.post(f"{page}/hand-in", note="")
    assert answer.status_code == status
    assert said in html.unescape(boss.get(page).text + answer.text)
    again = boss.post(f"/admin/drafts/from/{version}", kind=kind)
    assert again.status_code == 409
    assert "writes the next version already" in again.text


def test_an_administrator_who_reviews_too_does_not_review_the_own_definition(
    app: Flask, database: Database, version: uuid.UUID
) -> None:
    boss = somebody(app, database, Role.ADMINISTRATOR)
    with database.transaction() as db:
        found = accounts.get(db, boss.account_id)
        accounts.grant(db, found, Role.REVIEWER, organisations.find(db, "school"), clock.now())
    boss = signing_in.signed_in(app, database, boss.account_id, clock.now())
    boss.post(f"/admin/drafts/from/{version}", kind="version")
    with database.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        identifier = draft.id
        drafts.save(db, draft, draft.content | {"hours": 99}, revision=1, now=clock.now())
    assert boss.post(f"/admin/drafts/{identifier}/hand-in", note="").status_code == 303
    assert "Nothing waits for you." in boss.get("/admin/reviews").text
    shown = boss.get(f"/admin/reviews/{identifier}").text
    assert "You wrote or handed in this definition yourself." in shown
    for part in ('name="review"', "<textarea", "Approve and publish", "Your decision"):
        assert part not in shown
    sent = {"revision": "2", "decision": "approve", "independent": "1"}
    assert "yourself" in boss.post(f"/admin/reviews/{identifier}", **sent).text
    rita = somebody(app, database, Role.REVIEWER)
    assert "Approve and publish" in rita.get(f"/admin/reviews/{identifier}").text
    assert rita.post(f"/admin/reviews/{identifier}", **sent).status_code == 303


def test_what_can_be_read_no_more_can_still_be_returned(app: Flask, database: Database) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    draft = handing_in.hand_in(database, "school", clock.now())
    with database.transaction() as db:
        found = drafts.find(db, draft)
        found.content = {"title": {"en": "Half"}, "code": "X", "version": "1"}
    assert rita.get(f"/admin/reviews/{draft}").status_code == 200
    sent = {"revision": "2", "note": "Please look again"}
    refused = rita.post(f"/admin/reviews/{draft}", decision="approve", independent="1", **sent)
    assert refused.status_code == 409
    assert rita.post(f"/admin/reviews/{draft}", decision="return", **sent).status_code == 303
