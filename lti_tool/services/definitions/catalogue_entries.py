"""What a published version is found by: kept beside it, written anew with each wording."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import catalogue_entry, definition
from badges.micro_credential import MicroCredential
from lti_tool.models import CatalogueEntry, MicroCredentialVersion

LATELY = timedelta(hours=1)
MOST_AT_ONCE = 200


def keep(db: Session, version: MicroCredentialVersion, mc: MicroCredential) -> None:
    entry = db.get(CatalogueEntry, version.id)
    if entry is None:
        entry = CatalogueEntry(version=version)
        db.add(entry)
    found = catalogue_entry.of(mc)
    entry.titles, entry.words, entry.country = found.titles, found.words, found.country
    entry.field, entry.eqf_level, entry.hours = found.field, found.eqf_level, found.hours
    entry.languages = f" {' '.join(found.languages)} "
    db.flush()


def keep_missing(db: Session, now: datetime) -> None:
    """Keep the entries of what an older release published, and anew of what it may have reworded
    lately, while servers of both ran."""
    version = MicroCredentialVersion
    missing = sa.or_(CatalogueEntry.version_id.is_(None), version.revised_at > now - LATELY)
    found = sa.select(version).outerjoin(CatalogueEntry).filter(missing).limit(MOST_AT_ONCE)
    for one in db.scalars(found.order_by(CatalogueEntry.version_id.is_not(None))).all():
        keep(db, one, definition.load(one.definition))


def taught_in(language: str) -> sa.ColumnElement[bool]:
    """Return the condition of being taught in a language, of which the tag is given."""
    return CatalogueEntry.languages.contains(f" {language} ", autoescape=True)
