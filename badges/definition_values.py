"""Readers of the simple values of a definition (see `json_reader`)."""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import TypeVar

from badges import text
from badges.countries import is_country
from badges.json_reader import Node, Refused, T, hole
from badges.text import InvalidText, Text

MAX_NAME = 300
MAX_PROSE = 4000
MAX_URI = 2000
MAX_DATA = 500_000
MAX_LANGUAGES = 40
MAX_NUMBER = Decimal(100_000)
DECIMAL_PLACES = 2
"""So many that a JSON number, wherever it is parsed as a double, stays exact."""

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
# RFC 3986 with a host name and without user information.
_URI = re.compile(
    r"https?://(?=[^/?#]{1,255}(?:[/?#]|$))[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)

Choice = TypeVar("Choice", bound=StrEnum)


def string(node: Node, at_most: int = MAX_NAME) -> str:
    if not isinstance(node.value, str):
        node.refuse("type", "a string is needed")
    if len(node.value) > at_most:
        node.refuse("too_long", f"at most {at_most} characters")
    try:
        return text.clean(node.value)
    except InvalidText as error:
        node.refuse(error.code, error.detail)


def _matching(node: Node, pattern: re.Pattern[str], code: str) -> str:
    if not isinstance(node.value, str):
        node.refuse("type", "a string is needed")
    if not pattern.fullmatch(node.value):
        node.refuse(code)
    return node.value


def code(node: Node) -> str:
    return _matching(node, CODE, "code_syntax")


def slug(node: Node) -> str:
    return _matching(node, SLUG, "slug_syntax")


def digest(node: Node) -> str:
    """Read a SHA-256 in lower-case hex."""
    return _matching(node, _DIGEST, "digest_syntax")


def base64(node: Node) -> str:
    if not isinstance(node.value, str):
        node.refuse("type", "a string is needed")
    if len(node.value) > MAX_DATA:
        node.refuse("too_long", f"at most {MAX_DATA} characters")
    return _matching(node, _BASE64, "base64_syntax")


def series(node: Node) -> str:
    """Read `awarding-body/CODE`."""
    if not isinstance(node.value, str):
        node.refuse("type", "a string is needed")
    body, _, rest = node.value.partition("/")
    if not SLUG.fullmatch(body) or not CODE.fullmatch(rest):
        node.refuse("series_syntax", "awarding-body/CODE is needed")
    return node.value


def uri(node: Node) -> str:
    if isinstance(node.value, str) and len(node.value) > MAX_URI:
        node.refuse("too_long", f"at most {MAX_URI} characters")
    value = _matching(node, _URI, "uri_syntax")
    match = _URI.fullmatch(value)
    if match and match["port"] and not 0 < int(match["port"]) < 65536:
        node.refuse("uri_syntax", "port")
    return value


def country(node: Node) -> str:
    if not isinstance(node.value, str):
        node.refuse("type", "a string is needed")
    if not is_country(node.value):
        node.refuse("country", "an ISO 3166-1 code of two capital letters is needed")
    return node.value


def language(node: Node) -> str:
    if not isinstance(node.value, str):
        node.refuse("type", "a string is needed")
    try:
        return text.language_tag(node.value)
    except InvalidText as error:
        node.refuse(error.code, error.detail)


def texts(node: Node, at_most: int = MAX_NAME) -> Text:
    """Read a text in several languages; each language's problems are noted."""
    if not isinstance(node.value, dict):
        node.refuse("type", "an object of language tags and strings is needed")
    if len(node.value) > MAX_LANGUAGES:
        node.refuse("too_many", f"at most {MAX_LANGUAGES} languages")
    found: dict[str, str] = {}
    is_sound = True
    for key, value in node.value.items():
        member = node.key(key, value)
        tag: str | None = hole(language, Node(key, member.path, node.problems))
        content: str | None = hole(partial(string, at_most=at_most), member)
        if tag is None or content is None:
            is_sound = False
        elif tag in found:
            member.note("language_twice")
            is_sound = False
        else:
            found[tag] = content
    if not is_sound:
        raise Refused
    if not found:
        node.refuse("empty_text", "at least one language")
    return Text(found)


def prose(node: Node) -> Text:
    return texts(node, MAX_PROSE)


def boolean(node: Node) -> bool:
    if not isinstance(node.value, bool):
        node.refuse("type", "true or false is needed")
    return node.value


def integer(low: int, high: int) -> Callable[[Node], int]:
    def read(node: Node) -> int:
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            node.refuse("type", "a whole number is needed")
        if not low <= node.value <= high:
            node.refuse("out_of_range", f"{low} to {high}")
        return node.value

    return read


def positive(node: Node) -> Decimal:
    """Read a number above 0, of at most `DECIMAL_PLACES` places."""
    value = _number(node)
    if not value.is_finite() or not 0 < value <= MAX_NUMBER:
        node.refuse("out_of_range", f"above 0, at most {MAX_NUMBER}")
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMAL_PLACES:
        node.refuse("not_exact", f"at most {DECIMAL_PLACES} decimal places")
    return value


def _number(node: Node) -> Decimal:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        node.refuse("type", "a number is needed")
    if isinstance(value, float):
        return Decimal(repr(value))  # the shortest decimal that gives this double: as written
    return Decimal(value)


def choice(choices: type[Choice]) -> Callable[[Node], Choice]:
    def read(node: Node) -> Choice:
        found = next((member for member in choices if member.value == node.value), None)
        if found is None:
            node.refuse("choice", ", ".join(choices))
        return found

    return read


def tuple_of(
    read: Callable[[Node], T], *, at_least: int = 0, at_most: int = 100
) -> Callable[[Node], tuple[T, ...]]:
    def read_all(node: Node) -> tuple[T, ...]:
        return tuple(hole(read, item) for item in node.items(at_least, at_most))

    return read_all
