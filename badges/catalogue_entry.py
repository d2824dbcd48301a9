"""What a definition is found by: its words in every language and script, and what can be filtered.

>>> folded("Schweißen für Ქართული և Đorđe, Їжак")
'schweissen fur ქართული եվ dorde іжак'
>>> terms("  SCHWEISSEN – MAG schweissen")
('schweissen', 'mag')
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from badges.micro_credential import Concept, MicroCredential
from badges.text import Text

ISCED_F = "http://data.europa.eu/snb/isced-f/"
MOST_TERMS = 8
LONGEST_TERM = 40

# Letters that Unicode does not take apart although people leave their strokes out.
_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ґ": "г"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """`titles`, `words`: folded, of all languages. `field`: the two digits of a broad field of
    ISCED-F 2013. `languages`: those of instruction."""

    titles: str
    words: str
    country: str
    field: str | None
    eqf_level: int | None
    hours: float | None
    languages: tuple[str, ...]


def of(mc: MicroCredential) -> Entry:
    """Return the entry of a definition; the target groups are no part of it."""
    return Entry(
        titles=_all([mc.title]),
        words=" ".join([folded(f"{mc.code} {mc.awarding_body.slug}"), _all(_texts(mc))]),
        country=mc.awarding_body.country,
        field=broad_field(mc.field),
        eqf_level=mc.eqf_level.level if mc.eqf_level else None,
        hours=float(mc.hours) if mc.hours is not None else None,
        languages=mc.languages,
    )


def folded(text: str) -> str:
    """Return the words of a text without case, accents and punctuation, one blank between them.

    Both spellings of the Armenian `և` (in capitals `ԵՎ`) become one.
    """
    parts = unicodedata.normalize("NFKD", text.casefold()).casefold()
    letters = "".join(one for one in parts if not unicodedata.combining(one))
    plain = letters.translate(_LETTERS).replace("եւ", "եվ")
    return " ".join(re.findall(r"[^\W_]+", plain))


def terms(query: str) -> tuple[str, ...]:
    """Return the different words of what somebody looks for, as `folded` writes them."""
    found = dict.fromkeys(word[:LONGEST_TERM] for word in folded(query).split())
    return tuple(found)[:MOST_TERMS]


def broad_field(field: Concept | None) -> str | None:
    """Return the broad field of a term of ISCED-F; None for any other term.

    >>> broad_field(Concept(uri="http://data.europa.eu/snb/isced-f/0715", label=Text({"en": "-"})))
    '07'
    """
    code = (field.uri or "").removeprefix(ISCED_F) if field else ""
    return code[:2] if re.fullmatch(r"[0-9]{2,4}", code) else None


def _texts(mc: MicroCredential) -> Iterator[Text]:
    yield from (mc.title, mc.description, mc.awarding_body.name)
    for unit in mc.units:
        yield unit.title
        for outcome in unit.outcomes:
            yield outcome.text
            yield from (skill.label for skill in outcome.skills)
    yield from (one.label for one in (*mc.skills, *mc.occupations))
    if mc.field is not None:
        yield mc.field.label


def _all(texts: Iterator[Text] | list[Text]) -> str:
    return " ".join(folded(value) for text in texts for value in text.values())
