"""What a holder has shown, as text: units with their outcomes, then the European elements.

Open Badges has no place of its own for most elements of Annex I (2022/C 243/02): they are
labelled lines here, and complete in the definition that the achievement's address leads to.
The text is Markdown of the plainest kind: lists, and labels in bold.
"""

from collections.abc import Iterable, Iterator

from badges.choices import Choice
from badges.formats.wording import Wording, number
from badges.micro_credential import (
    EqfLevel,
    Grading,
    GradingScheme,
    LearningUnit,
    MicroCredential,
    QualityAssurance,
    Stackability,
)
from badges.rules import EachPartAtLeast, PointsAtLeast, Rule, SignOff, SignOffs
from badges.stacking import Stack


def narrative(mc: MicroCredential, words: Wording) -> str:
    lines = [f"**{words.label('units')}**", ""] if mc.units else []
    if mc.choices:
        lines += _grouped(mc, words)
    else:
        lines += _listed(mc.units, words)
    lines += [*([""] if mc.units else []), f"**{words.label('about')}**", ""]
    lines += [f"- {words.label(key)}: {value}" for key, value in _elements(mc, words) if value]
    return "\n".join(lines)


def _grouped(mc: MicroCredential, words: Wording) -> list[str]:
    """Say of which units everybody has all, and of which so many as the definition asks for."""
    lines = []
    if mc.required:
        lines = [words.label("units_required"), "", *_listed(mc.required, words)]
    for choice in mc.choices:
        units = [mc.unit(code) for code in choice.units]
        before = [""] if lines else []
        lines += [*before, _choice(choice, words), "", *_listed(units, words)]
    return lines


def _choice(choice: Choice, words: Wording) -> str:
    key = "units_optional" if choice.is_optional else "units_chosen"
    return words.label(
        key if choice.title is None else f"{key}_of",
        title=words.text(choice.title),
        count=choice.count,
        total=len(choice.units),
    )


def _listed(units: Iterable[LearningUnit], words: Wording) -> list[str]:
    lines = []
    for unit in units:
        lines += [f"- {unit_name(unit, words)}", *(f"  - {line}" for line in _unit(unit, words))]
    return lines


def unit_name(unit: LearningUnit, words: Wording) -> str:
    title = words.text(unit.title)
    if unit.hours is None:
        return words.label("unit", title=title, code=unit.code)
    return words.label("unit_with_hours", title=title, code=unit.code, hours=number(unit.hours))


def level(eqf: EqfLevel, words: Wording) -> str:
    return words.label("eqf_level", level=eqf.level)


def level_basis(eqf: EqfLevel, words: Wording) -> str:
    return words.label(f"basis_{eqf.basis}")


def _unit(unit: LearningUnit, words: Wording) -> Iterator[str]:
    for outcome in unit.outcomes:
        yield f"{words.label(outcome.kind)}: {words.text(outcome.text)}"
    if unit.assessment:
        yield f"{words.label('unit_assessment')}: {words.listed(unit.assessment)}"
    if unit.mode:
        yield f"{words.label('mode')}: {words.text(unit.mode.label)}"
    rule = _rule(unit.rule, words)
    if unit.allows_participation:
        rule = words.label("or_participation", rule=rule)
    yield f"{words.label('completed_when')}: {rule}"


def _rule(rule: Rule, words: Wording) -> str:
    match rule:
        case PointsAtLeast(minimum, maximum):
            limits = {"minimum": number(minimum), "maximum": number(maximum)}
            return words.label("rule_points", **limits)
        case EachPartAtLeast(parts, minimum, maximum):
            limits = {"minimum": number(minimum), "maximum": number(maximum)}
            titles = ", ".join(words.text(part.title) for part in parts)
            return words.label("rule_parts", parts=titles, **limits)
        case SignOff(statement):
            return words.label("rule_sign_off", statement=words.text(statement))
        case SignOffs(statement, count):
            return words.label("rule_sign_offs", statement=words.text(statement), count=count)


def _elements(mc: MicroCredential, words: Wording) -> Iterator[tuple[str, str]]:
    country = words.country_name(mc.awarding_body.country)
    yield "awarding_body", f"{words.text(mc.awarding_body.name)}, {country}"
    yield "workload", number(mc.hours) if mc.hours is not None else ""
    if mc.credit:
        framework = words.text(mc.credit.framework.label)
        yield "credit", f"{number(mc.credit.points)} ({framework})"
    if mc.eqf_level:
        yield "level", f"{level(mc.eqf_level, words)}, {level_basis(mc.eqf_level, words)}"
    if mc.national_level:
        yield "national_level", f"{mc.national_level.framework}: {mc.national_level.level}"
    yield "field", words.term(mc.field)
    yield from _assessment(mc, words)
    yield "mode", words.term(mc.participation)
    yield "activities", words.listed(mc.activities)
    yield "setting", words.term(mc.setting)
    yield "languages", ", ".join(map(words.language_name, mc.languages))
    yield "quality_assurance", _quality(mc.quality_assurance, words)
    yield "prerequisites", words.text(mc.prerequisites)
    if mc.stackability:
        yield from _stackability(mc.stackability, words)
    yield "made_of", _made_of(mc.stack, words)
    yield "prior_learning", _prior_learning(mc, words)
    yield "validity", str(mc.validity_months or words.label("unlimited"))


def _assessment(mc: MicroCredential, words: Wording) -> Iterator[tuple[str, str]]:
    assessment = mc.assessment
    description = words.text(assessment.description)
    yield "assessment", _joined(words.listed(assessment.methods), description)
    yield "grading", _grading(assessment.grading, words)
    yield "supervision", words.text(mc.supervision.label) if mc.supervision else ""
    asked = f"confirmations_{mc.confirmations}" if mc.confirmations else ""
    yield "confirmations", words.label(asked) if asked else ""


def _joined(*sentences: str) -> str:
    return ". ".join(sentence.rstrip(".") for sentence in sentences if sentence)


def _grading(grading: Grading | None, words: Wording) -> str:
    if grading is None:
        return ""
    if grading.scheme is GradingScheme.PASS_FAIL or grading.maximum is None:
        return words.label("grading_pass_fail")
    maximum = number(grading.maximum)
    if grading.pass_mark is None:
        return words.label("grading_points", maximum=maximum)
    pass_mark = number(grading.pass_mark)
    return words.label("grading_points_passed", maximum=maximum, pass_mark=pass_mark)


def _quality(quality: QualityAssurance | None, words: Wording) -> str:
    if quality is None:
        return ""
    return _joined(
        *map(words.text, (quality.kind, quality.name, quality.description)), quality.url or ""
    )


def _stackability(stack: Stackability, words: Wording) -> Iterator[tuple[str, str]]:
    yield "stackability", words.label("stackable" if stack.stackable else "not_stackable")
    yield "counts_towards", ", ".join(stack.counts_towards)
    yield "requires", ", ".join(stack.requires)


def _made_of(stack: Stack | None, words: Wording) -> str:
    if stack is None:
        return ""
    parts = ", ".join(stack.parts)
    if stack.hours is not None:
        return words.label("stack_hours", hours=number(stack.hours), parts=parts)
    if stack.points is not None:
        return words.label("stack_points", points=number(stack.points), parts=parts)
    if stack.count is not None:
        return words.label("stack_count", count=stack.count, parts=parts)
    return words.label("stack_all", parts=parts)


def _prior_learning(mc: MicroCredential, words: Wording) -> str:
    prior = mc.prior_learning
    if prior is None:
        return ""
    if not prior.allowed:
        return words.label("prior_learning_refused")
    extent = words.label("prior_learning_allowed")
    if prior.max_share_percent is not None:
        extent = words.label("prior_learning_share", percent=prior.max_share_percent)
    closed = [words.text(unit.title) for unit in mc.units if unit.no_prior_learning]
    excluded = words.label("prior_learning_not_in", units="; ".join(closed)) if closed else ""
    return _joined(extent, excluded, words.text(prior.procedure))
