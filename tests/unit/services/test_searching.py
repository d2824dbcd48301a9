"""Searching the catalogue, on both databases: words, filters, order, pages, statements."""

import random
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import migrations
from badges import definition, samples
from badges.text import Text
from lti_tool.db import Database
from lti_tool.models import CatalogueEntry, MicroCredentialVersion
from lti_tool.services import organisations
from lti_tool.services.definitions import (
    catalogue,
    catalogue_entries,
    lifecycle,
    searching,
)
from lti_tool.services.definitions.searching import PAGE_SIZE, Wanted
from tests.factories import catalogues
from tests.factories.statements import recorded

EVERYTHING = sa.true()


@pytest.fixture
def filled(each_database: Database, now: datetime) -> Database:
    with each_database.transaction() as db:
        for position, mc in enumerate(samples.all()):
            body = mc.awarding_body
            named = organisations.get_or_add_organisation(
                db, body.slug, body.name.best("en"), body.country, now
            )
            catalogue.add(db, mc, named, now - timedelta(days=position))
    return each_database


def codes(db: Session, **wanted: object) -> list[str]:
    found = searching.search(db, Wanted(**wanted), EVERYTHING)  # type: ignore[arg-type]
    assert found.total == len(found.versions)
    return [version.series.code for version in found.versions]


def test_what_an_older_release_published_or_reworded_is_found(
    filled: Database, now: datetime
) -> None:
    with filled.transaction() as db:
        entries = {one.version.series.code: one for one in db.query(CatalogueEntry)}
        db.delete(entries["BEM-S-WLD1"])
        entries["BEM-S-AGR1"].words = "stale"
        entries["BEM-S-AGR1"].version.revised_at = now
    with filled.transaction() as db:
        assert codes(db, query="bem-s-wld1") == codes(db, query="bem-s-agr1") == []
        catalogue_entries.keep_missing(db, now + timedelta(minutes=5))
        assert codes(db, query="bem-s-wld1") == ["BEM-S-WLD1"]
        assert codes(db, query="bem-s-agr1") == ["BEM-S-AGR1"]


def test_what_is_wanted_is_found(filled: Database) -> None:
    with filled.transaction() as db:
        assert codes(db, query="ЗВАРЮВАННЯ mag") == ["BEM-S-WLD1"]
        assert codes(db, query="SCHWEISSEN") == ["BEM-S-WLD1"]
        assert codes(db, query="bem-s-agr1") == ["BEM-S-AGR1"]
        assert codes(db, query="astronautics") == []
        assert codes(db, query="% _") == codes(db, query="!!!") == []
        assert codes(db, query=" ") == codes(db)
        assert codes(db, country="GE") == ["BEM-S-HOSP1"]
        assert codes(db, field="08") == ["BEM-S-AGR1"]
        assert codes(db, language="mk", level=3) == ["BEM-S-CARE1"]
        assert codes(db, hours=(None, 24.0)) == ["BEM-S-HOSP1"]
        assert codes(db, hours=(84.0, 84.5)) == ["BEM-S-AGR1"]
        body = samples.welding().awarding_body.slug
        assert "BEM-S-WLD1" in codes(db, body=body)
        assert codes(db, body="nobody") == []
        assert codes(db) == [mc.code for mc in samples.all()]


def test_words_in_a_title_come_first_and_then_the_newest(filled: Database, now: datetime) -> None:
    mc = samples.welding()
    with filled.transaction() as db:
        body = organisations.find(db, mc.awarding_body.slug)
        for day, (code, title) in enumerate([("A", "Zebra"), ("B", "Other"), ("C", "A zebra")]):
            described = Text({"en": "About the zebra"})
            one = replace(mc, code=code, title=Text({"en": title}), description=described)
            catalogue.add(db, one, body, now + timedelta(days=day))
        assert codes(db, query="zebra") == ["C", "A", "B"]


def test_the_filters_are_what_there_is(filled: Database) -> None:
    with filled.transaction() as db:
        found = searching.filters(db, EVERYTHING)
    assert found.countries == ("AM", "GE", "ME", "MK", "RS", "UA")
    assert found.levels == (2, 3, 4)
    assert found.fields == ("04", "06", "07", "08", "09", "10")
    assert set(found.languages) == {tag for mc in samples.all() for tag in mc.languages}
    assert {slug for slug, _ in found.bodies} == {mc.awarding_body.slug for mc in samples.all()}


def test_on_offer_is_what_the_lifecycle_calls_the_newest_open(
    each_database: Database, now: datetime
) -> None:
    """Versions of one series in every order of publication, review and retirement."""
    chance = random.Random(7)
    mc = samples.welding()
    with each_database.transaction() as db:
        body = organisations.get_or_add_organisation(db, "b", "B", "DE", now)
        for series in range(12):
            for number in range(4):
                one = replace(mc, code=f"S{series}", version=f"{number}")
                at = now - timedelta(days=chance.randrange(3))
                version, _ = catalogue.add(db, one, body, at)
                version.retired_at = chance.choice([None, None, now])
                version.review_by = chance.choice([None, now, now + timedelta(days=1)])
        db.flush()
        expected = {one.id for one in lifecycle.newest_open(catalogue.all_versions(db), now)}
        assert searching.ids(db, Wanted(), searching.on_offer(now)) == expected


def test_a_new_wording_is_found_by_its_words(filled: Database, now: datetime) -> None:
    mc = samples.welding()
    with filled.transaction() as db:
        version = next(v for v in db.query(MicroCredentialVersion) if v.series.code == mc.code)
        catalogue.reword(db, version, replace(mc, title=Text({"en": "Joining metal"})), now)
        assert codes(db, query="joining") == [mc.code]
        assert codes(db, query="welding basics") == []


def test_pages_hold_everything_once_in_as_many_statements(
    each_database: Database, now: datetime
) -> None:
    asked = []
    for count in (3, 65):
        catalogues.fill(each_database, count, now + timedelta(days=count), schools=count)
        with each_database.transaction(read_only=True) as db, recorded(each_database) as found:
            on_offer = searching.on_offer(now + timedelta(days=100))
            page = searching.search(db, Wanted(query="body"), on_offer)
            searching.filters(db, on_offer)
            for version in page.versions:
                assert version.reference
                catalogue.definition(version)
        asked.append(len(found))
        if count == 3:
            _empty(each_database)
    assert asked[0] == asked[1] == 3
    with each_database.transaction(read_only=True) as db:
        pages = [searching.search(db, Wanted(), EVERYTHING, number) for number in range(1, 6)]
    seen: list[uuid.UUID] = [one.id for page in pages[:4] for one in page.versions]
    assert len(seen) == len(set(seen)) == 65
    assert [len(page.versions) for page in pages[:4]] == [PAGE_SIZE] * 3 + [5]
    assert (pages[4].page, pages[4].pages) == (4, 4)


def _empty(database: Database) -> None:
    with database.transaction() as db:
        db.execute(sa.delete(CatalogueEntry))
        db.execute(sa.delete(MicroCredentialVersion))
        db.execute(sa.text("DELETE FROM micro_credential_series"))


def test_the_migration_makes_what_was_published_before_findable(filled: Database) -> None:
    with filled.transaction() as db:
        before = {row.version_id: row.words for row in db.query(CatalogueEntry)}
        broken = db.query(MicroCredentialVersion).first()
        assert broken is not None
        db.expunge(broken)
        db.execute(
            sa.update(MicroCredentialVersion)
            .filter_by(id=broken.id)
            .values(definition={"format": definition.FORMAT})
        )
    assert len(before) == len(samples.all())
    del before[broken.id]
    migrations.downgrade(filled.engine, BEFORE)
    migrations.upgrade(filled.engine)
    with filled.transaction() as db:
        assert {row.version_id: row.words for row in db.query(CatalogueEntry)} == before


BEFORE = next(
    f"{int(file.name[:4]) - 1:04d}"
    for file in (migrations.FOLDER / "versions").glob("*_catalogue_entries.py")
)
