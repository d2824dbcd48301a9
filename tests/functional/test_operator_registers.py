"""The command line for LMSs that register themselves, for deployments, and for keys."""

import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from config.secrets import make_encryption_key
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.models import AuditEntry, Invitation, Platform, Registration, ToolKey
from lti_tool.services.connections import tool_keys
from tests.factories.registering import register
from tests.functional.test_command_line import Operator

LINK = re.compile(r"https://badges\.example/lti/register/([\w-]{43})")


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path)
    assert made.run("db", "upgrade").exit_code == 0
    return made


@pytest.fixture
def store(operator: Operator) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{operator.folder / 'credlet.db'}")) as opened:
        yield opened


def invite(operator: Operator, *more: str, organisation: str = "my-school") -> str:
    answer = operator.run("platform", "invite", "--organisation", organisation, *more)
    assert answer.exit_code == 0, answer.stderr
    (token,) = LINK.findall(answer.stdout)
    return str(token)


def test_a_link_is_shown_once_and_expires(operator: Operator, store: Database) -> None:
    token = invite(operator, "--organisation-name", "My School", "--expires-hours", "5")
    with store.transaction(read_only=True) as db:
        row = db.query(Invitation).one()
        assert row.organisation.name == "My School"
        assert 4.9 < (row.expires_at - clock.now()).total_seconds() / 3600 < 5
        assert token not in str(db.execute(sa.select(Invitation.__table__)).one())


def test_a_second_link_for_a_school_keeps_the_school(operator: Operator, store: Database) -> None:
    invite(operator, "--organisation-name", "My School")
    invite(operator)
    with store.transaction(read_only=True) as db:
        assert {each.organisation.name for each in db.query(Invitation)} == {"My School"}


@pytest.mark.parametrize("hours", ["0", "-1", "9999"])
def test_a_lifetime_out_of_bounds_is_refused(operator: Operator, hours: str) -> None:
    answer = operator.run("platform", "invite", "--organisation", "s", "--expires-hours", hours)
    assert answer.exit_code == 2


def test_confirming_shows_what_was_registered_and_asks(operator: Operator, store: Database) -> None:
    registration_id = str(register(store, invite(operator), "client-1"))
    listed = operator.run("platform", "list").stdout
    assert f"waits to be confirmed: `credlet platform confirm {registration_id}`" in listed
    declined = operator.run("platform", "confirm", registration_id, answers="n\n")
    assert declined.exit_code == 1
    for said in ("my-school", "https://lms.example", "tokens.lms.example", "client-1", "moodle"):
        assert said in declined.stdout
    assert "waits" in operator.run("platform", "list").stdout
    done = operator.run("platform", "confirm", registration_id, "--name", "Moodle", answers="y\n")
    assert done.exit_code == 0, done.stderr
    listed = operator.run("platform", "list").stdout
    assert "Moodle (my-school): on" in listed
    again = operator.run("platform", "confirm", registration_id, "--yes")
    assert "registration_confirmed" in again.stderr
    with store.transaction(read_only=True) as db:
        assert "registration.confirmed" in db.scalars(sa.select(AuditEntry.action)).all()


def test_the_platforms_id_names_its_only_registration(operator: Operator, store: Database) -> None:
    register(store, invite(operator), "client-1")
    platform_id = operator.run("platform", "list").stdout.split()[0]
    assert operator.run("platform", "confirm", platform_id, "--yes").exit_code == 0
    unknown = operator.run("platform", "confirm", str(uuid.uuid4()), "--yes")
    assert "unknown_registration" in unknown.stderr


def confirmed(operator: Operator, store: Database, client_id: str, **more: str) -> str:
    """Register and confirm; return the platform's id."""
    registration_id = register(store, invite(operator), client_id, **more)
    assert operator.run("platform", "confirm", str(registration_id), "--yes").exit_code == 0
    with store.transaction(read_only=True) as db:
        return str(db.get_one(Registration, registration_id).platform_id)


def test_a_site_registered_anew_becomes_the_platform_it_was(
    operator: Operator, store: Database
) -> None:
    platform_id = confirmed(operator, store, "client-1")
    anew = str(register(store, invite(operator), "client-2"))
    done = operator.run("platform", "confirm", anew, "--as-platform", platform_id, "--yes")
    assert done.exit_code == 0, done.stderr
    assert f"is connected for my-school as platform {platform_id}" in done.stdout
    with store.transaction(read_only=True) as db:
        assert db.query(Platform).count() == 1
        assert {str(each.platform_id) for each in db.query(Registration)} == {platform_id}
    several = operator.run("platform", "deployments", platform_id)
    assert "several_registrations" in several.stderr


def test_another_schools_platform_is_never_taken(operator: Operator, store: Database) -> None:
    platform_id = confirmed(operator, store, "client-1")
    token = invite(operator, organisation="other-school")
    foreign = str(register(store, token, "client-2"))
    answer = operator.run("platform", "confirm", foreign, "--as-platform", platform_id, "--yes")
    assert "other_organisation" in answer.stderr
    assert "waits" in operator.run("platform", "list").stdout
    itself = operator.run("platform", "confirm", foreign, "--as-platform", foreign, "--yes")
    assert "unknown_platform" in itself.stderr


def test_a_moved_site_has_to_be_called_so(operator: Operator, store: Database) -> None:
    platform_id = confirmed(operator, store, "client-1")
    moved = str(register(store, invite(operator), "client-2", host="new.example"))
    arguments = ("platform", "confirm", moved, "--as-platform", platform_id, "--yes")
    refused = operator.run(*arguments)
    assert "other_issuer" in refused.stderr
    assert operator.run(*arguments, "--moved").exit_code == 0


def test_a_rejected_registration_leaves_only_its_audit(operator: Operator, store: Database) -> None:
    registration_id = str(register(store, invite(operator), "client-1"))
    assert operator.run("platform", "reject", registration_id, answers="n\n").exit_code == 1
    assert operator.run("platform", "reject", registration_id, answers="y\n").exit_code == 0
    with store.transaction(read_only=True) as db:
        assert db.query(Registration).count() == db.query(Platform).count() == 0
        assert "registration.rejected" in db.scalars(sa.select(AuditEntry.action)).all()
    platform_id = confirmed(operator, store, "client-2")
    kept = operator.run("platform", "reject", platform_id, "--yes")
    assert "registration_confirmed" in kept.stderr


def test_deployments_are_listed_admitted_and_taken_off(operator: Operator, store: Database) -> None:
    registration_id = str(register(store, invite(operator), "client-1", deployment_id=None))
    done = operator.run("platform", "confirm", registration_id, "--yes")
    assert "nobody can launch" in done.stdout

    def deployments(*options: str) -> str:
        answer = operator.run("platform", "deployments", registration_id, *options)
        return (answer.stdout + answer.stderr).strip()

    assert deployments() == "deployments: none"
    assert deployments("--add", "7", "--add", "8") == "deployments: 7, 8"
    assert "deployment_exists" in deployments("--add", "7")
    assert deployments("--remove", "7") == "deployments: 8"
    assert "unknown_deployment" in deployments("--remove", "7")
    assert "malformed_identifier" in deployments("--add", " ")
    assert deployments("--automatic") == "deployments: 8, new ones by themselves"
    assert deployments("--listed") == "deployments: 8"
    with store.transaction(read_only=True) as db:
        actions = db.scalars(sa.select(AuditEntry.action)).all()
    expected = {"deployment.added", "deployment.removed"}
    assert expected | {"deployments.automatic", "deployments.listed"} <= set(actions)


def test_what_to_paste_names_canvas_and_the_key_as_text(operator: Operator) -> None:
    confirmed_id = str(uuid.uuid4())
    answer = operator.run(
        "platform", "add", "--name", "M", "--organisation", "s", "--moodle", "https://m.example",
        "--client-id", "c", "--deployment", "1", "--registration-id", confirmed_id,
    )  # fmt: skip
    listed = operator.run("platform", "list").stdout
    for file in ("config.json", "public-key.pem"):
        assert f"https://badges.example/lti/{confirmed_id}/{file}" in answer.stdout
        assert f"https://badges.example/lti/{confirmed_id}/{file}" in listed


def test_keys_are_listed_and_rotated(operator: Operator) -> None:
    assert "No key yet" in operator.run("key", "list").stdout
    rotated = operator.run("key", "rotate")
    assert "next: published, signs from" in rotated.stdout
    listed = operator.run("key", "list").stdout.splitlines()
    assert ["current" in listed[0], "next" in listed[1]] == [True, True]
    again = operator.run("key", "rotate")
    assert again.exit_code == 1
    assert "rotation_under_way" in again.stderr
    assert "current: signs since" in operator.run("key", "rotate", "--now").stdout
    assert "retiring" in operator.run("key", "list").stdout
    assert "young enough" in operator.run("key", "rotate", "--if-older-than", "90").stdout
    assert operator.run("key", "rotate", "--withdraw-old").exit_code == 2
    assert operator.run("key", "rotate", "--now", "--withdraw-old").exit_code == 0
    assert len(operator.run("key", "list").stdout.splitlines()) == 1
    assert "PRIVATE" not in operator.run("key", "list").stdout


def test_rewrapping_lets_the_old_master_key_go(operator: Operator, store: Database) -> None:
    operator.run("key", "rotate", "--now")
    old, new = operator.environment["ENCRYPTION_KEYS"], make_encryption_key()
    blind = operator.run("key", "rewrap", ENCRYPTION_KEYS=new)
    assert blind.exit_code == 1
    assert "encryption_key_missing" in blind.stderr
    done = operator.run("key", "rewrap", ENCRYPTION_KEYS=f"{new},{old}")
    assert done.exit_code == 0, done.stderr
    assert "tool_keys.private_key: 2 secrets, 2 encrypted anew" in done.stdout
    again = operator.run("key", "rewrap", ENCRYPTION_KEYS=f"{new},{old}")
    assert "tool_keys.private_key: 2 secrets, 0 encrypted anew" in again.stdout
    with store.transaction(read_only=True) as db:
        for stored in db.scalars(sa.select(ToolKey.private_key)):
            assert b"PRIVATE" in Fernet(new).decrypt(stored)


def test_a_rotation_names_the_lms_that_has_the_key_as_text(
    operator: Operator, store: Database
) -> None:
    one, other = uuid.uuid4(), uuid.uuid4()
    for number, registration_id in enumerate((one, other)):
        answer = operator.run(
            "platform", "add", "--name", f"Moodle {number}", "--organisation", "s", "--moodle",
            f"https://m{number}.example", "--client-id", "c", "--deployment", "1",
            "--registration-id", str(registration_id),
        )  # fmt: skip
        assert answer.exit_code == 0, answer.output
    with store.transaction() as db:
        encryption = Encryption([operator.environment["ENCRYPTION_KEYS"]])
        tool_keys.show_as_text(db, encryption, one, clock.now())
    rotated = operator.run("key", "rotate").stdout
    assert "until the text at the address is pasted there again" in rotated
    assert f"Moodle 0: https://badges.example/lti/{one}/public-key.pem" in rotated
    assert str(other) not in rotated


def test_one_registration_is_switched_off_alone(operator: Operator, store: Database) -> None:
    first, second = (
        str(register(store, invite(operator), client, host=host))
        for client, host in (("a", "one.example"), ("b", "two.example"))
    )
    for each in (first, second):
        assert operator.run("platform", "confirm", each, "--yes").exit_code == 0
    assert operator.run("platform", "disable", first).exit_code == 0
    listed = operator.run("platform", "list").stdout
    assert "one.example (my-school): off" in listed
    assert "two.example (my-school): on" in listed
    assert operator.run("platform", "enable", first).exit_code == 0
    assert ": off" not in operator.run("platform", "list").stdout
    unknown = operator.run("platform", "disable", str(uuid.uuid4()))
    assert "unknown_platform" in unknown.stderr


def test_further_hosts_of_an_lms_are_allowed_and_taken_off(
    operator: Operator, store: Database
) -> None:
    registration_id = str(register(store, invite(operator), "client-1"))

    def frames(*options: str) -> str:
        answer = operator.run("platform", "frames", registration_id, *options)
        return (answer.stdout + answer.stderr).strip()

    own = frames()
    assert own.startswith("Pages may be framed by: https://")
    assert frames("--add", "https://Campus.example/") == f"{own}, https://campus.example"
    assert frames("--add", "https://campus.example") == f"{own}, https://campus.example"
    for wrong in ("campus.example", "https://campus.example/path", "javascript:alert(1)", "*"):
        assert "malformed_url" in frames("--add", wrong)
    assert "unknown_origin" in frames("--remove", "https://other.example")
    assert frames("--remove", "https://campus.example") == own
