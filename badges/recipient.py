"""Who a credential is about: a confirmed name, a hashed e-mail address, or neither.

>>> clean_name("  Zoë   Müller ")
'Zoë Müller'

Open Badges 3.0, IdentityObject; salt after the identifier, SHA-256, hexadecimal.
"""

import re
import unicodedata
import uuid
from dataclasses import dataclass
from hashlib import sha256

from badges.errors import BadgeError

MAX_NAME = 200  # characters, after normalisation

_WHITE_SPACE = frozenset("\t\n\r\u2028\u2029")
_JOINERS = frozenset("\u200c\u200d")
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f")  # invisible, but they override nothing
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
_VIRAMA = 9  # canonical combining class


class InvalidName(BadgeError, ValueError):
    """A name that cannot be printed.

    Codes: `name_empty`, `name_too_long`, `name_without_letters`, `name_characters`.
    """


class InvalidRecipient(BadgeError, ValueError):
    """Codes: `subject_id`, `email_address`, `email_salt`, `email_hash`."""


@dataclass(frozen=True, slots=True)
class EmailHash:
    """`hash`: `sha256$` and 64 hexadecimal digits."""

    hash: str
    salt: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"sha256\$[0-9a-f]{64}", self.hash):
            raise InvalidRecipient("email_hash")
        if not re.fullmatch(r"[!-~]{1,64}", self.salt):
            raise InvalidRecipient("email_salt", "1-64 printable ASCII characters")


@dataclass(frozen=True, slots=True)
class Recipient:
    """`subject_id`: a random `urn:uuid:`, another one for each credential."""

    subject_id: str
    name: str | None = None
    email: EmailHash | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", self.subject_id):
            raise InvalidRecipient("subject_id", "urn:uuid: in lower case")
        if self.name is not None and self.name != clean_name(self.name):
            raise InvalidName("name_characters", "not cleaned")


def random_subject_id() -> str:
    return uuid.uuid4().urn


def hash_email(address: str, salt: str) -> EmailHash:
    """Return the salted hash of an address in lower case and NFC.

    Raises:
        InvalidRecipient: not an address, or no usable salt.
    """
    folded = unicodedata.normalize("NFC", address.strip()).lower()
    if not re.fullmatch(r"[^@\s\ud800-\udfff]+@[^@\s\ud800-\udfff]+", folded):
        raise InvalidRecipient("email_address")
    return EmailHash("sha256$" + sha256((folded + salt).encode()).hexdigest(), salt)


def clean_name(text: str) -> str:
    """Return a name as it is printed: NFC, single spaces, 1-200 characters, a letter at least.

    Raises:
        InvalidName: empty, too long, without letters, or with control, direction-changing,
            private, unassigned or otherwise invisible characters.
    """
    if len(text) > 10 * MAX_NAME:
        raise InvalidName("name_too_long")
    if any(map(_is_refused, text)):
        raise InvalidName("name_characters")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise InvalidName("name_empty")
    if len(name) > MAX_NAME:
        raise InvalidName("name_too_long")
    if not any(unicodedata.category(char).startswith("L") for char in name):
        raise InvalidName("name_without_letters")
    if not all(_joins(name, at) for at, char in enumerate(name) if char in _JOINERS):
        raise InvalidName("name_characters", "a joiner where nothing joins")
    return name


def _is_refused(char: str) -> bool:
    if char in _WHITE_SPACE or char in _JOINERS or char in _DIRECTION_MARKS:
        return False
    return unicodedata.category(char) in _REFUSED_CATEGORIES


def _joins(name: str, at: int) -> bool:
    """Whether the script needs the joiner there: beside a virama, or inside an Arabic-like word."""
    if not 0 < at < len(name) - 1:
        return False
    before, after = name[at - 1], name[at + 1]
    if _VIRAMA in (unicodedata.combining(before), unicodedata.combining(after)):
        return True
    return {unicodedata.bidirectional(before), unicodedata.bidirectional(after)} <= {"AL", "NSM"}
