"""Secrets at rest: private keys, access tokens and e-mail addresses are stored encrypted.

The first key of the settings encrypts; every key decrypts, so a new key can be put in front
and the old one dropped once everything is re-encrypted.
"""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from lti_tool.errors import ToolError


class Undecryptable(ToolError):
    """The stored secret was encrypted under a key that the settings no longer hold."""

    status = 500


class Encryption:
    """Encrypt and decrypt small secrets (Fernet: AES-128-CBC with HMAC-SHA-256)."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._first = Fernet(keys[0])
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, secret: bytes) -> bytes:
        return self._fernet.encrypt(secret)

    def decrypt(self, stored: bytes) -> bytes:
        try:
            return self._fernet.decrypt(stored)
        except InvalidToken as error:
            raise Undecryptable("encryption_key_missing") from error

    def rewrap(self, stored: bytes) -> bytes | None:
        """Return the secret encrypted under the first key; None if it is already.

        Raises:
            Undecryptable: under none of the keys.
        """
        try:
            self._first.decrypt(stored)
        except InvalidToken:
            return self.encrypt(self.decrypt(stored))
        return None
