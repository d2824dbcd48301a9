"""What the form asks for, step by step: each field with its place, its help and an example."""

from collections.abc import Iterator
from dataclasses import replace

from badges.drafting import Json, units
from badges.vocabularies import Vocabulary
from lti_tool.web.elements import LICENCES
from lti_tool.web.sentence import N_
from lti_tool.web.writing.kinds import Field, Kind, Section, Step

CC_BY, CC_BY_SA, CC_0 = LICENCES
OUTCOME_KINDS = (
    ("knowledge", N_("knows (knowledge)")),
    ("skill", N_("can do (skill)")),
    ("responsibility_autonomy", N_("does on their own (responsibility and autonomy)")),
)
RULES = (
    ("points", N_("by points: a mark that is high enough")),
    ("parts", N_("by several parts: a mark that is high enough in each")),
    ("sign_off", N_("by one assessor, who confirms a statement")),
    ("sign_offs", N_("by two or more assessors, who confirm a statement")),
)

_WHAT = Step(
    "what",
    N_("What it is"),
    N_("Say it so that an employer who has never heard of your school understands it."),
    (
        Section(
            "",
            (
                Field(
                    path="title",
                    kind=Kind.LINE,
                    label=N_("Title"),
                    help=N_("What stands on the badge. Short, without abbreviations."),
                    example=N_("Solar panels on a pitched roof"),
                ),
                Field(
                    path="description",
                    kind=Kind.PROSE,
                    label=N_("Description"),
                    help=N_("Two or three sentences: for whom it is, and what they can do then."),
                    example=N_(
                        "For people who will mount solar panels in a team. They plan a small "
                        "array, mount it safely and hand it over."
                    ),
                ),
                Field(
                    path="awarding_body.country",
                    kind=Kind.COUNTRY,
                    label=N_("Country of the awarding body"),
                    help=N_("Where your school is registered."),
                ),
                Field(
                    path="awarding_body.url",
                    kind=Kind.WORDS,
                    label=N_("Website of the awarding body"),
                    example="https://www.school.example",
                ),
            ),
        ),
        Section(
            N_("How it is taught"),
            (
                Field(
                    path="participation",
                    kind=Kind.TERM,
                    vocabulary=Vocabulary.MODES,
                    label=N_("Form of participation"),
                    help=N_("Choose from the list, or use words of your own."),
                    example=N_("Blended"),
                ),
                Field(
                    path="activities",
                    kind=Kind.TERMS,
                    vocabulary=Vocabulary.ACTIVITY_TYPES,
                    label=N_("Learning activities"),
                ),
                Field(
                    path="languages",
                    kind=Kind.LANGUAGES,
                    label=N_("Languages of instruction"),
                    help=N_("In which learners are taught. Translating the texts comes later."),
                ),
                Field(
                    path="setting",
                    kind=Kind.TERM,
                    vocabulary=Vocabulary.SETTINGS,
                    label=N_("Setting"),
                    help=N_("Formal if it is part of the official school system."),
                ),
                Field(
                    path="field",
                    kind=Kind.TERM,
                    vocabulary=Vocabulary.FIELDS,
                    label=N_("Field of learning (ISCED-F)"),
                    help=N_("Type a part of its name to search the official list."),
                    example=N_("Electricity and energy"),
                ),
            ),
        ),
    ),
)
_UNITS = Step(
    "units",
    N_("Units and outcomes"),
    N_("Split it into parts that are assessed one by one. Three to six are usual."),
    (
        Section(
            N_("Unit %(number)s"),
            (
                Field(
                    path="units.*.title",
                    kind=Kind.LINE,
                    label=N_("Title of the unit"),
                    example=N_("Working safely at height"),
                ),
                Field(
                    path="units.*.hours",
                    kind=Kind.NUMBER,
                    label=N_("Hours of work"),
                    help=N_("With learning at home and the assessment. May be left empty."),
                    example="8",
                ),
                Field(
                    path="units.*.mode",
                    kind=Kind.TERM,
                    vocabulary=Vocabulary.MODES,
                    label=N_("Form of participation in this unit"),
                    help=N_("Only if it differs from the whole."),
                ),
            ),
            of_units=True,
        ),
    ),
)
OUTCOME_FIELDS = (
    Field(
        path="text",
        kind=Kind.PROSE,
        label=N_("Outcome %(number)s"),
        help=N_("Whoever completed the unit …"),
        example=N_("secures the roof edge and checks the harness before each use"),
    ),
    Field(
        path="kind",
        kind=Kind.SELECT,
        label=N_("Kind of outcome %(number)s"),
        options=OUTCOME_KINDS,
    ),
)
_ASSESSMENT = Step(
    "assessment",
    N_("Assessment and rules"),
    N_("How somebody shows what they learnt, and when a unit counts as completed."),
    (
        Section(
            N_("The whole"),
            (
                Field(
                    path="assessment.methods",
                    kind=Kind.TERMS,
                    vocabulary=Vocabulary.ASSESSMENT_TYPES,
                    label=N_("Types of assessment"),
                ),
                Field(
                    path="assessment.description",
                    kind=Kind.PROSE,
                    label=N_("The assessment in words"),
                    help=N_("May be left empty."),
                    example=N_("A practical task in the workshop, observed by two assessors."),
                ),
                Field(
                    path="supervision.label",
                    kind=Kind.LINE,
                    label=N_("Supervision and identity check"),
                    help=N_("How you know who is assessed. May be left empty."),
                    example=N_("supervised on site, identity card checked"),
                ),
                Field(
                    path="assessment.grading.scheme",
                    kind=Kind.RADIO,
                    label=N_("Grade of the whole"),
                    options=(
                        ("", N_("no grade is given")),
                        ("pass_fail", N_("passed or not passed")),
                        ("points", N_("points")),
                    ),
                ),
                Field(
                    path="assessment.grading.maximum",
                    kind=Kind.NUMBER,
                    label=N_("Most points"),
                    help=N_("Only where points are given."),
                    example="100",
                ),
                Field(
                    path="assessment.grading.pass_mark",
                    kind=Kind.NUMBER,
                    label=N_("Passed from"),
                    help=N_("Only where points are given."),
                    example="60",
                ),
            ),
        ),
        Section(
            N_("Unit %(number)s"),
            (
                Field(
                    path="units.*.rule",
                    kind=Kind.RULE,
                    label=N_("This unit is completed"),
                    options=RULES,
                ),
                Field(
                    path="units.*.assessment",
                    kind=Kind.TERMS,
                    vocabulary=Vocabulary.ASSESSMENT_TYPES,
                    label=N_("Types of assessment in this unit"),
                ),
                Field(
                    path="units.*.allows_participation",
                    kind=Kind.TICK,
                    label=N_("The teacher of a course may decide that taking part is enough"),
                    help=N_("At least one unit must be assessed."),
                ),
            ),
            of_units=True,
        ),
    ),
)
_LEVEL = Step(
    "level",
    N_("Level, workload and credit"),
    N_("So that others can compare it."),
    (
        Section(
            "",
            (
                Field(
                    path="hours",
                    kind=Kind.NUMBER,
                    label=N_("Hours of work in all"),
                    help=N_("What an average learner needs, with learning alone and assessment."),
                    example="30",
                ),
                Field(
                    path="eqf_level.level",
                    kind=Kind.SELECT,
                    is_number=True,
                    label=N_("Level of the European Qualifications Framework (EQF)"),
                    options=(
                        ("1", N_("1: simple tasks under direct supervision")),
                        ("2", N_("2: tasks under supervision with some autonomy")),
                        ("3", N_("3: takes responsibility for completing tasks")),
                        ("4", N_("4: manages their own work, supervises routine work of others")),
                        ("5", N_("5: manages and supervises where change is unpredictable")),
                        ("6", N_("6: manages complex activities or projects (bachelor)")),
                        ("7", N_("7: transforms complex work contexts (master)")),
                        ("8", N_("8: at the most advanced frontier (doctorate)")),
                    ),
                ),
                Field(
                    path="eqf_level.basis",
                    kind=Kind.RADIO,
                    label=N_("What does this level rest on?"),
                    help=N_("If nobody but you has looked at it, it is your own judgement."),
                    options=(
                        ("indicative", N_("our own judgement (indicative)")),
                        ("comparison", N_("an official comparison of frameworks")),
                        ("national_register", N_("the national register: name the level below")),
                    ),
                ),
                Field(
                    path="national_level",
                    kind=Kind.NATIONAL,
                    label=N_("Level of the national framework"),
                    help=N_("Needed if the level rests on the national register."),
                ),
            ),
        ),
        Section(
            N_("Credit points"),
            (
                Field(
                    path="credit.framework",
                    kind=Kind.TERM,
                    vocabulary=Vocabulary.CREDIT_FRAMEWORKS,
                    label=N_("Framework that awards them"),
                    help=N_("Only where points are really awarded: hours alone are no points."),
                ),
                Field(
                    path="credit.points",
                    kind=Kind.NUMBER,
                    label=N_("Number of points"),
                    example="1",
                ),
            ),
        ),
    ),
)
_QUALITY = Step(
    "quality",
    N_("Quality and recognition"),
    N_("What makes it trustworthy, and what else people should know."),
    (
        Section(
            N_("Quality assurance"),
            (
                Field(
                    path="quality_assurance.kind",
                    kind=Kind.LINE,
                    label=N_("Kind of quality assurance"),
                    example=N_("internal quality assurance with external moderation"),
                ),
                Field(
                    path="quality_assurance.name",
                    kind=Kind.LINE,
                    label=N_("Who assures it"),
                    help=N_("May be left empty."),
                ),
                Field(
                    path="quality_assurance.description",
                    kind=Kind.PROSE,
                    label=N_("Quality assurance in words"),
                    help=N_("May be left empty."),
                ),
                Field(
                    path="quality_assurance.url",
                    kind=Kind.WORDS,
                    label=N_("Address to read more"),
                    example="https://www.school.example/quality",
                ),
            ),
        ),
        Section(
            N_("Recognition"),
            (
                Field(
                    path="prior_learning.allowed",
                    kind=Kind.YES_NO,
                    label=N_("Can what somebody learnt before be recognised?"),
                ),
                Field(
                    path="prior_learning.max_share_percent",
                    kind=Kind.NUMBER,
                    label=N_("At most so many percent of the whole"),
                    example="50",
                ),
                Field(
                    path="prior_learning.procedure",
                    kind=Kind.PROSE,
                    label=N_("How it is recognised"),
                    example=N_("An interview and a sample of work, judged by two assessors."),
                ),
                Field(
                    path="stackability.stackable",
                    kind=Kind.YES_NO,
                    label=N_("Can it be combined with others into something larger?"),
                ),
                Field(
                    path="stackability.counts_towards",
                    kind=Kind.LINES,
                    label=N_("Counts towards"),
                    help=N_("One a line."),
                ),
                Field(
                    path="stackability.requires",
                    kind=Kind.LINES,
                    label=N_("Requires these micro-credentials"),
                    help=N_("One a line."),
                ),
            ),
        ),
        Section(
            N_("Further information"),
            (
                Field(
                    path="prerequisites",
                    kind=Kind.PROSE,
                    label=N_("Prerequisites"),
                    help=N_("What somebody needs to begin. May be left empty."),
                    example=N_("Free from vertigo; basic knowledge of electricity"),
                ),
                Field(
                    path="validity_months",
                    kind=Kind.NUMBER,
                    label=N_("Months of validity"),
                    help=N_("Leave it empty if it never expires."),
                    example="36",
                ),
                Field(
                    path="skills",
                    kind=Kind.SKILLS,
                    label=N_("Skills (ESCO)"),
                    help=N_("One a line. Add its address at the end of the line if you have it."),
                    example=N_("install photovoltaic systems http://data.europa.eu/esco/skill/…"),
                ),
                Field(
                    path="licence",
                    kind=Kind.SELECT,
                    label=N_("May other schools reuse your texts?"),
                    help=N_("With an open licence everybody may share and adapt them."),
                    options=(
                        (CC_BY, N_("yes, if they name you (CC BY 4.0)")),
                        (CC_BY_SA, N_("yes, if they name you and share alike (CC BY-SA 4.0)")),
                        (CC_0, N_("yes, without any condition (CC0 1.0)")),
                    ),
                ),
                Field(
                    path="target_groups",
                    kind=Kind.TERMS,
                    vocabulary=Vocabulary.TARGET_GROUPS,
                    label=N_("Target groups (for planning only)"),
                    help=N_(
                        "Only your school sees this: never on a public page, never in a badge."
                    ),
                ),
            ),
        ),
    ),
)

STEPS = (_WHAT, _UNITS, _ASSESSMENT, _LEVEL, _QUALITY)
BY_NAME = {step.name: step for step in STEPS}


def of_unit(field: Field, number: int) -> Field:
    """Return a field of each unit as that of one."""
    return replace(field, path=field.path.replace("*", str(number), 1))


def fields(step: Step, content: Json) -> Iterator[Field]:
    """Yield the fields that a step shows for this content, outcomes left out."""
    for section in step.sections:
        numbers = range(len(units(content))) if section.of_units else None
        for field in section.fields:
            if numbers is None:
                yield field
            else:
                yield from (of_unit(field, number) for number in numbers)


def step_of(path: str) -> str:
    """Return the name of the step in which a place is written; "" for a place in none."""
    steps = ["*" if one.isdigit() else one for one in path.split(".")]
    for length in range(len(steps), 0, -1):
        known = ".".join(steps[:length])
        if known.startswith("units.*.outcomes") or known == "units":
            return _UNITS.name
        for step in STEPS:
            for section in step.sections:
                for field in section.fields:
                    if field.path == known or field.path.startswith(known + "."):
                        return step.name
    return ""
