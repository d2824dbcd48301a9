"""Terms of European vocabularies, as addresses and labels (see ORIGIN.md).

>>> label("http://data.europa.eu/snb/eqf/3", "de")
'Niveau 3'
"""

import json
from enum import StrEnum
from functools import cache
from importlib.resources import files

from badges.micro_credential import Concept
from badges.text import Text


class Vocabulary(StrEnum):
    EQF_LEVELS = "eqf"
    NATIONAL_LEVELS = "national_levels"
    FIELDS = "isced_f"
    CREDIT_FRAMEWORKS = "credit_frameworks"
    MODES = "modes"
    ASSESSMENT_TYPES = "assessment_types"
    ACTIVITY_TYPES = "activity_types"
    SETTINGS = "settings"
    TARGET_GROUPS = "target_groups"
    ESCO_SKILLS = "esco_skills"
    ESCO_OCCUPATIONS = "esco_occupations"


_LARGE = {
    "http://data.europa.eu/esco/skill/": Vocabulary.ESCO_SKILLS,
    "http://data.europa.eu/esco/occupation/": Vocabulary.ESCO_OCCUPATIONS,
}
"""By what addresses begin with: so that nobody else's term has thousands of them read."""


@cache
def concepts(vocabulary: Vocabulary) -> tuple[Concept, ...]:
    """Return the terms of one vocabulary, in the order of its source."""
    data = json.loads(files(__name__).joinpath(f"{vocabulary}.json").read_text(encoding="utf-8"))
    return tuple(Concept(uri=term["uri"], label=Text(term["label"])) for term in data)


@cache
def _by_uri(*vocabularies: Vocabulary) -> dict[str, Concept]:
    return {str(term.uri): term for vocabulary in vocabularies for term in concepts(vocabulary)}


@cache
def _small() -> tuple[Vocabulary, ...]:
    return tuple(one for one in Vocabulary if one not in _LARGE.values())


def concept(uri: str) -> Concept | None:
    large = _LARGE.get(uri[: uri.rfind("/") + 1])
    return _by_uri(*((large,) if large else _small())).get(uri)


def label(uri: str, language: str) -> str | None:
    """Return the label nearest to `language`, None for a term that is in no vocabulary here."""
    found = concept(uri)
    return found.label.best(language) if found is not None else None
