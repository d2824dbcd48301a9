"""A teacher sets up a course by clicks alone, and a learner's award waits for the teacher."""

from lti_tool import clock
from lti_tool.demo.world import World
from lti_tool.models import Course, CourseMember, Placement
from lti_tool.services.completing import judging
from tests.browser import teaching
from tests.browser.conftest import Arrive
from tests.factories import crowds


def test_awards_wait_for_the_teacher_who_asked_for_it(world: World, arrive: Arrive) -> None:
    course, _ = teaching.add_course(world, "Evening course")
    link = world.lms.add_link(course, "All of it", world.overview.custom, gradable=False)
    teacher = arrive(world.people.teacher)
    frame = teacher.open_in_frame(link, "Evening course")
    frame.get_by_role("link", name="Settings of this course").click()
    frame.get_by_label("after a teacher confirms it").check()
    frame.get_by_role("button", name="Save the settings").click()
    frame.get_by_text("The settings are saved.").wait_for()
    _complete(world)
    frame.get_by_role("link", name="Back to the course").click()
    frame.get_by_role("link", name="See who is waiting").click()
    frame.get_by_role("button", name="Confirm those ticked").click()
    frame.get_by_text("1 learner has got the award.").wait_for()
    frame.get_by_role("checkbox").check()
    frame.get_by_label("Why? The learner and whoever confirms can read it.").fill("Too early")
    frame.get_by_role("button", name="Take the confirmation").click()
    frame.get_by_text("1 award waits again.").wait_for()


def _complete(world: World) -> None:
    """Let one of five learners have completed everything."""
    with world.tool.database.transaction(read_only=True) as db:
        course_id = db.query(Course).filter_by(title="Evening course").one().id
    crowds.fill(world.tool.database, course_id, world.mc, 5)
    with world.tool.database.transaction() as db:
        placement = db.query(Placement).filter_by(course_id=course_id).one()
        people = [row.person_id for row in db.query(CourseMember).filter_by(course_id=course_id)]
        judging.judge_all(db, people, placement.version, clock.now())


def test_a_teacher_sets_a_date_and_who_signs_off_by_clicks(world: World, arrive: Arrive) -> None:
    teacher = arrive(world.people.teacher)
    frame = teacher.open_in_frame(world.overview)
    frame.get_by_role("link", name="Settings of this course").click()
    frame.get_by_text("Dates for single units").click()
    frame.get_by_label("Due by").nth(1).fill("2026-01-31")
    frame.get_by_label("only these:").check()
    frame.get_by_label(world.people.teacher.name).check()
    frame.get_by_role("button", name="Save the settings").click()
    frame.get_by_text("The settings are saved.").wait_for()
    assert frame.get_by_label("Due by").nth(1).input_value() == "2026-01-31"
    learner = arrive(world.people.learners[0])
    seen = learner.open_in_frame(world.overview)
    seen.get_by_text("was due on 31 January 2026").wait_for()
