"""Text in several languages.

>>> title = Text({"de": "Schweißen", "en": "Welding"})
>>> title.best("de-AT"), title.best("uk")
('Schweißen', 'Welding')

Language tags: BCP 47 (RFC 5646), section 2.1, language with optional script and region.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Self

from badges.errors import BadgeError

DEFAULT_LANGUAGE = "en"

_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
# Embedding, override and isolate controls can make a text read differently from what it says.
_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


class InvalidText(BadgeError, ValueError):
    """A text without languages, without content, or with characters that are refused."""


def language_tag(tag: str) -> str:
    """Return `tag` in its usual case (`sr-Latn-ME`).

    Raises:
        InvalidText: it is not a language with optional script and region.
    """
    match = _TAG.fullmatch(tag)
    if match is None:
        raise InvalidText("language_tag", repr(tag)[:60])
    language, script, region = match.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


def is_safe(value: str) -> bool:
    """Whether `value` is free of control, line-breaking and direction-changing characters.

    Lone surrogates and the noncharacters U+FFFE and U+FFFF are unsafe too: they cannot be
    written as UTF-8 or XML.
    """
    return not any(
        unicodedata.category(char) in _UNSAFE_CATEGORIES
        or char in _DIRECTION_CONTROLS
        or ord(char) & 0xFFFE == 0xFFFE
        for char in value
    )


def clean(value: str) -> str:
    """Return `value` in NFC, without white space around it.

    Raises:
        InvalidText: nothing is left, or `is_safe` says no.
    """
    if not is_safe(value):
        raise InvalidText("unsafe_characters")
    cleaned = unicodedata.normalize("NFC", value).strip()
    if not cleaned:
        raise InvalidText("empty_text")
    return cleaned


class Text(Mapping[str, str]):
    """An immutable mapping of language tag to text, in the order of the tags, never empty.

    Raises:
        InvalidText: no language, a bad tag, the same language twice, or a refused text.
    """

    __slots__ = ("_texts",)
    _texts: dict[str, str]

    def __init__(self, texts: Mapping[str, str]) -> None:
        cleaned = {language_tag(tag): clean(value) for tag, value in texts.items()}
        if not cleaned:
            raise InvalidText("empty_text")
        if len(cleaned) != len(texts):
            raise InvalidText("language_twice")
        object.__setattr__(self, "_texts", dict(sorted(cleaned.items())))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Text is immutable")

    def __getitem__(self, tag: str) -> str:
        return self._texts[tag]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __hash__(self) -> int:
        return hash(tuple(self._texts.items()))

    def __eq__(self, other: object) -> bool:
        return self._texts == other._texts if isinstance(other, Text) else NotImplemented

    def __repr__(self) -> str:
        return f"Text({self._texts!r})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type["Text"], tuple[dict[str, str]]]:
        return Text, (dict(self._texts),)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._texts)

    def best(self, language: str, *fallbacks: str) -> str:
        """Return the text nearest to `language`."""
        return self._texts[self.best_language(language, *fallbacks)]

    def best_language(self, language: str, *fallbacks: str) -> str:
        """Return the tag of the text nearest to `language`.

        Each wish in turn: exactly, then shortened from the right (`sr-Latn-ME`, `sr-Latn`,
        `sr`), then any text of the same language. After all wishes English, then the first tag.
        """
        for wish in (language, *fallbacks, DEFAULT_LANGUAGE):
            found = self._nearest(wish.replace("_", "-"))
            if found is not None:
                return found
        return next(iter(self._texts))

    def _nearest(self, wish: str) -> str | None:
        try:
            subtags = language_tag(wish).split("-")
        except InvalidText:
            return None
        for length in range(len(subtags), 0, -1):
            tag = "-".join(subtags[:length])
            if tag in self._texts:
                return tag
        return next((tag for tag in self._texts if tag.split("-")[0] == subtags[0]), None)

    def to_json(self) -> dict[str, str]:
        return dict(self._texts)
