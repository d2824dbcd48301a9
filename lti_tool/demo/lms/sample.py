"""The people of the demo course: invented, with names in several scripts."""

from dataclasses import dataclass

from .records import Course, Role, User
from .state import LmsState

TEACHERS = (("Marlene", "Vogtherr"), ("Tadeusz", "Wróbelski"))
LEARNERS = (
    ("Ayşegül", "Özdemirci"),
    ("Noël", "D’Aubrière-Štěpán"),
    ("Ἑλένη", "Καλλιγέρη"),
    ("莉娜", "顾"),
    ("ياسمين", "الحدّادي"),
)
PRIVATE_LEARNER = ("Ilse", "Quandtner")


@dataclass(frozen=True, slots=True)
class People:
    teacher: User
    second_teacher: User
    learners: tuple[User, ...]
    private_learner: User


def add_people(state: LmsState, course: Course) -> People:
    """Add and enrol two teachers, five learners, and one who shares neither name nor e-mail."""
    teachers = [_add(state, course, name, Role.TEACHER) for name in TEACHERS]
    learners = tuple(_add(state, course, name, Role.LEARNER) for name in LEARNERS)
    private = _add(state, course, PRIVATE_LEARNER, Role.LEARNER, is_private=True)
    return People(teachers[0], teachers[1], learners, private)


def _add(
    state: LmsState, course: Course, name: tuple[str, str], role: Role, *, is_private: bool = False
) -> User:
    number = len(state.users()) + 1
    user = state.add_user(*name, email=f"{role}{number}@example.org", is_private=is_private)
    state.enrol(user, course, role)
    return user
