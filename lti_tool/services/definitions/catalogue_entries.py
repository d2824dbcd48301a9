"""What a published version is found by: kept beside it, written anew with each wording."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import catalogue_entry
from badges.micro_credential import MicroCredential
from lti_tool.models import CatalogueEntry, MicroCredentialVersion


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


def taught_in(language: str) -> sa.ColumnElement[bool]:
    """Return the condition of being taught in a language, of which the tag is given."""
    return CatalogueEntry.languages.contains(f" {language} ", autoescape=True)
