"""What the form asks for, step by step: each field with its place, its help and an example."""

from collections.abc import Iterator
from dataclasses import replace

from badges.drafting import Json, units
from badges.vocabularies import Vocabulary
from lti_tool.web.words.elements import LICENCES
from lti_tool.web.words.sentence import N_
from lti_tool.web.writing.electives import choices
from lti_tool.web.writing.kinds import Field, Kind, Section, Step
from lti_tool.web.writing.teaching_fields import UNITS, WHAT

CC_BY, CC_BY_SA, CC_0 = LICENCES
RULES = (
    ("points", N_("by points: a mark that is high enough")),
    ("parts", N_("by several parts: a mark that is high enough in each")),
    ("sign_off", N_("by one assessor, who confirms a statement")),
    ("sign_offs", N_("by two or more assessors, who confirm a statement")),
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
                    is_needed=True,
                    kind=Kind.TERMS,
                    vocabulary=Vocabulary.ASSESSMENT_TYPES,
                    label=N_("Types of assessment"),
                    help=N_("They hold for every unit that names none of its own."),
                    example=N_("practical assessment, quiz"),
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
                    path="supervision.uri",
                    is_address=True,
                    kind=Kind.WORDS,
                    label=N_("Its address in a public list"),
                    help=N_("Only if the kind of supervision has one. May be left empty."),
                    example="http://data.europa.eu/snb/supervision-verification/c598449d64",
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
                    is_needed=True,
                    kind=Kind.RULE,
                    label=N_("How this unit is completed"),
                    help=N_("What has to happen before it counts for a learner."),
                    options=RULES,
                ),
                Field(
                    path="units.*.assessment",
                    kind=Kind.TERMS,
                    vocabulary=Vocabulary.ASSESSMENT_TYPES,
                    label=N_("Types of assessment in this unit"),
                    inherits="assessment.methods",
                ),
                Field(
                    path="units.*.allows_participation",
                    kind=Kind.TICK,
                    label=N_("The teacher of a course may decide that taking part is enough"),
                    help=N_("At least one unit must be assessed."),
                ),
                Field(
                    path="units.*.no_prior_learning",
                    kind=Kind.PROSE,
                    label=N_("If prior learning cannot be recognised in this unit: why"),
                    help=N_("Learners read it. Leave it empty where it can be recognised."),
                    example=N_("You show us yourself that you work safely at height."),
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
                    is_needed=True,
                    kind=Kind.NUMBER,
                    label=N_("Hours of work in all"),
                    help=N_("What an average learner needs, with learning alone and assessment."),
                    example="30",
                ),
                Field(
                    path="eqf_level.level",
                    is_needed=True,
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
                    is_needed=True,
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
                    help=N_(
                        "Needed if the level rests on the national register. The lists of five "
                        "countries are offered here."
                    ),
                ),
            ),
        ),
        Section(
            N_("Entry in a national register"),
            (
                Field(
                    path="register_entry.number",
                    kind=Kind.WORDS,
                    label=N_("Number of the entry"),
                    help=N_("Only if a national register of qualifications lists it."),
                    example="2026-0417",
                ),
                Field(
                    path="register_entry.register",
                    kind=Kind.WORDS,
                    label=N_("Name of the register"),
                    help=N_("As people of your country know it. May be left empty."),
                ),
                Field(
                    path="register_entry.url",
                    is_address=True,
                    kind=Kind.WORDS,
                    label=N_("Address of the entry"),
                    help=N_("Where anybody can look it up. May be left empty."),
                    example="https://register.example/2026-0417",
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
                    example=N_("European Credit Transfer System"),
                ),
                Field(
                    path="credit.points",
                    kind=Kind.NUMBER,
                    label=N_("Number of points"),
                    help=N_("Needed if a framework is named."),
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
                    is_needed=True,
                    kind=Kind.LINE,
                    label=N_("Kind of quality assurance"),
                    help=N_("Who checks that what this says is true, and that judging is fair."),
                    example=N_("internal quality assurance with external moderation"),
                ),
                Field(
                    path="quality_assurance.name",
                    kind=Kind.LINE,
                    label=N_("Who assures it"),
                    help=N_("May be left empty."),
                    example=N_("National agency for vocational education"),
                ),
                Field(
                    path="quality_assurance.description",
                    kind=Kind.PROSE,
                    label=N_("Quality assurance in words"),
                    help=N_("May be left empty."),
                    example=N_("One in five assessments is judged again by a partner school."),
                ),
                Field(
                    path="quality_assurance.url",
                    is_address=True,
                    kind=Kind.WORDS,
                    label=N_("Address to read more"),
                    help=N_("A page about how quality is assured. May be left empty."),
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
                    help=N_("At work, at home or elsewhere, with evidence instead of the course."),
                ),
                Field(
                    path="prior_learning.max_share_percent",
                    kind=Kind.NUMBER,
                    label=N_("At most so many percent of the whole"),
                    help=N_("Leave it empty if all of it can be recognised."),
                    example="50",
                ),
                Field(
                    path="prior_learning.procedure",
                    kind=Kind.PROSE,
                    label=N_("How it is recognised"),
                    help=N_("So that people know what to bring. May be left empty."),
                    example=N_("An interview and a sample of work, judged by two assessors."),
                ),
                Field(
                    path="stackability.stackable",
                    kind=Kind.YES_NO,
                    label=N_("Can it be combined with others into something larger?"),
                    help=N_("If another programme accepts it as a part, say which one below."),
                ),
                Field(
                    path="stackability.counts_towards",
                    kind=Kind.LINES,
                    label=N_("Counts towards"),
                    help=N_("Programmes or qualifications, one a line."),
                    example=N_("Electrician, level 4"),
                ),
                Field(
                    path="stackability.requires",
                    kind=Kind.LINES,
                    label=N_("Requires these micro-credentials"),
                    help=N_("What somebody must hold before, one a line."),
                    example=N_("Working safely at height"),
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
                    path="confirmations",
                    kind=Kind.NUMBER,
                    label=N_("People who confirm each award"),
                    help=N_(
                        "1 or 2 different people of the course, who look at all results before it "
                        "is given. Leave it empty if completing everything is enough."
                    ),
                    example="2",
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
                    vocabulary=Vocabulary.ESCO_SKILLS,
                    help=N_(
                        "One a line, in your own words or from ESCO. If you know the address of a "
                        "skill in ESCO, add it at the end of its line."
                    ),
                    example=N_("install photovoltaic systems http://data.europa.eu/esco/skill/…"),
                ),
                Field(
                    path="occupations",
                    kind=Kind.SKILLS,
                    label=N_("Occupations (ESCO)"),
                    vocabulary=Vocabulary.ESCO_OCCUPATIONS,
                    help=N_(
                        "For which it prepares. One a line, in your own words or from ESCO. If you "
                        "know the address of one in ESCO, add it at the end of its line."
                    ),
                    example=N_("solar energy technician http://data.europa.eu/esco/occupation/…"),
                ),
                Field(
                    path="licence",
                    kind=Kind.SELECT,
                    label=N_("May other schools reuse your texts?"),
                    help=N_(
                        "With an open licence everybody may share and adapt them; without one "
                        "nobody may."
                    ),
                    example="CC BY 4.0",
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

STEPS = (WHAT, UNITS, _ASSESSMENT, _LEVEL, _QUALITY)
BY_NAME = {step.name: step for step in STEPS}


def numbered(field: Field, number: int) -> Field:
    """Return a field of each unit or choice as that of one."""
    return replace(field, path=field.path.replace("*", str(number), 1))


def fields(step: Step, content: Json) -> Iterator[Field]:
    """Yield the fields that a step shows for this content, outcomes left out."""
    for section in step.sections:
        of = choices(content) if section.of_choices else units(content)
        for field in section.fields:
            if section.is_single:
                yield field
            else:
                yield from (numbered(field, number) for number in range(len(of)))


def step_of(path: str) -> str:
    """Return the name of the step in which a place is written; "" for a place in none."""
    steps = ["*" if one.isdigit() else one for one in path.split(".")]
    for length in range(len(steps), 0, -1):
        known = ".".join(steps[:length])
        if known.startswith("units.*.outcomes") or known == "units":
            return UNITS.name
        for step in STEPS:
            for section in step.sections:
                for field in section.fields:
                    if field.path == known or field.path.startswith(known + "."):
                        return step.name
    return ""
