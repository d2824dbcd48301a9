"""The fixed words of a credential, in its language.

Credentials outlive the pages that show them, and this package knows no gettext: the words are in
`labels.json`, each as a `Text`, so that a language that is not there yet falls back as texts do.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError

from badges.micro_credential import Concept
from badges.text import DEFAULT_LANGUAGE, Text


@cache
def catalogue() -> dict[str, Text]:
    labels = json.loads(files("badges.formats").joinpath("labels.json").read_text("utf-8"))
    return {key: Text(texts) for key, texts in labels.items()}


@dataclass(frozen=True, slots=True)
class Wording:
    """Words and names in one language (a BCP 47 tag)."""

    language: str

    def label(self, key: str, **values: object) -> str:
        return catalogue()[key].best(self.language).format(**values)

    def text(self, text: Text | None) -> str:
        return text.best(self.language) if text else ""

    def term(self, concept: Concept | None) -> str:
        return self.text(concept.label) if concept else ""

    def listed(self, concepts: Iterable[Concept]) -> str:
        return ", ".join(map(self.term, concepts))

    def country_name(self, code: str) -> str:
        return str(self._locale().territories.get(code, code))

    def language_name(self, tag: str) -> str:
        try:
            name = Locale.parse(tag, sep="-").get_display_name(self._locale())
        except (ValueError, UnknownLocaleError):
            name = None
        return name or tag

    def _locale(self) -> Locale:
        """Return that of the fixed words, so that those and names are in one language."""
        spoken = catalogue()["units"].best_language(self.language)
        try:
            return Locale.parse(self.language if self._is(spoken) else spoken, sep="-")
        except (ValueError, UnknownLocaleError):
            return Locale(DEFAULT_LANGUAGE)

    def _is(self, tag: str) -> bool:
        return tag.partition("-")[0] == self.language.partition("-")[0].lower()


def number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def day(moment: datetime) -> str:
    return moment.date().isoformat()
