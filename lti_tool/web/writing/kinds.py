"""What a step of the form is made of: fields of several kinds, in sections."""

from dataclasses import dataclass
from enum import StrEnum

from badges.vocabularies import Vocabulary


class Kind(StrEnum):
    LINE = "line"  # a text of one line, which can be translated
    PROSE = "prose"  # a longer one
    WORDS = "words"  # of no language: a name, an address
    NUMBER = "number"
    SELECT = "select"
    RADIO = "radio"
    YES_NO = "yes_no"
    TICK = "tick"
    TERM = "term"  # one of a vocabulary, or own words
    TERMS = "terms"  # several of a small vocabulary, and own words
    SKILLS = "skills"  # one a line, each with an address if it has one
    LINES = "lines"
    LANGUAGES = "languages"
    COUNTRY = "country"
    NATIONAL = "national"
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`path`: dotted place in the definition; `units.*.` once for each unit. `options`: value and
    words of a fixed choice. `is_number`: its values are whole numbers. `is_address`:
    they are web addresses. `is_needed`: without it
    nothing is handed in. `inherits`: where the whole says what holds if this is empty.
    `is_folded`: it is opened by who wants it."""

    path: str
    kind: Kind
    label: str
    help: str = ""
    example: str = ""
    vocabulary: Vocabulary | None = None
    options: tuple[tuple[str, str], ...] = ()
    is_number: bool = False
    is_address: bool = False
    is_needed: bool = False
    inherits: str = ""
    is_folded: bool = False

    @property
    def name(self) -> str:
        return self.path

    @property
    def id(self) -> str:
        return self.path.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under a heading; `of_units`, `of_choices`: the same ones for each of them."""

    title: str
    fields: tuple[Field, ...]
    of_units: bool = False
    of_choices: bool = False

    @property
    def is_single(self) -> bool:
        return not (self.of_units or self.of_choices)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    title: str
    lead: str
    sections: tuple[Section, ...]
