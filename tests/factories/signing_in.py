"""People who sign in, in a browser of their own, without going through the pages each time."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.services import organisations
from lti_tool.services.staff import accounts, sign_in
from lti_tool.services.staff.accounts import Role
from lti_tool.web.http.security import ADMIN_BLUEPRINT, OWN_COOKIES, own_csrf_token

KEY = "0000000000000000000000000000000000000000000="


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody signed in; `secret` is that of the cookie."""

    app: Flask
    client: FlaskClient
    account_id: uuid.UUID
    secret: str

    @property
    def token(self) -> str:
        with self.app.test_request_context():
            return own_csrf_token(ADMIN_BLUEPRINT, self.secret)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **fields})

    def code(self, method: str, path: str, **fields: Any) -> tuple[int, str]:
        """Return status and code of a refusal."""
        data = {"csrf_token": self.token, **fields} if method == "POST" else None
        headers = {"Accept": "application/json"}
        answer = self.client.open(path, method=method, data=data, headers=headers)
        return answer.status_code, str(answer.json["code"]) if answer.json else ""


def account(
    database: Database,
    now: datetime,
    name: str = "Olena Koval",
    role: Role | None = Role.OPERATOR,
    organisation: str | None = None,
) -> uuid.UUID:
    """Add an account, with a role in an organisation that is made if there is none."""
    with database.transaction() as db:
        made = accounts.add(db, name, encryption=Encryption([KEY]), now=now)
        school = (
            organisations.get_or_add_organisation(db, organisation, organisation, None, now)
            if organisation
            else None
        )
        if role is not None:
            accounts.grant(db, made, role, school, now)
        return made.id


def link(database: Database, account_id: uuid.UUID, now: datetime) -> str:
    """Return the secret of a new sign-in link."""
    with database.transaction() as db:
        return sign_in.make_link(db, accounts.get(db, account_id), now)[1]


def signed_in(app: Flask, database: Database, account_id: uuid.UUID, now: datetime) -> SignedIn:
    """Sit down at a browser that is signed in."""
    with database.transaction() as db:
        found = accounts.get(db, account_id)
        _, secret = sign_in.open_session(db, found, now, way="link")
    client = app.test_client()
    client.set_cookie(OWN_COOKIES[ADMIN_BLUEPRINT], secret)
    return SignedIn(app, client, account_id, secret)


def form_token(answer: TestResponse) -> str:
    """Return the token of the first form of a page."""
    found = re.search(r'name="csrf_token" value="([\w=-]{88})"', answer.text)
    assert found, answer.text[:2000]
    return found[1]
