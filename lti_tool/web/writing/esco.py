"""Terms of ESCO, found by a few words: by a button of the form, or while they are typed."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from badges.drafting import Json
from badges.vocabularies import Vocabulary
from badges.vocabularies.search import LONGEST_QUERY, MOST_FOUND, search
from lti_tool.web.i18n import language
from lti_tool.web.writing import choices
from lti_tool.web.writing.choices import Option
from lti_tool.web.writing.kinds import Field
from lti_tool.web.writing.seat import Seat

SEARCHED = {"skills": Vocabulary.ESCO_SKILLS, "occupations": Vocabulary.ESCO_OCCUPATIONS}
"""What is searched for a field, by the end of its path."""
SEARCH, ADD = ".search", ".add"
"""Ends of what buttons do: look up what was typed, add what is ticked."""
LONGEST_PATH = 40
WORDS, BEFORE = ".more", ".searched"
"""Ends of the names under which words come: those to search for, those that were searched for."""


@dataclass(frozen=True, slots=True)
class Sought:
    """`path`: the field for which somebody searched; "" for none."""

    path: str = ""
    words: str = ""


def sought(form: "MultiDict[str, str]") -> Sought:
    """Return for which field a form asks to search: by its button; or by being sent with words
    that are no name in ESCO and were not searched for before, so that they are not lost."""
    act = form.get("act", "")
    if act.endswith(SEARCH) and vocabulary_of(act.removesuffix(SEARCH)):
        path = act.removesuffix(SEARCH)
        return Sought(path, shown(form.get(path + WORDS, "")))
    for name in () if act else form:
        path, words = name.removesuffix(WORDS), shown(form[name])
        vocabulary = vocabulary_of(path)
        if not name.endswith(WORDS) or vocabulary is None:
            continue
        if words not in ("", form.get(path + BEFORE)) and not choices.named(vocabulary, words):
            return Sought(path, words)
    return Sought()


def added_to(act: str) -> str:
    """Return the id of the field to which a button added what was ticked; "" for other buttons."""
    path = act.removesuffix(ADD)
    return path.replace(".", "-") if path != act and vocabulary_of(path) else ""


def vocabulary_of(path: str) -> Vocabulary | None:
    """Return what is searched for a field; None for a field without a search."""
    return SEARCHED.get(path.rpartition(".")[2]) if len(path) <= LONGEST_PATH else None


def asked() -> Sought:
    """Return for which field the address of a page, or a form that was not saved, searches."""
    if request.method == "POST":
        return sought(request.form)
    return Sought(request.args.get("find", ""), shown(request.args.get("words", "")))


def added(field: Field, form: "MultiDict[str, str]") -> Iterator[Json]:
    """Yield the terms that were ticked among those found, and one that was named beside them."""
    for chosen in (*form.getlist(field.name + ADD)[:MOST_FOUND], form.get(field.name + WORDS, "")):
        if field.vocabulary and (term := choices.named(field.vocabulary, chosen.strip())):
            yield term


def found(vocabulary: Vocabulary, words: str) -> list[Option]:
    """Return address and label of what is found, best first."""
    return [(str(one.uri), one.label.best(language())) for one in search(vocabulary, words)]


def find(seat: Seat) -> ResponseReturnValue:
    """Answer a script with what is found for what is being typed."""
    vocabulary = SEARCHED.get(request.args.get("in", ""), Vocabulary.ESCO_SKILLS)
    hits = found(vocabulary, request.args.get("words", ""))
    return jsonify(found=[{"uri": uri, "label": label} for uri, label in hits])


def script_words() -> dict[str, str]:
    """Return what the script says that searches while somebody types."""
    return {
        "some": gettext("Matches: {count}. Choose one below, or with the arrow keys and Enter."),
        "none": gettext("Nothing found in ESCO. Try other English words, or write your own above."),
        "added": gettext("Added: {label}"),
        "there": gettext("It is in the list already: {label}"),
        "failed": gettext("The search does not answer. Write your own words above, one a line."),
    }


def shown(words: str) -> str:
    """Return words as they can stand on a page and in an address."""
    plain = "".join(one if one.isprintable() else " " for one in words[:LONGEST_QUERY])
    return " ".join(plain.split())
