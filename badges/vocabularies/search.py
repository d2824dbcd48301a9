"""Terms of a large vocabulary by a few words: in any order, begun or whole, best first.

>>> [term.label["en"] for term in search(Vocabulary.ESCO_OCCUPATIONS, "TECH solar")]
['solar energy technician']
"""

from dataclasses import dataclass
from functools import cache

from badges.catalogue_entry import folded, terms
from badges.micro_credential import Concept
from badges.vocabularies import Vocabulary, concepts

MOST_FOUND = 12
LONGEST_QUERY = 200
"""Characters that are looked at."""
_SHORTEST_PLURAL = 5
_SHORTEST_ALONE = 4
"""Letters of a word for which a label is offered that lacks others."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """`words`: those of one label, folded, with a blank before each and after the last."""

    term: Concept
    words: str


def search(vocabulary: Vocabulary, query: str, most: int = MOST_FOUND) -> list[Concept]:
    """Return the terms that have all words of a query; if none has, those that have most of them.

    A word is met by one that begins with it. A word of the query in the plural is also met by its
    singular, since many look for “welders” where the term is “welder”.
    """
    words = terms(query[:LONGEST_QUERY])
    if not words:
        return []
    ranks = [
        (rank, len(one.words), one.words, number)
        for number, one in enumerate(_entries(vocabulary))
        if (rank := _rank(words, one.words)) is not None
    ]
    fewest = min((missed for (missed, *_), *_ in ranks), default=0)
    best = sorted(one for one in ranks if one[0][0] == fewest)
    return [_entries(vocabulary)[number].term for *_, number in best[:most]]


def _rank(words: tuple[str, ...], label: str) -> tuple[int, int, bool, bool] | None:
    """Return how far a label is from the words: words that it lacks, words that it only begins
    with, whether it begins with all, or with the first. None if it has no word worth a hit."""
    missed, begun, longest = 0, 0, 0
    for word in words:
        singular = word[:-1] if len(word) >= _SHORTEST_PLURAL and word.endswith("s") else word
        if f" {singular}" not in label:
            missed += 1
            continue
        begun += f" {word} " not in label
        longest = max(longest, len(word))
    if longest == 0 or (missed and longest < _SHORTEST_ALONE):
        return None
    is_inside = not label.startswith(f" {' '.join(words)}")
    return missed, begun, is_inside, not label.startswith(f" {words[0]}")


@cache
def _entries(vocabulary: Vocabulary) -> tuple[_Entry, ...]:
    return tuple(
        _Entry(term, "".join(f" {folded(label)} " for label in term.label.values()))
        for term in concepts(vocabulary)
    )
