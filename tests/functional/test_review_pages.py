"""A reviewer signs in, reads what was handed in, and approves or returns it."""

import html
import re
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask

from badges import picture as pictures
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.errors import Conflict
from lti_tool.models import Account, DefinitionDraft, DefinitionStep, Organisation
from lti_tool.services import organisations
from lti_tool.services.definitions import artworks, catalogue, drafts
from lti_tool.services.definitions.drafts import Kind, Writer
from lti_tool.services.staff.accounts import Role
from tests.factories import handing_in, signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.threads import at_one_moment
from tests.functional.test_badge_pictures import SUN


@pytest.fixture
def rita(app: Flask, database: Database) -> SignedIn:
    made = signing_in.account(database, clock.now(), "Rita", Role.REVIEWER, "school")
    return signing_in.signed_in(app, database, made, clock.now())


@pytest.fixture
def draft(rita: SignedIn, database: Database) -> uuid.UUID:
    return handing_in.hand_in(database, "school", clock.now())


def decide(who: SignedIn, draft: uuid.UUID, decision: str, **fields: str) -> tuple[int, str]:
    sent = {"revision": "2", "decision": decision, **fields}
    answer = who.post(f"/admin/reviews/{draft}", **sent)
    if answer.status_code == 303:
        return 303, who.get(answer.location).text
    return answer.status_code, answer.text


@on_each_database
def test_what_waits_is_counted_read_approved_and_public(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    assert "1 definition waits for your review." in rita.get("/admin").text
    assert f"/admin/reviews/{draft}" in rita.get("/admin/reviews").text
    page = rita.get(f"/admin/reviews/{draft}").text
    for said in ("Schweißen", "Unit 1, outcome 1", "comment:$.units[0].outcomes[0]", "$.eqf_level"):
        assert said in page
    assert rita.client.get("/definitions/school/PV-1").status_code == 404
    status, after = decide(rita, draft, "approve", independent="1", years="3")
    assert (status, "Approved and published." in after) == (303, True)
    assert "Nothing waits for you." in after
    assert "What you decided last" in after
    assert rita.client.get("/definitions/school/PV-1").status_code == 200
    assert "waits for your review" not in rita.get("/admin").text


def test_a_reviewer_is_told_that_the_hours_do_not_add_up(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    said = "The units that everybody completes have 90 hours together"
    assert said not in rita.get(f"/admin/reviews/{draft}").text
    other = handing_in.hand_in(database, "school", clock.now(), code="PV-2", hours=100)
    page = rita.get(f"/admin/reviews/{other}").text
    assert f"{said}, the whole has 100." in page
    assert "ask the author in a comment" in page


@on_each_database
def test_how_many_results_are_looked_at_again_is_chosen_before_it_is_published(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    refused = decide(rita, draft, "approve", independent="1", one_in="3", note="Fine so")
    assert (refused[0], "Fine so" in refused[1]) == (400, True)
    assert rita.client.get("/definitions/school/PV-1").status_code == 404
    assert decide(rita, draft, "approve", independent="1", one_in="5")[0] == 303
    with database.transaction(read_only=True) as db:
        version = catalogue.find(db, "PV-1")
        assert version.moderated_one_in == 5
        assert version.moderation_key is not None
        version_id = version.id
    page = rita.get(f"/admin/definitions/{version_id}").text
    assert '<option value="5" selected>one result in 5' in page


@on_each_database
def test_it_is_returned_with_comments_beside_elements(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    said = {"comment:$.units[0]": "Too long <b>?", "comment:$.title": "", "note": "Nearly"}
    status, after = decide(rita, draft, "return", **said)
    assert (status, "Returned." in after) == (303, True)
    with database.transaction(read_only=True) as db:
        step = db.query(DefinitionStep).filter_by(draft_id=draft, action="returned").one()
        assert step.comments == [{"element": "$.units[0]", "text": "Too long <b>?"}]
        assert step.note == "Nearly"
    assert rita.code("GET", f"/admin/reviews/{draft}") == (409, "review_over")


@pytest.mark.parametrize(
    ("decision", "fields", "status", "said"),
    [
        ("return", {"note": "  "}, 400, "Say what is to be changed"),
        ("approve", {"note": "Fine"}, 403, "Confirm first that you had no part"),
        ("approve", {"independent": "1", "revision": "1", "note": "x"}, 409, "has changed this"),
        ("return", {"note": "x" * 4001}, 400, "at most 4000 characters"),
        ("", {"note": ""}, 400, "Say what is to be changed"),
    ],
)
def test_a_refused_decision_loses_nothing_that_was_typed(
    rita: SignedIn,
    draft: uuid.UUID,
    decision: str,
    fields: dict[str, str],
    status: int,
    said: str,
) -> None:
    sent = {"years": "5", "comment:$.hours": "", **fields}
    code, page = decide(rita, draft, decision, **sent)
    assert (code, said in page) == (status, True)
    assert html.escape(fields["note"]) in page
    assert 'value="5" selected' in page
    assert f"/admin/reviews/{draft}" in rita.get("/admin/reviews").text


@on_each_database
def test_the_reviewer_sees_the_badge_picture_and_comments_on_it(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    page = rita.get(f"/admin/reviews/{draft}").text
    assert "comment:$.artwork" in page
    assert "Drawn by itself; nobody described it." in page
    address = f"/admin/reviews/{draft}/picture.png"
    drawn = rita.get(address)
    assert f'src="{address}"' in page
    assert (drawn.status_code, drawn.mimetype) == (200, "image/png")
    assert "public" not in drawn.headers.get("Cache-Control", "")
    said = {"comment:$.artwork": "Too dark", "note": ""}
    assert decide(rita, draft, "return", **said)[0] == 303
    assert rita.code("GET", address) == (409, "review_over")


def test_another_picture_is_seen_beside_that_of_the_version_before(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    assert decide(rita, draft, "approve", independent="1")[0] == 303
    former = rita.client.get("/definitions/school/PV-1/1.0/emblem.png").data
    with database.transaction() as db:
        digest = artworks.keep(db, pictures.clean(SUN), clock.now())
    alt = {"en": "a yellow sun", "de": "eine gelbe Sonne"}
    artwork = {"digest": digest, "alt": alt}
    later = handing_in.go_on(database, "school", Kind.VERSION, clock.now(), artwork=artwork)
    page = rita.get(f"/admin/reviews/{later}").text
    shown = re.findall(r'<img class="emblem" src="([^"]+)"[^>]* alt="([^"]*)"', page)
    assert [one[1] for one in shown] == ["", "a yellow sun"]
    before, now = (rita.get(one[0]) for one in shown)
    assert before.mimetype == "image/svg+xml"
    assert now.data not in (former, before.data)
    assert "eine gelbe Sonne" in page
    assert "Another picture: see it below" in page
    assert f"picture {digest[:8]}" not in page
    other = handing_in.hand_in(database, "school", clock.now(), code="PV-2")
    assert 'class="emblem"' in rita.get(f"/admin/reviews/{other}").text
    assert "Another picture" not in rita.get(f"/admin/reviews/{other}").text


def test_strange_comments_are_refused_and_keep_the_draft(rita: SignedIn, draft: uuid.UUID) -> None:
    for path in ("$..", "", "$[0].a.b.c.d.e.f.g.h.i", "\u202e", "$." + "x" * 5000):
        status, _ = decide(rita, draft, "return", **{f"comment:{path}": "a"})
        assert status == 400, path
    many = {f"comment:$.units[{number}]": "a" for number in range(301)}
    assert decide(rita, draft, "return", **many)[0] == 400


def test_the_reviewer_sees_what_another_wording_changes(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    assert decide(rita, draft, "approve", independent="1")[0] == 303
    text = {"en": "Something said more clearly."}
    wording = handing_in.go_on(database, "school", Kind.EDITORIAL, clock.now(), description=text)
    page = rita.get(f"/admin/reviews/{wording}").text
    assert "What it changes" in page
    assert "Description (English)" in page
    assert "another wording of a published version" in page
    assert decide(rita, wording, "approve", independent="1")[0] == 303
    assert text["en"] in rita.client.get("/definitions/school/PV-1/1.0").text


def test_a_school_asks_partners_to_review(
    app: Flask, database: Database, rita: SignedIn, draft: uuid.UUID
) -> None:
    now = clock.now()
    boss = signing_in.account(database, now, "Boss", Role.ADMINISTRATOR, "school")
    administrator = signing_in.signed_in(app, database, boss, now)
    petra = signing_in.account(database, now, "Petra", Role.REVIEWER, "partner")
    partner = signing_in.signed_in(app, database, petra, now)
    with database.transaction(read_only=True) as db:
        ids = {one.slug: one.id for one in db.query(Organisation)}
    page = f"/admin/organisations/{ids['school']}/partners"
    assert page in administrator.get(f"/admin/organisations/{ids['school']}").text
    assert "partner" in administrator.get(page).text
    for wrong in (str(ids["school"]), str(uuid.uuid4()), "x"):
        assert administrator.code("POST", page, partner=wrong) == (404, "unknown_organisation")
    assert administrator.post(page, partner=str(ids["partner"])).status_code == 303
    assert "checked" in administrator.get(page).text
    assert rita.code("GET", f"/admin/reviews/{draft}") == (404, "unknown_review")
    gone = rita.get(f"/admin/reviews/{draft}").text
    assert "may have asked a partner to review" in gone
    assert "list of your drafts" not in gone
    assert "Nothing waits for you." in rita.get("/admin/reviews").text
    assert partner.get(f"/admin/reviews/{draft}").status_code == 200
    assert decide(partner, draft, "approve", independent="1")[0] == 303
    assert "chose who reviews" in html.unescape(administrator.get("/admin/audit-log").text)
    assert "approved and published" in administrator.get("/admin/audit-log").text


def test_the_public_page_tells_how_it_came_about_and_names_nobody(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    decide(rita, draft, "return", note="A note for the author only")
    with database.transaction() as db:
        found = drafts.find(db, draft)
        drafts.submit(db, found, actor=handing_in.AUTHOR, now=clock.now())
    decide(rita, draft, "approve", independent="1", note="Fine now")
    text = {"en": "Something said more clearly."}
    wording = handing_in.go_on(database, "school", Kind.EDITORIAL, clock.now(), description=text)
    decide(rita, wording, "approve", independent="1")
    address = "/definitions/school/PV-1/1.0"
    page = rita.client.get(address).text
    for said in ("returned with comments", "reviewed and approved", "wording revised", text["en"]):
        assert said in page
    told = rita.client.get(f"{address}/history.json")
    acts = [one["action"] for one in told.json["history"]]
    assert acts == [
        *("submitted", "returned", "submitted", "approved", "published"),
        *("submitted", "approved", "revised"),
    ]
    assert {one["organisation"] for one in told.json["history"]} == {"school"}
    for secret in ("Rita", "note for the author", "Fine now", "account:", "person:"):
        assert secret not in page
        assert secret not in told.text


def test_every_wording_of_a_version_has_an_address(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    decide(rita, draft, "approve", independent="1")
    text = {"en": "Something said more clearly."}
    target = [{"label": {"en": "people who returned"}}]
    changes = {"description": text, "target_groups": target}
    wording = handing_in.go_on(database, "school", Kind.EDITORIAL, clock.now(), **changes)
    decide(rita, wording, "approve", independent="1")
    address = "/definitions/school/PV-1/1.0"
    first, second = rita.client.get(f"{address}/history.json").json["wordings"]
    path = first["id"].partition("/definitions")[2]
    assert rita.client.get(f"/definitions{path}").json["description"] != text
    assert rita.client.get(f"{address}/wordings/2.json").json["description"] == text
    assert second["number"] == 2
    for number in ("0", "3", "x", "9" * 30, "-1", "٣"):
        assert rita.client.get(f"{address}/wordings/{number}.json").status_code == 404
    for place in (address, f"{address}/wordings/2.json", f"{address}/history.json"):
        assert "people who returned" not in rita.client.get(place).text
    achievement = rita.client.get(f"{address}.json").json
    assert achievement["id"].endswith(address)


def test_the_next_version_says_what_it_changed(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    decide(rita, draft, "approve", independent="1")
    following = handing_in.go_on(database, "school", Kind.VERSION, clock.now(), hours=99)
    decide(rita, following, "approve", independent="1")
    page = rita.client.get("/definitions/school/PV-1/2.0").text
    assert "What changed since version 1.0" in page
    assert "superseded by version 2.0" in rita.client.get("/definitions/school/PV-1/1.0").text


def test_the_reviewer_sees_of_what_a_larger_one_is_made(rita: SignedIn, database: Database) -> None:
    for code in ("PART-1", "PART-2"):
        handing_in.publish(database, "school", clock.now(), code=code)
    parts = {"parts": ["school/PART-1", "school/PART-2"]}
    draft = handing_in.hand_in(database, "school", clock.now(), stack=parts)
    page = rita.get(f"/admin/reviews/{draft}").text
    assert "All of these micro-credentials:" in page
    part = page.partition('href="/definitions/school/PART-1">')[2].partition("</li>")[0]
    assert "PART-1" not in part, "its title stands there, not its code"
    assert "EQF level" in part
    assert "hours" in part
    assert "comment:$.stack" in page


@on_each_database
def test_of_two_who_go_on_at_one_moment_one_is_told_of_the_other(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    assert decide(rita, draft, "approve", independent="1")[0] == 303

    def begin(author: str) -> str:
        with database.transaction() as db:
            writer = Writer(author, organisations.find(db, "school").id)
            version = catalogue.find(db, "school/PV-1")
            try:
                drafts.start_from(db, writer, version, Kind.EDITORIAL, clock.now())
            except Conflict as refused:
                return refused.code
            return "begun"

    told = at_one_moment([lambda n=n: begin(f"person:{n}") for n in range(4)])  # type: ignore[misc]
    assert sorted(map(str, told)) == ["already_being_written"] * 3 + ["begun"]


@on_each_database
def test_another_wording_undoes_none_that_was_published_meanwhile(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    """Two that were begun at one moment, and are approved at one moment."""
    assert decide(rita, draft, "approve", independent="1")[0] == 303
    wordings = [{"en": "Said more clearly."}, {"en": "Said more briefly."}]
    first = handing_in.go_on(
        database, "school", Kind.EDITORIAL, clock.now(), description=wordings[0]
    )
    with database.transaction() as db:  # as before series were locked for it
        row = db.get_one(DefinitionDraft, first)
        fields = {one: getattr(row, one) for one in ("organisation_id", "kind", "based_on_id")}
        second = DefinitionDraft(
            **fields,
            id=uuid.uuid4(),
            author="person:second",
            state="draft",
            content=row.content | {"description": wordings[1]},
            revision=2,
            created_at=row.created_at,
            updated_at=row.created_at,
        )
        db.add(second)
        db.flush()
        drafts.submit(db, second, actor="person:second", now=clock.now())
        both = [first, second.id]
    approved = [
        lambda one=one: decide(rita, one, "approve", independent="1")[0]  # type: ignore[misc]
        for one in both
    ]
    assert sorted(at_one_moment(approved)) == [303, 409]  # type: ignore[type-var]
    with database.transaction(read_only=True) as db:
        version = catalogue.find(db, "school/PV-1")
        (published,) = [one for one in both if db.get_one(DefinitionDraft, one).published_id]
        assert version.definition["description"] == wordings[both.index(published)]
        (left,) = set(both) - {published}
    status, page = decide(rita, left, "approve", independent="1")
    assert (status, "this one would undo it" in page) == (409, True)
    assert decide(rita, left, "return", note="Begin again")[0] == 303


def test_the_reviewer_sees_where_something_changed_and_jumps_there(
    rita: SignedIn, database: Database, draft: uuid.UUID
) -> None:
    assert 'href="#changes"' not in rita.get(f"/admin/reviews/{draft}").text
    assert decide(rita, draft, "approve", independent="1")[0] == 303
    text = {"en": "Said more clearly."}
    wording = handing_in.go_on(database, "school", Kind.EDITORIAL, clock.now(), description=text)
    page = rita.get(f"/admin/reviews/{wording}").text
    for anchor in ("changes", "what", "unit-1", "elements", "decision"):
        assert f'href="#{anchor}"' in page
        assert f'id="{anchor}"' in page
    assert page.count('href="#changes"') == 2


def test_a_school_without_a_reviewer_is_told_so(app: Flask, database: Database) -> None:
    now = clock.now()
    boss = signing_in.account(database, now, "Boss", Role.ADMINISTRATOR, "school")
    administrator = signing_in.signed_in(app, database, boss, now)
    with database.transaction(read_only=True) as db:
        school = organisations.find(db, "school").id
    page = f"/admin/organisations/{school}"
    assert "Nobody reviews its definitions yet" in administrator.get(page).text
    made = signing_in.account(database, now, "Rita", Role.REVIEWER, "school")
    assert "Nobody reviews its definitions yet" not in administrator.get(page).text
    with database.transaction() as db:
        db.execute(sa.update(Account).where(Account.id == made).values(disabled_at=now))
    assert "Nobody reviews its definitions yet" in administrator.get(page).text
    signing_in.account(database, now, "Petra", Role.REVIEWER, "partner")
    with database.transaction(read_only=True) as db:
        partner = organisations.find(db, "partner").id
    administrator.post(f"{page}/partners", partner=str(partner))
    assert "Nobody reviews its definitions yet" not in administrator.get(page).text
