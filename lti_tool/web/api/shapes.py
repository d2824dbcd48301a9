"""What other systems send and get, as types: read, checked and described from one place."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from lti_tool.services.completing.completions import LONGEST_EVIDENCE, Judgement
from lti_tool.services.completing.evidence import LONGEST_LINK
from lti_tool.services.completing.reports import Reported

Line = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]+$")]
Link = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LINK)]
Prose = Annotated[
    str, StringConstraints(max_length=LONGEST_EVIDENCE, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")
]
Points = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=3, allow_inf_nan=False)]


ITEM_CODES = [
    *("item_malformed", "unknown_course", "ambiguous_course", "unknown_learner", "not_offered"),
    *("ambiguous_version", "unknown_unit", "unknown_part", "wrong_kind", "points_out_of_range"),
    *("assessor_missing", "unknown_assessor", "assessor_is_learner", "not_an_assessor"),
    *("version_changed", "evidence_link_invalid"),
]
"""Why one completion is not recorded; the words for each are the answer's."""


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LearnerInLms(Shape):
    """A learner as the LMS names them in its launches."""

    issuer: Line = Field(description="`iss` of the LMS, as registered here")
    sub: Line = Field(description="`sub` of the learner; in Moodle the user id")


_NULL: JsonDict = {"type": "null"}
_MARKED: JsonDict = {
    "title": "points",
    "required": ["points"],
    "properties": {"points": {"not": _NULL}, "signed_off": {"const": False}},
}
_SIGNED: JsonDict = {
    "title": "a sign-off",
    "required": ["signed_off"],
    "properties": {"points": _NULL, "signed_off": {"const": True}},
}


class CompletionReport(Shape):
    """One judgement on one unit: either points (of a part, where the unit is marked in parts) or
    a sign-off."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_MARKED, _SIGNED]})

    learner: LearnerInLms
    course: Line = Field(description="id of the LTI context; in Moodle the course id")
    micro_credential: Line = Field(description="`awarding-body/CODE`, or `CODE` where it is clear")
    unit: Line = Field(description="code of the learning unit")
    points: Points | None = None
    part: Annotated[Line | None, Field(description="code of the part that the points are for")] = (
        None
    )
    signed_off: bool = False
    assessor: Annotated[
        Line | None, Field(description="`sub` of the teacher who judged; needed for a sign-off")
    ] = None
    evidence: Annotated[Prose | None, Field(description="what it rests on, in words")] = None
    evidence_link: Annotated[
        Link | None, Field(description="what it rests on, as an https address; not followed")
    ] = None

    @model_validator(mode="after")
    def says_one_thing(self) -> Self:
        if (self.points is not None) == self.signed_off:
            raise ValueError("either points or signed_off is needed")
        return self

    def as_reported(self) -> Reported:
        return Reported(
            issuer=self.learner.issuer,
            sub=self.learner.sub,
            course=self.course,
            micro_credential=self.micro_credential,
            assessor=self.assessor,
            judgement=Judgement(
                unit=self.unit,
                part=self.part,
                points=self.points,
                signed_off=self.signed_off,
                evidence=self.evidence,
                link=self.evidence_link,
            ),
        )


class FieldProblem(BaseModel):
    """One member that cannot stay as it is."""

    path: str = Field(description="where in the report, as JSON Pointer (RFC 6901)")
    detail: str


class Refusal(BaseModel):
    """Why a completion was not recorded, and what to do."""

    code: Annotated[
        str, Field(description="stays the same, whatever the words", examples=ITEM_CODES)
    ]
    detail: str
    fields: list[FieldProblem] = []


class ItemAnswer(BaseModel):
    """What became of one completion, in the place it had in the report."""

    status: Literal["recorded", "refused"]
    record: Annotated[str | None, Field(description="id of the record")] = None
    error: Refusal | None = None


class ReportAnswer(BaseModel):
    results: list[ItemAnswer]
    recorded: int
    refused: int


class Problem(BaseModel):
    """A refusal of the whole request (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    correlation_id: str
