"""Hypothesis strategies for definitions, and one small definition to write tests against."""

import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from badges.micro_credential import (
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
    Stackability,
    Supervision,
)
from badges.rules import EachPartAtLeast, Part, PointsAtLeast, Rule, SignOff, SignOffs
from badges.text import Text

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def minutes(count: int) -> datetime:
    """Return the moment `count` minutes after `NOON`."""
    return NOON + timedelta(minutes=count)


def unit(code: str, rule: Rule, **changes: Any) -> LearningUnit:
    return LearningUnit(
        **{
            "code": code,
            "title": Text({"en": f"Unit {code}"}),
            "rule": rule,
            "assessment": (Concept(label=Text({"en": "quiz"})),),
            "outcomes": (
                LearningOutcome(
                    code=f"{code}-LO1", kind=OutcomeKind.SKILL, text=Text({"en": "does it"})
                ),
            ),
            **changes,
        }
    )


def micro_credential(*units: LearningUnit, **changes: Any) -> MicroCredential:
    """Return a definition with every mandatory element, of the units given."""
    return MicroCredential(
        **{
            "code": "MC1",
            "version": "1.0",
            "title": Text({"en": "A title"}),
            "description": Text({"en": "What it is."}),
            "awarding_body": AwardingBody(slug="a-school", name=Text({"en": "A"}), country="UA"),
            "units": units,
            "hours": Decimal(30),
            "eqf_level": EqfLevel(level=3, basis=LevelBasis.INDICATIVE),
            "participation": Concept(label=Text({"en": "Online"})),
            "assessment": Assessment(methods=(Concept(label=Text({"en": "quiz"})),)),
            "quality_assurance": QualityAssurance(kind=Text({"en": "internal"})),
            **changes,
        }
    )


_LETTERS = st.characters(
    exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"],
    exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)
_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
TAGS = ("en", "de", "uk", "hy", "ka", "sr", "sr-Latn", "cnr", "mk", "sq", "nb", "de-AT")


def strings() -> st.SearchStrategy[str]:
    """Strings as a definition keeps them: any script, NFC, nothing around them."""
    cleaned = st.text(_LETTERS, min_size=1, max_size=30).map(
        lambda text: unicodedata.normalize("NFC", text).strip()
    )
    return cleaned.filter(bool)


def texts() -> st.SearchStrategy[Text]:
    return st.dictionaries(st.sampled_from(TAGS), strings(), min_size=1, max_size=3).map(Text)


def codes() -> st.SearchStrategy[str]:
    rest = st.text(_ALNUM + "._-", max_size=12)
    return st.builds("{}{}".format, st.sampled_from(_ALNUM), rest)


def slugs() -> st.SearchStrategy[str]:
    inner = st.text("abcxyz0189-", max_size=10)
    ends = st.sampled_from("abcxyz0189")
    return st.one_of(ends, st.builds("{}{}{}".format, ends, inner, ends))


def uris() -> st.SearchStrategy[str]:
    return st.builds(
        "{}://{}.example{}{}".format,
        st.sampled_from(["http", "https"]),
        slugs(),
        st.sampled_from(["", ":8443"]),
        st.sampled_from(["", "/", "/a/b", "/a%20b?c=d&e", "/#part"]),
    )


def decimals(below: int = 10_000) -> st.SearchStrategy[Decimal]:
    return st.integers(1, below * 100).map(lambda hundredths: Decimal(hundredths) / 100)


def concepts() -> st.SearchStrategy[Concept]:
    return st.builds(Concept, uri=st.none() | uris(), label=texts())


def _several(items: st.SearchStrategy[Any], at_most: int = 2) -> st.SearchStrategy[Any]:
    return st.lists(items, max_size=at_most).map(tuple)


@st.composite
def _marks(draw: st.DrawFn) -> tuple[Decimal, Decimal]:
    low, high = sorted((draw(decimals()), draw(decimals())))
    return low, high


def rules() -> st.SearchStrategy[Rule]:
    parts = st.lists(
        st.builds(Part, code=codes(), title=texts()),
        min_size=2,
        max_size=3,
        unique_by=lambda part: part.code,
    ).map(tuple)
    return st.one_of(
        _marks().map(lambda marks: PointsAtLeast(*marks)),
        st.builds(lambda parts, marks: EachPartAtLeast(parts, *marks), parts, _marks()),
        st.builds(SignOff, texts()),
        st.builds(SignOffs, texts(), st.integers(2, 10)),
    )


def gradings() -> st.SearchStrategy[Grading]:
    points = st.builds(
        lambda marks, with_pass: Grading(
            scheme=GradingScheme.POINTS,
            maximum=marks[1],
            pass_mark=marks[0] if with_pass else None,
        ),
        _marks(),
        st.booleans(),
    )
    return st.just(Grading(scheme=GradingScheme.PASS_FAIL)) | points


def _units(unit_codes: list[str], outcome_codes: list[str]) -> st.SearchStrategy[Any]:
    """Units of the given codes; outcomes share the other codes out, each used once."""

    def one(index: int) -> st.SearchStrategy[LearningUnit]:
        mine = outcome_codes[index :: len(unit_codes)]
        outcomes = st.tuples(
            *(
                st.builds(
                    LearningOutcome,
                    code=st.just(code),
                    kind=st.sampled_from(OutcomeKind),
                    text=texts(),
                    skills=_several(concepts(), 1),
                )
                for code in mine
            )
        )
        return st.builds(
            LearningUnit,
            code=st.just(unit_codes[index]),
            title=texts(),
            hours=st.none() | decimals(100),
            outcomes=outcomes,
            assessment=_several(concepts(), 1),
            mode=st.none() | concepts(),
            rule=rules(),
            allows_participation=st.booleans(),
            no_prior_learning=st.none() | texts(),
        )

    return st.tuples(*(one(index) for index in range(len(unit_codes))))


@st.composite
def micro_credentials(draw: st.DrawFn) -> MicroCredential:
    """Definitions that may be imported: with and without each optional element."""
    unit_codes = draw(st.lists(codes(), max_size=3, unique=True))
    outcome_codes = draw(st.lists(codes(), max_size=4, unique=True)) if unit_codes else []
    units = draw(_units(unit_codes, outcome_codes))
    planned = sum((one.hours for one in units if one.hours is not None), Decimal(0))
    national = draw(
        st.none()
        | st.builds(NationalLevel, framework=strings(), level=strings(), uri=st.none() | uris())
    )
    bases = [basis for basis in LevelBasis if national or basis != LevelBasis.NATIONAL_REGISTER]
    optional = {
        "hours": decimals().map(lambda hours: hours + planned),
        "credit": st.builds(CreditPoints, framework=concepts(), points=decimals(100)),
        "eqf_level": st.builds(EqfLevel, level=st.integers(1, 8), basis=st.sampled_from(bases)),
        "field": concepts(),
        "participation": concepts(),
        "setting": concepts(),
        "supervision": st.builds(Supervision, label=texts(), uri=st.none() | uris()),
        "quality_assurance": st.builds(
            QualityAssurance,
            kind=texts(),
            name=st.none() | texts(),
            description=st.none() | texts(),
            url=st.none() | uris(),
        ),
        "prerequisites": texts(),
        "stackability": st.builds(
            Stackability,
            stackable=st.booleans(),
            counts_towards=_several(strings()),
            requires=_several(strings()),
        ),
        "prior_learning": st.builds(
            PriorLearning,
            allowed=st.booleans(),
            max_share_percent=st.none() | st.integers(0, 100),
            procedure=st.none() | texts(),
        ),
        "validity_months": st.integers(1, 600),
        "derived_from": st.builds(
            Origin,
            uri=st.none() | uris(),
            title=texts(),
            awarding_body=texts(),
            licence=st.none() | uris(),
        ),
        "confirmations": st.integers(1, 2),
        "original_language": st.sampled_from(["de", "sr-Latn", "uk"]),
        "licence": st.just("https://creativecommons.org/licenses/by/4.0/"),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(optional))))
    return MicroCredential(
        code=draw(codes()),
        version=draw(codes()),
        title=draw(texts()),
        description=draw(texts()),
        awarding_body=draw(
            st.builds(
                AwardingBody,
                slug=slugs(),
                name=texts(),
                country=st.sampled_from(["UA", "AM", "GE", "ME", "MK", "RS", "DE", "NO", "XK"]),
                url=st.none() | uris(),
            )
        ),
        units=units,
        national_level=national,
        activities=draw(_several(concepts())),
        assessment=draw(
            st.builds(
                Assessment,
                methods=_several(concepts()),
                description=st.none() | texts(),
                grading=st.none() | gradings(),
            )
        ),
        languages=tuple(draw(st.lists(st.sampled_from(TAGS), max_size=3, unique=True))),
        skills=draw(_several(concepts())),
        target_groups=draw(_several(concepts())),
        **{name: draw(optional[name]) for name in sorted(chosen)},
    )


def json_values() -> st.SearchStrategy[Any]:
    """Whatever a JSON parser may hand over, and some of what people really get wrong."""
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(), max_size=20),
        st.sampled_from(
            [
                "points",
                "parts",
                "sign_off",
                "assessed",
                "javascript:alert(1)",
                "ftp://a/b",
                "http://",
                "https://user:pw@host/",
                "a\u0000b",
                "\ud800",
                "en",
                "DE",
                "../x",
                10**400,
                -1,
                0,
                1e308,
                0.001,
                [],
                {},
                {"en": ""},
                [None],
                {"a": {"b": []}},
            ]
        ),
    )
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    )
