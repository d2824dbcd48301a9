"""From JSON to the model; the shape and the bounds of `credlet-definition/1`."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from badges import definition_values as values
from badges.choices import Choice
from badges.json_reader import Fields, Node, Refused, sound
from badges.micro_credential import (
    Artwork,
    Assessment,
    AwardingBody,
    Concept,
    CreditPoints,
    EqfLevel,
    Grading,
    GradingScheme,
    LearningOutcome,
    LearningUnit,
    LevelBasis,
    MicroCredential,
    NationalLevel,
    Origin,
    OutcomeKind,
    PriorLearning,
    QualityAssurance,
    RegisterEntry,
    Stackability,
    Supervision,
)
from badges.rules import EachPartAtLeast, Part, PointsAtLeast, Rule, SignOff, SignOffs
from badges.stacking import Stack

MAX_UNITS = 50
MAX_OUTCOMES = 50
MAX_PARTS = 20
MAX_STACKED = 30
MAX_CHOICES = 10
MAX_SIGNATURES = 10
MAX_CONFIRMATIONS = 2
MAX_VALIDITY_MONTHS = 600


def micro_credential(node: Node, format_: str) -> MicroCredential:
    with Fields(node) as fields:
        if fields.required("format", lambda found: found.value) != format_:
            node.refuse("format", f"{format_} is needed")
        mc = MicroCredential(
            code=fields.required("code", values.code),
            version=fields.required("version", values.code),
            title=fields.required("title", values.texts),
            description=fields.required("description", values.prose),
            awarding_body=fields.required("awarding_body", _awarding_body),
            original_language=fields.maybe("original_language", values.language),
            languages=fields.optional("languages", values.tuple_of(values.language), ()),
            hours=fields.maybe("hours", values.positive),
            credit=fields.maybe("credit", _credit),
            eqf_level=fields.maybe("eqf_level", _eqf_level),
            national_level=fields.maybe("national_level", _national_level),
            register_entry=fields.maybe("register_entry", _register_entry),
            field=fields.maybe("field", concept),
            participation=fields.maybe("participation", concept),
            activities=fields.optional("activities", concepts, ()),
            setting=fields.maybe("setting", concept),
            assessment=fields.optional("assessment", _assessment, Assessment()),
            supervision=fields.maybe("supervision", _supervision),
            quality_assurance=fields.maybe("quality_assurance", _quality_assurance),
            prerequisites=fields.maybe("prerequisites", values.prose),
            stackability=fields.maybe("stackability", _stackability),
            stack=fields.maybe("stack", _stack),
            prior_learning=fields.maybe("prior_learning", _prior_learning),
            validity_months=fields.maybe("validity_months", values.integer(1, MAX_VALIDITY_MONTHS)),
            confirmations=fields.maybe("confirmations", values.integer(1, MAX_CONFIRMATIONS)),
            licence=fields.maybe("licence", values.uri),
            skills=fields.optional("skills", concepts, ()),
            occupations=fields.optional("occupations", concepts, ()),
            artwork=fields.maybe("artwork", _artwork),
            derived_from=fields.maybe("derived_from", _origin),
            target_groups=fields.optional("target_groups", concepts, ()),
            units=fields.required("units", values.tuple_of(_unit, at_most=MAX_UNITS)),
            choices=fields.optional("choices", values.tuple_of(_choice, at_most=MAX_CHOICES), ()),
        )
    _check_whole(node, mc)
    return mc


def _check_whole(node: Node, mc: MicroCredential) -> None:
    """Note what no member shows by itself; holes left by other problems are passed over."""
    units = sound(mc.units)
    outcomes = [outcome for unit in units for outcome in sound(unit.outcomes)]
    _check_unique(node.key("units"), [unit.code for unit in units])
    _check_unique(node.key("units"), [outcome.code for outcome in outcomes])
    _check_unique(node.key("languages"), sound(mc.languages))
    _check_stack(node, mc)
    choices = sound(mc.choices)
    _check_choices(node, choices, units, is_stacked=mc.stack is not None)
    planned = _planned(choices, units)
    if mc.hours is not None and planned > mc.hours:
        node.key("hours").note("units_exceed_hours", f"the units have {planned}")
    on_register = mc.eqf_level is not None and mc.eqf_level.basis is LevelBasis.NATIONAL_REGISTER
    if on_register and mc.national_level is None:
        node.key("eqf_level").note("national_level_missing", "the basis names a register")


def _check_stack(node: Node, mc: MicroCredential) -> None:
    if mc.stack is None or mc.awarding_body is None:
        return
    if f"{mc.awarding_body.slug}/{mc.code}" in sound(mc.stack.parts):
        node.key("stack").note("stacks_itself")


def _check_choices(
    node: Node, choices: list[Choice], units: list[LearningUnit], *, is_stacked: bool
) -> None:
    chosen = [code for choice in choices for code in sound(choice.units)]
    _check_unique(node.key("choices"), chosen)
    for code in sorted({*chosen} - {unit.code for unit in units}):
        node.key("choices").note("unknown_unit", code)
    for number, choice in enumerate(choices):
        hours = {unit.hours for unit in units if unit.code in sound(choice.units)}
        if choice.count and len(hours) > 1:
            Node(None, f"{node.path}.choices[{number}]", node.problems).note("choice_hours_differ")
    has_required = any(unit.code not in chosen for unit in units)
    is_needed = is_stacked or has_required or any(one.count for one in choices)
    if choices and not is_needed:
        node.key("choices").note("nothing_needed")


def _planned(choices: list[Choice], units: list[LearningUnit]) -> Decimal:
    """Return the hours of what somebody needs: those of one choice have equally many."""
    nothing = Decimal(0)
    hours = {unit.code: unit.hours or nothing for unit in units}
    planned = sum(hours.values(), nothing)
    for choice in choices:
        own = [hours.get(code, nothing) for code in {*sound(choice.units)}]
        planned -= sum(own, nothing)
        planned += max(own, default=nothing) * (choice.count or 0)
    return planned


def _check_unique(node: Node, codes: list[str]) -> None:
    for code, times in Counter(sound(codes)).items():
        if times > 1:
            node.note("duplicate", code)


def concept(node: Node) -> Concept:
    with Fields(node) as fields:
        return Concept(
            uri=fields.maybe("uri", values.uri), label=fields.required("label", values.texts)
        )


concepts = values.tuple_of(concept)


def _awarding_body(node: Node) -> AwardingBody:
    with Fields(node) as fields:
        return AwardingBody(
            slug=fields.required("slug", values.slug),
            name=fields.required("name", values.texts),
            country=fields.required("country", values.country),
            url=fields.maybe("url", values.uri),
        )


def _credit(node: Node) -> CreditPoints:
    with Fields(node) as fields:
        return CreditPoints(
            framework=fields.required("framework", concept),
            points=fields.required("points", values.positive),
        )


def _eqf_level(node: Node) -> EqfLevel:
    with Fields(node) as fields:
        return EqfLevel(
            level=fields.required("level", values.integer(1, 8)),
            basis=fields.required("basis", values.choice(LevelBasis)),
        )


def _national_level(node: Node) -> NationalLevel:
    with Fields(node) as fields:
        return NationalLevel(
            framework=fields.required("framework", values.string),
            level=fields.required("level", values.string),
            uri=fields.maybe("uri", values.uri),
        )


def _register_entry(node: Node) -> RegisterEntry:
    with Fields(node) as fields:
        return RegisterEntry(
            number=fields.required("number", values.string),
            register=fields.maybe("register", values.string),
            url=fields.maybe("url", values.uri),
        )


def _assessment(node: Node) -> Assessment:
    with Fields(node) as fields:
        return Assessment(
            methods=fields.optional("methods", concepts, ()),
            description=fields.maybe("description", values.prose),
            grading=fields.maybe("grading", _grading),
        )


def _grading(node: Node) -> Grading:
    with Fields(node) as fields:
        scheme = fields.required("scheme", values.choice(GradingScheme))
        if scheme is GradingScheme.PASS_FAIL:
            return Grading(scheme=scheme)
        maximum = fields.required("maximum", values.positive)
        pass_mark = fields.maybe("pass_mark", values.positive)
        _check_order(node.key("pass_mark"), pass_mark, maximum)
        return Grading(scheme=scheme, maximum=maximum, pass_mark=pass_mark)


def _check_order(node: Node, low: Decimal | None, high: Decimal | None) -> None:
    if low is not None and high is not None and low > high:
        node.note("out_of_range", "above the maximum")


def _supervision(node: Node) -> Supervision:
    with Fields(node) as fields:
        return Supervision(
            label=fields.required("label", values.texts), uri=fields.maybe("uri", values.uri)
        )


def _quality_assurance(node: Node) -> QualityAssurance:
    with Fields(node) as fields:
        return QualityAssurance(
            kind=fields.required("kind", values.texts),
            name=fields.maybe("name", values.texts),
            description=fields.maybe("description", values.prose),
            url=fields.maybe("url", values.uri),
        )


def _stackability(node: Node) -> Stackability:
    strings = values.tuple_of(values.string)
    with Fields(node) as fields:
        return Stackability(
            stackable=fields.required("stackable", values.boolean),
            counts_towards=fields.optional("counts_towards", strings, ()),
            requires=fields.optional("requires", strings, ()),
        )


def _stack(node: Node) -> Stack:
    """Read what a larger micro-credential is made of; of `count`, `hours`, `points` at most one."""
    references = values.tuple_of(values.series, at_least=2, at_most=MAX_STACKED)
    with Fields(node) as fields:
        stack = Stack(
            parts=fields.required("parts", references),
            count=fields.maybe("count", values.integer(1, MAX_STACKED)),
            hours=fields.maybe("hours", values.positive),
            points=fields.maybe("points", values.positive),
        )
    _check_unique(node.key("parts"), list(stack.parts or ()))
    asked = [one for one in (stack.count, stack.hours, stack.points) if one is not None]
    if len(asked) > 1:
        node.refuse("one_of", "count, hours, points")
    if stack.count is not None and stack.count > len(sound(stack.parts)):
        node.key("count").note("stack_exceeds_parts", str(len(sound(stack.parts))))
    return stack


def _prior_learning(node: Node) -> PriorLearning:
    with Fields(node) as fields:
        return PriorLearning(
            allowed=fields.required("allowed", values.boolean),
            max_share_percent=fields.maybe("max_share_percent", values.integer(0, 100)),
            procedure=fields.maybe("procedure", values.prose),
        )


def _artwork(node: Node) -> Artwork:
    with Fields(node) as fields:
        return Artwork(
            digest=fields.required("digest", values.digest),
            alt=fields.required("alt", values.texts),
            data=fields.maybe("data", values.base64),
        )


def _origin(node: Node) -> Origin:
    with Fields(node) as fields:
        return Origin(
            uri=fields.maybe("uri", values.uri),
            title=fields.required("title", values.texts),
            awarding_body=fields.required("awarding_body", values.texts),
            licence=fields.maybe("licence", values.uri),
        )


def _unit(node: Node) -> LearningUnit:
    outcomes = values.tuple_of(_outcome, at_most=MAX_OUTCOMES)
    with Fields(node) as fields:
        return LearningUnit(
            code=fields.required("code", values.code),
            title=fields.required("title", values.texts),
            hours=fields.maybe("hours", values.positive),
            outcomes=fields.optional("outcomes", outcomes, ()),
            assessment=fields.optional("assessment", concepts, ()),
            mode=fields.maybe("mode", concept),
            rule=fields.required("rule", rule),
            allows_participation=fields.optional("allows_participation", values.boolean, False),
            no_prior_learning=fields.maybe("no_prior_learning", values.prose),
        )


def _choice(node: Node) -> Choice:
    with Fields(node) as fields:
        choice = Choice(
            units=fields.required("units", values.tuple_of(values.code, at_least=1)),
            count=fields.required("count", values.integer(0, MAX_UNITS)),
            title=fields.maybe("title", values.texts),
        )
    if (choice.count or 0) >= len(sound(choice.units)):
        node.key("count").note("out_of_range", "fewer than there are units")
    return choice


def _outcome(node: Node) -> LearningOutcome:
    with Fields(node) as fields:
        return LearningOutcome(
            code=fields.required("code", values.code),
            kind=fields.required("kind", values.choice(OutcomeKind)),
            text=fields.required("text", values.prose),
            skills=fields.optional("skills", concepts, ()),
        )


def rule(node: Node) -> Rule:
    """Read the rule of a unit; `type` says which."""
    with Fields(node) as fields:
        read = fields.required("type", _rule_type)
        if read is None:
            raise Refused
        return read(fields)


def _rule_type(node: Node) -> Callable[[Fields], Rule] | None:
    found = _RULES.get(node.value) if isinstance(node.value, str) else None
    if found is None:
        node.refuse("choice", ", ".join(_RULES))
    return found


def _marks(fields: Fields) -> tuple[Decimal, Decimal]:
    minimum = fields.required("minimum", values.positive)
    maximum = fields.required("maximum", values.positive)
    _check_order(fields.node.key("minimum"), minimum, maximum)
    return minimum, maximum


def _points(fields: Fields) -> Rule:
    return PointsAtLeast(*_marks(fields))


def _parts(fields: Fields) -> Rule:
    read = values.tuple_of(_part, at_least=2, at_most=MAX_PARTS)
    parts = fields.required("parts", read)
    _check_unique(fields.node.key("parts"), [part.code for part in sound(parts)])
    return EachPartAtLeast(parts, *_marks(fields))


def _part(node: Node) -> Part:
    with Fields(node) as fields:
        return Part(
            code=fields.required("code", values.code), title=fields.required("title", values.texts)
        )


def _sign_off(fields: Fields) -> Rule:
    return SignOff(fields.required("statement", values.prose))


def _sign_offs(fields: Fields) -> Rule:
    return SignOffs(
        statement=fields.required("statement", values.prose),
        count=fields.required("count", values.integer(2, MAX_SIGNATURES)),
    )


_RULES: dict[str, Callable[[Fields], Rule]] = {
    "points": _points,
    "parts": _parts,
    "sign_off": _sign_off,
    "sign_offs": _sign_offs,
}
