"""Visits to the pages of a launch, as a browser makes them: cookies kept, forms filled in.

visits = Visits.at(app, database, now)
page = visits.open("ana", unit="BEM-S-WLD1-U1").get()
page = page.submit("participate")
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from badges import samples
from badges.micro_credential import MicroCredential
from lti_tool.db import Database
from lti_tool.demo.forms import Form, PageReader
from lti_tool.lti import deep_linking
from lti_tool.lti.claims import DeepLinkingClaims, LaunchClaims
from lti_tool.lti.deep_linking import DeepLinkingSettings
from lti_tool.models import LaunchSession
from lti_tool.services.launching import launches
from lti_tool.web import launch_session
from lti_tool.web.http import framed_cookies
from tests.factories.courses import AGS_SCOPES, School

FRAME = "https://lms.example"
WELDING = "BEM-S-WLD1"


@dataclass(frozen=True)
class Page:
    """An answer, and what one can do on it."""

    visit: "Visit"
    path: str
    response: TestResponse

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def html(self) -> str:
        return self.response.text

    @property
    def read(self) -> PageReader:
        reader = PageReader()
        reader.feed(self.html)
        reader.close()
        return reader

    @property
    def text(self) -> str:
        return self.read.text

    def form(self, name: str) -> Form:
        found = [form for form in self.read.forms if form.name == name]
        assert found, (name, self.status, [form.name for form in self.read.forms])
        return found[0]

    def has_form(self, name: str) -> bool:
        return any(form.name == name for form in self.read.forms)

    def follow(self, words: str) -> "Page":
        found = [anchor for anchor in self.read.anchors if words in anchor.text]
        assert found, (words, [anchor.text for anchor in self.read.anchors])
        return self.visit.get(found[0].href, base=self.path)

    def submit(self, form_name: str, /, **fields: Any) -> "Page":
        """Send a form as it stands, changed by `fields` (a list for several of one name)."""
        return self.visit.post(*self.filled(form_name, **fields))

    def filled(self, form_name: str, /, **fields: Any) -> tuple[str, dict[str, list[str]]]:
        form = self.form(form_name)
        data: dict[str, list[str]] = {}
        for control in form.fields:
            if control.is_sent and control.name:
                data.setdefault(control.name, []).append(control.value)
        for key, value in fields.items():
            known = {control.name for control in form.fields}
            assert key in known, (key, known)
            data[key] = value if isinstance(value, list) else [value]
        return urljoin(self.path, form.action), data


@dataclass(frozen=True)
class Visit:
    """One launch session in one browser."""

    client: FlaskClient
    id: uuid.UUID
    person_id: uuid.UUID

    @property
    def home(self) -> str:
        return f"/launches/{self.id}/"

    def get(self, path: str = "", *, base: str = "", **headers: str) -> Page:
        """Open a page below the launch, and follow where it leads."""
        return self._page(self.client.get(urljoin(base or self.home, path), headers=headers))

    def post(self, path: str, data: dict[str, list[str]]) -> Page:
        return self._page(self.client.post(urljoin(self.home, path), data=data))

    def upload(
        self, path: str, data: dict[str, list[str]], *files: tuple[str, bytes], field: str = "file"
    ) -> Page:
        """Send a form with files: (name, content)."""
        sent = [FileStorage(BytesIO(content), filename=name) for name, content in files]
        values = MultiDict([(name, one) for name, some in data.items() for one in some])
        values.setlist(field, sent)
        boundary, body = encode_multipart(values)
        kind = f'multipart/form-data; boundary="{boundary}"'
        address = urljoin(self.home, path)
        return self._page(self.client.post(address, data=body, content_type=kind))

    def _page(self, response: TestResponse) -> Page:
        path = response.request.path
        while response.status_code in {302, 303}:
            path = response.location
            response = self.client.get(path)
        return Page(self, path, response)


def landed(client: FlaskClient, response: TestResponse) -> Page:
    """Return the page that an accepted launch leads to."""
    assert response.status_code == 303, response.text
    launch_id = uuid.UUID(response.location.strip("/").split("/")[1])
    return Visit(client, launch_id, uuid.uuid4()).get()


@dataclass
class Visits:
    """A school whose launches end in browsers of their own."""

    app: Flask
    school: School

    @classmethod
    def at(cls, app: Flask, database: Database, now: datetime) -> "Visits":
        school = School.open(database, now)
        school.encryption = app.extensions["credlet"].encryption
        school.publish(samples.welding())
        return cls(app, school)

    @property
    def mc(self) -> MicroCredential:
        return samples.welding()

    def open(self, sub: str, *, teacher: bool = False, **changes: Any) -> Visit:
        """Launch; `link`, `course`, `mc`, `unit`, `name` and what else is `known`, as wanted."""
        known = (
            "link",
            "course",
            "mc",
            "unit",
            "name",
            "email",
            "locale",
            "title",
            "line_item",
            "roster",
            "line_items",
            "scopes",
            "column",
            "custom",
            "assistant",
        )
        assert set(changes) <= set(known), changes
        given = {"link": "link", "course": "course", "mc": WELDING, "unit": None, **changes}
        given.setdefault("name", sub.title())
        custom = {key: given[key] for key in ("mc", "unit", "column") if given.get(key)}
        custom |= given.get("custom", {})
        with self.school.transaction() as db:
            session, token = self._launch(db, sub, teacher, given, custom)
            return self._visit(session, token)

    def select(
        self,
        sub: str,
        *,
        course: str | None = "course",
        name: str | None = None,
        locale: str = "en",
        **settings: Any,
    ) -> Visit:
        """Ask a teacher to select content; `settings`: those of the request that differ."""
        given = {
            "return_url": f"{FRAME}/content/return?sesskey=k3y",
            "data": None,
            "accept_types": (deep_linking.RESOURCE_LINK,),
            "accept_presentation_document_targets": ("iframe",),
            "accept_multiple": True,
            "accept_line_item": None,
            "title": None,
            "text": None,
            **settings,
        }
        claims = DeepLinkingClaims(
            issuer=FRAME,
            deployment_id="1",
            sub=sub,
            roles=(),
            is_teacher=True,
            is_test_user=False,
            target_link_uri="",
            context_id=course,
            context_title=f"Course {course}" if course else None,
            name=name or sub.title(),
            email=None,
            locale=locale,
            custom={},
            frame_origin=FRAME,
            settings=DeepLinkingSettings(**given),
        )
        with self.school.transaction() as db:
            session, token = launches.open_deep_linking(
                db,
                self.school.registration_id,
                claims,
                encryption=self.school.encryption,
                lifetime=timedelta(hours=8),
                now=self.school.now,
            )
            return self._visit(session, token)

    def _visit(self, session: LaunchSession, token: str) -> Visit:
        visit = Visit(self.app.test_client(), session.id, session.person_id)
        visit.client.set_cookie(
            framed_cookies.LAUNCH,
            token,
            path=launch_session.path(visit.id),
            secure=False,  # the test client speaks http
        )
        return visit

    def _launch(
        self, db: Session, sub: str, teacher: bool, given: dict[str, Any], custom: dict[str, str]
    ) -> Any:
        return launches.open_session(
            db,
            self.school.registration_id,
            LaunchClaims(
                issuer=FRAME,
                deployment_id="1",
                sub=sub,
                roles=(),
                is_teacher=teacher,
                is_test_user=False,
                is_assistant=given.get("assistant", False),
                target_link_uri="",
                resource_link_id=given["link"],
                resource_link_title=given.get("title", "Unit"),
                context_id=given["course"],
                context_title=f"Course {given['course']}",
                name=given["name"],
                email=given.get("email"),
                locale=given.get("locale", "en"),
                custom=custom,
                line_item_url=given.get(
                    "line_item", f"{FRAME}/items/{given['link']}/lineitem?type_id=1"
                ),
                line_items_url=given.get("line_items"),
                ags_scopes=given.get("scopes", AGS_SCOPES),
                roster_url=given.get("roster"),
                frame_origin=FRAME,
            ),
            encryption=self.school.encryption,
            lifetime=timedelta(hours=8),
            now=self.school.now,
        )
