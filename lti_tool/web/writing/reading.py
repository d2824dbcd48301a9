"""From a posted step to the content of a draft. What cannot be read is kept as it was typed, and
the checklist says what is wrong with it: so nothing typed is ever lost."""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from werkzeug.datastructures import MultiDict

from badges import drafting, vocabularies
from badges.drafting import Json
from lti_tool.web.writing import choices, electives, esco
from lti_tool.web.writing.fields import fields, numbered
from lti_tool.web.writing.kinds import Field, Kind, Step
from lti_tool.web.writing.teaching_fields import OUTCOME_FIELDS

Form = MultiDict[str, str]

_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,6})?", re.ASCII)
# As in `static/writing.js`, where it is seen at once.
_BARE_ADDRESS = re.compile(
    r"([a-z0-9-]+\.)+[a-z]{2,}(:\d{1,5})?([/?#]\S*)?", re.ASCII | re.IGNORECASE
)
_MEMBERS_OF_RULES: Mapping[str, tuple[str, ...]] = {
    "points": ("minimum", "maximum"),
    "parts": ("parts", "minimum", "maximum"),
    "sign_off": ("statement",),
    "sign_offs": ("statement", "count"),
}
LONGEST_LIST = 200
"""Lines of a text area, and items of the form that are looked at."""


def read(step: Step, form: Form, content: Json) -> Json:
    """Return the content with what the form of a step says."""
    made = copy.deepcopy(content)
    language = drafting.original(content)
    if any(section.of_units for section in step.sections):
        _read_units(step, form, made, language)
    if any(section.of_choices for section in step.sections):
        electives.read(form, made, partial(_text, language=language))
    for section in step.sections:
        for field in section.fields if section.is_single else ():
            _set(made, field.path, _value(field, form, drafting.at(made, field.path), language))
    return _pruned(made)


def translated(form: Form, content: Json, tag: str) -> Json:
    """Return the content with the texts of one language as the form has them."""
    made = copy.deepcopy(content)
    for path, text in drafting.texts(made):
        if path in form:
            text[tag] = one_line(form[path])
            if not text[tag]:
                del text[tag]
    return _pruned(made)


def new_words(step: Step, form: Form, content: Json) -> Iterator[Field]:
    """Yield the fields in which words stand that are in no official list, and whose page has not
    said so yet."""
    language = drafting.original(content)
    for field in fields(step, content):
        word = own_word(field, drafting.at(content, field.path), language)
        if word and form.get(f"{field.name}.kept") != word:
            yield field


def own_word(field: Field, value: Any, language: str) -> str:
    """Return the words of a term that is not in its official list; "" for any other."""
    if field.kind is not Kind.TERM or not isinstance(value, dict) or value.get("uri"):
        return ""
    return _in(value.get("label"), language)


def one_line(typed: str) -> str:
    return " ".join(typed.split())


def number(typed: str) -> int | float | str | None:
    """Return a number; what is none as it was typed, None for nothing."""
    typed = typed.strip()
    if not _NUMBER.fullmatch(typed):
        return typed[:100] or None
    value = float(typed.replace(",", "."))
    return int(value) if value.is_integer() else value


def address(typed: str) -> str:
    """Return a web address, with https:// before one that begins with the name of its server."""
    typed = one_line(typed)
    return f"https://{typed}" if _BARE_ADDRESS.fullmatch(typed) else typed


def _read_units(step: Step, form: Form, content: Json, language: str) -> None:
    """Units in the order of the form, known by their codes; those it does not name come last. What
    names none of the draft's own, or one a second time, is a new unit with a code of its own."""
    known = {str(unit.get("code")): unit for unit in drafting.units(content)}
    read: list[Json] = []
    for index in range(LONGEST_LIST):
        if (code := form.get(f"units.{index}.code")) is None:
            break
        unit = known.pop(code, None)
        if unit is None:
            others = content | {"units": [*read, *known.values()]}
            unit = {"code": drafting.free_unit_code(others)}
        for section in step.sections:
            for field in section.fields if section.of_units else ():
                member = field.path.removeprefix("units.*.")
                value = _value(numbered(field, index), form, unit.get(member), language)
                _set(unit, member, value)
        if step.name == "units":
            others = content | {"units": [*read, unit, *known.values()]}
            unit["outcomes"] = _outcomes(form, f"units.{index}", unit, others, language)
        read.append(unit)
    content["units"] = read + list(known.values())


def _outcomes(form: Form, place: str, unit: Json, content: Json, language: str) -> list[Json]:
    """As units are read; `content`: with this unit as it was."""
    known = {
        str(one.get("code")): one for one in unit.get("outcomes") or () if isinstance(one, dict)
    }
    read: list[Json] = []
    for index in range(LONGEST_LIST):
        path = f"{place}.outcomes.{index}"
        if (code := form.get(f"{path}.code")) is None:
            break
        outcome = known.pop(code, None)
        if outcome is None:
            others = {"units": [*drafting.units(content), {"outcomes": read}]}
            outcome = {"code": drafting.free_outcome_code(others, unit)}
        text, kind, skills = (
            replace(field, path=f"{path}.{field.path}") for field in OUTCOME_FIELDS
        )
        _set(outcome, "text", _value(text, form, outcome.get("text"), language))
        _set(outcome, "kind", form.get(kind.name, "") or kind.options[0][0])
        if skills.name in form:
            _set(outcome, "skills", _value(skills, form, outcome.get("skills"), language))
        read.append(outcome)
    return read + list(known.values())


def _set(content: Json, path: str, value: Any) -> None:
    """Set a value; where it says nothing, and nothing is there, nothing is made."""
    if value is not None or drafting.at(content, path) is not None:
        drafting.put(content, path, value)


def _value(field: Field, form: Form, before: Any, language: str) -> Any:
    reader = _READERS.get(field.kind)
    if reader is not None:
        return reader(field, form, before, language)
    typed = form.get(field.name, "").strip()
    if field.is_number and typed:
        return number(typed)
    if field.is_address:
        return address(typed) or None
    return one_line(typed) or None


def _text(typed: str, before: Any, language: str) -> Json | None:
    text = dict(before) if isinstance(before, dict) else {}
    if text and language not in text and not typed.strip():
        return text  # it was never written in the original, so nobody emptied it
    text = {language: one_line(typed), **{k: v for k, v in text.items() if k != language}}
    return text if text[language] else None


def _line(field: Field, form: Form, before: Any, language: str) -> Json | None:
    """Return a text; without its original the translations go too, but for the title, which says
    what the original language is."""
    text = _text(form.get(field.name, ""), before, language)
    if text is None and field.path == "title":
        return {language: "", **{k: v for k, v in (before or {}).items() if k != language}}
    return text


def _read_number(field: Field, form: Form, before: Any, language: str) -> Any:
    return number(form.get(field.name, ""))


def _tick(field: Field, form: Form, before: Any, language: str) -> bool | None:
    return True if field.name in form else None


def _yes_no(field: Field, form: Form, before: Any, language: str) -> bool | None:
    return {"yes": True, "no": False}.get(form.get(field.name, ""))


def _term(field: Field, form: Form, before: Any, language: str) -> Json | None:
    instead = form.get(f"{field.name}.instead", "")  # chosen from the list in its place
    return term(field, instead or form.get(field.name, ""), before, language)


def term(field: Field, typed: str, before: Any, language: str) -> Json | None:
    """Return the term of the vocabulary that goes by these words, else a term of own words."""
    typed = one_line(typed)
    if not typed:
        return None
    assert field.vocabulary is not None
    found = choices.named(field.vocabulary, typed)
    if found is not None:
        return before if isinstance(before, dict) and before.get("uri") == found["uri"] else found
    label = before.get("label") if isinstance(before, dict) and "uri" not in before else None
    return {"label": _text(typed, label, language)}


def _terms(field: Field, form: Form, before: Any, language: str) -> list[Json] | None:
    """Those that were there before stay as they are, in their order; new ones follow."""
    chosen = dict.fromkeys(form.getlist(field.name)[:LONGEST_LIST])
    found = [one for one in _listed(before) if one.get("uri") in chosen]
    known = {one.get("uri") for one in found}
    for uri in chosen:
        if uri not in known and (concept := vocabularies.concept(uri)) is not None:
            found.append(choices.as_json(concept))
    own = [one for one in _listed(before) if "uri" not in one]
    return [*found, *_own_terms(form.get(f"{field.name}.own", ""), own, language)] or None


def _own_terms(typed: str, before: list[Json], language: str) -> list[Json]:
    """One term a line; a line that was there before keeps its translations."""
    known = {_in(one.get("label"), language): one for one in before}
    return [known.get(line) or {"label": {language: line}} for line in lines(typed)]


def _skills(field: Field, form: Form, before: Any, language: str) -> list[Json] | None:
    """One term a line, its address at the end; without one, that of the ESCO term of that name.
    What was ticked beside the lines, or named there as ESCO does, comes last."""
    known = {(one.get("uri"), first_label(one, language)): one for one in _listed(before)}
    found: list[Json] = []
    for line in lines(form.get(field.name, "")):
        words, _, last = line.rpartition(" ")
        is_address = last.lower().startswith(("http://", "https://"))
        uri = drafting.esco_address(last) if is_address else None
        label = words if uri else line
        one = known.get((last, words)) or known.get((uri, label))
        one = one or (choices.named(field.vocabulary, line) if field.vocabulary else None)
        found.append(one or ({"uri": uri} if uri else {}) | {"label": {language: label}})
    addresses = {one.get("uri") for one in found}
    found += [one for one in esco.added(field, form) if one["uri"] not in addresses]
    return [one for n, one in enumerate(found) if one not in found[:n]] or None


def _lines(field: Field, form: Form, before: Any, language: str) -> list[str] | None:
    return lines(form.get(field.name, "")) or None


def lines(typed: str) -> list[str]:
    return [line for each in typed.splitlines()[:LONGEST_LIST] if (line := one_line(each))]


def _languages(field: Field, form: Form, before: Any, language: str) -> list[str] | None:
    tags = [one_line(tag)[:35] for tag in form.getlist(field.name)[:LONGEST_LIST]]
    return list(dict.fromkeys(tag for tag in tags if tag)) or None


def _national(field: Field, form: Form, before: Any, language: str) -> Json | None:
    """An official level, else own words; the framework's name is in the official label."""
    uri = form.get(f"{field.name}.uri", "")
    if isinstance(before, dict) and uri and before.get("uri") == uri:
        return before
    if (chosen := vocabularies.concept(uri)) is not None:
        framework, _, level = chosen.label.best("en").rpartition(" Level ")
        return {"framework": framework, "level": level, "uri": chosen.uri}
    words = {
        each: one_line(form.get(f"{field.name}.{each}", "")) for each in ("framework", "level")
    }
    return {name: value for name, value in words.items() if value} or None


def _rule(field: Field, form: Form, before: Any, language: str) -> Json | None:
    kind = form.get(f"{field.name}.type", "")
    if kind not in _MEMBERS_OF_RULES:
        return None
    old = before if isinstance(before, dict) else {}
    read: Json = {
        "parts": _parts(form.get(f"{field.name}.parts", ""), old.get("parts"), language),
        "statement": _text(form.get(f"{field.name}.statement", ""), old.get("statement"), language),
        **{name: number(form.get(f"{field.name}.{name}", "")) for name in ("minimum", "maximum")},
        "count": number(form.get(f"{field.name}.count", "")),
    }
    return {"type": kind, **{name: read[name] for name in _MEMBERS_OF_RULES[kind]}}


def _parts(typed: str, before: Any, language: str) -> list[Json] | None:
    """One part a line; a line that was there before keeps its code and its translations."""
    known = {_in(one.get("title"), language): one for one in _listed(before)}
    taken = {str(one.get("code")) for one in known.values()}
    found: list[Json] = []
    for line in lines(typed):
        if line in known:
            found.append(known[line])
            continue
        code = next(name for n in range(1, 999) if (name := f"P{n}") not in taken)
        taken.add(code)
        found.append({"code": code, "title": {language: line}})
    return found or None


def first_label(term: Json, language: str) -> str:
    """Return the label of a term in a language, else in any."""
    label = term.get("label")
    if not isinstance(label, dict):
        return ""
    return _in(label, language) or str(next(iter(label.values()), ""))


def _listed(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _in(text: Any, language: str) -> str:
    return str(text.get(language, "")) if isinstance(text, dict) else ""


def _pruned(content: Json) -> Json:
    """Return the content without members that say nothing; units and the title stay."""
    kept = {name: _shrunk(value) for name, value in content.items()}
    return {
        name: value
        for name, value in kept.items()
        if name in ("units", "title") or value not in (None, "", [], {})
    } | {"title": content.get("title") or {}}


def _shrunk(value: Any) -> Any:
    if isinstance(value, dict):
        made = {name: _shrunk(one) for name, one in value.items()}
        return {name: one for name, one in made.items() if one not in (None, "", [], {})}
    if isinstance(value, list):
        return [_shrunk(one) for one in value]
    return value


_Reader = Callable[[Field, Form, Any, str], Any]
_READERS: Mapping[Kind, _Reader] = {
    Kind.LINE: _line,
    Kind.PROSE: _line,
    Kind.NUMBER: _read_number,
    Kind.TICK: _tick,
    Kind.YES_NO: _yes_no,
    Kind.TERM: _term,
    Kind.TERMS: _terms,
    Kind.SKILLS: _skills,
    Kind.LINES: _lines,
    Kind.LANGUAGES: _languages,
    Kind.NATIONAL: _national,
    Kind.RULE: _rule,
}
