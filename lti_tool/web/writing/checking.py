"""The checklist: which elements of the European standard are there, and what is still to do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from badges import drafting
from badges.drafting import Json
from lti_tool.services.drafts import Checklist
from lti_tool.web.sentence import N_
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
    "country": N_("Say in which country the awarding body is."),
    "choice": N_("Choose one."),
    "duplicate": N_("The same is there twice."),
    "language_tag": N_("Choose a language of the list."),
    "units_exceed_hours": N_("The units have more hours than the whole."),
    "national_level_missing": N_("The basis is the national register: name its level as well."),
    "learning_outcomes": N_("Say what learners know or can do then."),
    "workload": N_("Say how many hours of work it takes."),
    "level": N_("Say which level it has."),
    "assessment": N_("Say how it is assessed."),
    "participation": N_("Say how people take part."),
    "quality_assurance": N_("Say how quality is assured."),
    "nothing_assessed": N_("At least one unit must be assessed."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong or missing. `anchor`: the id of its field on the page of `step`."""

    path: str
    code: str
    step: str
    anchor: str
    label: str

    @property
    def is_missing(self) -> bool:
        """Whether nothing is there yet, which is no mistake before the end."""
        return self.code in _MISSING or self.code in ELEMENTS

    @property
    def words(self) -> str:
        if self.code == "required" and self.path.endswith(".rule"):
            return gettext("Choose when the unit counts as completed.")
        return gettext(WORDS.get(self.code, N_("This cannot be used as it is.")))


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the standard. `finding`: the first thing that is missing from it."""

    label: str
    is_mandatory: bool
    is_there: bool
    step: str
    anchor: str


def findings(content: Json, checklist: Checklist) -> list[Finding]:
    """Return what is wrong and what is missing, in the order of the form, one for each place."""
    problems = [(drafting.dotted(one.path), one.code) for one in checklist.problems]
    found: dict[str, Finding] = {}
    for path, code in [*problems, *drafting.gaps(content)]:
        covering = _field_at(path, content)
        if not any(f"{path}.".startswith(f"{known}.") for known in found):
            step = step_of(path) or STEPS[0].name
            anchor, label = covering or (path.replace(".", "-"), _named(path))
            found[path] = Finding(path, code, step, anchor, label)
    order = [step.name for step in STEPS]
    return sorted(found.values(), key=lambda one: order.index(one.step))


def elements(content: Json, found: Sequence[Finding]) -> list[Element]:
    """Return the nine mandatory and the five optional elements of a definition."""
    listed = []
    for code, places in drafting.MANDATORY.items():
        amiss = next((one for one in found if drafting.is_within(one.path, places)), None)
        listed.append(_element(code, places, content, amiss, is_mandatory=True))
    for code, places in drafting.OPTIONAL.items():
        amiss = next((one for one in found if drafting.is_within(one.path, places)), None)
        listed.append(_element(code, places, content, amiss, is_mandatory=False))
    return listed


def _element(
    code: str,
    places: tuple[str, ...],
    content: Json,
    amiss: Finding | None,
    *,
    is_mandatory: bool,
) -> Element:
    is_there = amiss is None
    if not is_mandatory:
        is_there = is_there and any(drafting.at(content, place) for place in places)
    if amiss is not None:
        return Element(gettext(ELEMENTS[code]), is_mandatory, False, amiss.step, amiss.anchor)
    first = places[0]
    anchor = (_field_at(first, content) or (first.replace(".", "-"), ""))[0]
    return Element(
        gettext(ELEMENTS[code]), is_mandatory, is_there, step_of(first) or STEPS[0].name, anchor
    )


def beside(field: Field, found: Iterable[Finding], *, is_strict: bool) -> Iterator[str]:
    """Yield what stands beside a field; what is only missing, once somebody asked for it."""
    for one in found:
        if one.anchor == field.id and (is_strict or not one.is_missing):
            yield one.words


def label(path: str, content: Json) -> str:
    """Return what a place is called on the pages."""
    found = _field_at(path, content)
    return found[1] if found is not None else _named(path)


def _field_at(path: str, content: Json) -> tuple[str, str] | None:
    """Return id and label of the field in which a place is written."""
    step = BY_NAME.get(step_of(path))
    for field in fields(step, content) if step else ():
        if f"{path}.".startswith(f"{field.path}."):
            return field.id, _labelled(field)
    for field in fields(step, content) if step else ():
        if field.path.startswith(f"{path}."):
            return field.id, _labelled(field)
    steps = path.split(".")
    if len(steps) > 3 and steps[2] == "outcomes":
        return "-".join([*steps[:4], "text"]), _named(path)
    return None


def _labelled(field: Field) -> str:
    steps = field.path.split(".")
    label = gettext(field.label)
    if steps[0] == "units":
        unit = gettext("Unit %(number)s", number=int(steps[1]) + 1)
        return f"{unit}: {label}"
    return label


def _named(path: str) -> str:
    steps = path.split(".")
    if steps[0] != "units":
        return path
    if len(steps) == 1:
        return gettext("Units and outcomes")
    unit = gettext("Unit %(number)s", number=int(steps[1]) + 1)
    if len(steps) > 3 and steps[2] == "outcomes":
        return f"{unit}: " + gettext("Outcome %(number)s", number=int(steps[3]) + 1)
    return f"{unit}: " + gettext("Learning outcomes")
