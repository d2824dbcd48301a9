"""Names as LMSs send them: whether two are surely the same, and how to hint at one.

>>> same("Müller, Ana", "ana MÜLLER")
True
>>> same("Marko Marković", "Марко Марковић")
False
>>> masked("Ana Müller")
'A… M…'
"""

import unicodedata
from collections.abc import Sequence

_APOSTROPHES = frozenset("'’ʼ`´")


def same(*names: str | None) -> bool:
    """Whether these names are surely one: all there, the same words in any order.

    Case, width, punctuation and the accents of Latin, Greek and Cyrillic letters do not matter.
    What is left out, added, abbreviated or written in another script does: a person can see that
    it is the same name, a comparison cannot.
    """
    words = {tuple(_words(name or "")) for name in names}
    return len(words) == 1 and words != {()}


def masked(name: str | None) -> str | None:
    """Return the first letter of each word, enough for whoever bears the name; None for none."""
    initials = [_first(word) for word in (name or "").split()]
    return " ".join(f"{one}…" for one in initials if one) or None


def _first(word: str) -> str:
    """Return the first letter with the marks that belong to it; nothing of mere punctuation."""
    start = next((at for at, char in enumerate(word) if char.isalnum()), None)
    if start is None:
        return ""
    end = start + 1
    while end < len(word) and unicodedata.category(word[end]).startswith("M"):
        end += 1
    return word[start:end]


def _words(name: str) -> Sequence[str]:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    letters, bears_accents = [], False
    for char in plain:
        if char in _APOSTROPHES:
            continue
        category = unicodedata.category(char)
        if category == "Mn" and bears_accents:
            continue
        if category[0] in "LN":
            bears_accents = unicodedata.name(char, "").startswith(("LATIN", "GREEK", "CYRILLIC"))
        letters.append(char if category[0] in "LMN" else " ")
    return sorted("".join(letters).split())
