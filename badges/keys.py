"""Ed25519 keys and their public form as Multikey.

Spec: W3C Controlled Identifiers 1.0, section 2.2.2 (Multikey).

>>> key = SigningKey.from_seed(bytes(32))
>>> key.public_multibase
'z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
>>> PublicKey.from_multibase(key.public_multibase).is_valid(key.sign(b"text"), b"text")
True
"""

from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from badges import multibase
from badges.errors import BadgeError

_ED25519_PUB = b"\xed\x01"  # multicodec 0xed as a varint
SEED_BYTES = 32
SIGNATURE_BYTES = 64


class InvalidKey(BadgeError):
    """The key cannot be read, or is of another kind."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    raw: bytes  # 32 bytes

    @classmethod
    def from_multibase(cls, text: str) -> Self:
        """Read a Multikey (`z6Mk...`).

        Raises:
            InvalidKey: it is malformed (`malformed_key`) or of another kind (`unsupported_key`).
        """
        try:
            data = multibase.decode_base58(text)
        except multibase.InvalidMultibase:
            raise InvalidKey("malformed_key") from None
        if not data.startswith(_ED25519_PUB):
            raise InvalidKey("unsupported_key")
        if len(data) != len(_ED25519_PUB) + SEED_BYTES:
            raise InvalidKey("malformed_key")
        return cls(data[len(_ED25519_PUB) :])

    @property
    def multibase(self) -> str:
        return multibase.encode_base58(_ED25519_PUB + self.raw)

    def is_valid(self, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """An Ed25519 private key. Its seed is the whole secret: store it encrypted."""

    __slots__ = ("_private", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey(private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Restore a key from its 32 bytes.

        Raises:
            InvalidKey: the seed has another length.
        """
        if len(seed) != SEED_BYTES:
            raise InvalidKey("malformed_key")
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def seed(self) -> bytes:
        return self._private.private_bytes_raw()

    @property
    def public_multibase(self) -> str:
        return self.public.multibase

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public_multibase})"
