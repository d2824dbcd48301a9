"""A person who learns at two schools, or three, with a larger micro-credential made of two parts.

two = TwoSchools.at(app, database, now)
two.complete(two.near, FIRST)
two.join()
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask

from badges import definition as definitions
from badges import samples
from badges.micro_credential import MicroCredential
from lti_tool import clock, worker
from lti_tool.db import Database
from lti_tool.models import Award
from lti_tool.services import organisations
from lti_tool.services.awarding import credentials
from lti_tool.services.connections import platforms
from lti_tool.services.connections.platforms import PlatformDetails
from tests.factories.courses import School
from tests.factories.visits import Page, Visit, Visits

FIRST = samples.welding()
SECOND = next(mc for mc in samples.all() if mc.code == "BEM-S-CNC1")
LARGER = "METAL"


def larger(*parts: MicroCredential, code: str = LARGER, **more: Any) -> MicroCredential:
    """A micro-credential without units of its own."""
    references = [f"{mc.awarding_body.slug}/{mc.code}" for mc in parts or (FIRST, SECOND)]
    content = definitions.dump(FIRST) | {
        "code": code,
        "title": {"en": f"Metal worker {code}"},
        "units": [],
        "hours": 60,
        "stack": {"parts": references, **more},
    }
    return definitions.load(content)


def another(near: School, name: str) -> School:
    """Open one more school with an LMS of its own on the server of `near`."""
    issuer = f"https://{name}.example"
    with near.transaction() as db:
        body = organisations.get_or_add_organisation(db, name, f"School {name}", "AT", near.now)
        details = PlatformDetails(
            name=f"LMS {name}",
            issuer=issuer,
            client_id=name,
            auth_login_url=f"{issuer}/auth",
            auth_token_url=f"{issuer}/token",
            key_set_url=f"{issuer}/keys",
            deployment_ids=["1"],
        )
        registration = platforms.add(db, body, details, allow_http=False, now=near.now)
        return School(near.database, near.now, registration.id, near.encryption)


@dataclass(frozen=True)
class TwoSchools:
    """The learner is `ana` in the one LMS and `a-17` in the other."""

    near: Visits
    far: Visits

    @classmethod
    def at(cls, app: Flask, database: Database, now: datetime) -> "TwoSchools":
        near = Visits.at(app, database, now)
        near.school.publish(SECOND)
        near.school.publish(larger())
        far = another(near.school, "far")
        far.tick(minutes=1)  # what is earned there is earned later
        return cls(near, Visits(app, far))

    def here(self, name: str | None = "Ana Learner", **at: Any) -> Visit:
        return self.near.open("ana", name=name, **at)

    def there(self, name: str | None = "Ana Learner", **at: Any) -> Visit:
        return self.far.open("a-17", name=name, **at)

    def larger_here(self, name: str | None = "Ana Learner") -> Page:
        return self.here(name, mc=LARGER, unit="", link="metal", course="metal").get()

    def larger_there(self, name: str | None = "Ana Learner") -> Page:
        return self.there(name, mc=LARGER, unit="", link="metal", course="metal").get()

    def complete(
        self, visits: Visits, mc: MicroCredential, name: str | None = "Ana Learner"
    ) -> None:
        """Everything of `mc` is signed off there, in a course of its own."""
        sub = "ana" if visits is self.near else "a-17"
        at = {"course": f"course of {mc.code}", "mc": mc.code, "unit": mc.units[0].code}
        teacher = visits.school.launch("olha", teacher=True, link=f"{mc.code} olha", **at)
        visits.school.launch(sub, link=f"{mc.code} {sub}", name=name, **at)
        visits.school.complete(teacher, sub, mc)

    def join(self, here: Visit | None = None, there: Visit | None = None) -> Page:
        """Make a code here, enter it there, say yes there and then here; judge what follows."""
        here, there = here or self.here(), there or self.there()
        enter(there, make(here)).submit("agree", answer="yes")
        page = here.get("joining").submit("confirm", answer="yes")
        self.judge()
        return page

    def judge(self) -> None:
        while worker.stack_checks.judge_next(self.near.school.database, clock.now):
            pass

    def awards(self, code: str = LARGER) -> list[tuple[str, str | None]]:
        """Return whose awards there are of a micro-credential, and why those withdrawn were."""
        with self.near.school.transaction() as db:
            rows = db.query(Award).order_by(Award.granted_at).all()
            return [
                (row.person.sub, row.withdrawn_reason)
                for row in rows
                if row.version.series.code == code
            ]

    def standing(self, code: str = LARGER) -> list[str]:
        with self.near.school.transaction() as db:
            rows = db.query(Award).filter_by(withdrawn_at=None).all()
            return sorted(row.person.sub for row in rows if row.version.series.code == code)

    def revoke(self, sub: str, mc: MicroCredential) -> None:
        with self.near.school.transaction() as db:
            rows = db.query(Award).filter_by(withdrawn_at=None).all()
            (found,) = [
                row for row in rows if (row.person.sub, row.version.series.code) == (sub, mc.code)
            ]
            credentials.revoke_award(
                db,
                found,
                reason="mistaken",
                signing=self.near.school.signing,
                actor="person:x",
                now=clock.now(),
            )
        self.judge()


def make(visit: Visit) -> str:
    """Make a code and return it as the page shows it."""
    page = visit.get("joining").submit("make")
    assert page.status == 200, page.text
    return page.html.partition('<p class="join-code"><code>')[2].partition("</code>")[0]


def enter(visit: Visit, code: str) -> Page:
    return visit.get("joining").submit("enter", code=code)
