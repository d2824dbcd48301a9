"""Which deployments may launch: those that are listed, or all that a platform signs for."""

import uuid

import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.lti.tool_configuration import SCOPES
from lti_tool.models import AuditEntry, Deployment
from lti_tool.services.connections import registrations, waiting_deployments
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code


def set_automatic(visitor: Visitor, database: Database, *, automatic: bool = True) -> None:
    with database.transaction() as db:
        found = registrations.find(db, visitor.registration_id)
        registrations.set_policy(db, found, automatic=automatic, now=clock.now())


def launch_from(visitor: Visitor, deployment_id: str) -> TestResponse:
    visitor.platform.deployment_id = deployment_id
    return visitor.launch(deployment_id=deployment_id)


def known(database: Database) -> list[str]:
    with database.transaction(read_only=True) as db:
        return sorted(db.scalars(sa.select(Deployment.deployment_id)))


def test_a_new_deployment_is_refused_by_default(visitor: Visitor, database: Database) -> None:
    visitor.platform.deployment_id = "new"
    assert refusal_code(launch_from(visitor, "new")) == "deployment_unknown"
    begun = visitor.begin(lti_deployment_id=None)
    token = visitor.platform.sign(visitor.payload(begun, deployment_id="new"))
    assert refusal_code(visitor.send(begun, token)) == "deployment_unknown"
    assert known(database) == ["1"]


def waiting(database: Database) -> list[str]:
    with database.transaction(read_only=True) as db:
        return [one.deployment_id for one in waiting_deployments.listed(db)]


@on_each_database
def test_a_new_deployment_waits_until_somebody_allows_it(
    visitor: Visitor, database: Database
) -> None:
    for _ in range(2):
        launch_from(visitor, "new")
    assert waiting(database) == ["new"]
    with database.transaction() as db:
        (row,) = waiting_deployments.listed(db)
        waiting_deployments.allow(db, row.registration, row.id, clock.now(), actor="account:x")
    assert waiting(database) == []
    assert launch_from(visitor, "new").status_code == 303


def test_a_deployment_that_was_turned_down_waits_no_more_and_stays_out(
    visitor: Visitor, database: Database
) -> None:
    launch_from(visitor, "new")
    with database.transaction() as db:
        (row,) = waiting_deployments.listed(db)
        waiting_deployments.turn_down(db, row.registration, row.id, clock.now(), actor="account:x")
    assert refusal_code(launch_from(visitor, "new")) == "deployment_unknown"
    assert waiting(database) == []


def test_what_is_not_proven_does_not_wait(visitor: Visitor, database: Database) -> None:
    visitor.platform.deployment_id = "new"
    visitor.begin()
    assert visitor.launch(deployment_id="new", aud="somebody else").status_code == 400
    begun = visitor.begin(lti_deployment_id=None)
    token = visitor.platform.sign(visitor.payload(begun, deployment_id="a\nb"))
    visitor.send(begun, token)
    assert waiting(database) == []


def test_a_platform_cannot_fill_the_list(visitor: Visitor, database: Database) -> None:
    now = clock.now()
    with database.transaction() as db:
        for number in range(waiting_deployments.MOST):
            waiting_deployments.note(db, visitor.registration_id, f"d{number}", now)
    launch_from(visitor, "one too many")
    assert len(waiting(database)) == waiting_deployments.MOST


@on_each_database
def test_the_first_launch_admits_a_new_deployment(visitor: Visitor, database: Database) -> None:
    set_automatic(visitor, database)
    for _ in range(2):
        assert launch_from(visitor, "new").status_code == 303
    assert known(database) == ["1", "new"]
    with database.transaction(read_only=True) as db:
        entries = db.scalars(sa.select(AuditEntry).filter_by(action="deployment.admitted")).all()
    assert [each.details["deployment_id"] for each in entries] == ["new"]
    assert entries[0].actor == "system"


def test_a_login_alone_admits_nothing(visitor: Visitor, database: Database) -> None:
    set_automatic(visitor, database)
    visitor.platform.deployment_id = "new"
    visitor.begin()
    assert known(database) == ["1"]


def test_a_launch_that_is_not_proven_admits_nothing(visitor: Visitor, database: Database) -> None:
    set_automatic(visitor, database)
    visitor.platform.deployment_id = "new"
    refused = visitor.launch(deployment_id="new", aud="somebody else")
    assert refused.status_code == 400
    assert known(database) == ["1"]


def test_an_odd_deployment_id_is_refused_also_when_automatic(
    visitor: Visitor, database: Database
) -> None:
    set_automatic(visitor, database)
    for odd in ("x" * 256, "a\nb", " ", "a\x00b"):
        begun = visitor.begin(lti_deployment_id=None)
        token = visitor.platform.sign(visitor.payload(begun, deployment_id=odd))
        assert refusal_code(visitor.send(begun, token)).startswith("deployment_")
    assert known(database) == ["1"]


def test_listing_again_closes_the_door(visitor: Visitor, database: Database) -> None:
    set_automatic(visitor, database)
    launch_from(visitor, "new")
    set_automatic(visitor, database, automatic=False)
    assert launch_from(visitor, "new").status_code == 303
    assert refusal_code(launch_from(visitor, "newer")) == "deployment_unknown"


def test_canvas_reads_its_configuration_at_an_address(visitor: Visitor) -> None:
    base = f"/lti/{visitor.registration_id}"
    document = visitor.client.get(f"{base}/config.json").json
    assert document is not None
    absolute = f"{visitor.tool_url}{base}"
    assert document["oidc_initiation_url"] == f"{absolute}/login"
    assert document["target_link_uri"] == f"{absolute}/launch"
    assert document["public_jwk_url"] == f"{absolute}/jwks"
    assert document["scopes"] == list(SCOPES)
    (extension,) = document["extensions"]
    assert f"http://{extension['domain']}" == visitor.tool_url
    placements = {each["placement"]: each for each in extension["settings"]["placements"]}
    assert placements["link_selection"]["message_type"] == "LtiDeepLinkingRequest"
    for placement in placements.values():
        assert placement["target_link_uri"] == f"{absolute}/launch"


def test_what_a_platform_may_try_beforehand_answers_for_any_id(visitor: Visitor) -> None:
    """Platforms are told the addresses before their registration is stored."""
    for file in ("jwks", "config.json", "public-key.pem"):
        answer = visitor.client.get(f"/lti/{uuid.uuid4()}/{file}")
        assert answer.status_code == 200, file
        assert "max-age=300" in answer.headers["Cache-Control"]


def test_the_public_key_as_text_is_the_one_that_signs(visitor: Visitor) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from lti_tool.lti.tool_keys import public_jwk

    base = f"/lti/{visitor.registration_id}"
    answer = visitor.client.get(f"{base}/public-key.pem")
    assert answer.mimetype == "text/plain"
    assert answer.text.startswith("-----BEGIN PUBLIC KEY-----\n")
    key = load_pem_public_key(answer.data)
    assert isinstance(key, RSAPublicKey)
    keys = visitor.client.get(f"{base}/jwks").json
    assert keys == {"keys": [public_jwk(key)]}
