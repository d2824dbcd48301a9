"""Target groups are planning data: on no page, in no feed, export or badge that others see."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from badges.micro_credential import Concept
from badges.text import Text
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import Award, Credential
from lti_tool.services.awarding import credentials
from lti_tool.services.awarding.credentials import Claim
from lti_tool.services.definitions import catalogue
from tests.factories.visits import Visit, Visits

SECRET = "xenophiles"
BY = "https://creativecommons.org/licenses/by/4.0/"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def ana(visits: Visits) -> Visit:
    """Somebody with a public badge of a definition whose two wordings plan for different groups."""
    visits.open("ana")
    visits.school.complete(visits.open("olha", teacher=True).id, "ana", visits.mc)
    with visits.school.transaction() as db:
        credential = credentials.claim(
            db,
            db.query(Award).one(),
            Claim(name=None, language="en"),
            signing=visits.app.extensions["credlet"].signing,
            actor="person:x",
            now=visits.school.now,
        )
        credentials.set_public(db, credential, public=True, actor="x", now=visits.school.now)
    groups = tuple(Concept(label=Text({"en": f"{SECRET} {n}", "de": SECRET})) for n in range(2))
    with visits.school.transaction() as db:
        found = catalogue.find(db, visits.mc.code)
        for number, at in enumerate((30, 20)):
            worded = replace(visits.mc, licence=BY, target_groups=groups[number:])
            catalogue.reword(db, found, worded, clock.now() - timedelta(minutes=at))
    return visits.open("ana")


def answers(visits: Visits, ana: Visit) -> dict[str, bytes]:
    """Return what every address says that a stranger, or a learner, may open."""
    mc = visits.mc
    with visits.school.transaction() as db:
        found = db.query(Credential).one()
        values: dict[str, object] = {"credential_id": found.id, "list_id": found.status_list_id}
    values |= {"launch_id": ana.id, "body": mc.awarding_body.slug, "code": mc.code, "number": 2}
    values |= {"version": mc.version, "kind": "svg", "unit_code": mc.units[0].code}
    said: dict[str, bytes] = {}
    for rule in visits.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.startswith(("admin.", "web.")):
            continue
        path = re.sub(
            r"<(?:[^<>]+:)?(\w+)>", lambda m: str(values.get(m[1], uuid.UUID(int=7))), rule.rule
        )
        for accept in ("text/html", "application/json"):
            for language in ("en", "de"):
                asked = {"Accept": accept, "Accept-Language": language}
                with ana.client.get(path, headers=asked) as answer:
                    if answer.status_code == 200:
                        said[f"{rule.endpoint} {accept} {language}"] = answer.data
    return said


def test_what_is_planned_for_whom_is_said_nowhere(visits: Visits, ana: Visit) -> None:
    said = answers(visits, ana)
    seen = {one.split()[0] for one in said}
    public = {"search", "listed", "series", "version", "definition", "resource", "history"}
    public |= {"wording", "emblem", "issuer", "sitemap"}
    public |= {"credential", "credential_json", "credential_png", "credential_svg"}
    assert {f"public.{one}" for one in public} <= seen
    assert {"learner.units", "learner.badge", "learner.badge_json", "learner.data"} <= seen
    assert [one for one, data in said.items() if SECRET.encode() in data.lower()] == []
