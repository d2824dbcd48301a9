"""From the model to JSON; the reverse of `definition_reading`."""

from collections.abc import Iterable
from decimal import Decimal

from badges.choices import Choice
from badges.micro_credential import (
    Artwork,
    Assessment,
    AwardingBody,
    Concept,
    CreditPoints,
    EqfLevel,
    Grading,
    LearningOutcome,
    LearningUnit,
    MicroCredential,
    NationalLevel,
    Origin,
    PriorLearning,
    QualityAssurance,
    RegisterEntry,
    Stackability,
    Supervision,
)
from badges.rules import EachPartAtLeast, PointsAtLeast, Rule, SignOff, SignOffs
from badges.stacking import Stack
from badges.text import Text

Json = dict[str, object]


def number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _present(**members: object) -> Json:
    """Return the members that say something: not None, not empty."""
    return {
        name: value
        for name, value in members.items()
        if value is not None and value not in ([], {})
    }


def _text(text: Text | None) -> dict[str, str] | None:
    return text.to_json() if text is not None else None


def _number(value: Decimal | None) -> int | float | None:
    return number(value) if value is not None else None


def concept(value: Concept | None) -> Json | None:
    return _present(uri=value.uri, label=_text(value.label)) if value is not None else None


def _concepts(values: Iterable[Concept]) -> list[Json | None]:
    return [concept(value) for value in values]


def micro_credential(mc: MicroCredential) -> Json:
    choices = {"choices": [_choice(choice) for choice in mc.choices]} if mc.choices else {}
    members = _present(
        code=mc.code,
        version=mc.version,
        title=_text(mc.title),
        description=_text(mc.description),
        awarding_body=_awarding_body(mc.awarding_body),
        original_language=mc.original_language,
        languages=list(mc.languages),
        hours=_number(mc.hours),
        credit=_credit(mc.credit),
        eqf_level=_eqf_level(mc.eqf_level),
        national_level=_national_level(mc.national_level),
        register_entry=_register_entry(mc.register_entry),
        field=concept(mc.field),
        participation=concept(mc.participation),
        activities=_concepts(mc.activities),
        setting=concept(mc.setting),
        assessment=_assessment(mc.assessment),
        supervision=_supervision(mc.supervision),
        quality_assurance=_quality_assurance(mc.quality_assurance),
        prerequisites=_text(mc.prerequisites),
        stackability=_stackability(mc.stackability),
        stack=_stack(mc.stack),
        prior_learning=_prior_learning(mc.prior_learning),
        validity_months=mc.validity_months,
        confirmations=mc.confirmations,
        licence=mc.licence,
        skills=_concepts(mc.skills),
        occupations=_concepts(mc.occupations),
        artwork=_artwork(mc.artwork),
        derived_from=_origin(mc.derived_from),
        target_groups=_concepts(mc.target_groups),
    )
    return members | {"units": [_unit(unit) for unit in mc.units]} | choices


def _awarding_body(body: AwardingBody) -> Json:
    return _present(slug=body.slug, name=_text(body.name), country=body.country, url=body.url)


def _credit(credit: CreditPoints | None) -> Json | None:
    if credit is None:
        return None
    return _present(framework=concept(credit.framework), points=number(credit.points))


def _eqf_level(level: EqfLevel | None) -> Json | None:
    return {"level": level.level, "basis": level.basis.value} if level is not None else None


def _national_level(level: NationalLevel | None) -> Json | None:
    if level is None:
        return None
    return _present(framework=level.framework, level=level.level, uri=level.uri)


def _register_entry(entry: RegisterEntry | None) -> Json | None:
    if entry is None:
        return None
    return _present(number=entry.number, register=entry.register, url=entry.url)


def _assessment(assessment: Assessment) -> Json:
    return _present(
        methods=_concepts(assessment.methods),
        description=_text(assessment.description),
        grading=_grading(assessment.grading),
    )


def _grading(grading: Grading | None) -> Json | None:
    if grading is None:
        return None
    return _present(
        scheme=grading.scheme.value,
        maximum=_number(grading.maximum),
        pass_mark=_number(grading.pass_mark),
    )


def _supervision(supervision: Supervision | None) -> Json | None:
    if supervision is None:
        return None
    return _present(label=_text(supervision.label), uri=supervision.uri)


def _quality_assurance(quality: QualityAssurance | None) -> Json | None:
    if quality is None:
        return None
    return _present(
        kind=_text(quality.kind),
        name=_text(quality.name),
        description=_text(quality.description),
        url=quality.url,
    )


def _stackability(stackability: Stackability | None) -> Json | None:
    if stackability is None:
        return None
    return _present(
        stackable=stackability.stackable,
        counts_towards=list(stackability.counts_towards),
        requires=list(stackability.requires),
    )


def _stack(stack: Stack | None) -> Json | None:
    if stack is None:
        return None
    return _present(
        parts=list(stack.parts),
        count=stack.count,
        hours=_number(stack.hours),
        points=_number(stack.points),
    )


def _prior_learning(prior: PriorLearning | None) -> Json | None:
    if prior is None:
        return None
    return _present(
        allowed=prior.allowed,
        max_share_percent=prior.max_share_percent,
        procedure=_text(prior.procedure),
    )


def _artwork(artwork: Artwork | None) -> Json | None:
    return _present(digest=artwork.digest, alt=_text(artwork.alt)) if artwork else None


def _origin(origin: Origin | None) -> Json | None:
    if origin is None:
        return None
    return _present(
        uri=origin.uri,
        title=_text(origin.title),
        awarding_body=_text(origin.awarding_body),
        licence=origin.licence,
    )


def _unit(unit: LearningUnit) -> Json:
    members = _present(
        code=unit.code,
        title=_text(unit.title),
        hours=_number(unit.hours),
        mode=concept(unit.mode),
        outcomes=[_outcome(outcome) for outcome in unit.outcomes],
        assessment=_concepts(unit.assessment),
        rule=_rule(unit.rule),
        no_prior_learning=_text(unit.no_prior_learning),
    )
    return members | ({"allows_participation": True} if unit.allows_participation else {})


def _choice(choice: Choice) -> Json:
    return _present(units=list(choice.units), count=choice.count, title=_text(choice.title))


def _outcome(outcome: LearningOutcome) -> Json:
    return _present(
        code=outcome.code,
        kind=outcome.kind.value,
        text=_text(outcome.text),
        skills=_concepts(outcome.skills),
    )


def _rule(rule: Rule) -> Json:
    match rule:
        case PointsAtLeast(minimum, maximum):
            return {"type": "points", "minimum": number(minimum), "maximum": number(maximum)}
        case EachPartAtLeast(parts, minimum, maximum):
            return {
                "type": "parts",
                "parts": [{"code": part.code, "title": part.title.to_json()} for part in parts],
                "minimum": number(minimum),
                "maximum": number(maximum),
            }
        case SignOff(statement):
            return {"type": "sign_off", "statement": statement.to_json()}
        case SignOffs(statement, count):
            return {"type": "sign_offs", "statement": statement.to_json(), "count": count}
