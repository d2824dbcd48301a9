"""Who signed in reaches what the role and the organisation allow, and nothing else.

The table below says of each endpoint of the pages of accounts whom it is for. A route that is
missing from it fails in `test_other_peoples_things.py`.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from lti_tool import clock
from lti_tool.db import Base, Database
from lti_tool.models import MicroCredentialSeries, Passkey
from lti_tool.services import organisations
from lti_tool.services.connections import api_clients, platforms
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.definitions import grants
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Role
from lti_tool.web.account_session import For
from tests.factories import applying, handing_in, signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn

ADMIN_ROUTES: Mapping[str, For] = {
    "admin.home": For.ANYBODY,
    "admin.me": For.ANYBODY,
    "admin.save_me": For.ANYBODY,
    "admin.save_email": For.ANYBODY,
    "admin.switch_digest": For.ANYBODY,
    "admin.ask_for_proof": For.ANYBODY,
    "admin.sign_out": For.ANYBODY,
    "admin.sign_out_everywhere": For.ANYBODY,
    "admin.sign_out_elsewhere": For.ANYBODY,
    "admin.new_passkey": For.ANYBODY,
    "admin.add_passkey": For.ANYBODY,
    "admin.passkey_removal": For.ANYBODY,
    "admin.remove_passkey": For.ANYBODY,
    "admin.audit_log": For.ADMINISTRATORS,
    "admin.self_tests": For.ADMINISTRATORS,
    "admin.test_server": For.OPERATORS,
    "admin.test_platform": For.ADMINISTRATORS,
    "admin.organisations_list": For.ADMINISTRATORS,
    "admin.add_organisation": For.OPERATORS,
    "admin.organisation": For.ADMINISTRATORS,
    "admin.change_organisation": For.ADMINISTRATORS,
    "admin.invite": For.ADMINISTRATORS,
    "admin.by_hand": For.ADMINISTRATORS,
    "admin.connect_by_hand": For.ADMINISTRATORS,
    "admin.platform": For.ADMINISTRATORS,
    "admin.switch_platform": For.ADMINISTRATORS,
    "admin.registration": For.ADMINISTRATORS,
    "admin.confirm_registration": For.ADMINISTRATORS,
    "admin.rejection": For.ADMINISTRATORS,
    "admin.reject_registration": For.ADMINISTRATORS,
    "admin.switch_registration": For.ADMINISTRATORS,
    "admin.change_deployments": For.ADMINISTRATORS,
    "admin.keys": For.OPERATORS,
    "admin.rotate_key": For.OPERATORS,
    "admin.grants_of": For.ADMINISTRATORS,
    "admin.make_grant": For.ADMINISTRATORS,
    "admin.withdraw_grant": For.ADMINISTRATORS,
    "admin.systems": For.ADMINISTRATORS,
    "admin.add_system": For.ADMINISTRATORS,
    "admin.replace_secret": For.ADMINISTRATORS,
    "admin.switch_system": For.ADMINISTRATORS,
    "admin.partners": For.ADMINISTRATORS,
    "admin.ask_partners": For.ADMINISTRATORS,
    "admin.awards_to_decide": For.ADMINISTRATORS,
    "admin.confirm_award": For.ADMINISTRATORS,
    "admin.award": For.ADMINISTRATORS,
    "admin.waiting_award": For.ADMINISTRATORS,
    "admin.waiting_award_file": For.ADMINISTRATORS,
    "admin.keep_award": For.ADMINISTRATORS,
    "admin.revoke_award": For.ADMINISTRATORS,
    "admin.moderate": For.REVIEWERS,
    "admin.keep_verdict": For.REVIEWERS,
    "admin.moderation_evidence": For.REVIEWERS,
    "admin.moderation_file": For.REVIEWERS,
    "admin.ask_moderation": For.QUALITY,
    "admin.definitions": For.QUALITY,
    "admin.definition": For.QUALITY,
    "admin.go_on": For.ADMINISTRATORS,
    "admin.confirm_definition": For.REVIEWERS,
    "admin.retirement": For.ADMINISTRATORS,
    "admin.retire": For.ADMINISTRATORS,
    "admin.review_list": For.REVIEWERS,
    "admin.review": For.REVIEWERS,
    "admin.review_picture": For.REVIEWERS,
    "admin.decide": For.REVIEWERS,
    "admin.prior_learning_list": For.ASSESSORS,
    "admin.prior_learning_application": For.ASSESSORS,
    "admin.prior_learning_file": For.ASSESSORS,
    "admin.judge_prior_learning": For.ASSESSORS,
    "admin.prior_learning_correction": For.ASSESSORS,
    "admin.correct_prior_learning": For.ASSESSORS,
    "admin.people": For.ADMINISTRATORS,
    "admin.invite_person": For.ADMINISTRATORS,
    "admin.person": For.ADMINISTRATORS,
    "admin.passkeys_removal": For.OPERATORS,
    "admin.remove_passkeys": For.OPERATORS,
    "admin.new_link": For.ADMINISTRATORS,
    "admin.switch_person": For.ADMINISTRATORS,
    "admin.give_role": For.ADMINISTRATORS,
    "admin.withdraw_role": For.ADMINISTRATORS,
    "admin.drafts": For.ADMINISTRATORS,
    "admin.start_draft": For.ADMINISTRATORS,
    "admin.edit_draft": For.ADMINISTRATORS,
    "admin.save_draft": For.ADMINISTRATORS,
    "admin.check_draft": For.ADMINISTRATORS,
    "admin.take_back_draft": For.ADMINISTRATORS,
    "admin.turn_draft": For.ADMINISTRATORS,
    "admin.hand_in_draft": For.ADMINISTRATORS,
    "admin.discarding": For.ADMINISTRATORS,
    "admin.discard_draft": For.ADMINISTRATORS,
    "admin.translate_draft": For.ADMINISTRATORS,
    "admin.save_translation": For.ADMINISTRATORS,
    "admin.preview_draft": For.ADMINISTRATORS,
    "admin.export_draft": For.ADMINISTRATORS,
    "admin.draft_table": For.ADMINISTRATORS,
    "admin.import_table": For.ADMINISTRATORS,
    "admin.draft_parts": For.ADMINISTRATORS,
    "admin.save_parts": For.ADMINISTRATORS,
    "admin.draft_picture": For.ADMINISTRATORS,
    "admin.save_picture": For.ADMINISTRATORS,
    "admin.table_template": For.ADMINISTRATORS,
    "admin.find_term": For.ADMINISTRATORS,
    "admin.importing": For.ADMINISTRATORS,
    "admin.import_draft": For.ADMINISTRATORS,
    "admin.look_up_definition": For.ADMINISTRATORS,
    "admin.adopt_definition": For.ADMINISTRATORS,
}


MAY: Mapping[For, frozenset[Role | None]] = {
    For.ANYBODY: frozenset({*Role, None}),
    For.ADMINISTRATORS: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    For.REVIEWERS: frozenset({Role.REVIEWER}),
    For.ASSESSORS: frozenset({Role.ASSESSOR}),
    For.QUALITY: frozenset({Role.OPERATOR, Role.ADMINISTRATOR, Role.REVIEWER}),
    For.OPERATORS: frozenset({Role.OPERATOR}),
}
REFUSALS = {
    For.ADMINISTRATORS: "administrators_only",
    For.REVIEWERS: "reviewers_only",
    For.ASSESSORS: "assessors_only",
    For.QUALITY: "reviewers_only",
    For.OPERATORS: "operators_only",
}


def admin_rules(app: Flask) -> Iterator[tuple[Rule, For]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ADMIN_ROUTES:
            yield rule, ADMIN_ROUTES[rule.endpoint]


def methods(rule: Rule) -> list[str]:
    return sorted(set(rule.methods or ()) & {"GET", "POST"})


def address(rule: Rule) -> str:
    return re.sub(r"<uuid:(\w+)>", lambda _: str(uuid.uuid4()), rule.rule)


def person(app: Flask, database: Database, role: Role | None, body: str | None) -> SignedIn:
    now = clock.now()
    made = signing_in.account(database, now, f"{role} {body}", role, body)
    return signing_in.signed_in(app, database, made, now)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REVIEWER, Role.ASSESSOR, None])
def test_pages_of_other_roles_are_refused(
    app: Flask, database: Database, role: Role | None
) -> None:
    visitor = person(app, database, role, "one" if role else None)
    refused = 0
    for rule, who in admin_rules(app):
        if role in MAY[who]:
            continue
        for method in methods(rule):
            assert visitor.code(method, address(rule)) == (403, REFUSALS[who]), rule
            refused += 1
    assert refused or role is Role.ADMINISTRATOR


def test_a_form_with_the_token_of_another_session_changes_nothing(
    app: Flask, database: Database
) -> None:
    first, second = (person(app, database, Role.OPERATOR, None) for _ in range(2))
    for rule, _ in admin_rules(app):
        if "POST" in (rule.methods or ()):
            for token in ("", "x", second.token):
                answer = first.client.post(
                    address(rule),
                    data={"csrf_token": token},
                    headers={"Accept": "application/json"},
                )
                assert answer.json is not None
                assert (answer.status_code, answer.json["code"]) == (403, "own_form_token"), rule
    assert first.get("/admin").status_code == 200


def test_an_operator_removes_somebody_s_passkeys_and_everybody_is_out(
    app: Flask, database: Database
) -> None:
    operator = person(app, database, Role.OPERATOR, None)
    other = person(app, database, Role.REVIEWER, "one")
    with database.transaction() as db:
        for owner in (other, operator):
            db.add(
                Passkey(
                    account_id=owner.account_id,
                    credential_id=owner.account_id.bytes,
                    public_key=b"2",
                    sign_count=0,
                    name="Phone",
                    created_at=clock.now(),
                )
            )
    page = f"/admin/people/{other.account_id}"
    assert "Remove all passkeys …" in operator.get(page).text
    assert "Remove all passkeys of" in operator.get(f"{page}/passkeys/remove").text
    assert other.get("/admin/account").status_code == 200
    done = operator.post(f"{page}/passkeys/remove")
    assert "All passkeys are removed" in operator.get(done.location).text
    assert other.get("/admin/account").status_code == 303
    with database.transaction(read_only=True) as db:
        left = db.scalars(sa.select(Passkey.account_id)).all()
        assert left == [operator.account_id]
    assert "removed all passkeys of an account" in operator.get("/admin/audit-log").text


def test_somebody_sees_who_signed_in_as_them_and_ends_the_others(
    app: Flask, database: Database
) -> None:
    now = clock.now()
    made = signing_in.account(database, now)
    first, second = (signing_in.signed_in(app, database, made, now) for _ in range(2))
    page = first.get("/admin/account").text
    assert page.count("with a link") == 2
    assert "signed in in 2 browsers" in page
    done = first.post("/admin/account/sign-out-elsewhere")
    assert "in this browser only" in first.get(done.location).text
    assert second.get("/admin/account").status_code == 303


def test_the_audit_log_is_searched_by_person_day_and_words(app: Flask, database: Database) -> None:
    operator = person(app, database, Role.OPERATOR, None)
    reviewer = person(app, database, Role.REVIEWER, "one")
    operator.post("/admin/organisations", slug="new", name="New", country="UA")

    def found(**asked: str) -> int:
        page = operator.get("/admin/audit-log?" + urlencode(asked)).text
        return page.count('<td data-label="When">')

    assert found(who=str(reviewer.account_id)) == 1
    assert found(who=str(operator.account_id), words="added school") == 1
    assert found(who="x", words="nothing so called") == 0
    today = f"{clock.now():%Y-%m-%d}"
    assert found(since=today, until=today) == found()
    assert found(until="2020-01-01") == 0
    assert found(since="9999-99-99", until="0001-01-01") == found()


def test_a_session_that_is_over_opens_nothing(app: Flask, database: Database) -> None:
    now = clock.now() - timedelta(hours=13)
    made = signing_in.account(database, now)
    visitor = signing_in.signed_in(app, database, made, now)
    for rule, _ in admin_rules(app):
        for method in methods(rule):
            if method == "POST":
                assert visitor.code("POST", address(rule)) == (403, "signed_out"), rule
            else:
                assert visitor.get(address(rule)).location.startswith("/sign-in?"), rule


def test_every_own_page_opens(app: Flask, database: Database) -> None:
    operator = person(app, database, Role.OPERATOR, None)
    reviewer = person(app, database, Role.REVIEWER, "one")
    assessor = person(app, database, Role.ASSESSOR, "one")
    others = {For.REVIEWERS: reviewer, For.ASSESSORS: assessor}
    for rule, who in admin_rules(app):
        if "GET" in (rule.methods or ()) and not rule.arguments:
            visitor = others.get(who, operator)
            assert visitor.get(address(rule)).status_code == 200, rule


@dataclass(frozen=True, slots=True)
class School:
    """`ids`: one thing of each kind that the pages of administrators and reviewers name."""

    administrator: SignedIn
    reviewer: SignedIn
    assessor: SignedIn
    ids: Mapping[str, uuid.UUID]

    def visitor(self, who: For) -> SignedIn:
        others = {For.REVIEWERS: self.reviewer, For.ASSESSORS: self.assessor}
        return others.get(who, self.administrator)


def settle(app: Flask, database: Database, slug: str) -> School:
    now = clock.now()
    administrator = person(app, database, Role.ADMINISTRATOR, slug)
    reviewer = signing_in.account(database, now, f"Reviewer {slug}Q", Role.REVIEWER, slug)
    details = PlatformDetails(
        name=f"LMS {slug}Q",
        issuer=f"https://{slug}.example",
        client_id=slug,
        auth_login_url=f"https://{slug}.example/auth",
        auth_token_url=f"https://{slug}.example/token",
        key_set_url=f"https://{slug}.example/keys",
        deployment_ids=["1"],
    )
    with database.transaction() as db:
        body = organisations.find(db, slug)
        registration = platforms.add(db, body, details, allow_http=False, now=now)
        registration.pending_since = now
        series = MicroCredentialSeries(organisation_id=body.id, code=f"{slug}Q", created_at=now)
        db.add(series)
        db.flush()
        ids = {
            "definition_grant_id": grants.grant(db, series, None, by="operator", now=now).id,
            "organisation_id": body.id,
            "platform_id": registration.platform_id,
            "registration_id": registration.id,
            "account_id": reviewer,
            "grant_id": accounts.get(db, reviewer).grants[0].id,
            "client_id": api_clients.add(db, body, f"System {slug}Q", by="operator", now=now)[0].id,
        }
    ids["version_id"] = handing_in.publish(database, slug, now)
    ids["award_id"] = handing_in.larger_award(database, ids["platform_id"], ids["version_id"], now)
    keeping = app.extensions["credlet"].keeping
    ids["application_id"], ids["evidence_id"] = applying.hand_in(
        database, ids["platform_id"], ids["version_id"], keeping, now
    )
    ids["judged_id"], _ = applying.hand_in(
        database, ids["platform_id"], ids["version_id"], keeping, now, sub="judged"
    )
    ids["learner_id"], ids["file_id"] = handing_in.waiting_award(
        database, ids["platform_id"], ids["version_id"], keeping, now
    )
    ids["definition_id"] = ids["version_id"]
    ids["sample_id"] = handing_in.drawn_result(database, ids["award_id"], now)
    ids["draft_id"] = handing_in.hand_in(database, slug, now)
    assessor = person(app, database, Role.ASSESSOR, slug)
    applying.recognise(database, ids["judged_id"], assessor.account_id, now)
    reviewing = signing_in.signed_in(app, database, reviewer, now)
    return School(administrator, reviewing, assessor, ids)


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.transaction(read_only=True) as db:
        return {
            table.name: sorted(map(tuple, db.execute(sa.select(table))), key=repr)
            for table in Base.metadata.sorted_tables
            if table.name != "account_sessions"
        }


CODES = {
    "definition_grant_id": "unknown_permission",
    "version_id": "unknown_micro_credential",
    "judged_id": "unknown_application",
    "learner_id": "unknown_award",
    "definition_id": "unknown_award",
    "file_id": "unknown_evidence",
}


def filled(rule: Rule, ids: Mapping[str, uuid.UUID]) -> str:
    return re.sub(r"<uuid:(\w+)>", lambda match: str(ids[match[1]]), rule.rule)


def foreign_rules(app: Flask) -> Iterator[tuple[Rule, For]]:
    """Yield the routes whose addresses name something of an organisation, but for operators'."""
    for rule, who in admin_rules(app):
        if set(rule.arguments) - {"passkey_id"} and who is not For.OPERATORS:
            yield rule, who


@on_each_database
def test_things_of_another_school_do_not_exist_for_an_administrator(
    app: Flask, database: Database
) -> None:
    own, theirs = settle(app, database, "one"), settle(app, database, "two")
    before, checked = rows(database), 0
    for rule, who in foreign_rules(app):
        for argument in rule.arguments:
            mixed = {**own.ids, argument: theirs.ids[argument]}
            for method in methods(rule):
                fields = {"name": "Taken", "role": f"administrator:{own.ids['organisation_id']}"}
                visitor = own.visitor(who)
                answer = visitor.code(method, filled(rule, mixed), to="off", **fields)
                code = CODES.get(argument, f"unknown_{argument[:-3]}")
                if rule.rule.startswith("/admin/reviews/"):
                    code = "unknown_review"
                assert answer == (404, code), rule
                checked += 1
    assert checked >= 19
    assert rows(database) == before


def test_the_same_addresses_work_for_whose_they_are(app: Flask, database: Database) -> None:
    """The matrix above proves nothing unless they do."""
    own = settle(app, database, "one")
    for rule, who in foreign_rules(app):
        if "GET" in (rule.methods or ()):
            answer = own.visitor(who).get(filled(rule, own.ids), follow_redirects=True)
            assert answer.status_code == 200, rule


def test_lists_of_an_administrator_hold_the_own_school_only(app: Flask, database: Database) -> None:
    own, theirs = settle(app, database, "one"), settle(app, database, "two")
    pages = ["/admin", "/admin/drafts", "/admin/organisations", "/admin/people", "/admin/audit-log"]
    pages.append(f"/admin/registrations/{own.ids['registration_id']}")
    pages.append(f"/admin/organisations/{own.ids['organisation_id']}")
    for page in pages:
        text = own.administrator.get(page).text
        for secret in ("twoQ", "two.example", str(theirs.ids["organisation_id"])):
            assert secret not in text, page


@pytest.mark.parametrize("role", ["operator", "administrator", "reviewer"])
def test_an_administrator_gives_no_role_beyond_the_own_school(
    app: Flask, database: Database, role: str
) -> None:
    own, theirs = settle(app, database, "one"), settle(app, database, "two")
    wish = role if role == "operator" else f"{role}:{theirs.ids['organisation_id']}"
    before = rows(database)
    for path in ("/admin/people", f"/admin/people/{own.ids['account_id']}/roles"):
        assert own.administrator.post(path, name="X", role=wish).status_code in {403, 404}
    assert rows(database) == before


def test_an_administrator_neither_lets_in_nor_puts_out_whoever_has_roles_elsewhere(
    app: Flask, database: Database
) -> None:
    """A link signs in as that person, so an operator who also teaches here is out of reach."""
    own = settle(app, database, "one")
    now = clock.now()
    operator = signing_in.account(database, now, "Olena", Role.OPERATOR)
    with database.transaction() as db:
        body = organisations.find(db, "one")
        accounts.grant(db, accounts.get(db, operator), Role.REVIEWER, body, now)
    before = rows(database)
    page = own.administrator.get(f"/admin/people/{operator}").text
    assert "This person has roles beyond your school" in page
    for act in ("link", "state"):
        path = f"/admin/people/{operator}/{act}"
        assert own.administrator.code("POST", path, to="off") == (403, "operators_only")
    assert rows(database) == before


def test_an_lms_of_another_school_is_not_what_a_registration_was(
    app: Flask, database: Database
) -> None:
    own, theirs = settle(app, database, "one"), settle(app, database, "two")
    before = rows(database)
    path = f"/admin/registrations/{own.ids['registration_id']}/confirm"
    answer = own.administrator.post(
        path, name="LMS", as_platform=str(theirs.ids["platform_id"]), moved="1"
    )
    assert answer.status_code == 409
    assert rows(database) == before
