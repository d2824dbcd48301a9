"""Custom parameters of a launch, with their variables filled in as Moodle 4.5 does.

Spec: LTI Core 1.3, sections 5.4.6 (custom) and B (substitution). What Moodle does not know comes as
it was written; what it knows and does not share is null.
"""

from .records import Course, Link, Tool, User


def of(tool: Tool, course: Course, link: Link, user: User) -> dict[str, str | None]:
    """Return the parameters of a link: the tool's beat its own, keys come in lower case too."""
    given = {**link.custom, **tool.custom}
    known = _known(tool, course, link, user)
    filled = {name: known.get(value, value) for name, value in given.items()}
    return filled | {name.lower(): value for name, value in filled.items()}


def _known(tool: Tool, course: Course, link: Link, user: User) -> dict[str, str | None]:
    shares_email = tool.shares_email and not user.is_private
    return {
        "$Context.id.history": ",".join(course.history),
        "$ResourceLink.title": link.title,
        "$CourseSection.sourcedId": "",
        "$User.username": user.username,
        "$Person.email.primary": user.email if shares_email else None,
    }
