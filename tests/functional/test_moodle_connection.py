"""`credlet moodle`: connect a Moodle's web services, test and forget them, as an operator does."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import migrations
from config.secrets import make_encryption_key, make_secret_key
from lti_tool import clock
from lti_tool.cli import main
from lti_tool.db import Database
from lti_tool.demo.lms import Endpoint, Fault, LmsConfig, LmsState, create_lms
from lti_tool.demo.lms.service_accounts import READING
from lti_tool.demo.serving import free_port, serving
from lti_tool.models import AuditEntry, MoodleConnection, Registration
from tests.factories.courses import School


@dataclass
class Site:
    """A server of Credlet with one LMS, which is served too."""

    lms: LmsState
    database: Database
    environment: dict[str, str]
    platform: str

    def run(self, command: str, *options: str, token: str = "", platform: str = "") -> Result:
        nothing = dict.fromkeys(os.environ)
        arguments = ["moodle", command, *([platform or self.platform] if command != "list" else [])]
        return CliRunner().invoke(
            main, [*arguments, *options], input=f"{token}\n", env={**nothing, **self.environment}
        )

    def connections(self) -> list[MoodleConnection]:
        with self.database.transaction(read_only=True) as db:
            return db.query(MoodleConnection).all()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    port = free_port()
    lms = LmsState(LmsConfig(issuer=f"http://127.0.0.1:{port}"))
    environment = {
        "ENVIRONMENT": "production",
        "INSTANCE_FOLDER": str(tmp_path),
        "PUBLIC_URL": "https://badges.example",
        "SECRET_KEY": make_secret_key(),
        "ENCRYPTION_KEYS": make_encryption_key(),
        "OUTBOUND_PRIVATE_HOSTS": "127.0.0.1",
    }
    with closing(Database(f"sqlite:///{tmp_path / 'credlet.db'}")) as database:
        migrations.upgrade(database.engine)
        school = School.open(database, clock.now(), issuer=lms.config.issuer)
        with database.transaction() as db:
            platform = db.get_one(Registration, school.registration_id).platform_id
        with serving(create_lms(lms.config, lms), port=port):
            yield Site(lms, database, environment, str(platform))


def test_a_token_that_reads_is_connected_and_kept_encrypted(site: Site) -> None:
    token = site.lms.service_accounts.add()
    answer = site.run("connect", token=f" {token} ")
    assert answer.exit_code == 0, answer.output
    assert "Connected: Moodle 4.5.6" in answer.output
    assert all(name in answer.output for name in READING)
    (kept,) = site.connections()
    assert token.encode() not in kept.token
    assert token not in answer.output
    assert kept.url == site.lms.config.issuer
    listed = site.run("list")
    assert site.platform in listed.output
    assert "works" in listed.output
    assert token not in listed.output
    with site.database.transaction(read_only=True) as db:
        entries = db.query(AuditEntry).filter_by(action="moodle.connected").all()
    assert [(one.actor, one.subject) for one in entries] == [
        ("operator", f"platform:{site.platform}")
    ]


def test_a_service_that_lacks_functions_is_refused_by_their_names(site: Site) -> None:
    answer = site.run("connect", token=site.lms.service_accounts.add(READING[:2]))
    assert answer.exit_code == 1
    assert READING[2] in answer.output.split("lacks functions")[1]
    assert "External services, Functions" in answer.output
    assert site.connections() == []


def test_a_token_that_can_do_more_is_refused_unless_the_operator_says_so(site: Site) -> None:
    token = site.lms.service_accounts.add((*READING, "core_user_delete_users"))
    refused = site.run("connect", token=token)
    assert refused.exit_code == 1
    assert "core_user_delete_users" in refused.output
    assert site.connections() == []
    accepted = site.run("connect", "--accept-more", token=token)
    assert accepted.exit_code == 0
    assert "Careful: this token may call 1 functions more" in accepted.output


@pytest.mark.parametrize("token", ["0" * 32, "no token", "ä", "x" * 300])
def test_what_is_no_token_of_that_moodle_is_refused(site: Site, token: str) -> None:
    answer = site.run("connect", token=token)
    assert answer.exit_code == 1
    assert "moodle_token" in answer.output
    assert site.connections() == []


@pytest.mark.parametrize(
    "url", ["https://other.example", "http://127.0.0.1:1", "ftp://127.0.0.1", "x", "http://[", ""]
)
def test_only_the_site_that_launches_is_ever_asked(site: Site, url: str) -> None:
    answer = site.run("connect", "--url", url, token="a")
    assert answer.exit_code == 1
    assert site.connections() == []


def test_an_address_that_the_site_does_not_call_its_own_is_refused(site: Site) -> None:
    other = site.lms.config.issuer + "/moodle"
    answer = site.run("connect", "--url", other, token=site.lms.service_accounts.add())
    assert answer.exit_code == 1
    assert site.connections() == []


def test_a_connection_that_no_longer_works_says_why_until_it_does(site: Site) -> None:
    token = site.lms.service_accounts.add()
    site.run("connect", token=token)
    assert "Works: Moodle 4.5.6" in site.run("test").output
    site.lms.faults.add(Endpoint.WEB_SERVICES, Fault(status=503))
    broken = site.run("test")
    assert broken.exit_code == 1
    assert "could not be reached (HTTP 503)" in broken.output
    assert "could not be reached" in site.run("list").output
    assert site.run("test").exit_code == 0
    assert "works" in site.run("list").output
    site.lms.service_accounts.revoke(token)
    assert "no longer accepts the token" in site.run("test").output
    assert "no longer accepts the token" in site.run("list").output


def test_connecting_again_replaces_the_token_and_disconnecting_forgets_it(site: Site) -> None:
    for _ in range(2):
        assert site.run("connect", token=site.lms.service_accounts.add()).exit_code == 0
    assert len(site.connections()) == 1
    assert "Disconnected" in site.run("disconnect").output
    assert site.connections() == []
    for command in ("disconnect", "test"):
        again = site.run(command)
        assert again.exit_code == 1
        assert "moodle_not_connected" in again.output
    assert "No Moodle is connected" in site.run("list").output


def test_an_unknown_platform_is_refused(site: Site) -> None:
    answer = site.run("connect", platform="0b0e7a56-5f0c-4e0c-9d3e-1b7a1c9f6a11", token="a")
    assert answer.exit_code == 1
    assert "unknown_platform" in answer.output
