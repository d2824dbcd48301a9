"""A school's courses offer its own micro-credentials, and those that others let it award."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from badges import definition as definitions
from badges import samples
from badges.micro_credential import MicroCredential
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.errors import Conflict, ToolError
from lti_tool.models import AuditEntry, DefinitionGrant, MicroCredentialVersion, Organisation
from lti_tool.services import organisations
from lti_tool.services.definitions import catalogue, grants, lifecycle
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.courses import PUBLIC_URL
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.threads import at_one_moment
from tests.factories.visits import Visits
from tests.functional.test_command_line import Operator

WLD = samples.welding()
BODY = WLD.awarding_body.slug
UNIT = WLD.units[0].code


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    """The welding definition is published, and its body lets nobody else award it."""
    found = Visits.at(app, database, clock.now() - timedelta(hours=1))
    with database.transaction() as db:
        db.execute(sa.delete(DefinitionGrant))
    return found


def version(database: Database) -> uuid.UUID:
    with database.transaction() as db:
        return catalogue.find(db, WLD.code).id


def let(visits: Visits, slug: str | None = "school", days: int | None = None) -> uuid.UUID:
    now = visits.school.now
    with visits.school.transaction() as db:
        school = organisations.find(db, slug) if slug else None
        end = now + timedelta(days=days) if days else None
        series = catalogue.find(db, WLD.code).series
        return grants.grant(db, series, school, by="operator", now=now, ends_at=end).id


def own() -> MicroCredential:
    body = {"slug": "school", "name": {"en": "School"}, "country": "DE"}
    return definitions.load(
        definitions.dump(WLD) | {"code": "OWN-1", "awarding_body": body, "title": {"en": "Our own"}}
    )


def test_teachers_are_offered_their_own_and_what_others_grant(visits: Visits) -> None:
    with visits.school.transaction() as db:
        catalogue.publish(db, own(), public_url=PUBLIC_URL, now=visits.school.now)
    teacher = visits.open("olha", teacher=True, mc=None)
    assert "Our own" in teacher.get("choose").text
    assert "Welding basics" not in teacher.get("choose").text
    let(visits)
    assert "Welding basics" in teacher.get("choose").text


def test_whoever_chooses_is_told_when_another_body_awards_it(visits: Visits) -> None:
    let(visits)
    derived = {"title": {"en": "Roofs"}, "awarding_body": {"en": "Roofers"}}
    made = definitions.load(definitions.dump(own()) | {"derived_from": derived})
    with visits.school.transaction() as db:
        ours, _ = catalogue.publish(db, made, public_url=PUBLIC_URL, now=visits.school.now)
        theirs, ours_id = catalogue.find(db, WLD.code).id, ours.id
    teacher, selecting = visits.open("olha", teacher=True, mc=None), visits.select("ira")
    for place in (teacher.get(f"choose/{theirs}"), selecting.get(f"select/{theirs}")):
        said = f"Another body awards it: {WLD.awarding_body.name.best('en')}."
        assert said in place.text
    for place in (teacher.get(f"choose/{ours_id}"), selecting.get(f"select/{ours_id}")):
        assert "Another body awards it" not in place.text
        assert "Your school awards it. It is based on “Roofs” by Roofers." in place.text


@pytest.mark.parametrize("slug", ["school", None])
def test_a_granted_one_is_placed_completed_and_awarded(visits: Visits, slug: str | None) -> None:
    let(visits, slug)
    assert "Unit 1 of 5" in visits.open("ana", unit=UNIT).get().text


def test_what_is_not_granted_is_placed_by_nothing_that_a_teacher_sends(visits: Visits) -> None:
    teacher = visits.open("olha", teacher=True, unit=UNIT)  # by the link's custom parameters
    page = teacher.get()
    assert "What does this activity stand for?" in page.text
    assert f"mc={WLD.code}" in page.text
    found = version(visits.school.database)
    for path in (f"choose/{found}",):
        refused = teacher.get(path)
        assert refused.status == 409
        assert "does not let your school award this" in refused.text
    selecting = visits.select("olha")
    assert selecting.get(f"select/{found}").status == 409
    assert "Unit 1 of 5" not in visits.open("ana", unit=UNIT).get().text


def test_a_grant_ends_and_courses_that_began_go_on(visits: Visits) -> None:
    let(visits, days=10)
    visits.open("ana", unit=UNIT, course="begun", link="one")
    visits.school.now += timedelta(days=11)
    assert "Unit 1 of 5" in visits.open("ana", unit=UNIT, course="begun", link="one").get().text
    assert "Unit 2 of 5" in (
        visits.open("ana", unit=WLD.units[1].code, course="begun", link="two").get().text
    )
    late = visits.open("olha", teacher=True, unit=UNIT, course="late", link="three").get()
    assert "What does this activity stand for?" in late.text


def test_a_withdrawn_grant_lets_no_new_course_begin(visits: Visits) -> None:
    made = let(visits)
    with visits.school.transaction() as db:
        for _ in range(2):
            grants.withdraw(db, grants.find(db, made), by="operator", now=visits.school.now)
    page = visits.open("olha", teacher=True, unit=UNIT).get()
    assert "What does this activity stand for?" in page.text
    with visits.school.transaction() as db:
        acts = [entry.action for entry in db.query(AuditEntry).order_by(AuditEntry.at)]
    assert acts.count("grant.withdrawn") == 1


def test_a_course_that_offers_it_may_take_the_next_version(visits: Visits) -> None:
    made = let(visits)
    visits.open("olha", teacher=True, unit=UNIT)
    with visits.school.transaction() as db:
        grants.withdraw(db, grants.find(db, made), by="operator", now=visits.school.now)
        newer = definitions.load(definitions.dump(WLD) | {"version": "9.0"})
        catalogue.publish(db, newer, public_url=PUBLIC_URL, now=visits.school.now)
    teacher = visits.open("olha", teacher=True, unit=UNIT)
    with visits.school.transaction() as db:
        wanted = db.query(MicroCredentialVersion).filter_by(version="9.0").one().id
    assert teacher.get(f"choose/{wanted}").status == 200


def test_what_makes_no_sense_is_refused(visits: Visits) -> None:
    let(visits)
    with pytest.raises(Conflict, match="already_granted"):
        let(visits)
    with pytest.raises(ToolError, match="grant_to_oneself"):
        let(visits, BODY)
    with pytest.raises(ToolError, match="grant_ended"):
        let(visits, None, days=-1)


@on_each_database
def test_of_grants_at_one_moment_one_is_made(visits: Visits) -> None:
    def grant() -> bool:
        try:
            let(visits)
        except Conflict:
            return False
        return True

    assert at_one_moment([grant] * 6).count(True) == 1


@pytest.fixture
def administrator(app: Flask, visits: Visits) -> SignedIn:
    database, now = visits.school.database, clock.now()
    made = signing_in.account(database, now, "Campus IT", Role.ADMINISTRATOR, BODY)
    return signing_in.signed_in(app, database, made, now)


def ids(visits: Visits) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    with visits.school.transaction() as db:
        found = catalogue.find(db, WLD.code)
        school = db.query(Organisation).filter_by(slug="school").one()
        return found.series.organisation_id, found.series_id, school.id


def test_an_administrator_lets_a_school_award_and_withdraws_it(
    visits: Visits, administrator: SignedIn
) -> None:
    body, series, school = ids(visits)
    path = f"/admin/organisations/{body}/grants"
    assert "Nobody else yet." in administrator.get(path).text
    form = {"series": str(series), "organisation": str(school), "until": "2199-06-30"}
    assert administrator.post(path, **form).status_code == 303
    page = administrator.get(path).text
    assert "School" in page
    assert "30 June 2199, 23:59 UTC" in page
    again = administrator.post(path, **form)
    assert again.status_code == 409
    assert "may award it already" in again.text
    with visits.school.transaction() as db:
        made = db.query(DefinitionGrant).one().id
    assert administrator.post(f"/admin/grants/{made}/withdrawal").status_code == 303
    assert "Nobody else yet." in administrator.get(path).text
    log = administrator.get("/admin/audit-log").text
    assert f"<bdi>{WLD.code}</bdi>" in log


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"until": "soon"}, 400),
        ({"until": "9999-12-31"}, 400),
        ({"until": "2001-01-01"}, 400),
        ({"organisation": ""}, 400),
        ({"organisation": str(uuid.uuid4())}, 404),
        ({"series": "x"}, 400),
        ({"series": str(uuid.uuid4())}, 404),
    ],
)
def test_a_form_that_is_wrong_says_so_and_keeps_what_was_chosen(
    visits: Visits, administrator: SignedIn, changes: dict[str, str], status: int
) -> None:
    body, series, school = ids(visits)
    form = {"series": str(series), "organisation": str(school), "until": "", **changes}
    answer = administrator.post(f"/admin/organisations/{body}/grants", **form)
    assert answer.status_code == status
    assert f'value="{form["until"]}"' in answer.text
    with visits.school.transaction() as db:
        assert db.query(DefinitionGrant).count() == 0


@on_each_database
def test_a_grant_of_a_school_is_withdrawn_and_a_version_retired(
    visits: Visits, database: Database
) -> None:
    let(visits)
    with database.transaction() as db:
        series = catalogue.find(db, WLD.code).series
        (held,) = grants.of_body(db, series.organisation_id, visits.school.now)
        grants.withdraw(db, held, by="operator", now=visits.school.now)
        assert held.withdrawn_at is not None
    with database.transaction() as db:
        found = catalogue.all_versions(db)[0]
        mc = catalogue.definition(found)
        reworded = definitions.load(definitions.dump(mc) | {"title": {"en": "Other words"}})
        assert catalogue.reword(db, found, reworded, visits.school.now) == 2
        lifecycle.retire(db, found, reason="x", by="account:boss", now=visits.school.now)
        assert found.retired_at is not None


def test_the_command_line_shares_and_withdraws(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    assert operator.run("db", "upgrade").exit_code == 0
    operator.run("platform", "invite", "--organisation", "partner")
    source = tmp_path / "mc.json"
    source.write_text(operator.run("mc", "example").stdout, encoding="utf-8")
    assert operator.run("mc", "import", str(source)).exit_code == 0
    code = str(definitions.loads(source.read_bytes()).code)
    shared = operator.run("mc", "share", code, "--with", "partner", "--until", "2199-06-30")
    assert shared.exit_code == 0, shared.stderr
    assert operator.run("mc", "share", code, "--with", "partner").exit_code != 0
    assert operator.run("mc", "share", code).exit_code != 0
    assert "Withdrawn." in operator.run("mc", "unshare", code, "--with", "partner").stdout
    assert "not shared" in operator.run("mc", "unshare", code, "--with-everybody").stdout
