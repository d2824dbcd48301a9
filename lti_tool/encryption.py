"""Secrets at rest: private keys, access tokens and e-mail addresses are stored encrypted.

The first key of the settings encrypts; every key decrypts, so a new key can be put in front
and the old one dropped once everything is re-encrypted.
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lti_tool.errors import ToolError

NONCE = 12  # bytes, NIST SP 800-38D, section 8.2


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

    def seal(self, content: bytes, about: bytes) -> tuple[bytes, bytes]:
        """Return a new key, encrypted, and `content` under it (AES-256-GCM), bound to `about`.

        For what is large: only the key is encrypted anew when the keys of the settings change.
        """
        key, nonce = AESGCM.generate_key(256), os.urandom(NONCE)
        return self.encrypt(key), nonce + AESGCM(key).encrypt(nonce, content, about)

    def unseal(self, sealed_key: bytes, sealed: bytes, about: bytes) -> bytes:
        """Return what `seal` was given.

        Raises:
            Undecryptable: `encryption_key_missing`; also when the bytes are not those sealed.
        """
        cipher = AESGCM(self.decrypt(sealed_key))
        try:
            return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], about)
        except InvalidTag as error:
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
