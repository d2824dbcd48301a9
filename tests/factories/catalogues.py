"""Many published definitions of several schools: the samples under other codes and titles."""

import itertools
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from badges import definition, samples
from badges.micro_credential import MicroCredential
from badges.text import Text
from lti_tool.db import Database
from lti_tool.models import MicroCredentialSeries, MicroCredentialVersion
from lti_tool.services import organisations
from lti_tool.services.definitions import catalogue_entries

SUBJECTS = ("Welding", "Bread baking", "Solar roofs", "First aid", "Bee keeping", "Bookkeeping")
KINDS = ("for beginners", "at night", "in workshops", "for trainers", "with machines")


def fill(database: Database, count: int, now: datetime, schools: int = 20) -> None:
    """Publish `count` definitions, one a minute until `now`; the third is "Solar roofs 3 ..."."""
    whole = itertools.cycle(samples.all())
    with database.transaction() as db:
        bodies = [
            organisations.get_or_add_organisation(db, f"body-{n}", f"Body {n}", "DE", now)
            for n in range(min(schools, count))
        ]
        for number in range(1, count + 1):
            body = bodies[number % len(bodies)]
            mc = _numbered(next(whole), number, body.slug, body.name)
            series = MicroCredentialSeries(
                id=uuid.uuid4(), organisation_id=body.id, code=mc.code, created_at=now
            )
            version = MicroCredentialVersion(
                id=uuid.uuid4(),
                series=series,
                version=mc.version,
                definition=definition.dump(mc),
                published_at=now - timedelta(minutes=count - number),
                revision=1,
            )
            db.add_all([series, version])
            with db.no_autoflush:
                catalogue_entries.keep(db, version, mc)


def _numbered(mc: MicroCredential, number: int, slug: str, name: str) -> MicroCredential:
    title = f"{SUBJECTS[number % len(SUBJECTS)]} {number} {KINDS[number % len(KINDS)]}"
    return replace(
        mc,
        code=f"MC-{number:05d}",
        title=Text({**mc.title.to_json(), "en": title}),
        awarding_body=replace(mc.awarding_body, slug=slug, name=Text({"en": name})),
        hours=Decimal(100 + number % 50),
    )
