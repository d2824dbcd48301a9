"""Another system of a school, as it talks to this one: gets a token, reports completions."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from lti_tool.db import Database
from lti_tool.models import Organisation
from lti_tool.services.connections import api_clients
from tests.factories.courses import School

ISSUER = "https://lms.example"


@dataclass(slots=True)
class System:
    """`app`: the server that it reports to."""

    app: Flask
    client_id: str
    secret: str
    bearer: str = ""

    @classmethod
    def of(cls, app: Flask, school: School, slug: str = "school") -> "System":
        with school.transaction() as db:
            body = db.query(Organisation).filter_by(slug=slug).one()
            client, secret = api_clients.add(db, body, "Register", by="operator", now=school.now)
            return cls(app, str(client.id), secret)

    def token(self, **changes: str) -> TestResponse:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
        }
        return self.app.test_client().post("/oauth/token", data={**form, **changes})

    def sign_in(self) -> "System":
        answer = self.token().json
        assert answer is not None
        self.bearer = answer["access_token"]
        return self

    def report(self, *items: Any, key: str | None = "", body: bytes | None = None) -> TestResponse:
        """`key`: None sends none, "" a new one."""
        headers = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        if key is not None:
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        data = body if body is not None else json.dumps({"completions": list(items)}).encode()
        return self.app.test_client().post(
            "/api/v1/completions", data=data, headers=headers, content_type="application/json"
        )


def item(sub: str = "ana", unit: str = "BEM-S-WLD1-U1", **changes: Any) -> dict[str, Any]:
    """A mark of 85 in the first unit of the welding sample."""
    return {
        "learner": {"issuer": ISSUER, "sub": sub},
        "course": "course",
        "micro_credential": "BEM-S-WLD1",
        "unit": unit,
        **({} if "signed_off" in changes else {"points": 85}),
        **changes,
    }


def rows(database: Database, table: type[Any]) -> list[Any]:
    with database.transaction(read_only=True) as db:
        return list(db.query(table))
