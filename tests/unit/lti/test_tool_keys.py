"""The tool's own key."""

from datetime import datetime, timedelta

import jwt
import pytest
import sqlalchemy as sa

from config.secrets import make_encryption_key
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.lti import tool_keys
from lti_tool.models import ToolKey


@pytest.fixture
def encryption() -> Encryption:
    return Encryption([make_encryption_key()])


def test_the_key_is_made_once_and_published(
    each_database: Database, encryption: Encryption, now: datetime
) -> None:
    with each_database.transaction() as db:
        assert tool_keys.key_set(db, now) == {"keys": []}
        made = tool_keys.current(db, encryption, now)
    with each_database.transaction() as db:
        again = tool_keys.current(db, encryption, now + timedelta(days=1))
        (published,) = tool_keys.key_set(db, now)["keys"]
        secret = tool_keys.private_key(again, encryption)
    assert again.kid == made.kid == published["kid"]
    assert secret.key_size >= 2048
    assert {"kty", "n", "e", "alg", "use", "kid"} == set(published)
    token = jwt.encode({"a": 1}, secret, algorithm="RS256", headers={"kid": made.kid})
    assert jwt.decode(token, jwt.PyJWK(published), algorithms=["RS256"]) == {"a": 1}


def test_the_private_key_is_stored_encrypted(
    database: Database, encryption: Encryption, now: datetime
) -> None:
    with database.transaction() as db:
        tool_keys.current(db, encryption, now)
    with database.transaction(read_only=True) as db:
        stored = db.scalars(sa.select(ToolKey.private_key)).one()
    assert b"PRIVATE" not in stored
    assert b"PRIVATE" in encryption.decrypt(stored)


def test_the_kid_is_the_thumbprint() -> None:
    """The example of RFC 7638, section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
        "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
        "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
        "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = jwt.PyJWK({"kty": "RSA", "n": modulus, "e": "AQAB"}, "RS256").key
    assert tool_keys.public_jwk(key)["kid"] == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
