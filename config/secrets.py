"""Secrets that a development machine makes for itself, once."""

import base64
import binascii
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

FERNET_KEY_BYTES = 32


def make_secret_key() -> str:
    return secrets.token_urlsafe(48)


def make_encryption_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(FERNET_KEY_BYTES)).decode("ascii")


MAKERS: Mapping[str, Callable[[], str]] = {
    "secret_key": make_secret_key,
    "encryption_keys": make_encryption_key,
}


def keep_once(path: Path, candidate: str) -> str:
    """Return the secret that `path` holds; it holds `candidate` if there was none before.

    The file appears complete and readable by its owner alone: of several processes that start
    at once exactly one candidate wins, and no process reads half of it.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(candidate + "\n")
        os.link(temporary, path)  # fails if the name is taken, unlike a rename
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)
    return path.read_text(encoding="ascii").strip()


def check_encryption_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return `keys` if each is 32 bytes in URL-safe Base64, else raise ValueError."""
    for number, key in enumerate(keys, start=1):
        if not _is_fernet_key(key):
            raise ValueError(f"key {number} is not 32 bytes in URL-safe Base64")
    return keys


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, altchars=b"-_", validate=True)) == FERNET_KEY_BYTES
    except (binascii.Error, ValueError):
        return False
