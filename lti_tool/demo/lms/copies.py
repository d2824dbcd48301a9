"""Copies of a course, as Moodle 4.5 makes them.

Links keep parameters, restriction and column, and get ids of their own; the grades stay behind.
"""

from .records import Course, Quiz
from .state import LmsState


def copy(state: LmsState, course: Course) -> Course:
    """Return a copy of a course with the same people, quizzes and links."""
    title = f"{course.title} (copy)"
    made = state.add_course(title, history=(course.id, *course.history))
    for user in state.users():
        role = state.role(user, course)
        if role is not None:
            state.enrol(user, made, role)
    quizzes = {quiz.id: _copied(state, quiz, made) for quiz in state.quizzes(course)}
    for link in state.links(course):
        column = state.line_item_of(link)
        state.add_link(
            made,
            link.title,
            link.custom,
            description=link.description,
            client_id=link.client_id,
            gradable=column is not None,
            maximum=column.maximum if column else 100,
            resource_id=column.resource_id if column else "",
            tag=column.tag if column else "",
            restricted_by=quizzes[link.restricted_by] if link.restricted_by else None,
        )
    return made


def _copied(state: LmsState, quiz: Quiz, course: Course) -> Quiz:
    return state.add_quiz(
        course, quiz.title, question=quiz.question, answers=quiz.answers, right=quiz.right
    )
