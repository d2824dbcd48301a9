"""Every stored secret moves to a new master key: all columns, in batches, resumable."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken

from config.secrets import make_encryption_key
from lti_tool.db import Base, Database
from lti_tool.encryption import Encryption, Undecryptable
from lti_tool.lti import tool_keys
from lti_tool.models import (
    AccessToken,
    EmailProof,
    EvidenceContent,
    LaunchSession,
    MoodleConnection,
    ToolKey,
    UnconfirmedLaunch,
)
from lti_tool.services import organisations, rewrapping
from lti_tool.services.awarding import keys
from lti_tool.services.staff import accounts, email_proofs, sign_in, sign_in_mail
from tests.factories.courses import School

OLD, NEW = make_encryption_key(), make_encryption_key()
# Public or signed bytes; whoever adds a column of bytes decides here or marks it as secret.
NOT_SECRET = {
    "artworks.data",
    "artworks.png",
    "artworks.small",
    "credentials.document",
    "evidence_bytes.sealed",  # under a key of its own, which is a secret column
    "passkeys.credential_id",
    "passkeys.public_key",
    "status_lists.bits",
    "status_lists.document",
}


def byte_columns() -> Iterator["sa.Column[Any]"]:
    for table in Base.metadata.sorted_tables:
        yield from (each for each in table.columns if isinstance(each.type, sa.LargeBinary))


def test_every_column_of_bytes_says_whether_it_is_secret() -> None:
    assert {str(each) for each in byte_columns() if "is_encrypted" not in each.info} == set()
    public = {str(each) for each in byte_columns() if not each.info["is_encrypted"]}
    assert public == NOT_SECRET


def test_every_secret_column_is_rewrapped() -> None:
    secret = {str(each) for each in byte_columns() if each.info["is_encrypted"]}
    assert {str(each) for each in rewrapping.secret_columns()} == secret
    assert len(secret) >= 4


def test_every_secret_column_can_be_walked_by_its_key() -> None:
    for column in rewrapping.secret_columns():
        assert len(column.table.primary_key.columns) == 1, column


def fill(database: Database, now: datetime) -> None:
    """Store a secret of each kind, as the application does, under the old key."""
    school = School.open(database, now)
    school.encryption = Encryption([OLD])
    school.launch("ana", email="ana@mail.example")
    with database.transaction() as db:
        visit = db.query(LaunchSession).one()
        visit.deep_linking = school.encryption.encrypt(b"return address")
        email = "olena@mail.example"
        olena = accounts.add(db, "Olena", encryption=school.encryption, now=now, email=email)
        accounts.prove_email(db, olena, now, by="operator", way="operator")
        sign_in.make_link(db, olena, now, is_mailed=True)
        email_proofs.ask(db, olena, "Link", "{link}", now)
        db.query(EmailProof).one().email = school.encryption.encrypt(email.encode())
        db.add(
            UnconfirmedLaunch(
                state_digest="0" * 64,
                registration_id=school.registration_id,
                browser_digest="0" * 64,
                payload=school.encryption.encrypt(b"{}"),
                expires_at=now,
            )
        )
        sign_in_mail.ask(db, email, "Link", "{link}", encryption=school.encryption, now=now)
        visit.return_url = school.encryption.encrypt(b"way back")
        tool_keys.current(db, school.encryption, now)
        body = organisations.find(db, "school")
        keys.signing_key(db, body, is_test=True, encryption=school.encryption, now=now)
        key, _ = school.encryption.seal(b"evidence", b"")
        db.add(
            EvidenceContent(
                course_id=visit.course_id,
                media_type="text/plain",
                size=8,
                digest="0" * 64,
                sealed_key=key,
            )
        )
        connected = MoodleConnection(
            platform_id=visit.registration.platform_id,
            url="https://lms.example",
            token=school.encryption.encrypt(b"0123abcd"),
            connected_at=now,
        )
        db.add(connected)
        for number in range(5):
            db.add(
                AccessToken(
                    id=uuid.uuid4(),
                    registration_id=school.registration_id,
                    client_id=f"c{number}",
                    token_url="https://lms.example/token",
                    scopes="s",
                    token=school.encryption.encrypt(b"bearer"),
                    expires_at=now,
                )
            )


def stored(database: Database) -> dict[str, list[bytes]]:
    with database.transaction(read_only=True) as db:
        return {
            str(column): [each for each in db.scalars(sa.select(column)) if each is not None]
            for column in rewrapping.secret_columns()
        }


def test_afterwards_the_new_key_alone_opens_every_secret(
    each_database: Database, now: datetime
) -> None:
    fill(each_database, now)
    before = stored(each_database)
    assert all(before.values()), "the test lacks a secret of a kind"
    plain = {
        column: [Fernet(OLD).decrypt(each) for each in values] for column, values in before.items()
    }
    done = list(rewrapping.rewrap(each_database, Encryption([NEW, OLD]), batch=2))
    assert {each.column for each in done} == set(before)
    assert all(each.secrets == each.rewrapped > 0 for each in done)
    assert all(each.unreadable == 0 for each in done)
    opened = {
        column: sorted(Fernet(NEW).decrypt(each) for each in values)
        for column, values in stored(each_database).items()
    }
    assert opened == {column: sorted(values) for column, values in plain.items()}
    with pytest.raises(InvalidToken):
        Fernet(OLD).decrypt(stored(each_database)["tool_keys.private_key"][0])


def test_a_second_run_changes_nothing(database: Database, now: datetime) -> None:
    fill(database, now)
    list(rewrapping.rewrap(database, Encryption([NEW, OLD])))
    before = stored(database)
    again = list(rewrapping.rewrap(database, Encryption([NEW, OLD])))
    assert {each.rewrapped for each in again} == {0}
    assert stored(database) == before


def test_a_run_that_was_stopped_goes_on(database: Database, now: datetime) -> None:
    fill(database, now)
    begun = rewrapping.rewrap(database, Encryption([NEW, OLD]), batch=1)
    first = next(begun)
    begun.close()  # type: ignore[attr-defined]
    rest = list(rewrapping.rewrap(database, Encryption([NEW, OLD]), batch=1))
    assert {each.column: each.rewrapped for each in rest}[first.column] == 0
    assert sum(each.rewrapped for each in rest) + first.rewrapped == sum(
        each.secrets for each in rest
    )


def test_what_no_key_opens_is_counted_and_left(database: Database, now: datetime) -> None:
    fill(database, now)
    foreign = Fernet(make_encryption_key()).encrypt(b"x")
    with database.transaction() as db:
        db.execute(sa.update(LaunchSession).values(email=foreign))
    done = {each.column: each for each in rewrapping.rewrap(database, Encryption([NEW, OLD]))}
    assert done["launch_sessions.email"].unreadable == 1
    assert done["tool_keys.private_key"].rewrapped == 1
    assert stored(database)["launch_sessions.email"] == [foreign]


def test_empty_secrets_are_passed_over(database: Database, now: datetime) -> None:
    fill(database, now)
    with database.transaction() as db:
        db.execute(sa.update(LaunchSession).values(email=None))
    done = {each.column: each for each in rewrapping.rewrap(database, Encryption([NEW, OLD]))}
    assert done["launch_sessions.email"].secrets == 0


def test_the_old_key_can_be_dropped(database: Database, now: datetime) -> None:
    fill(database, now)
    with database.transaction() as db:
        key = db.query(ToolKey).one()
        with pytest.raises(Undecryptable):
            tool_keys.private_key(key, Encryption([NEW]))
    list(rewrapping.rewrap(database, Encryption([NEW, OLD])))
    with database.transaction() as db:
        key = tool_keys.current(db, Encryption([NEW]), now + timedelta(days=1))
        assert tool_keys.private_key(key, Encryption([NEW])).key_size == 2048
