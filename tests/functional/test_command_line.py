"""The command line, run as an operator runs it: a process with settings from the environment."""

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from badges import samples
from badges.status_list import StatusList as BitList
from config.secrets import make_encryption_key, make_secret_key
from lti_tool import clock
from lti_tool.cli import main
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.lti.tool_configuration import ToolAddresses
from lti_tool.models import AuditEntry, Award, Credential, Delivery, Registration, StatusList
from lti_tool.services import organisations
from lti_tool.services.awarding import credentials, keys
from lti_tool.services.awarding.credentials import Claim
from lti_tool.services.outbox import deliveries
from lti_tool.web import pasting
from tests.factories.courses import School

WLD = samples.welding()

REGISTRATION = "0b0e7a56-5f0c-4e0c-9d3e-1b7a1c9f6a11"


class Operator:
    """A server's command line; `run` returns the finished process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "production",
            "INSTANCE_FOLDER": str(folder),
            "PUBLIC_URL": "https://badges.example",
            "SECRET_KEY": make_secret_key(),
            "ENCRYPTION_KEYS": make_encryption_key(),
        }

    def run(self, *arguments: str, answers: str = "", **environment: str) -> Result:
        """Run a command in this process, with nothing but its own environment."""
        nothing = dict.fromkeys(os.environ)
        return CliRunner().invoke(
            main, arguments, input=answers, env={**nothing, **self.environment, **environment}
        )

    def run_apart(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own."""
        return subprocess.run(
            [sys.executable, "-c", "from lti_tool.cli import main; main()", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def school(self) -> Iterator[School]:
        """A school with a course on this server, which offers the welding sample."""
        database = Database(f"sqlite:///{self.folder / 'credlet.db'}")
        opened = School.open(database, clock.now())
        opened.encryption = Encryption([self.environment["ENCRYPTION_KEYS"]])
        opened.publish(WLD)
        yield opened
        database.close()


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path)
    assert made.run("db", "upgrade").exit_code == 0
    return made


def sample(tmp_path: Path, **changes: object) -> str:
    content = json.loads(samples.source("wld1")) | changes
    file = tmp_path / "mc.json"
    file.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))
    return str(file)


def test_help_needs_no_settings(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    operator.environment = {"PATH": os.environ["PATH"]}
    for command in ([], ["platform", "add"]):
        answer = operator.run_apart(*command, "--help")
        assert answer.returncode == 0, answer.stderr
        assert "Usage:" in answer.stdout


def test_missing_settings_are_named_all_at_once(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    operator.environment = {"PATH": os.environ["PATH"]}
    answer = operator.run_apart("db", "upgrade")
    assert answer.returncode == 1
    for name in ("PUBLIC_URL", "SECRET_KEY", "ENCRYPTION_KEYS"):
        assert name in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_unmigrated_database_says_what_to_run(tmp_path: Path) -> None:
    answer = Operator(tmp_path).run("mc", "list")
    assert answer.exit_code == 1
    assert "credlet db upgrade" in answer.stderr
    assert f"{tmp_path}/credlet.db" in answer.stderr  # another folder than meant is seen at once


def test_an_empty_list_of_lmss_says_how_to_connect_one(operator: Operator) -> None:
    answer = operator.run("platform", "list")
    for command in ("credlet platform invite", "credlet platform add"):
        assert command in answer.stdout


def test_db_upgrade_can_be_repeated(operator: Operator) -> None:
    answer = operator.run("db", "upgrade")
    assert answer.exit_code == 0
    assert "up to date" in answer.stdout


def test_a_definition_is_checked_imported_and_listed(operator: Operator, tmp_path: Path) -> None:
    file = sample(tmp_path)
    assert "complete" in operator.run("mc", "check", file).stdout
    assert "published" in operator.run("mc", "import", file).stdout
    assert "was published before" in operator.run("mc", "import", file).stdout
    assert "BEM-S-WLD1-U1" in operator.run("mc", "list").stdout


def test_the_example_to_start_from_is_complete(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "example.json"
    file.write_bytes(operator.run("mc", "example").stdout_bytes)
    assert operator.run("mc", "check", str(file)).exit_code == 0


def test_check_names_what_is_missing(operator: Operator, tmp_path: Path) -> None:
    answer = operator.run("mc", "check", sample(tmp_path, quality_assurance=None))
    assert answer.exit_code == 1
    assert "quality assurance" in answer.stderr


def test_a_refused_file_keeps_the_others_out_too(operator: Operator, tmp_path: Path) -> None:
    good = sample(tmp_path)
    bad = tmp_path / "bad.json"
    bad.write_text('{"title": ')
    answer = operator.run("mc", "import", good, str(bad))
    assert answer.exit_code == 1
    assert "bad.json is not JSON" in answer.stderr
    assert "No definitions yet" in operator.run("mc", "list").stdout


def test_adding_a_moodle_asks_for_two_ids_only_and_shows_what_to_paste(
    operator: Operator,
) -> None:
    answer = operator.run(
        "platform", "add", "--name", "School Moodle", "--organisation", "my-school",
        "--moodle", "https://moodle.example/", "--registration-id", REGISTRATION,
        answers="client-1\n7\n",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.stderr
    for address in ("launch", "jwks", "login"):
        assert f"https://badges.example/lti/{REGISTRATION}/{address}" in answer.stdout
    listed = operator.run("platform", "list").stdout
    assert "https://moodle.example  client client-1" in listed
    assert "deployments: 7" in listed


def test_a_mistyped_answer_is_asked_for_again_at_once(operator: Operator) -> None:
    answer = operator.run(
        "platform", "add", "--name", "M", "--organisation", "s",
        "--moodle", "https://moodle.example", answers=" \nclient\n \n1\n",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    assert "client client" in operator.run("platform", "list").stdout


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [("--moodle", "moodle.example", "malformed_url"), ("--organisation", "My School", "slug")],
)
def test_a_mistake_is_told_before_anything_is_pasted_into_the_lms(
    operator: Operator, option: str, value: str, code: str
) -> None:
    given = {"--name": "M", "--organisation": "s", "--moodle": "https://moodle.example"}
    words = [word for pair in (given | {option: value}).items() for word in pair]
    answer = operator.run("platform", "add", *words)
    assert answer.exit_code == 1
    assert code in answer.stderr
    assert "Paste" not in answer.stdout


@pytest.mark.parametrize("lms", pasting.ALL, ids=pasting.BY_NAME)
def test_what_to_paste_is_said_in_the_words_of_each_lms(
    operator: Operator, lms: pasting.Lms
) -> None:
    (choice,) = (name for name, one in pasting.BY_NAME.items() if one is lms)
    answer = operator.run(
        "platform", "add", "--lms", choice, "--name", "L", "--organisation", "s", "--moodle",
        "https://lms.example", "--client-id", "c", "--deployment", "1",
        "--registration-id", REGISTRATION,
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    assert f"Paste into {lms.name}:\n  {lms.where}\n" in answer.stdout
    ours = ToolAddresses("https://badges.example", uuid.UUID(REGISTRATION), icon_url="")
    for label, which in lms.fields.items():
        line = rf"^  {re.escape(label)} +{re.escape(pasting.value(ours, which))}$"
        assert re.search(line, answer.stdout, re.MULTILINE), label
    for further in lms.choices:
        assert further in answer.stdout


@pytest.mark.parametrize(
    "url", ["sqlite:////nonexistent/x.db", "postgresql://u:secret@127.0.0.1:9/x"]
)
def test_a_database_that_cannot_be_used_is_one_sentence(operator: Operator, url: str) -> None:
    for command in (["mc", "list"], ["db", "upgrade"], ["serve"]):
        answer = operator.run(*command, DATABASE_URL=url)
        assert answer.exit_code == 1
        assert "The database" in answer.stderr
        assert "cannot be used" in answer.stderr
        assert "secret" not in answer.stderr


def test_a_wrong_encryption_key_is_noticed_at_the_start(operator: Operator) -> None:
    with operator.school() as school, school.transaction() as db:
        body = organisations.find(db, "school")
        keys.signing_key(db, body, is_test=False, encryption=school.encryption, now=school.now)
    other = make_encryption_key()
    refused = operator.run("serve", ENCRYPTION_KEYS=other)
    assert refused.exit_code == 1
    assert "encryption_key_missing" in refused.stderr
    both = f"{other},{operator.environment['ENCRYPTION_KEYS']}"
    assert operator.run("mc", "list", ENCRYPTION_KEYS=both).exit_code == 0


def test_a_platform_is_added_once(operator: Operator) -> None:
    arguments = [
        "platform", "add", "--name", "M", "--organisation", "s",
        "--moodle", "https://moodle.example", "--client-id", "c", "--deployment", "1",
    ]  # fmt: skip
    assert operator.run(*arguments).exit_code == 0
    again = operator.run(*arguments)
    assert again.exit_code == 1
    assert "platform_exists" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_platform_may_want_another_audience_for_tokens(operator: Operator) -> None:
    audience = "https://api.brightspace.com/auth/token"
    add = operator.run(
        "platform", "add", "--name", "B", "--organisation", "s", "--issuer", "https://b.example",
        "--auth-login-url", "https://b.example/a", "--auth-token-url", "https://b.example/t",
        "--key-set-url", "https://b.example/k", "--client-id", "c", "--deployment", "1",
        "--auth-token-audience", audience,
    )  # fmt: skip
    assert add.exit_code == 0, add.output
    with operator.school() as school, school.transaction() as db:
        audiences = {one.auth_token_audience for one in db.query(Registration)}
        assert audience in audiences


def test_a_platform_is_switched_off_and_on(operator: Operator) -> None:
    operator.run(
        "platform", "add", "--name", "M", "--organisation", "s",
        "--moodle", "https://moodle.example", "--client-id", "c", "--deployment", "1",
    )  # fmt: skip
    platform_id = operator.run("platform", "list").stdout.split()[0]
    assert operator.run("platform", "disable", platform_id).exit_code == 0
    assert "(s): off" in operator.run("platform", "list").stdout
    assert operator.run("platform", "enable", platform_id).exit_code == 0
    assert "(s): on" in operator.run("platform", "list").stdout
    unknown = operator.run("platform", "disable", REGISTRATION)
    assert unknown.exit_code == 1
    assert "unknown_platform" in unknown.stderr


def test_http_addresses_are_refused_in_production(operator: Operator) -> None:
    answer = operator.run(
        "platform", "add", "--name", "M", "--organisation", "s",
        "--moodle", "http://moodle.example", "--client-id", "c", "--deployment", "1",
    )  # fmt: skip
    assert answer.exit_code == 1
    assert "malformed_url" in answer.stderr


def test_the_terminals_language_is_spoken(operator: Operator) -> None:
    answer = operator.run("mc", "list", LANG="de_DE.UTF-8")
    assert "Noch keine Definitionen" in answer.stdout


def test_an_operator_revokes_a_credential_and_verifiers_see_it(operator: Operator) -> None:
    with operator.school() as school:
        teacher = school.launch("teacher", teacher=True, mc=WLD.code, unit=WLD.units[0].code)
        school.launch("ana", mc=WLD.code, unit=WLD.units[0].code)
        school.complete(teacher, "ana", WLD)
        with school.transaction() as db:
            credential = credentials.claim(
                db,
                db.query(Award).one(),
                Claim(name="Ana", language="en"),
                signing=school.signing,
                actor="person:ana",
                now=school.now,
            )
            index, credential_id = credential.status_index, str(credential.id)
        shown = operator.run("credential", "show", credential_id)
        assert json.loads(shown.stdout)["id"].endswith(credential_id)
        refused = operator.run("credential", "revoke", credential_id, "--reason", " ", "--yes")
        assert "reason_missing" in refused.stderr
        asked = operator.run("credential", "revoke", credential_id, answers="mistake\nn\n")
        assert asked.exit_code == 1
        with school.transaction() as db:
            assert not status_bit(db, index)
        done = operator.run("credential", "revoke", credential_id, answers="mistake\ny\n")
        assert done.exit_code == 0, done.stderr
        with school.transaction() as db:
            assert status_bit(db, index)
            assert db.query(Credential).one().revoked_reason == "mistake"
            assert db.query(Award).one().withdrawn_reason == "mistake"


def status_bit(db: Session, index: int) -> bool:
    """Read the bit as a verifier does, from the signed list."""
    document = json.loads(db.query(StatusList).one().document or b"")
    return BitList.decode(document["credentialSubject"]["encodedList"]).is_set(index)


def test_an_operator_sees_failed_scores_and_sends_them_again(operator: Operator) -> None:
    assert "Every score arrived" in operator.run("score", "failed").stdout
    with operator.school() as school:
        teacher = school.launch("teacher", teacher=True, mc=WLD.code, unit=WLD.units[0].code)
        school.launch("ana", mc=WLD.code, unit=WLD.units[0].code, name="Ana Secret")
        school.assess(teacher, "ana", WLD.code, WLD.units[0].code, points=90)
        with school.transaction() as db:
            delivery_id = str(db.query(Delivery).one().id)
            deliveries.fail(db, db.query(Delivery).one().id, "not_gradable", school.now)
        listed = operator.run("score", "failed").stdout
        assert delivery_id in listed
        assert "not_gradable" in listed
        assert "Secret" not in listed
        assert operator.run("score", "resend", delivery_id).exit_code == 0
        assert "Every score arrived" in operator.run("score", "failed").stdout
        again = operator.run("score", "resend", delivery_id)
        assert again.exit_code == 1
        assert "delivery_not_failed" in again.stderr


def test_serve_refuses_another_address_than_the_badges_name(operator: Operator) -> None:
    database = Database(f"sqlite:///{operator.folder / 'credlet.db'}")
    with database.transaction() as db:
        organisations.fix_public_url(db, "https://badges.example", clock.now())
    database.close()
    operator.environment["PUBLIC_URL"] = "https://other.example"
    refused = operator.run("serve")
    assert refused.exit_code == 1
    assert "https://badges.example" in refused.stderr
    assert "wrong_public_url" in refused.stderr


def test_what_an_lms_is_registered_with_is_corrected(operator: Operator) -> None:
    added = operator.run(*BRIGHTSPACE)
    assert added.exit_code == 0, added.output
    platform = added.stdout.rpartition("(platform ")[2].split(")")[0]
    change = ("platform", "change", platform)
    before = operator.run(*change).stdout
    assert "auth-token-audience  none" in before
    asked = operator.run(*change, "--auth-token-audience", "https://api.example/token", answers="n")
    assert asked.exit_code == 1
    assert "→ https://api.example/token" in asked.stdout
    assert operator.run(*change).stdout == before
    audience = ("--auth-token-audience", "https://api.example/token")
    done = operator.run(*change, *audience, "--key-set-url", "https://lms.example/new", "--yes")
    assert "Changed." in done.stdout
    assert "Nothing is different." in operator.run(*change, *audience, "--yes").stdout
    database = Database(f"sqlite:///{operator.folder / 'credlet.db'}")
    with closing(database), database.transaction(read_only=True) as db:
        registration = db.scalars(sa.select(Registration)).one()
        assert registration.auth_token_audience == "https://api.example/token"
        assert registration.key_set_url == "https://lms.example/new"
        entry = db.scalars(sa.select(AuditEntry).filter_by(action="registration.changed")).one()
        assert sorted(entry.details["fields"].split()) == ["auth_token_audience", "key_set_url"]
        assert entry.organisation_id == registration.platform.organisation_id
    assert operator.run(*change, "--auth-token-audience", "", "--yes").exit_code == 0
    assert "auth-token-audience  none" in operator.run(*change).stdout


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--key-set-url", "javascript:alert(1)"),
        ("--auth-login-url", "http://lms.example/"),
        ("--client-id", ""),
        ("--client-id", "x" * 300),
    ],
)
def test_what_cannot_be_is_not_registered(operator: Operator, option: str, value: str) -> None:
    added = operator.run(*BRIGHTSPACE)
    platform = added.stdout.rpartition("(platform ")[2].split(")")[0]
    before = operator.run("platform", "change", platform).stdout
    refused = operator.run("platform", "change", platform, option, value, "--yes")
    assert refused.exit_code != 0
    assert operator.run("platform", "change", platform).stdout == before


BRIGHTSPACE = (
    "platform", "add", "--name", "LMS", "--organisation", "school",
    "--issuer", "https://lms.example", "--auth-login-url", "https://lms.example/auth",
    "--auth-token-url", "https://lms.example/token", "--key-set-url", "https://lms.example/keys",
    "--client-id", "c", "--deployment", "1",
)  # fmt: skip
