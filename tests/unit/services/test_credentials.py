"""Claims, publicity, revocation and replacement of credentials."""

import json
import uuid
from datetime import datetime

import pytest

from badges import samples
from badges.fetch import FetchFailed
from badges.verify import Outcome, Report, verify
from lti_tool.db import Database
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import Award, CompletionRecord, Credential, ServerIdentity, StatusList
from lti_tool.services import organisations
from lti_tool.services.awarding import awards, credentials, keys, status_lists
from lti_tool.services.awarding.credentials import Claim, Signing
from tests.factories.courses import PUBLIC_URL, School
from tests.factories.threads import at_one_moment

WLD = samples.welding()
CODE = WLD.code
U1 = WLD.units[0].code


@pytest.fixture
def completed(school: School, teacher: uuid.UUID) -> School:
    school.launch("ana", mc=CODE, unit=U1)
    school.complete(teacher, "ana", WLD)
    return school


def claim(
    school: School, *, is_test: bool = False, sub: str = "ana", **wishes: str | None
) -> bytes:
    with school.transaction() as db:
        award = awards.standing(
            db, school.person(db, sub), school.version(db, CODE), is_test=is_test
        )
        assert award is not None
        wanted = Claim(**{"name": "Ana Müller", "language": "en", **wishes})  # type: ignore[arg-type]
        made = credentials.claim(
            db, award, wanted, signing=school.signing, actor="person:ana", now=school.now
        )
        return made.document


def check(school: School, document: bytes) -> Report:
    """Verify as a stranger would, with what the server publishes."""

    def fetch(url: str) -> bytes:
        path = url.removeprefix(PUBLIC_URL)
        with school.transaction() as db:
            if path.startswith("/status-lists/"):
                listed = status_lists.find(db, uuid.UUID(path.split("/")[2]))
                assert listed.document is not None
                return listed.document
            if path.startswith("/issuers/"):
                body = organisations.find(db, path.split("/")[2])
                is_test = "/test/" in path
                found = keys.did_document(db, body, PUBLIC_URL, is_test=is_test)
                return json.dumps(found).encode()
        raise FetchFailed("http_404")

    return verify(document, fetch, school.now)


def outcomes(report: Report) -> dict[str, Outcome]:
    return {one.id: one.outcome for one in report.checks}


def test_a_claimed_badge_verifies_with_what_the_server_publishes(completed: School) -> None:
    report = check(completed, claim(completed))
    assert report.outcome is Outcome.PASSED, report


def test_the_confirmed_name_is_the_first_identity(completed: School) -> None:
    badge = json.loads(claim(completed, email="Ana@Example.org"))
    identities = badge["credentialSubject"]["identifier"]
    assert identities[0]["identityHash"] == "Ana Müller"
    assert identities[0]["hashed"] is False
    assert identities[1]["hashed"] is True
    assert "example.org" not in json.dumps(badge).casefold().replace("badges.example", "")


def test_the_issuer_is_named_by_the_definition_in_the_badges_language(
    database: Database, now: datetime
) -> None:
    """Also where the school was first named by its LMS, and without a country."""
    school = School.open(database, now)
    with school.transaction() as db:
        organisations.get_or_add_organisation(db, WLD.awarding_body.slug, "My Moodle", None, now)
    school.publish(WLD)
    teacher = school.launch("teacher", teacher=True, mc=CODE, unit=U1)
    school.launch("ana", mc=CODE, unit=U1)
    school.complete(teacher, "ana", WLD)
    issuer = json.loads(claim(school, language="de"))["issuer"]
    assert issuer["name"] == WLD.awarding_body.name.best("de")
    assert issuer["address"]["addressCountryCode"] == "UA"
    with school.transaction() as db:
        body = organisations.find(db, WLD.awarding_body.slug)
        assert (body.name, body.country) == (WLD.awarding_body.name.best("en"), "UA")


def test_a_badge_can_do_without_a_name(completed: School) -> None:
    badge = json.loads(claim(completed, name=None))
    assert "Ana" not in json.dumps(badge["credentialSubject"])


def test_a_preview_is_what_will_be_signed_and_keeps_nothing(completed: School) -> None:
    with completed.transaction() as db:
        award = awards.standing(db, completed.person(db, "ana"), completed.version(db, CODE))
        assert award is not None
        wishes = Claim(name="Ana Müller", language="en")
        seen = credentials.preview(award, wishes, public_url=PUBLIC_URL, now=completed.now)
        assert not db.query(Credential).count()
        assert not db.query(StatusList).count()
    signed = json.loads(claim(completed))
    signed.pop("proof")
    for drawn in (seen, signed):
        del drawn["id"], drawn["credentialStatus"], drawn["credentialSubject"]["id"]
    assert seen == signed


def test_claiming_twice_gives_the_same_bytes(completed: School) -> None:
    assert claim(completed) == claim(completed, name="Somebody Else")


def test_claims_at_one_moment_give_one_credential(each_database: Database, now: datetime) -> None:
    school = School.open(each_database, now)
    school.publish(WLD)
    teacher = school.launch("teacher", teacher=True, mc=CODE, unit=U1)
    school.launch("ana", mc=CODE, unit=U1)
    school.complete(teacher, "ana", WLD)
    documents = at_one_moment([lambda: claim(school)] * 4)
    assert len(set(documents)) == 1
    with school.transaction() as db:
        assert db.query(Credential).count() == 1


@pytest.mark.parametrize("name", ["", "   ", "a\u202eb", "x" * 300])
def test_a_name_that_cannot_be_printed_is_refused_and_nothing_is_lost(
    completed: School, name: str
) -> None:
    with pytest.raises(ToolError):
        claim(completed, name=name)
    assert check(completed, claim(completed)).outcome is Outcome.PASSED


def test_revocation_is_seen_by_verifiers(completed: School) -> None:
    document = claim(completed)
    with completed.transaction() as db:
        credential = db.query(Credential).one()
        credentials.revoke(
            db,
            credential,
            reason="issued by mistake",
            signing=completed.signing,
            actor="operator",
            now=completed.now,
        )
    assert outcomes(check(completed, document))["status"] is Outcome.FAILED
    assert outcomes(check(completed, document))["proof"] is Outcome.PASSED


def test_a_replaced_badge_is_revoked_and_the_new_one_verifies(completed: School) -> None:
    old = claim(completed, name="Ana Mueller")
    with completed.transaction() as db:
        new = credentials.replace(
            db,
            db.query(Credential).one(),
            Claim(name="Ana Müller", language="de"),
            signing=completed.signing,
            actor="person:ana",
            now=completed.now,
        ).document
    assert check(completed, old).outcome is Outcome.FAILED
    assert check(completed, new).outcome is Outcome.PASSED


def test_signed_bytes_never_change(completed: School) -> None:
    claim(completed)
    with pytest.raises(TypeError, match="never change"), completed.transaction() as db:
        db.query(Credential).one().document = b"{}"


def test_nothing_is_public_without_the_learners_consent(completed: School) -> None:
    claim(completed)
    with completed.transaction() as db:
        credential = db.query(Credential).one()
        with pytest.raises(NotFound):
            credentials.find_public(db, credential.id)
        credentials.set_public(db, credential, public=True, actor="person:ana", now=completed.now)
        assert credentials.find_public(db, credential.id)
        credentials.set_public(db, credential, public=False, actor="person:ana", now=completed.now)
        with pytest.raises(NotFound):
            credentials.find_public(db, credential.id)


def test_a_revoked_badge_is_public_no_longer(completed: School) -> None:
    claim(completed, name="Ana Mueller")
    with completed.transaction() as db:
        mistaken = db.query(Credential).one()
        credentials.set_public(db, mistaken, public=True, actor="person:ana", now=completed.now)
        credentials.replace(
            db,
            mistaken,
            Claim(name="Ana Müller", language="en"),
            signing=completed.signing,
            actor="person:ana",
            now=completed.now,
        )
        with pytest.raises(NotFound):
            credentials.find_public(db, mistaken.id)


def test_a_retraction_after_the_claim_flags_the_award_for_a_person_to_decide(
    completed: School, teacher: uuid.UUID
) -> None:
    document = claim(completed)
    with completed.transaction() as db:
        record = db.query(CompletionRecord).filter_by(unit_code=U1).one().id
    completed.tick()
    completed.retract(teacher, record)
    award = completed.award("ana", CODE)
    assert award is not None
    assert award.flagged_reason == "no_longer_complete"
    assert check(completed, document).outcome is Outcome.PASSED, "a person decides, not the program"
    with completed.transaction() as db:
        credentials.revoke_award(
            db,
            db.query(Award).one(),
            reason="the mark was another learner's",
            signing=completed.signing,
            actor="person:teacher",
            now=completed.now,
        )
    assert check(completed, document).outcome is Outcome.FAILED
    assert completed.award("ana", CODE) is None


def test_a_withdrawn_award_cannot_be_claimed(completed: School, teacher: uuid.UUID) -> None:
    with completed.transaction() as db:
        award = db.query(Award).one()
        award.withdrawn_at, award.withdrawn_reason = completed.now, "test"
    with completed.transaction() as db, pytest.raises(Conflict, match="award_withdrawn"):
        credentials.claim(
            db,
            db.query(Award).one(),
            Claim(name="Ana", language="en"),
            signing=completed.signing,
            actor="person:ana",
            now=completed.now,
        )


def test_a_test_award_is_signed_by_the_test_issuer(school: School, teacher: uuid.UUID) -> None:
    school.launch("teacher", mc=CODE, unit=U1)
    colleague = school.launch("colleague", teacher=True, mc=CODE, unit=U1)
    school.complete(colleague, "teacher", WLD)
    badge = json.loads(claim(school, is_test=True, sub="teacher"))
    assert badge["issuer"]["id"].endswith(":test")
    assert "TEST" in badge["name"]


def test_the_first_real_badge_fixes_the_public_address(completed: School) -> None:
    signing = Signing(public_url=PUBLIC_URL, encryption=completed.encryption, is_production=True)
    with completed.transaction() as db:
        credentials.claim(
            db,
            db.query(Award).one(),
            Claim(name="Ana", language="en"),
            signing=signing,
            actor="person:ana",
            now=completed.now,
        )
    with completed.transaction() as db:
        assert db.query(ServerIdentity).one().public_url == PUBLIC_URL
        organisations.check_public_url(db, PUBLIC_URL)
        with pytest.raises(organisations.WrongPublicUrl):
            organisations.check_public_url(db, "https://other.example")


def test_demo_and_test_badges_do_not_fix_the_public_address(completed: School) -> None:
    claim(completed)
    with completed.transaction() as db:
        assert db.query(ServerIdentity).count() == 0
