"""What a platform's answer to a request for a token means, and where the cause lies.

Spec: RFC 6749, section 5; 1EdTech Security Framework 1.0, section 4.1. Platforms word errors as
they like: Moodle 4.5 passes on those of its JWT library, and answers with a page (404) where it
cannot fetch the tool's key set.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from lti_tool.errors import ToolError
from lti_tool.outbound import Response

LONGEST_LOOK = 64 * 1024


class Meaning(StrEnum):
    """`GRANTED`: a token came, perhaps not for every scope."""

    GRANTED = "granted"
    KEY_SET_UNREACHABLE = "key_set_unreachable"
    NO_SCOPE = "no_scope"
    CLOCK = "clock"
    KEY_UNKNOWN = "key_unknown"
    SIGNATURE = "signature"
    CLIENT_UNKNOWN = "client_unknown"
    WRONG_ADDRESS = "wrong_address"
    PLATFORM_ERROR = "platform_error"
    REFUSED = "refused"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """`token` and `scopes` (None: not said) of a token that was granted."""

    meaning: Meaning
    token: str = field(default="", repr=False)
    scopes: frozenset[str] | None = None


# In this order: the words of one cause can stand in the sentence about another.
_WORDS: tuple[tuple[Meaning, str], ...] = (
    (Meaning.KEY_SET_UNREACHABLE, r"fix_jwks_alg|key ?set cannot be|jwks.{0,40}(fetch|reach|load)"),
    (Meaning.NO_SCOPE, r"invalid_scope"),
    (Meaning.CLOCK, r"prior to|in the future|expired|\biat\b|\bnbf\b|\bexp\b|clock"),
    (Meaning.KEY_UNKNOWN, r"\bkid\b"),
    (Meaning.SIGNATURE, r"signature"),
    (
        Meaning.CLIENT_UNKNOWN,
        r"unknown.{0,3}client|client.{0,20}(not found|unknown)|invalid_client",
    ),
)


def read(answer: Response) -> TokenAnswer:
    """Return what the answer means; never raises for what stands in it."""
    if answer.is_success:
        return _granted(answer)
    text = answer.content[:LONGEST_LOOK].decode("utf-8", "replace").lower()
    is_told = answer.status in {400, 401, 403}  # other pages say all sorts of things
    for meaning, words in _WORDS:
        if re.search(words, text) and (is_told or meaning is Meaning.KEY_SET_UNREACHABLE):
            return TokenAnswer(meaning)
    if answer.status in {404, 405, 410}:
        return TokenAnswer(Meaning.WRONG_ADDRESS)
    if answer.status == 401:
        return TokenAnswer(Meaning.CLIENT_UNKNOWN)
    return TokenAnswer(Meaning.PLATFORM_ERROR if answer.status >= 500 else Meaning.REFUSED)


def _granted(answer: Response) -> TokenAnswer:
    try:
        document = answer.json()
    except ToolError:
        return TokenAnswer(Meaning.MALFORMED)
    token = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        return TokenAnswer(Meaning.MALFORMED)
    said = document.get("scope")
    scopes = frozenset(said.split()) if isinstance(said, str) else None
    return TokenAnswer(Meaning.GRANTED, token, scopes)
