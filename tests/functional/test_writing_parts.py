"""A larger micro-credential is put together from what is published."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import DefinitionDraft
from tests.factories.visits import Page, Visit, Visits

FIRST, SECOND = samples.welding(), next(mc for mc in samples.all() if mc.code == "BEM-S-CNC1")
PARTS = [f"{mc.awarding_body.slug}/{mc.code}" for mc in (FIRST, SECOND)]


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    found = Visits.at(app, database, clock.now() - timedelta(hours=1))
    found.school.publish(SECOND)
    return found


@pytest.fixture
def page(visits: Visits) -> Page:
    teacher: Visit = visits.open("olha", teacher=True, unit=FIRST.units[0].code)
    begun = teacher.get("drafts").submit("start", title="Metal worker", language="en")
    return begun.follow("Choose what it is made of")


def stack(visits: Visits) -> Any:
    with visits.school.transaction() as db:
        return db.query(DefinitionDraft).one().content.get("stack")


def send(page: Page, **fields: Any) -> Page:
    path, data = page.filled("parts")
    sent = {"act": "save", **fields}
    more = {name: one if isinstance(one, list) else [one] for name, one in sent.items()}
    return page.visit.post(path, data | more)


@pytest.mark.parametrize(
    ("measure", "needed", "kept"),
    [
        ("", "", {}),
        ("count", "1", {"count": 1}),
        ("hours", "40.5", {"hours": 40.5}),
        ("points", "2", {"points": 2}),
    ],
)
def test_parts_are_ticked_and_kept(
    visits: Visits, page: Page, measure: str, needed: str, kept: dict[str, Any]
) -> None:
    assert FIRST.title["en"] in page.text
    done = send(page, part=PARTS, measure=measure, needed=needed)
    assert "Saved." in done.text
    assert stack(visits) == {"parts": PARTS, **kept}
    again = send(done, part=[])
    assert "Saved." in again.text
    assert stack(visits) is None


def test_searching_keeps_what_is_ticked_and_saves_nothing(visits: Visits, page: Page) -> None:
    found = send(page, act="search", part=PARTS[:1], query="milling", measure="count", needed="1")
    assert found.status == 200
    assert SECOND.title["en"] in found.text
    ticked = [one for one in found.form("parts").fields if one.name == "part" and one.is_sent]
    assert [one.value for one in ticked] == PARTS[:1]
    assert stack(visits) is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"part": PARTS[:1]}, "Tick two to 30, or none."),
        ({"part": [PARTS[0], "nobody/NOTHING"]}, "cannot be a part of this"),
        ({"part": [PARTS[0], "CODE"]}, "cannot be a part of this"),
        ({"part": PARTS, "measure": "count", "needed": "3"}, "At most as many"),
        ({"part": PARTS, "measure": "count", "needed": "1.5"}, "At most as many"),
        ({"part": PARTS, "measure": "hours", "needed": "many"}, "Say how many are needed."),
        ({"part": PARTS, "measure": "hours", "needed": "-1"}, "Say how many are needed."),
        ({"part": PARTS, "measure": "points", "needed": "NaN"}, "Say how many are needed."),
        ({"part": PARTS, "measure": "points", "needed": ""}, "Say how many are needed."),
    ],
)
def test_what_cannot_be_is_refused_and_stays_typed(
    visits: Visits, page: Page, sent: dict[str, Any], said: str
) -> None:
    refused = send(page, **sent)
    assert (refused.status, said in refused.text) == (400, True)
    fields = refused.form("parts").fields
    ticked = [one.value for one in fields if one.name == "part" and one.is_sent]
    assert ticked == sent["part"]
    assert stack(visits) is None
