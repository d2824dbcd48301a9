"""What a teacher entered for several learners at once, read from the form."""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from werkzeug.datastructures import MultiDict

from badges.micro_credential import LearningUnit
from badges.rules import EachPartAtLeast, PointsAtLeast, SignOff, SignOffs
from lti_tool.services.completing import typed_points
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.completing.typed_points import Unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """`judgements`: (person, judgement). `problems`: field name -> code of the sentence."""

    judgements: tuple[tuple[uuid.UUID, Judgement], ...]
    problems: Mapping[str, str]


def field(person_id: uuid.UUID, part: str | None = None) -> str:
    """Return the name of the field for a learner's points (in a part)."""
    return f"points-{person_id}" + (f"-{part}" if part else "")


def read(unit: LearningUnit, people: frozenset[uuid.UUID], form: "MultiDict[str, str]") -> Entered:
    """Return what the form says about those of `people`; all others are passed over."""
    said = Judgement(
        unit=unit.code, evidence=form.get("evidence", "").strip() or None, link=form.get("link")
    )
    match unit.rule:
        case PointsAtLeast(maximum=maximum):
            return _points(people, form, (None,), maximum, said)
        case EachPartAtLeast(parts=parts, maximum=maximum):
            codes = tuple(part.code for part in parts)
            return _points(people, form, codes, maximum, said)
        case SignOff() | SignOffs():
            ticked = {one.lower() for one in form.getlist("person")}
            signed = replace(said, signed_off=True)
            chosen = sorted(person for person in people if str(person) in ticked)
            return Entered(judgements=tuple((one, signed) for one in chosen), problems={})


def record_key(form_key: str, judgement: Judgement) -> str:
    """Return the key that makes a form that is sent twice harmless, 64 characters."""
    parts = "\n".join((form_key, judgement.unit, judgement.part or ""))
    return hashlib.sha256(parts.encode()).hexdigest()


def _points(
    people: frozenset[uuid.UUID],
    form: "MultiDict[str, str]",
    parts: tuple[str | None, ...],
    maximum: Decimal,
    said: Judgement,
) -> Entered:
    judgements: list[tuple[uuid.UUID, Judgement]] = []
    problems: dict[str, str] = {}
    for person, part, name, text in _filled(people, parts, form):
        points = typed_points.read(text, maximum)
        if isinstance(points, Unfit):
            problems[name] = points.value
            continue
        judgements.append((person, replace(said, part=part, points=points)))
    return Entered(judgements=tuple(judgements), problems=problems)


def _filled(
    people: frozenset[uuid.UUID], parts: tuple[str | None, ...], form: "MultiDict[str, str]"
) -> Iterator[tuple[uuid.UUID, str | None, str, str]]:
    """Yield (person, part, field name, text) for every field that is not empty."""
    for person in sorted(people):
        for part in parts:
            name = field(person, part)
            text = form.get(name, "").strip()
            if text:
                yield person, part, name, text
