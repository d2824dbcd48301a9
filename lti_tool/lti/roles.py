"""Who is a teacher in this course, from the roles claim.

Spec: LTI 1.3 core, sections 5.3.7 (roles claim) and A.2 (role vocabularies).
"""

from collections.abc import Iterable

_VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
_MEMBERSHIP = _VOCABULARY + "membership"
_INSTITUTION = _VOCABULARY + "institution/person#"
_SYSTEM = _VOCABULARY + "system/person#"
_TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

# Roles in the course whose holders assess others. A mentor or an observer watches only, a content
# developer writes only; both see what a learner sees.
_ASSESSING = frozenset({"Instructor", "Administrator", "TeachingAssistant"})
_CONTEXT_ROLES = _ASSESSING | {
    "Learner",
    "ContentDeveloper",
    "Mentor",
    "Manager",
    "Member",
    "Officer",
}
# Of those who assess, who helps a teacher. LIS 2.0 knows these as sub-roles of the instructor.
_ASSISTING = frozenset(
    {
        "Grader",
        "TeachingAssistant",
        "TeachingAssistantGroup",
        "TeachingAssistantOffering",
        "TeachingAssistantSection",
        "TeachingAssistantSectionAssociation",
        "TeachingAssistantTemplate",
    }
)
# Beside a course role these say nothing about this course: Canvas calls a colleague who learns
# here an institution's Instructor.
_ASSESSING_ELSEWHERE = frozenset(
    {
        _INSTITUTION + "Administrator",
        _SYSTEM + "Administrator",
        _SYSTEM + "SysAdmin",
    }
)


def is_teacher(roles: Iterable[str]) -> bool:
    """Return whether these roles let a person assess in the course.

    Full and short names count. An empty list and unknown roles are a learner's. Roles of the
    institution or the system count only where no role in the course is given.
    """
    given = frozenset(roles)
    if _TEST_USER in given:
        return False
    in_context = {found[0] for role in given if (found := _context_role(role))}
    if in_context:
        return not in_context.isdisjoint(_ASSESSING)
    return not given.isdisjoint(_ASSESSING_ELSEWHERE)


def is_assistant(roles: Iterable[str]) -> bool:
    """Return whether who assesses in the course only helps its teachers.

    A sub-role comes with its principal role (`membership#Instructor`), which then says no more than
    the sub-role. Any other role that assesses makes a teacher, as does the principal role alone.
    """
    found = filter(None, map(_context_role, roles))
    assessing = {name for principal, name in found if principal in _ASSESSING}
    return not assessing.isdisjoint(_ASSISTING) and assessing <= _ASSISTING | {"Instructor"}


def is_learner(roles: Iterable[str]) -> bool:
    """Return whether a learner's role in the course is named, and none that assesses.

    Stricter than a launch, which takes whoever has no known role for a learner: nobody is listed as
    one whom the platform does not call so.
    """
    given = frozenset(roles)
    if _TEST_USER in given or is_teacher(given):
        return False
    return any(found[0] == "Learner" for role in given if (found := _context_role(role)))


def is_administrator(roles: Iterable[str]) -> bool:
    """Return whether a person runs the institution or the LMS."""
    return not frozenset(roles).isdisjoint(_ASSESSING_ELSEWHERE)


def is_test_user(roles: Iterable[str]) -> bool:
    """Return whether the platform says that this is nobody: a preview or a "student view"."""
    return _TEST_USER in frozenset(roles)


def _context_role(role: str) -> tuple[str, str] | None:
    """Return the principal role that says what a role in the course lets its holder do, and its
    own name; both are the same for a principal role.

    A sub-role has its own name after `#` and its principal role before:
    `membership/Instructor#TeachingAssistant`.
    """
    if not role.startswith(_MEMBERSHIP):
        return (role, role) if role in _CONTEXT_ROLES else None
    principal, _, name = role.removeprefix(_MEMBERSHIP).partition("#")
    if not principal:
        return (name, name) if name else None
    if not name or not principal.startswith("/") or principal == "/":
        return None
    return principal.removeprefix("/"), name
