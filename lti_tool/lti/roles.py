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
    in_context = {name for role in given if (name := _context_role(role))}
    if in_context:
        return not in_context.isdisjoint(_ASSESSING)
    return not given.isdisjoint(_ASSESSING_ELSEWHERE)


def is_learner(roles: Iterable[str]) -> bool:
    """Return whether a learner's role in the course is named, and none that assesses.

    Stricter than a launch, which takes whoever has no known role for a learner: nobody is listed as
    one whom the platform does not call so.
    """
    given = frozenset(roles)
    if _TEST_USER in given or is_teacher(given):
        return False
    return any(_context_role(role) == "Learner" for role in given)


def is_administrator(roles: Iterable[str]) -> bool:
    """Return whether a person runs the institution or the LMS."""
    return not frozenset(roles).isdisjoint(_ASSESSING_ELSEWHERE)


def is_test_user(roles: Iterable[str]) -> bool:
    """Return whether the platform says that this is nobody: a preview or a "student view"."""
    return _TEST_USER in frozenset(roles)


def _context_role(role: str) -> str | None:
    """Return what a role in the course lets its holder do, named by a principal role.

    A sub-role has its own name after `#` and its principal role before:
    `membership/Instructor#TeachingAssistant`.
    """
    if role.startswith(_MEMBERSHIP):
        principal, _, name = role.removeprefix(_MEMBERSHIP).partition("#")
        return _principal(principal, name)
    return role if role in _CONTEXT_ROLES else None


def _principal(principal: str, name: str) -> str | None:
    if not principal:
        return name or None
    if principal.startswith("/") and name:
        return principal.removeprefix("/")
    return None
