"""The content of a draft as the fields of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from babel.numbers import format_decimal
from flask_babel import gettext

from badges import drafting, national_profiles, vocabularies
from badges.drafting import Json
from lti_tool.web.i18n import language
from lti_tool.web.writing import checking, choices, electives, esco
from lti_tool.web.writing.checking import Finding
from lti_tool.web.writing.choices import Option
from lti_tool.web.writing.esco import Sought
from lti_tool.web.writing.fields import numbered
from lti_tool.web.writing.kinds import Field, Kind, Section, Step
from lti_tool.web.writing.reading import first_label, own_word
from lti_tool.web.writing.teaching_fields import OUTCOME_FIELDS, WHO_NEEDS_IT


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One field as it is shown: `value` as its kind needs it, `own` what is not in the list, or
    not of ESCO, `names` what it is called in the country, `search` what was looked for in ESCO,
    `closest` what is most like it in the list, `element` what the European standard calls it,
    `inherited` what holds if it is empty, `hint` what is said of it in the country, `problems` in
    words, `comments` of who returned it."""

    field: Field
    label: str
    value: Any
    own: str
    names: Sequence[str]
    search: "SearchView | None"
    options: Sequence[Option]
    closest: Sequence[Option]
    element: str
    inherited: str
    hint: str
    problems: tuple[str, ...]
    comments: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def id(self) -> str:
        return self.field.id


@dataclass(frozen=True, slots=True)
class SearchView:
    """What was looked for in ESCO, and address and label of what was found and is not there yet."""

    words: str
    found: Sequence[Option]
    is_there: bool


@dataclass(frozen=True, slots=True)
class OutcomeView:
    code: str
    path: str
    text: FieldView
    kind: FieldView
    skills: FieldView


@dataclass(frozen=True, slots=True)
class UnitView:
    """`number` counts from 1. `choice`, `outcomes`: only on the page where they are written."""

    number: int
    code: str
    path: str
    title: str
    fields: tuple[FieldView, ...]
    choice: FieldView | None
    outcomes: tuple[OutcomeView, ...]


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """`name`: its letter, with its title if it has one. `units`: number and title of each."""

    path: str
    name: str
    units: tuple[tuple[int, str], ...]
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """Of `fields`, `units` and `choices` one is filled; the others are None, or empty."""

    title: str
    fields: tuple[FieldView, ...]
    units: tuple[UnitView, ...] | None = None
    choices: tuple[ChoiceView, ...] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What fields are shown of: the content, what is wrong with it, what was said about it, by the
    id of the field; and for which field ESCO was searched."""

    content: Json
    findings: Sequence[Finding]
    comments: Mapping[str, Sequence[str]]
    is_strict: bool
    sought: Sought

    @property
    def language(self) -> str:
        return drafting.original(self.content)


def sections(step: Step, shown: Shown) -> list[SectionView]:
    return [_section(section, step, shown) for section in step.sections]


def _section(section: Section, step: Step, shown: Shown) -> SectionView:
    if section.is_single:
        return SectionView(section.title, tuple(view(field, shown) for field in section.fields))
    if section.of_choices:
        found = range(len(electives.choices(shown.content)))
        listed = tuple(_choice(section, number, shown) for number in found)
        return SectionView(section.title, (), choices=listed)
    units = tuple(
        _unit(section, step, number, unit, shown)
        for number, unit in enumerate(drafting.units(shown.content))
    )
    return SectionView(section.title, (), units)


def _unit(section: Section, step: Step, number: int, unit: Json, shown: Shown) -> UnitView:
    path = f"units.{number}"
    outcomes = unit.get("outcomes") if step.name == "units" else None
    return UnitView(
        number + 1,
        str(unit.get("code", "")),
        path,
        _in(unit.get("title"), shown.language),
        tuple(view(numbered(field, number), shown) for field in section.fields),
        _who_needs(number, str(unit.get("code", "")), shown) if step.name == "units" else None,
        tuple(
            _outcome(f"{path}.outcomes.{index}", index, one, shown)
            for index, one in enumerate(outcomes or ())
            if isinstance(one, dict)
        ),
    )


def _choice(section: Section, number: int, shown: Shown) -> ChoiceView:
    codes = electives.codes(electives.choices(shown.content)[number])
    return ChoiceView(
        f"choices.{number}",
        electives.name(shown.content, number),
        tuple(
            (position, _in(unit.get("title"), shown.language))
            for position, unit in enumerate(drafting.units(shown.content), start=1)
            if unit.get("code") in codes
        ),
        tuple(view(numbered(field, number), shown) for field in section.fields),
    )


def _who_needs(number: int, code: str, shown: Shown) -> FieldView:
    found = view(replace(WHO_NEEDS_IT, path=f"units.{number}.choice"), shown)
    chosen, options = electives.chosen(shown.content, code), electives.options(shown.content)
    return replace(found, value=chosen, options=options)


def _outcome(path: str, index: int, outcome: Json, shown: Shown) -> OutcomeView:
    text, kind, skills = (
        view(replace(field, path=f"{path}.{field.path}"), shown, number=index + 1)
        for field in OUTCOME_FIELDS
    )
    return OutcomeView(str(outcome.get("code", "")), path, text, kind, skills)


def view(field: Field, shown: Shown, *, number: int = 0) -> FieldView:
    value = drafting.at(shown.content, field.path)
    own = _own(field, value, shown.language)
    return FieldView(
        field=field,
        label=gettext(field.label, number=number) if number else gettext(field.label),
        value=_value(field, value, shown.language),
        own=own,
        names=_names(field, shown.content),
        search=_search(field, value, shown.sought),
        options=_options(field, value, shown.content),
        closest=_closest(field, own),
        element=checking.element_of(field),
        inherited=_inherited(field, shown),
        hint=_hint(field, shown.content),
        problems=tuple(checking.beside(field, shown.findings, is_strict=shown.is_strict)),
        comments=tuple(shown.comments.get(field.id, ())),
    )


def _value(field: Field, value: Any, tag: str) -> Any:
    match field.kind:
        case Kind.LINE | Kind.PROSE:
            return _in(value, tag)
        case Kind.NUMBER:
            return _number(value)
        case Kind.TERM:
            return _term(field, value, tag)
        case Kind.TERMS:
            return [one["uri"] for one in _listed(value) if one.get("uri")]
        case Kind.SKILLS:
            return "\n".join(_skill(one, tag) for one in _listed(value))
        case Kind.LINES:
            return "\n".join(str(one) for one in value) if isinstance(value, list) else ""
        case Kind.LANGUAGES:
            return [str(one) for one in value] if isinstance(value, list) else []
        case Kind.YES_NO:
            return {True: "yes", False: "no"}.get(value, "")
        case Kind.TICK:
            return value is True
        case Kind.NATIONAL:
            return value if isinstance(value, dict) else {}
        case Kind.RULE:
            return _rule(value, tag)
    return "" if value is None else str(value)


def _rule(value: Any, tag: str) -> dict[str, str]:
    rule = value if isinstance(value, dict) else {}
    return {
        "type": str(rule.get("type", "")),
        "statement": _in(rule.get("statement"), tag),
        "parts": "\n".join(_in(one.get("title"), tag) for one in _listed(rule.get("parts"))),
        **{name: _number(rule.get(name)) for name in ("minimum", "maximum", "count")},
    }


def _names(field: Field, content: Json) -> list[str]:
    country = str(drafting.at(content, "awarding_body.country"))
    if field.path == "register_entry.register":
        return choices.registers(country)
    return choices.frameworks(country) if field.kind is Kind.NATIONAL else []


def _search(field: Field, value: Any, sought: Sought) -> SearchView | None:
    if field.kind is not Kind.SKILLS or field.vocabulary is None or sought.path != field.path:
        return None
    hits = esco.found(field.vocabulary, sought.words)
    there = {one.get("uri") for one in _listed(value)}
    new = [one for one in hits if one[0] not in there]
    return SearchView(sought.words, new, len(new) < len(hits))


def _closest(field: Field, own: str) -> Sequence[Option]:
    if field.kind is not Kind.TERM or field.vocabulary is None or not own:
        return ()
    return choices.closest(field.vocabulary, own)


def _hint(field: Field, content: Json) -> str:
    profile = national_profiles.profile(str(drafting.at(content, "awarding_body.country")))
    said = profile.wording.get(field.path) if profile else None
    return said.best(language()) if said else ""


def _inherited(field: Field, shown: Shown) -> str:
    whole = drafting.at(shown.content, field.inherits) if field.inherits else None
    return ", ".join(_named(one, shown.language) for one in _listed(whole))


def _named(one: Json, tag: str) -> str:
    uri = str(one.get("uri", ""))
    return vocabularies.label(uri, language()) or first_label(one, tag)


def _own(field: Field, value: Any, tag: str) -> str:
    if field.kind is Kind.TERM:
        return own_word(field, value, tag)
    if field.kind is Kind.SKILLS:
        return ", ".join(_skill(one, tag) for one in _listed(value) if not _is_esco(one))
    if field.kind is not Kind.TERMS:
        return ""
    return "\n".join(_in(one.get("label"), tag) for one in _listed(value) if not one.get("uri"))


def _options(field: Field, value: Any, content: Json) -> Sequence[Option]:
    match field.kind:
        case Kind.COUNTRY:
            return _with(choices.countries(), value)
        case Kind.LANGUAGES:
            return choices.languages()
        case Kind.NATIONAL:
            country = str(drafting.at(content, "awarding_body.country"))
            official = choices.national_levels(country)
            return _with(official, value.get("uri") if isinstance(value, dict) else None)
        case Kind.TERM | Kind.TERMS:
            assert field.vocabulary is not None
            return choices.terms(field.vocabulary)
    fixed = [(name, gettext(words)) for name, words in field.options]
    return _with(fixed, value) if field.kind is Kind.SELECT and isinstance(value, str) else fixed


def _with(options: list[Option], value: Any) -> list[Option]:
    """Return the options, and what is there although no option."""
    known = {name for name, _ in options}
    if not value or value in known:
        return options
    return [*options, (str(value), vocabularies.label(str(value), language()) or str(value))]


def _term(field: Field, value: Any, tag: str) -> str:
    if not isinstance(value, dict):
        return ""
    assert field.vocabulary is not None
    for uri, label in choices.terms(field.vocabulary):
        if uri == value.get("uri"):
            return label
    return _in(value.get("label"), tag) or next(iter((value.get("label") or {}).values()), "")


def _is_esco(one: Json) -> bool:
    return str(one.get("uri", "")).startswith(drafting.ESCO)


def _skill(one: Json, tag: str) -> str:
    return " ".join(each for each in (first_label(one, tag), one.get("uri")) if each)


def _number(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(format_decimal(value, format="0.####", locale=language()))
    return "" if value is None else str(value)


def _listed(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _in(text: Any, tag: str) -> str:
    return str(text.get(tag, "")) if isinstance(text, dict) else ""
