"""The demo's journey, played once: what the database file and the log hold afterwards."""

import io
import json
import re
import sys
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from config import logging
from lti_tool.db import Base
from lti_tool.demo import journey, world
from lti_tool.demo.serving import free_port
from lti_tool.lti import tool_keys
from lti_tool.models import AccessToken, AuditEntry, IssuerKey, LaunchSession, ToolKey


@dataclass(frozen=True, slots=True)
class Left:
    """What a journey leaves. `secrets`: what must stand nowhere in clear, by what it is."""

    log: str
    files: dict[str, bytes]
    secrets: dict[str, bytes]
    people: tuple[str, ...]
    audit: str


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    folder = tmp_path_factory.mktemp("journey")
    kept, sys.stderr = sys.stderr, io.StringIO()
    try:
        with world.running(folder, tool_port=free_port(), lms_port=free_port()) as played:
            loud = {"log_level": "debug", "log_format": "json"}
            logging.configure(played.tool.settings.model_copy(update=loud))
            for _ in journey.play(played, played.people.learners[0], folder / "out"):
                pass
            secrets, people, audit = _secrets(played), _people(played), _audit(played)
            logging.configure(played.tool.settings)
        log = sys.stderr.getvalue()
    finally:
        sys.stderr = kept
    files = {path.name: path.read_bytes() for path in folder.glob("*.db*")}
    return Left(log, files, secrets, people, audit)


def _secrets(played: world.World) -> dict[str, bytes]:
    """Return every secret in clear, decrypted with the key that is not in the database."""
    tool = played.tool
    found: dict[str, bytes] = {}
    with tool.database.transaction(read_only=True) as db:
        for row in db.scalars(sa.select(IssuerKey)):
            found[f"seed {row.id}"] = tool.encryption.decrypt(row.private_key)
        for key in db.scalars(sa.select(ToolKey)):
            pem = tool.encryption.decrypt(key.private_key)
            found[f"tool key {key.kid}"] = pem.splitlines()[2]
            number = tool_keys.private_key(key, tool.encryption).private_numbers().d
            found[f"exponent {key.kid}"] = number.to_bytes(256)[:32]
        for token in db.scalars(sa.select(AccessToken)):
            found[f"bearer {token.id}"] = tool.encryption.decrypt(token.token)
        for launch in db.scalars(sa.select(LaunchSession)):
            if launch.email is not None:
                found["e-mail"] = tool.encryption.decrypt(launch.email)
    found |= {
        f"encryption {n}": key.encode() for n, key in enumerate(tool.settings.encryption_keys)
    }
    found["secret key"] = tool.settings.secret_key.encode()
    return found


def _people(played: world.World) -> tuple[str, ...]:
    return tuple(
        text
        for user in played.lms.users()
        for text in (user.given_name, user.family_name, user.email)
        if text
    )


def _audit(played: world.World) -> str:
    with played.tool.database.transaction(read_only=True) as db:
        rows = db.scalars(sa.select(AuditEntry)).all()
        return "\n".join(
            json.dumps([row.actor, row.action, row.subject, row.details], ensure_ascii=False)
            for row in rows
        )


def test_the_journey_had_secrets_to_keep(left: Left) -> None:
    kinds = {name.split()[0] for name in left.secrets}
    assert {"seed", "tool", "exponent", "bearer", "e-mail", "encryption", "secret"} == kinds
    assert all(len(secret) >= 12 for secret in left.secrets.values())
    assert len(left.people) >= 6
    assert any(name.endswith(".db") for name in left.files)


def test_no_secret_stands_in_clear_in_the_database(left: Left) -> None:
    for name, content in left.files.items():
        assert b"PRIVATE KEY" not in content, name
        for what, secret in left.secrets.items():
            assert secret not in content, (name, what)
        assert not re.search(rb"[\w.+-]+@[\w-]+\.[\w.]+", content), name


def test_the_log_tells_ids_and_codes_and_nothing_of_people(left: Left) -> None:
    assert "launch_accepted" in left.log
    for text in left.people:
        assert not re.search(rf"\b{re.escape(text)}\b", left.log), text
    for what, secret in left.secrets.items():
        assert secret.decode("latin1") not in left.log, what
    for word in (
        "id_token",
        "eyJ",
        "nonce",
        "sesskey",
        "csrf_token",
        "login_hint",
        "@",
        "Traceback",
    ):
        assert word not in left.log, word
    assert not re.search(r"[?&]state=", left.log)


def test_every_event_of_the_log_has_a_static_name(left: Left) -> None:
    lines = [json.loads(line) for line in left.log.splitlines() if line.startswith("{")]
    ours = [line for line in lines if line["logger"].startswith("lti_tool")]
    assert len(ours) > 5
    for line in ours:
        assert re.fullmatch(r"[a-z_.]+", line["event"]), line


def test_the_audit_log_names_nobody(left: Left) -> None:
    assert "credential.claimed" in left.audit
    for text in left.people:
        assert not re.search(rf"\b{re.escape(text)}\b", left.audit), text


def test_every_table_was_looked_at(left: Left) -> None:
    """The file is read whole; this only shows that it is the whole database."""
    main = next(content for name, content in left.files.items() if name.endswith(".db"))
    for table in Base.metadata.tables:
        assert table.encode() in main, table
