"""The checklist: which elements of the European standard are there, and what is still to do."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext
from markupsafe import Markup

from badges import drafting
from badges.definition import Problem
from badges.drafting import Json
from badges.micro_credential import MicroCredential, planned_hours
from lti_tool.services.definitions.drafts import Checklist
from lti_tool.web.words import elements as element_words
from lti_tool.web.words.sentence import N_
from lti_tool.web.writing import electives
from lti_tool.web.writing.fields import BY_NAME, STEPS, fields, step_of
from lti_tool.web.writing.kinds import Field

ELEMENTS: Mapping[str, str] = {
    "title": N_("Title"),
    "awarding_body": N_("Awarding body"),
    "country": N_("Country"),
    "learning_outcomes": N_("Learning outcomes"),
    "workload": N_("Notional workload"),
    "level": N_("Level"),
    "assessment": N_("Type of assessment"),
    "participation": N_("Form of participation"),
    "quality_assurance": N_("Quality assurance"),
    "prerequisites": N_("Prerequisites"),
    "supervision": N_("Supervision and identity check"),
    "grading": N_("Grading"),
    "stackability": N_("Stackability"),
    "further_information": N_("Further information"),
}
_BOUNDS = re.compile(r"(?P<low>\d+) to (?P<high>\d+)", re.ASCII)
_MOST = re.compile(r"above 0, at most (?P<high>\d+)", re.ASCII)
_MISSING = frozenset({"required", "empty_text"})
WORDS: Mapping[str, str] = {
    "required": N_("This is still missing."),
    "empty_text": N_("This is still missing."),
    "type": N_("This cannot be read. Numbers are written with digits, such as 7.5."),
    "out_of_range": N_("This number is too small or too large here."),
    "not_exact": N_("At most two decimal places."),
    "too_long": N_("This is too long. Shorten it."),
    "too_few": N_("More are needed: at least two."),
    "too_many": N_("These are more than are possible."),
    "unsafe_characters": N_("It holds characters that cannot be shown. Type it anew."),
    "uri_syntax": N_("This is no web address. One begins with https://."),
    "esco_syntax": N_("ESCO has no such address. Copy it from the page of the skill in ESCO."),
    "prior_learning_nowhere": N_(
        "It cannot be recognised in any unit: answer with no, or empty the reason in one unit."
    ),
    "national_required": N_("This is asked for in your country."),
    "country": N_("Say in which country the awarding body is."),
    "choice": N_("Choose one."),
    "duplicate": N_("The same is there twice."),
    "language_tag": N_("Choose a language of the list."),
    "units_exceed_hours": N_("The units have more hours than the whole."),
    "choice_hours_differ": N_(
        "Units of which learners choose need equally many hours, so that the whole has as many"
        " whatever they choose. Give them the same."
    ),
    "nothing_needed": N_("Something must be needed: not every unit can be optional."),
    "unknown_unit": N_("A choice names a unit that is not there."),
    "national_level_missing": N_("The basis is the national register: name its level as well."),
    "learning_outcomes": N_("Say what learners know or can do then."),
    "workload": N_("Say how many hours of work it takes."),
    "level": N_("Say which level it has."),
    "assessment": N_("Say how it is assessed."),
    "participation": N_("Say how people take part."),
    "quality_assurance": N_("Say how quality is assured."),
    "nothing_assessed": N_("At least one unit must be assessed."),
    "unknown_stack_part": N_("It is not published here. Take it out, or publish it first."),
    "stack_in_circle": N_("It would be made of itself in the end. Take this part out."),
    "stack_part_retired": N_(
        "It is retired: nobody can begin with it any more. Choose another one instead."
    ),
    "stack_part_closed": N_(
        "Too much of what it is made of is retired: nobody can earn it any more. Choose another one"
        " instead."
    ),
    "stack_part_contained": N_(
        "%(detail)s, which is needed too, is made of it, and nothing counts twice: not all of them"
        " can be reached. Take one of the two out, or ask for fewer."
    ),
    "stack_exceeds_parts": N_(
        "More is asked for than they give together: at most %(detail)s. Ask for less, or choose"
        " more of them."
    ),
    "stacks_itself": N_("It would be made of itself. Take this part out."),
}
# What is expected where something of another type stands, by what the reader says of it.
EXPECTED: Mapping[str, str] = {
    "a list is needed": N_("A list in square brackets is expected here."),
    "an object is needed": N_("An object in curly brackets is expected here."),
    "a string is needed": N_("A text in quotation marks is expected here."),
    "an object of language tags and strings is needed": N_(
        'A text for each language is expected here, such as {"en": "Welding"}.'
    ),
    "true or false is needed": N_("true or false is expected here."),
    "a whole number is needed": N_("A whole number is expected here, without quotation marks."),
    "a number is needed": N_("A number is expected here, without quotation marks."),
}
# What is asked for of others, by the place where it stands.
MEASURES: Mapping[str, str] = {
    "stack.count": N_("how many are needed"),
    "stack.hours": N_("how many hours are needed"),
    "stack.points": N_("how many credit points are needed"),
}
# Where what has no field of its own in the form is changed.
PAGES: Mapping[str, str] = {"stack": "draft_parts", "artwork": "draft_picture"}
# Where it is put right that what is complete is refused.
_REFUSED_FOR: Mapping[str, str] = {
    "artwork_missing": "artwork",
    "foreign_awarding_body": "awarding_body.country",
}
# What is said of a place where nothing stands.
_WANTED: Mapping[str, str] = {
    "description": N_("Say in two or three sentences for whom it is."),
    "units.*.title": N_("Give the unit a title."),
    "units.*.outcomes.*.text": N_("Write this outcome, or remove it."),
    "choices.*.count": N_("Say how many of these units are needed."),
    "units.*.rule": N_("Choose when the unit counts as completed."),
    "units.*.rule.minimum": N_("Say how many points are enough."),
    "units.*.rule.maximum": N_("Say how many points there are at most."),
    "units.*.rule.parts": N_("Name the parts, at least two."),
    "units.*.rule.statement": N_("Write what an assessor confirms."),
    "units.*.rule.count": N_("Say how many assessors it takes."),
    "assessment.grading.maximum": N_("Say how many points there are at most."),
    "eqf_level.level": N_("Say which level it has."),
    "eqf_level.basis": N_("Say what the level rests on."),
    "national_level.framework": N_("Name the framework."),
    "national_level.level": N_("Say which level it has."),
    "credit.framework": N_("Name the framework that awards the points."),
    "credit.points": N_("Say how many points it awards."),
    "quality_assurance.kind": N_("Say how quality is assured."),
    "prior_learning.allowed": N_("Answer with yes or no, or empty the fields about it."),
    "stackability.stackable": N_("Answer with yes or no, or empty the fields about it."),
    "supervision.label": N_("Say how it is supervised, or empty its address."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong or missing. `anchor`: the id of its field on the page of `step`, which is
    empty for what has a page beside the form. `detail`: what its words name, of those that do."""

    path: str
    code: str
    step: str
    anchor: str
    label: str
    detail: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether nothing is there yet, which is no mistake before the end."""
        return self.code in _MISSING or self.code in ELEMENTS

    @property
    def page(self) -> str:
        """The page on which it is put right."""
        return PAGES.get(self.path.partition(".")[0], "edit_draft")

    @property
    def words(self) -> str:
        if self.code in _MISSING:
            return gettext(next(_wanted(self.path), WORDS["required"]))
        if self.code == "out_of_range" and self.path.startswith("choices."):
            return gettext("Fewer must be needed than there are units in this choice.")
        return words(self.code, self.detail)


def in_file(problem: Problem) -> str:
    """Return what is said of a problem in a file: what the form calls it, its place, what to do."""
    path = drafting.dotted(problem.path)
    asked = (field for step in STEPS for field in fields(step, {}) if field.path == path)
    label = gettext(field.label) if (field := next(asked, None)) else ""
    said = words(problem.code, problem.detail)
    if problem.code == "type" and problem.detail in EXPECTED:
        said = gettext(EXPECTED[problem.detail])
    elif problem.code in _MISSING:
        said = gettext(next(_wanted(path), WORDS["required"]))
    line = Markup('{}: {} <code class="quiet">{}</code>')
    label = label.rstrip("?") or element_words.place(problem.path)
    return line.format(label, said, problem.path)


def words(code: str, detail: str) -> str:
    """Return what is said of a problem in a definition."""
    if code == "out_of_range" and (bounds := _BOUNDS.fullmatch(detail)):
        return gettext("Use a number from %(low)s to %(high)s.", **bounds.groupdict())
    if code == "out_of_range" and (most := _MOST.fullmatch(detail)):
        return gettext("Use a number above 0, at most %(high)s.", high=most["high"])
    if detail == "above the maximum":
        return gettext("This is more than the most that there can be.")
    return gettext(WORDS.get(code, N_("This cannot be used as it is.")), detail=detail)


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the standard. `todo`: what is still to be done for it, by its place. `there`:
    what is there of one that is made of several."""

    label: str
    is_mandatory: bool
    is_there: bool
    step: str
    anchor: str
    todo: tuple[str, ...] = ()
    there: tuple[str, ...] = ()


def findings(content: Json, checklist: Checklist) -> list[Finding]:
    """Return what is wrong and what is missing, in the order of the form, one for each place."""
    problems = [(drafting.dotted(one.path), one.code, one.detail) for one in checklist.problems]
    gaps = [(path, code, "") for path, code in drafting.gaps(content)]
    found: dict[str, Finding] = {}
    for path, code, detail in [*problems, *gaps]:
        if not any(f"{path}.".startswith(f"{known}.") for known in found):
            found[path] = finding(path, code, content, detail)
    order = [*(step.name for step in STEPS), ""]
    return sorted(found.values(), key=lambda one: order.index(one.step))


def finding(path: str, code: str, content: Json, detail: str = "") -> Finding:
    """Return what is said of a place, with the field in which it is written."""
    step = step_of(path) or ("" if path.partition(".")[0] in PAGES else STEPS[0].name)
    anchor, label = _field_at(path, content) or (path.replace(".", "-"), named(path, content))
    return Finding(path, code, step, anchor, label, detail)


def put_right(code: str, content: Json) -> Finding | None:
    """Return where the reason is put right for which a complete draft is refused; None: nowhere in
    the form."""
    path = _REFUSED_FOR.get(code)
    return finding(path, code, content) if path else None


def unplanned(mc: MicroCredential | None) -> tuple[Decimal, Decimal] | None:
    """Return the hours of the units and of the whole where the units have fewer: no mistake, since
    a whole may take work of its own, but mostly one was forgotten."""
    planned = planned_hours(mc) if mc is not None and mc.stack is None else None
    if mc is None or planned is None or mc.hours is None or planned >= mc.hours:
        return None
    return planned, mc.hours


def elements(content: Json, found: Sequence[Finding]) -> list[Element]:
    """Return the nine mandatory and the five optional elements of a definition."""
    listed = []
    for code, places in drafting.MANDATORY.items():
        amiss = [one for one in found if drafting.is_within(one.path, places)]
        listed.append(_element(code, places, content, amiss, is_mandatory=True))
    for code, places in drafting.OPTIONAL.items():
        amiss = [one for one in found if drafting.is_within(one.path, places)]
        listed.append(_element(code, places, content, amiss, is_mandatory=False))
    return listed


def _element(
    code: str,
    places: tuple[str, ...],
    content: Json,
    amiss: Sequence[Finding],
    *,
    is_mandatory: bool,
) -> Element:
    if amiss:
        todo = tuple(dict.fromkeys(one.label for one in amiss))
        first_, name = amiss[0], gettext(ELEMENTS[code])
        return Element(name, is_mandatory, False, first_.step, first_.anchor, todo)
    found = [place for place in places if drafting.at(content, place)]
    there = dict.fromkeys(map(_part, found)) if not is_mandatory and len(places) > 1 else ()
    first = places[0]
    anchor = (_field_at(first, content) or (first.replace(".", "-"), ""))[0]
    return Element(
        gettext(ELEMENTS[code]),
        is_mandatory,
        is_mandatory or bool(found),
        step_of(first) or STEPS[0].name,
        anchor,
        there=tuple(there),
    )


def _part(place: str) -> str:
    """Return what a part of an element is called, also where a unit says it."""
    return element_words.place(f"$.{place.rpartition('.')[2].removeprefix('no_')}")


def beside(field: Field, found: Iterable[Finding], *, is_strict: bool) -> Iterator[str]:
    """Yield what stands beside a field; what is only missing, once somebody asked for it."""
    for one in found:
        if one.anchor == field.id and (is_strict or not one.is_missing):
            yield one.words


def element_of(field: Field) -> str:
    """Return what the European standard calls a field that is needed; "" for any other."""
    codes = (
        code
        for code, places in drafting.MANDATORY.items()
        if field.is_needed and drafting.is_within(field.path, places)
    )
    return gettext(ELEMENTS[code]) if (code := next(codes, None)) else ""


def label(path: str, content: Json) -> str:
    """Return what a place is called on the pages."""
    found = _field_at(path, content)
    return found[1] if found is not None else named(path, content)


def _field_at(path: str, content: Json) -> tuple[str, str] | None:
    """Return id and label of the field in which a place is written."""
    step = BY_NAME.get(step_of(path))
    for field in fields(step, content) if step else ():
        if f"{path}.".startswith(f"{field.path}."):
            return field.id, _labelled(field, content)
    for field in fields(step, content) if step else ():
        if field.path.startswith(f"{path}."):
            return field.id, _labelled(field, content)
    steps = path.split(".")
    if len(steps) > 3 and steps[2] == "outcomes":
        return "-".join([*steps[:4], "text"]), named(path, content)
    return None


def _labelled(field: Field, content: Json) -> str:
    steps = field.path.split(".")
    label = gettext(field.label)
    if steps[0] == "choices":
        return f"{electives.name(content, int(steps[1]))}: {label}"
    return f"{_unit(int(steps[1]), content)}: {label}" if steps[0] == "units" else label


def _unit(number: int, content: Json) -> str:
    """Return a unit by its number and, once it has one, its title."""
    title = drafting.at(content, f"units.{number}.title.{drafting.original(content)}")
    if not isinstance(title, str) or not title:
        return gettext("Unit %(number)s", number=number + 1)
    return gettext("Unit %(number)s “%(title)s”", number=number + 1, title=title)


def _wanted(path: str) -> Iterator[str]:
    steps = ["*" if one.isdigit() else one for one in path.split(".")]
    return (words for place, words in _WANTED.items() if steps == place.split("."))


def named(path: str, content: Json) -> str:
    """Return what a unit, an outcome or a place without a field of its own is called."""
    steps = path.split(".")
    if steps[0] == "artwork":
        return gettext("What is on the badge picture")
    if steps[0] == "stack":
        part = drafting.at(content, path)
        concerned = gettext(MEASURES[path]) if path in MEASURES else part
        return gettext("Made of others") + (f": {concerned}" if isinstance(concerned, str) else "")
    if steps[0] == "choices":
        return gettext("Choices")
    if steps[0] != "units":
        return path
    if len(steps) == 1:
        return gettext("Units and outcomes")
    unit = _unit(int(steps[1]), content)
    if len(steps) == 2:
        return unit
    if len(steps) > 3 and steps[2] == "outcomes":
        return f"{unit}: " + gettext("Outcome %(number)s", number=int(steps[3]) + 1)
    return f"{unit}: " + gettext("Learning outcomes")
