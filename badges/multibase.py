"""Multibase text for bytes: base58-btc (`z`) and base64url without padding (`u`).

Spec: W3C Controlled Identifiers 1.0, section 2.4.
"""

import base64
import binascii

from badges.errors import BadgeError

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {character: value for value, character in enumerate(_ALPHABET)}
MAX_BASE58_CHARACTERS = 256  # base58 costs quadratic time; keys and signatures need 88


class InvalidMultibase(BadgeError):
    """The text is not what it is supposed to encode."""


def encode_base58(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    characters = []
    while number:
        number, digit = divmod(number, 58)
        characters.append(_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + "".join(reversed(characters))


def decode_base58(text: str) -> bytes:
    """Return the bytes of `z...`.

    Raises:
        InvalidMultibase: another prefix, a character outside the alphabet, or too long.
    """
    digits = text[1:]
    if not text.startswith("z") or len(text) > MAX_BASE58_CHARACTERS:
        raise InvalidMultibase("invalid_multibase")
    number = 0
    for character in digits:
        if character not in _DIGITS:
            raise InvalidMultibase("invalid_multibase")
        number = number * 58 + _DIGITS[character]
    zeros = len(digits) - len(digits.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_base64url(data: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """Return the bytes of `u...`.

    Raises:
        InvalidMultibase: another prefix, padding, or characters outside the alphabet.
    """
    body = text[1:]
    if not text.startswith("u") or "=" in body or "+" in body or "/" in body:
        raise InvalidMultibase("invalid_multibase")
    try:
        padded = body.encode("ascii") + b"=" * (-len(body) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise InvalidMultibase("invalid_multibase") from None
