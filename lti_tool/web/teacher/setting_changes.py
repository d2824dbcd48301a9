"""Settings that another window changed while their form was open: nobody's choice is lost unseen.

The form carries what it was made from. Where a setting is another one by now, the form is shown
again: what its reader had changed stays, everything else is as it is now, and both are named.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from badges.micro_credential import MicroCredential
from lti_tool.models import CourseMember
from lti_tool.web.words import elements, wording

Values = tuple[str, ...]
NEEDED, LEFT_OUT = "needed", "left_out"
"""What a course says of a unit that learners may choose."""
_ASSESSORS, _ASSESSOR = "assessors", "assessor"


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is another one than the form was made from. `mine`: what stays in the form,
    as its reader had changed it too; None: they had not, and it shows what is set now."""

    label: str
    now: str
    mine: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """`form`: to be shown again; `differences`: why."""

    form: "MultiDict[str, str]"
    differences: Sequence[Difference]


def packed(form: "MultiDict[str, str]") -> str:
    """Return what a form is made from, for its hidden field."""
    return urlencode([(name, one) for name, values in form.lists() for one in values if one])


def compare(
    seen: str,
    now: "MultiDict[str, str]",
    mine: "MultiDict[str, str]",
    mc: MicroCredential,
    teachers: Sequence[CourseMember],
    *,
    passed_over: frozenset[str] = frozenset(),
) -> Moved | None:
    """Return what changed meanwhile and would be undone, or None. `seen`: what the form was made
    from, as `packed`; `passed_over`: what its reader cannot set."""
    before, there, here = _settings(MultiDict(parse_qsl(seen))), _settings(now), _settings(mine)
    names = [one for one in _names(mc) if one not in passed_over]
    moved = [one for one in names if before.get(one) != there.get(one) != here.get(one)]
    if not moved:
        return None
    form, found = MultiDict(mine), []
    for name in moved:
        is_kept = here.get(name) != before.get(name)
        if not is_kept:
            _put(form, name, there.get(name, ()))
        said = _said(mc, teachers, name, there.get(name, ()))
        own = _said(mc, teachers, name, here.get(name, ())) if is_kept else None
        found.append(Difference(_label(mc, name), said, own))
    return Moved(form, found)


def _names(mc: MicroCredential) -> Iterator[str]:
    """Return the settings in the order of the page."""
    yield "confirmations"
    for position, choice in enumerate(mc.choices):
        yield f"count-{position}"
        yield from (f"elective-{code}" for code in choice.units)
    for suffix in ("", *(f"-{unit.code}" for unit in mc.units)):
        yield from (f"opens{suffix}", f"due{suffix}")
    yield from ("time_zone", _ASSESSORS, "assistants_lead")
    yield from ("language", "proposes_name", "offers_email")


def _settings(form: "MultiDict[str, str]") -> dict[str, Values]:
    """Return what a form says, by setting; who may sign off is one."""
    found = {name: tuple(sorted(filter(None, values))) for name, values in form.lists()}
    people = found.pop(_ASSESSOR, ())
    if found.get(_ASSESSORS) == ("named",):
        found[_ASSESSORS] = people
    elif _ASSESSORS in found:
        found[_ASSESSORS] = ()
    return {name: values for name, values in found.items() if values}


def _put(form: "MultiDict[str, str]", name: str, values: Values) -> None:
    if name == _ASSESSORS:
        form[name] = "named" if values else "all"
        name = _ASSESSOR
    form.setlist(name, list(values))


def _label(mc: MicroCredential, name: str) -> str:
    labels = {
        "confirmations": gettext("When everything is completed, the award is given"),
        _ASSESSORS: gettext("Who records and confirms results"),
        "language": gettext("Language of this course, for learners' pages and badges"),
        "proposes_name": gettext("The learner's name stands in the form"),
        "offers_email": gettext("Offer a fingerprint of the e-mail address"),
        "assistants_lead": gettext("Assistants also change these settings and decide about awards"),
        "time_zone": gettext("Time zone"),
        "opens": gettext("Opens on"),
        "due": gettext("Due by"),
    }
    if name in labels:
        return labels[name]
    kind, _, about = name.partition("-")
    if kind == "count":
        needed = gettext("How many are needed in this course")
        return f"{needed} ({elements.choice_name(mc, int(about))})"
    title = next((wording.best(unit.title) for unit in mc.units if unit.code == about), about)
    return f"{title}: {labels[kind]}" if kind in labels else title


def _said(mc: MicroCredential, teachers: Sequence[CourseMember], name: str, values: Values) -> str:
    value = values[0] if values else ""
    kind, _, about = name.partition("-")
    match kind:
        case "confirmations":
            return {
                "0": gettext("at once"),
                "1": gettext("after a teacher confirms it"),
                "2": gettext("after two different teachers confirm it"),
            }.get(value, value)
        case "assessors":
            names = {str(one.person_id): wording.who(one.person) for one in teachers}
            chosen = [names[one] for one in values if one in names]
            return ", ".join(chosen) or gettext("all teachers of this course")
        case "language":
            as_platform = gettext("as the learning platform says")
            return wording.language_name(value) if value else as_platform
        case "time_zone":
            return value or gettext("as the school says")
        case "opens" | "due":
            return wording.day(date.fromisoformat(value)) if value else gettext("no day")
        case "count":
            return value or str(mc.choices[int(about)].count)
        case "elective":
            return {
                NEEDED: gettext("needed in this course"),
                LEFT_OUT: gettext("not offered in this course"),
            }.get(value, gettext("learners may choose it"))
    return gettext("yes") if value in {"1", "yes"} else gettext("no")
