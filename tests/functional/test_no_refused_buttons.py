"""Whoever may not do something in a course is shown no button for it, and who may.

Every page that a link of the course leads to is opened, and every form on it is sent as it stands,
with everything ticked and something typed.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urldefrag, urljoin

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import MicroCredentialVersion
from tests.factories.visits import Page, Visit, Visits

SAFETY = "BEM-S-WLD1-U1"
REFUSALS = ("In this course others record and confirm results.", "A teacher of this course does")


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    """One award waits for a confirmation, one is held, one is to be decided, and there is a newer
    version of the micro-credential."""
    found = Visits.at(app, database, clock.now() - timedelta(hours=1))
    teacher = found.open("olha", teacher=True, unit=SAFETY)
    for sub in ("ana", "ben", "cem"):
        found.open(sub)
    for sub in ("ben", "cem"):
        found.school.complete(teacher.id, sub, found.mc)
    path, data = teacher.get("course/settings").filled("settings", confirmations="1")
    teacher.post(path, data)
    found.school.complete(teacher.id, "ana", found.mc)
    award = found.school.award("cem", found.mc.code)
    assert award is not None
    with found.school.transaction() as db:
        db.merge(award).flagged_at = found.school.now
    found.school.publish(replace(found.mc, version="9.0", hours=Decimal(400)))
    return found


@pytest.fixture(params=["assistant", "not named"])
def visitor(visits: Visits, request: pytest.FixtureRequest) -> Visit:
    if request.param == "assistant":
        return visits.open("tom", teacher=True, assistant=True)
    iryna = visits.open("iryna", teacher=True)
    olha = visits.open("olha", teacher=True)
    named = {"assessors": "named", "assessor": str(olha.person_id)}
    path, data = olha.get("course/settings").filled("settings", **named)
    assert olha.post(path, data).status == 200
    return iryna


def pages(visit: Visit) -> Iterator[Page]:
    """Open the course page and, once each, all pages below it that pages link to."""
    waiting = [f"{visit.home}course"]
    known = set(waiting)
    while waiting:
        page = visit.get(waiting.pop())
        if not page.response.content_type.startswith("text/html"):
            continue
        yield page
        for anchor in page.read.anchors:
            address, _ = urldefrag(urljoin(page.path, anchor.href))
            if address.startswith(f"{visit.home}course") and "lang=" not in address:
                path = address.partition("?")[0]
                if path not in known:
                    known.add(path)
                    waiting.append(address)


def sent(page: Page) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Return the address and content of each form of a page, for each of its buttons."""
    for form in page.read.forms:
        if form.method != "post":
            continue
        data: dict[str, list[str]] = {}
        for field in form.fields:
            if field.name.startswith("points-"):
                data[field.name] = ["95"]
            elif field.kind in ("text", "textarea"):
                data[field.name] = ["because"]
            elif field.kind == "checkbox" or field.is_sent:
                data.setdefault(field.name, []).append(field.value)
        for button in form.fields:
            if button.kind == "submit":
                pressed = {button.name: [button.value]} if button.name else {}
                yield urljoin(page.path, form.action), data | pressed


def test_no_form_that_is_shown_is_refused(visitor: Visit) -> None:
    seen = list(pages(visitor))
    refused = [page.path for page in seen if page.status != 200]
    assert refused == []
    assert len(seen) > 15
    for page in seen:
        for path, data in sent(page):
            answer = visitor.post(path, data)
            assert not any(words in answer.text for words in REFUSALS), (page.path, path)


def test_the_pages_say_who_may(visits: Visits, visitor: Visit) -> None:
    with visits.school.transaction() as db:
        newer = db.query(MicroCredentialVersion).filter_by(version="9.0").one().id
    for path in ("course/version", f"course/version/{newer}", f"course/units/{SAFETY}"):
        text = visitor.get(path).text
        assert "Olha" in text
        assert "You can look at everything" in text
        assert "Move the course and" not in text
