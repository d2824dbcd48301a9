"""Who is a teacher, by the roles claim (LTI 1.3 core, A.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.roles import is_teacher, is_test_user

VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
CONTEXT = VOCABULARY + "membership#"
SUB = VOCABULARY + "membership/"
INSTITUTION = VOCABULARY + "institution/person#"
SYSTEM = VOCABULARY + "system/person#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([CONTEXT + "Instructor"], True),
        ([CONTEXT + "Administrator"], True),
        (["Instructor"], True),
        (["Administrator"], True),
        ([SUB + "Instructor#TeachingAssistant"], True),
        ([SUB + "Instructor#Grader"], True),
        ([CONTEXT + "Instructor", CONTEXT + "Learner"], True),
        ([CONTEXT + "Learner", INSTITUTION + "Faculty", CONTEXT + "Instructor"], True),
        ([INSTITUTION + "Administrator"], True),
        ([SYSTEM + "Administrator"], True),
        ([SYSTEM + "SysAdmin"], True),
        ([], False),
        ([CONTEXT + "Learner"], False),
        (["Learner"], False),
        (["Student"], False),
        (["instructor"], False),
        ([CONTEXT + "Mentor"], False),
        ([CONTEXT + "ContentDeveloper"], False),
        ([SUB + "Learner#Instructor"], False),
        ([SUB + "Learner#GuestLearner"], False),
        ([SUB + "Mentor#Auditor"], False),
        ([INSTITUTION + "Instructor"], False),
        ([INSTITUTION + "Instructor", CONTEXT + "Learner"], False),
        ([INSTITUTION + "Administrator", CONTEXT + "Learner"], False),
        ([SYSTEM + "Administrator", "Learner"], False),
        ([CONTEXT + "Instructor", TEST_USER], False),
        ([CONTEXT], False),
        ([SUB + "Instructor"], False),
        ([SUB + "#Instructor"], False),
        (["http://evil.example/membership#Instructor"], False),
        ([CONTEXT + "Instructor "], False),
        (["membership#Instructor"], False),
        (["urn:lti:role:ims/lis/Instructor"], False),
    ],
)
def test_teachers(roles: list[str], expected: bool) -> None:
    assert is_teacher(roles) is expected


@given(st.lists(st.text()))
def test_roles_that_nobody_knows_are_a_learners(roles: list[str]) -> None:
    known = ("Instructor", "Admin", "TeachingAssistant")
    assert not is_teacher(role for role in roles if not any(word in role for word in known))


def test_a_test_user_is_known_by_its_role() -> None:
    assert is_test_user([CONTEXT + "Learner", TEST_USER])
    assert not is_test_user([CONTEXT + "Learner"])
