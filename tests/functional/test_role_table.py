"""Which page a person is shown, by the roles claim alone (LTI 1.3 core, A.2), over HTTP."""

import pytest
import sqlalchemy as sa

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import CourseMember
from tests.factories import courses
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import INSTITUTION, MEMBERSHIP
from tests.factories.visits import landed

WLD = samples.welding()
CUSTOM = {"mc": f"{WLD.awarding_body.slug}/{WLD.code}", "unit": WLD.units[0].code}
ASSISTANT = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
GRADER = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#Grader"
PRIMARY = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#PrimaryInstructor"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
TEACHER, LEARNER, TESTER = "Learners and units", "Your way to the badge", "tester"


@pytest.fixture(autouse=True)
def definition(visitor: Visitor, database: Database) -> None:
    with database.transaction() as db:
        courses.publish(db, WLD, visitor.tool_url, clock.now())


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([MEMBERSHIP + "Instructor"], TEACHER),
        (["Instructor"], TEACHER),
        ([ASSISTANT], TEACHER),
        ([MEMBERSHIP + "Administrator"], TEACHER),
        ([INSTITUTION + "Administrator"], TEACHER),
        ([INSTITUTION + "Administrator", MEMBERSHIP + "Learner"], LEARNER),
        ([INSTITUTION + "Instructor", MEMBERSHIP + "Learner"], LEARNER),
        ([INSTITUTION + "Instructor"], LEARNER),
        ([MEMBERSHIP + "Learner"], LEARNER),
        (["Learner"], LEARNER),
        ([MEMBERSHIP + "Mentor"], LEARNER),
        (["http://example.org/roles#Instructor"], LEARNER),
        ([], LEARNER),
        ([MEMBERSHIP + "Learner", TEST_USER], TESTER),
        ([MEMBERSHIP + "Instructor", TEST_USER], TESTER),
    ],
)
def test_the_roles_claim_decides_which_page_is_shown(
    visitor: Visitor, database: Database, roles: list[str], expected: str
) -> None:
    page = landed(visitor.client, visitor.launch(roles=roles, custom=CUSTOM))
    assert (TEACHER in page.text) is (expected == TEACHER)
    assert (LEARNER in page.text) is (expected != TEACHER)
    with database.transaction(read_only=True) as db:
        member = db.scalars(sa.select(CourseMember)).one()
        assert member.is_tester is (expected != LEARNER)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([MEMBERSHIP + "Instructor"], "teacher"),
        (["Instructor"], "teacher"),
        ([MEMBERSHIP + "Administrator"], "teacher"),
        ([INSTITUTION + "Administrator"], "teacher"),
        ([ASSISTANT], "assistant"),
        ([GRADER], "assistant"),
        (["TeachingAssistant"], "assistant"),
        ([ASSISTANT, MEMBERSHIP + "Instructor"], "assistant"),  # the sub-role and its principal
        ([ASSISTANT, INSTITUTION + "Administrator"], "assistant"),
        ([ASSISTANT, PRIMARY, MEMBERSHIP + "Instructor"], "teacher"),
        ([ASSISTANT, MEMBERSHIP + "Administrator"], "teacher"),
        ([ASSISTANT, MEMBERSHIP + "Learner"], "assistant"),
        ([MEMBERSHIP + "ContentDeveloper"], None),
        ([MEMBERSHIP + "Mentor"], None),
        ([MEMBERSHIP + "Instructor", TEST_USER], None),
    ],
)
def test_the_roles_claim_decides_who_only_assists(
    visitor: Visitor, database: Database, roles: list[str], expected: str | None
) -> None:
    landed(visitor.client, visitor.launch(roles=roles, custom=CUSTOM))
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(CourseMember)).one().teaches_as == expected


@pytest.mark.parametrize("roles", ["Instructor", {"0": "Instructor"}, [7], 7, None, [["x"]]])
def test_roles_of_another_shape_are_refused(visitor: Visitor, roles: object) -> None:
    assert refusal_code(visitor.launch(roles=roles, custom=CUSTOM)).startswith("roles_")


def test_a_teacher_in_a_learners_role_is_a_tester_for_good(
    visitor: Visitor, database: Database
) -> None:
    """Moodle's "switch role" sends a teacher's `sub` with a learner's role, in either order."""
    for roles in ([MEMBERSHIP + "Learner"], [MEMBERSHIP + "Instructor"], [MEMBERSHIP + "Learner"]):
        page = landed(visitor.client, visitor.launch(roles=roles, custom=CUSTOM))
    assert LEARNER in page.text
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(CourseMember)).one().is_tester
