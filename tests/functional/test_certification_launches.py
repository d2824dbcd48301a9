"""The launches of the LTI Advantage Conformance Certification Guide 1.3, section 6.1, over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.db import Database
from lti_tool.models import LaunchSession, Person
from tests.factories.launches import Begun, Visitor, refusal_code
from tests.factories.platform import ABSENT, INSTITUTION, MEMBERSHIP

Forge = Callable[[Visitor, Begun], str]


def _with_claims(**claims: Any) -> Forge:
    return lambda visitor, begun: visitor.platform.sign(visitor.payload(begun, **claims))


def _with_header(**header: Any) -> Forge:
    return lambda visitor, begun: visitor.platform.sign(visitor.payload(begun), header=header)


def _with_payload(payload: object) -> Forge:
    return lambda visitor, begun: visitor.platform.sign(payload)


# 6.1.1, in the guide's order: what is sent, and the code of the refusal.
KNOWN_BAD: Mapping[str, tuple[Forge, str]] = {
    "no kid in the header": (_with_header(kid=ABSENT), "kid_missing"),
    "incorrect kid": (_with_header(kid="unknown"), "kid_unknown"),
    "wrong LTI version": (_with_claims(version="11.3"), "version"),
    "no LTI version": (_with_claims(version=ABSENT), "version"),
    "invalid LTI message": (_with_payload({"name": "badltilaunch"}), "malformed"),
    "missing LTI claims": (
        _with_claims(
            **dict.fromkeys(("message_type", "roles", "resource_link", "deployment_id"), ABSENT)
        ),
        "deployment_id_missing",
    ),
    "timestamps incorrect": (_with_claims(iat=11111, exp=22222), "expired"),
    "message type missing": (_with_claims(message_type=ABSENT), "message_type_missing"),
    "roles missing": (_with_claims(roles=ABSENT), "roles_missing"),
    "deployment id missing": (_with_claims(deployment_id=ABSENT), "deployment_id_missing"),
    "resource link id missing": (
        _with_claims(resource_link={"title": "no id"}),
        "resource_link_missing",
    ),
    "user missing": (_with_claims(sub=ABSENT), "sub_missing"),
}

ANONYMOUS = {"name": ABSENT, "email": ABSENT}


def _valid(role: str) -> Mapping[str, dict[str, Any]]:
    """The nine valid launches of one kind of person (6.1.2 teacher, 6.1.3 student)."""
    full = MEMBERSHIP + role
    return {
        "launch": {"roles": [full]},
        "multiple roles": {"roles": [full, INSTITUTION + role]},
        "short role": {"roles": [role]},
        "unknown role": {"roles": ["http://example.org/roles#Unknown"]},
        "no role": {"roles": []},
        "email only": {"roles": [full], "name": ABSENT},
        "names only": {
            "roles": [full],
            "email": ABSENT,
            "name": ABSENT,
            "given_name": "Ada",
            "family_name": "Lovelace",
        },
        "no personal data": {"roles": [full], **ANONYMOUS},
        "email without context": {"roles": [full], "name": ABSENT, "context": ABSENT},
    }


@pytest.mark.parametrize(("forge", "code"), KNOWN_BAD.values(), ids=KNOWN_BAD)
def test_a_known_bad_launch_is_refused_and_leaves_nothing(
    visitor: Visitor, database: Database, forge: Forge, code: str
) -> None:
    begun = visitor.begin()
    response = visitor.send(begun, forge(visitor, begun))
    assert response.status_code == 400
    assert refusal_code(response) == code
    assert not response.headers.getlist("Set-Cookie")
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(LaunchSession)).all() == []
        assert db.scalars(sa.select(Person)).all() == []


@pytest.mark.parametrize("role", ["Instructor", "Learner"])
@pytest.mark.parametrize("case", _valid("Learner"))
def test_a_valid_launch_opens_a_session(
    visitor: Visitor, database: Database, role: str, case: str
) -> None:
    claims = _valid(role)[case]
    response = visitor.launch(**claims)
    assert response.status_code == 303, response.text
    with database.transaction(read_only=True) as db:
        session = db.scalars(sa.select(LaunchSession)).one()
        says_teacher = case not in {"unknown role", "no role"} and role == "Instructor"
        assert session.is_teacher is says_teacher
        assert response.location == f"/launches/{session.id}/"
    page = visitor.client.get(response.location, follow_redirects=True)
    assert page.status_code == 200, page.text


def test_a_new_resource_link_of_a_known_course_is_accepted(
    visitor: Visitor, database: Database
) -> None:
    for link in ("link-1", "link-2"):
        assert visitor.launch(resource_link={"id": link}).status_code == 303
    with database.transaction(read_only=True) as db:
        links = {session.link.resource_link_id for session in db.scalars(sa.select(LaunchSession))}
    assert links == {"link-1", "link-2"}


def test_the_names_of_a_launch_are_put_together(visitor: Visitor, database: Database) -> None:
    visitor.launch(**_valid("Learner")["names only"])
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Person.name)).one() == "Ada Lovelace"


def test_the_guide_has_twelve_bad_and_eighteen_valid_launches() -> None:
    assert len(KNOWN_BAD) == 12
    assert len(_valid("Instructor")) + len(_valid("Learner")) == 18
