"""What the first two steps ask for: what it is, how it is taught, its units and their outcomes."""

from badges.vocabularies import Vocabulary
from lti_tool.web.words.sentence import N_
from lti_tool.web.writing.kinds import Field, Kind, Section, Step

OUTCOME_KINDS = (
    ("knowledge", N_("knows (knowledge)")),
    ("skill", N_("can do (skill)")),
    ("responsibility_autonomy", N_("does on their own (responsibility and autonomy)")),
)
WHAT = Step(
    "what",
    N_("What it is"),
    N_("Say it so that an employer who has never heard of your school understands it."),
    (
        Section(
            "",
            (
                Field(
                    path="title",
                    is_needed=True,
                    kind=Kind.LINE,
                    label=N_("Title"),
                    help=N_("What stands on the badge. Short, without abbreviations."),
                    example=N_("Solar panels on a pitched roof"),
                ),
                Field(
                    path="description",
                    is_needed=True,
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
                    is_needed=True,
                    kind=Kind.COUNTRY,
                    label=N_("Country of the awarding body"),
                    help=N_("Where your school is registered."),
                    example=N_("Ukraine"),
                ),
                Field(
                    path="awarding_body.url",
                    is_address=True,
                    kind=Kind.WORDS,
                    label=N_("Website of the awarding body"),
                    help=N_("Where people read more about your school. May be left empty."),
                    example="https://www.school.example",
                ),
            ),
        ),
        Section(
            N_("How it is taught"),
            (
                Field(
                    path="participation",
                    is_needed=True,
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
                    help=N_("What learners do. May be left empty."),
                    example=N_("workshop, job experience"),
                ),
                Field(
                    path="languages",
                    kind=Kind.LANGUAGES,
                    label=N_("Languages of instruction"),
                    help=N_("In which learners are taught. Translating the texts comes later."),
                    example=N_("Ukrainian and German"),
                ),
                Field(
                    path="setting",
                    kind=Kind.TERM,
                    vocabulary=Vocabulary.SETTINGS,
                    label=N_("Setting"),
                    help=N_("Formal if it is part of the official school system."),
                    example=N_("non-formal learning"),
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
UNITS = Step(
    "units",
    N_("Units and outcomes"),
    N_("Split it into parts that are assessed one by one. Three to six are usual."),
    (
        Section(
            N_("Unit %(number)s"),
            (
                Field(
                    path="units.*.title",
                    is_needed=True,
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
                    example=N_("Online"),
                ),
            ),
            of_units=True,
        ),
        Section(
            N_("Choices"),
            (
                Field(
                    path="choices.*.count",
                    is_needed=True,
                    kind=Kind.NUMBER,
                    label=N_("How many of these units are needed"),
                    help=N_("Fewer than there are. 0: they are extra, and nobody needs any."),
                    example="2",
                ),
                Field(
                    path="choices.*.title",
                    kind=Kind.LINE,
                    label=N_("What this choice is called"),
                    help=N_("May be left empty."),
                    example=N_("Kinds of roofs"),
                ),
            ),
            of_choices=True,
        ),
    ),
)
WHO_NEEDS_IT = Field(
    path="choice",
    kind=Kind.SELECT,
    label=N_("Who needs this unit"),
    help=N_("To let learners choose, put two or more units into the same choice."),
)
OUTCOME_FIELDS = (
    Field(
        path="text",
        is_needed=True,
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
    Field(
        path="skills",
        kind=Kind.SKILLS,
        label=N_("Skills of outcome %(number)s (ESCO)"),
        vocabulary=Vocabulary.ESCO_SKILLS,
        help=N_(
            "One a line, in your own words or from ESCO. If you know the address of a skill in "
            "ESCO, add it at the end of its line."
        ),
        example=N_("follow safety procedures when working at heights"),
        is_folded=True,
    ),
)
