"""`credlet account`: people and their roles, from the command line."""

import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.models import Account, AuditEntry, Passkey
from lti_tool.services import organisations
from lti_tool.services.staff import sign_in
from tests.factories import signing_in
from tests.functional.test_command_line import Operator

LINK = re.compile(r"https://badges\.example/sign-in/links/([\w-]{43})\n")


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path)
    assert made.run("db", "upgrade").exit_code == 0
    return made


@pytest.fixture
def store(operator: Operator) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{operator.folder / 'credlet.db'}")) as opened:
        with opened.transaction() as db:
            organisations.get_or_add_organisation(db, "my-school", "My School", None, clock.now())
        yield opened


def names_signed_in_by(store: Database, output: str) -> str:
    """Use the link that a command printed, and return whose it is."""
    (token,) = LINK.findall(output)
    with store.transaction() as db:
        encryption = Encryption([signing_in.KEY])
        return sign_in.use_link(db, token, encryption, clock.now())[0].account.name


def test_an_operator_is_added_and_gets_a_link(operator: Operator, store: Database) -> None:
    answer = operator.run("account", "add", "Olena Koval", "--role", "operator")
    assert answer.exit_code == 0, answer.stderr
    assert names_signed_in_by(store, answer.stdout) == "Olena Koval"
    assert "Olena Koval: on; operator" in operator.run("account", "list").stdout


def test_a_new_link_is_made_by_name_or_id(operator: Operator, store: Database) -> None:
    operator.run("account", "add", "Olena Koval")
    with store.transaction(read_only=True) as db:
        identifier = str(db.scalars(sa.select(Account.id)).one())
    for named in ("Olena Koval", identifier):
        answer = operator.run("account", "link", named, "--expires-minutes", "5")
        assert names_signed_in_by(store, answer.stdout) == "Olena Koval"


def test_a_name_that_several_have_is_not_guessed(operator: Operator, store: Database) -> None:
    for _ in range(2):
        operator.run("account", "add", "Olena Koval")
    answer = operator.run("account", "link", "Olena Koval")
    assert answer.exit_code == 1
    assert "several_accounts" in answer.stderr
    with store.transaction(read_only=True) as db:
        for identifier in db.scalars(sa.select(Account.id)):
            assert str(identifier) in answer.stderr


@pytest.mark.parametrize("named", ["Nobody", str(uuid.uuid4())])
def test_who_is_unknown_is_said_to_be(operator: Operator, store: Database, named: str) -> None:
    answer = operator.run("account", "link", named)
    assert (answer.exit_code, "unknown_account" in answer.stderr) == (1, True)


def test_roles_are_given_and_taken(operator: Operator, store: Database) -> None:
    school = ("--organisation", "my-school")
    operator.run("account", "add", "Ben", "--role", "reviewer", *school)
    assert "Ben: on; reviewer (my-school)" in operator.run("account", "list").stdout
    for _ in range(2):  # giving it twice changes nothing
        answer = operator.run("account", "grant", "Ben", "administrator", *school)
        assert answer.stdout == "reviewer (my-school), administrator (my-school)\n"
    with store.transaction() as db:
        ben = db.scalars(sa.select(Account).filter_by(name="Ben")).one()
        db.add(
            Passkey(
                account_id=ben.id,
                credential_id=b"1",
                public_key=b"2",
                sign_count=0,
                name="Phone",
                created_at=clock.now(),
            )
        )
    answer = operator.run("account", "grant", "Ben", "administrator", *school)
    assert "Passkeys from before: 1." in answer.stdout
    answer = operator.run("account", "withdraw", "Ben", "reviewer", *school)
    assert answer.stdout == "administrator (my-school)\n"
    assert operator.run("account", "withdraw", "Ben", "reviewer", *school).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("operator", "--organisation", "my-school"), "organisation_not_needed"),
        (("reviewer",), "organisation_needed"),
        (("reviewer", "--organisation", "nowhere"), "unknown_organisation"),
    ],
)
def test_a_role_that_cannot_be_is_refused(
    operator: Operator, store: Database, arguments: tuple[str, ...], code: str
) -> None:
    operator.run("account", "add", "Ben")
    answer = operator.run("account", "grant", "Ben", *arguments)
    assert (answer.exit_code, code in answer.stderr) == (1, True)


def test_an_account_is_switched_off_and_on(operator: Operator, store: Database) -> None:
    operator.run("account", "add", "Olena", "--role", "operator")
    assert operator.run("account", "disable", "Olena").exit_code == 0
    assert "Olena: off" in operator.run("account", "list").stdout
    assert "account_disabled" in operator.run("account", "link", "Olena").stderr
    assert operator.run("account", "enable", "Olena").exit_code == 0
    assert operator.run("account", "link", "Olena").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("",), "malformed_account_name"),
        (("A", "--email", "nonsense"), "malformed_email"),
        (("A", "--email", "a@b"), "malformed_email"),
        (("A", "--email", "a b@c.example"), "malformed_email"),
        (("A", "--time-zone", "Mars/Olympus"), "unknown_time_zone"),
    ],
)
def test_details_that_cannot_be_are_refused(
    operator: Operator, store: Database, arguments: tuple[str, ...], code: str
) -> None:
    answer = operator.run("account", "add", *arguments)
    assert (answer.exit_code, code in answer.stderr) == (1, True)
    assert "Nobody yet." in operator.run("account", "list").stdout


def test_an_address_is_kept_encrypted_and_names_stay_out_of_the_log(
    operator: Operator, store: Database
) -> None:
    operator.run("account", "add", "Olena", "--email", "olena@school.example")
    with store.transaction(read_only=True) as db:
        kept = db.scalars(sa.select(Account.email)).one()
        assert kept is not None
        assert b"olena" not in kept
        noted = repr(db.execute(sa.select(AuditEntry.__table__)).all())
    assert "lena" not in noted


def test_an_operator_sees_and_marks_whose_address_is_proved(
    operator: Operator, store: Database
) -> None:
    operator.run("account", "add", "Rita", "--email", "rita@school.example")
    operator.run("account", "add", "Nora")

    def said() -> list[str]:
        lines = operator.run("account", "list").output.splitlines()
        return [line.rpartition("; ")[2] for line in lines]

    assert said() == ["no address", "address not proved"]
    answer = operator.run("account", "prove", "Rita")
    assert (answer.exit_code, answer.output) == (0, "address proved\n")
    assert said() == ["no address", "address proved"]
    assert "rita@" not in operator.run("account", "list").output
    assert operator.run("account", "prove", "Rita", "--undo").output == "address not proved\n"
    refused = operator.run("account", "prove", "Nora")
    assert refused.exit_code == 1
    assert "This account has no e-mail address." in refused.output
    with store.transaction(read_only=True) as db:
        acts = set(db.scalars(sa.select(AuditEntry.action)))
        assert {"account.email_proved", "account.email_unproved"} <= acts
