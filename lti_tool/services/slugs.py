"""Short names of organisations: checked, and made from a full name in any of several scripts."""

import re
import unicodedata

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.definition_values import SLUG
from lti_tool.errors import ToolError
from lti_tool.models import Organisation

LONGEST = 40  # of a proposal; people type it
ANY = "school"  # for a name of which no letter is known here

# Ukrainian as the Cabinet of Ministers' resolution 55 of 2010 writes it, with the letters of its
# neighbours; `_FIRST` at the beginning of a word.
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "h", "ґ": "g", "д": "d", "е": "e", "з": "z", "и": "y",
    "і": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch",
    "ь": "", "є": "ie", "ж": "zh", "ї": "i", "й": "i", "ю": "iu", "я": "ia", "ы": "y", "э": "e",
    "ъ": "", "ё": "io", "ў": "u", "ј": "j",
}  # fmt: skip
_FIRST = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}
_GREEK = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i",
    "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s",
    "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
_LATIN = {
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l",
    "đ": "d", "ð": "d", "þ": "th", "ı": "i",
}  # fmt: skip
_LETTERS = {**_CYRILLIC, **_GREEK, **_LATIN}


def check(slug: str) -> None:
    """Refuse what cannot be an organisation's short name.

    Raises:
        ToolError: `malformed_slug`.
    """
    if not SLUG.fullmatch(slug):
        raise ToolError("malformed_slug", slug=slug)


def proposed(db: Session, name: str) -> str:
    """Return a short name that is made from a full one and that nobody has."""
    wish = of_name(name) or ANY
    taken = set(db.scalars(sa.select(Organisation.slug).filter(Organisation.slug.startswith(wish))))
    number = 1
    while (free := wish if number == 1 else f"{wish}-{number}") in taken:
        number += 1
    return free


def of_name(name: str) -> str:
    """Return a name in a-z, 0-9 and hyphens; nothing where no letter of it is known.

    >>> of_name("Дніпровський ліцей № 3"), of_name("Höhere Schule")
    ('dniprovskyi-litsei-3', 'hoehere-schule')
    """
    text = unicodedata.normalize("NFC", name.casefold().replace("зг", "zgh").replace("№", " "))
    text = re.sub(r"\b[єїйюя]", lambda match: _FIRST[match[0]], text)
    text = "".join(_LETTERS.get(one, one) for one in text.replace("’", "").replace("'", ""))
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(_LETTERS.get(one, one) for one in plain if not unicodedata.combining(one))
    words = [word for word in re.split("[^a-z0-9]+", plain) if word]
    return _shortened("-".join(words))


def _shortened(slug: str) -> str:
    """Return whole words only, unless the first is too long alone."""
    if len(slug) <= LONGEST:
        return slug
    return slug[: LONGEST + 1].rpartition("-")[0].strip("-") or slug[:LONGEST]
