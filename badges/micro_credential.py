"""What a micro-credential is: the European standard elements, its units and their outcomes.

Elements: Council Recommendation 2022/C 243/02, Annex I. Of its eleven mandatory elements the
learner and the date of issue belong to the award; the other nine belong here.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from badges.choices import Choice
from badges.rules import Rule
from badges.stacking import Stack
from badges.text import Text


class OutcomeKind(StrEnum):
    """The three kinds of learning outcomes of the European Qualifications Framework."""

    KNOWLEDGE = "knowledge"
    SKILL = "skill"
    RESPONSIBILITY_AUTONOMY = "responsibility_autonomy"


class LevelBasis(StrEnum):
    """What an EQF level rests on."""

    NATIONAL_REGISTER = "national_register"  # the national level is referenced to the EQF
    COMPARISON = "comparison"  # an official comparison of frameworks
    INDICATIVE = "indicative"  # the awarding body's own judgement


class GradingScheme(StrEnum):
    POINTS = "points"
    PASS_FAIL = "pass_fail"  # noqa: S105 - a grading scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A term of a vocabulary (ESCO, ISCED-F, assessment type, ...); without `uri` a free term."""

    uri: str | None = None
    label: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardingBody:
    """`slug`: stable, lower case, part of public addresses. `country`: ISO 3166-1 alpha-2."""

    slug: str
    name: Text
    country: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningOutcome:
    code: str
    kind: OutcomeKind
    text: Text
    skills: tuple[Concept, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EqfLevel:
    level: int
    """1..8"""
    basis: LevelBasis


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalLevel:
    framework: str
    level: str
    uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEntry:
    """Where a national register of qualifications lists it. `number`: as the register writes it."""

    number: str
    register: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditPoints:
    """Points that a named framework really awards; hours are no points."""

    framework: Concept
    points: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """`maximum` and `pass_mark` belong to the scheme POINTS only."""

    scheme: GradingScheme
    maximum: Decimal | None = None
    pass_mark: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    methods: tuple[Concept, ...] = ()
    description: Text | None = None
    grading: Grading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """How assessments are supervised and how the learner's identity is checked."""

    label: Text
    uri: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityAssurance:
    kind: Text
    name: Text | None = None
    description: Text | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stackability:
    stackable: bool
    counts_towards: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorLearning:
    """`max_share_percent`: 0..100 of the micro-credential that prior learning can cover."""

    allowed: bool
    max_share_percent: int | None = None
    procedure: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artwork:
    """The picture of a badge that its awarding body brought. `digest`: SHA-256 hex of its bytes,
    by which it is found; `alt`: what is on it, for who does not see it. `data`: the bytes, in
    base64, only on the way between two servers."""

    digest: str
    alt: Text
    data: str | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningUnit:
    """`allows_participation`: opening and confirming the unit is enough to complete it.
    `assessment`: only where it differs from that of the whole. `no_prior_learning`: why prior
    learning cannot be recognised in it; None: it can, as far as the whole allows it."""

    code: str
    title: Text
    hours: Decimal | None = None
    outcomes: tuple[LearningOutcome, ...] = ()
    assessment: tuple[Concept, ...] = ()
    mode: Concept | None = None
    rule: Rule
    allows_participation: bool = False
    no_prior_learning: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The definition that another was begun with, as it was then. `uri`: its public address, None
    where it came as a file that does not say it."""

    uri: str | None = None
    title: Text
    awarding_body: Text
    licence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroCredential:
    """One version of a micro-credential.

    `code` names the series, `code` and `version` together this definition. `languages` are those
    of instruction; the languages of the texts are in the texts. `hours` is the notional workload
    of the whole. `stack`: the micro-credentials that it is made of, beside units of its own, if
    any. `choices`: units of which only so many are needed; each is in one at most, and those in
    none are all needed. `confirmations`: how many different people confirm an award before it is
    given; None: whoever completes everything has it. `licence`: the address of that under which
    others may use the texts. `artwork`: None for the emblem that is drawn. `original_language`:
    the one that its texts were written in and the others translate; None: not said. `target_groups`
    are planning data: never on a page or in a badge that names a holder (see `definition.public`).
    """

    code: str
    version: str
    title: Text
    description: Text
    awarding_body: AwardingBody
    units: tuple[LearningUnit, ...]
    hours: Decimal | None = None
    credit: CreditPoints | None = None
    eqf_level: EqfLevel | None = None
    national_level: NationalLevel | None = None
    register_entry: RegisterEntry | None = None
    field: Concept | None = None
    participation: Concept | None = None
    activities: tuple[Concept, ...] = ()
    setting: Concept | None = None
    assessment: Assessment = Assessment()
    supervision: Supervision | None = None
    quality_assurance: QualityAssurance | None = None
    prerequisites: Text | None = None
    stackability: Stackability | None = None
    stack: Stack | None = None
    prior_learning: PriorLearning | None = None
    languages: tuple[str, ...] = ()
    validity_months: int | None = None
    confirmations: int | None = None
    licence: str | None = None
    skills: tuple[Concept, ...] = ()
    occupations: tuple[Concept, ...] = ()
    artwork: Artwork | None = None
    derived_from: Origin | None = None
    choices: tuple[Choice, ...] = ()
    original_language: str | None = None
    target_groups: tuple[Concept, ...] = ()

    def unit(self, code: str) -> LearningUnit:
        """Return one unit.

        Raises:
            KeyError: there is none of that code.
        """
        for unit in self.units:
            if unit.code == code:
                return unit
        raise KeyError(code)

    @property
    def required(self) -> tuple[LearningUnit, ...]:
        """The units that everybody needs: those in no choice."""
        if not self.choices:
            return self.units
        return tuple(unit for unit in self.units if self.choice_of(unit.code) is None)

    def choice_of(self, code: str) -> Choice | None:
        """Return the choice that a unit belongs to, if it belongs to one."""
        return next((choice for choice in self.choices if code in choice.units), None)

    def always_has(self, codes: Collection[str]) -> bool:
        """Whether everybody who completes it has a unit of `codes`, whatever they chose."""
        return any(unit.code in codes for unit in self.required) or any(
            choice.count > sum(code not in codes for code in choice.units)
            for choice in self.choices
        )

    @property
    def text_languages(self) -> tuple[str, ...]:
        """The languages in which the title and those of every unit and choice exist."""
        titles = [self.title, *(unit.title for unit in self.units)]
        titles += [choice.title for choice in self.choices if choice.title is not None]
        return tuple(tag for tag in self.title if all(tag in title for title in titles))


@dataclass(frozen=True, slots=True)
class MissingElement:
    """`where`: the code of the unit it is missing from, or empty for the whole."""

    code: str
    where: str = ""


def planned_hours(mc: MicroCredential) -> Decimal | None:
    """Return the hours of the units that everybody completes, however they choose; None where one
    of these names none, or there are no units."""
    hours = {unit.code: unit.hours for unit in mc.units}
    needed = [unit.hours for unit in mc.required]
    for choice in mc.choices:
        needed += [hours[code] for code in choice.units][: choice.count]  # equally many each
    known = [one for one in needed if one is not None]
    return sum(known, Decimal(0)) if needed and len(known) == len(needed) else None


def missing_elements(mc: MicroCredential) -> tuple[MissingElement, ...]:
    """Return the mandatory European elements that `mc` lacks.

    Title and awarding body cannot be absent from a `MicroCredential`; the others are `country`,
    `learning_outcomes`, `workload`, `level`, `assessment`, `participation` and
    `quality_assurance`. `nothing_assessed`: all that somebody needs can be completed by
    participation, so nobody and nothing but the learner vouches for what was learnt. A unit that
    names no types of assessment is assessed as the whole is.
    """
    return (*_missing_from_the_whole(mc), *_missing_from_units(mc))


def _missing_from_the_whole(mc: MicroCredential) -> Iterator[MissingElement]:
    # What it is made of has outcomes, and was assessed, by the same rules.
    is_stacked = mc.stack is not None
    assessed = {unit.code for unit in mc.units if not unit.allows_participation}
    is_present = {
        "country": bool(mc.awarding_body.country),
        "learning_outcomes": is_stacked or any(unit.outcomes for unit in mc.units),
        "workload": mc.hours is not None,
        "level": mc.eqf_level is not None,
        "assessment": bool(mc.assessment.methods),
        "participation": mc.participation is not None,
        "quality_assurance": mc.quality_assurance is not None,
        "nothing_assessed": is_stacked or mc.always_has(assessed),
    }
    return (MissingElement(code) for code, present in is_present.items() if not present)


def _missing_from_units(mc: MicroCredential) -> Iterator[MissingElement]:
    for unit in mc.units:
        if not unit.outcomes:
            yield MissingElement("learning_outcomes", unit.code)
