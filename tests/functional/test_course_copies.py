"""A copied course has new ids everywhere; its links still know what they are, and its teacher is
asked once which version of the definition the copy offers."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from badges import samples
from badges.completion import Route
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import Role
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import World, running
from lti_tool.models import AuditEntry, Course, Placement, ResourceLink
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue
from lti_tool.web.teacher.entries import field
from tests.factories import courses
from tests.factories.visits import Visit, Visits

OLD = samples.welding()
NEW = replace(OLD, version="2.0")
SMALLER = replace(OLD, version="3.0", units=OLD.units[1:])
SAFETY, READING = OLD.units[0].code, OLD.units[1].code
ASKED = "Which version does this course offer?"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    """A course `course` offers version 1.0; then version 2.0 was published."""
    made = Visits.at(app, database, clock.now() - timedelta(hours=1))
    made.open("olha", teacher=True, unit=SAFETY)
    made.school.tick()
    made.school.publish(NEW)
    made.school.tick()
    return made


def origin(visits: Visits, course: str = "course") -> str:
    with visits.school.transaction() as db:
        return str(db.scalars(sa.select(Course).filter_by(context_id=course)).one().id)


def copied(visits: Visits, sub: str = "olha", *, teacher: bool = True, **custom: str) -> Visit:
    """Launch the copy of a link in a copy of the course."""
    return visits.open(
        sub, teacher=teacher, course="copy", link="copied-link", unit=SAFETY, custom=custom
    )


def offered(visits: Visits, course: str = "copy") -> list[tuple[str, bool]]:
    """Return the versions that a course offers, and whether its teacher is still asked."""
    with visits.school.transaction() as db:
        rows = db.scalars(
            sa.select(Placement).join(Course).filter(Course.context_id == course)
        ).all()
        return [(row.version.version, row.asks_since is not None) for row in rows]


def test_the_teacher_of_a_copy_is_asked_once_and_may_take_the_newest(visits: Visits) -> None:
    page = copied(visits, course=origin(visits)).get()
    assert ASKED in page.text
    assert "Version 1.0 · as in the original course" in page.text
    assert "Version 2.0 · the newest" in page.text
    assert offered(visits) == [("1.0", True)]
    course = page.submit("version", version=version_id(visits, "2.0"))
    assert "Every activity of this course follows it." in course.text
    assert offered(visits) == [("2.0", False)]
    assert offered(visits, "course") == [("1.0", False)]
    again = copied(visits, course=origin(visits)).get()
    assert ASKED not in again.text
    assert "This course offers version 2.0." in again.text


def test_the_version_of_the_original_is_what_is_ticked(visits: Visits) -> None:
    page = copied(visits, course=origin(visits)).get()
    assert page.submit("version").status == 200
    assert offered(visits) == [("1.0", False)]


def version_id(visits: Visits, version: str) -> str:
    reference = f"{OLD.awarding_body.slug}/{OLD.code}/{version}"
    with visits.school.transaction() as db:
        return str(catalogue.find(db, reference).id)


@pytest.mark.parametrize(
    ("custom", "version", "asks"),
    [
        ({"history": "other, course"}, "1.0", True),
        ({"history": "course,unknown"}, "1.0", True),
        ({"version": "1.0"}, "1.0", True),
        ({"version": "2.0"}, "2.0", False),
        ({"version": "9.9"}, "2.0", True),
        ({"course": "no-uuid", "history": ","}, "2.0", True),
        ({}, "2.0", True),
    ],
)
def test_what_is_known_of_the_original_decides_until_somebody_does(
    visits: Visits, custom: dict[str, str], version: str, asks: bool
) -> None:
    copied(visits, "ana", teacher=False, **custom)
    assert offered(visits) == [(version, asks)]


def test_a_link_selected_in_this_very_course_asks_nothing(visits: Visits) -> None:
    visits.open("olha", teacher=True, course="copy", link="blank", mc=None)
    page = copied(visits, version="1.0", course=origin(visits, "copy")).get()
    assert ASKED not in page.text
    assert offered(visits) == [("1.0", False)]


def test_the_original_of_another_school_is_none(visits: Visits, database: Database) -> None:
    with database.transaction() as db:
        foreign = db.scalars(sa.select(Course)).first()
        assert foreign is not None
    copied(visits, "ana", teacher=False, course=str(foreign.id).replace("-", "")[::-1])
    assert offered(visits) == [("2.0", True)]


def test_where_there_is_one_version_nobody_is_asked(app: Flask, database: Database) -> None:
    visits = Visits.at(app, database, clock.now())
    page = copied(visits).get()
    assert "Learners and units" in page.text
    assert "This course offers version" not in page.text


def test_learners_work_before_the_teacher_has_answered(visits: Visits) -> None:
    learner = copied(visits, "ana", teacher=False, course=origin(visits))
    assert "Unit 1 of 5" in learner.get().text
    page = copied(visits, course=origin(visits)).get()
    assert "learners work with version 1.0" in page.text
    assert "Learners and units" in page.follow("Decide later").text
    assert ASKED in copied(visits, course=origin(visits)).get().text


def test_when_a_learner_has_begun_the_version_stays(visits: Visits) -> None:
    learner = copied(visits, "ana", teacher=False, course=origin(visits))
    teacher = copied(visits, course=origin(visits))
    form = teacher.get("course/version").filled("version", version=version_id(visits, "2.0"))
    unit = teacher.get(f"course/units/{SAFETY}")
    assert unit.submit("record", **{field(learner.person_id): "92"}).status == 200
    refused = teacher.post(*form)
    assert refused.status == 409
    assert "Learners have begun with the version" in refused.text
    page = teacher.get("course/version")
    assert "keep it until you move them" in page.text
    assert page.submit("version").status == 200
    assert offered(visits) == [("1.0", False)]


def test_an_application_for_prior_learning_is_a_beginning_of_a_learner_only(
    visits: Visits,
) -> None:
    unit = visits.mc.unit("BEM-S-WLD1-U3")
    said = {f"says:{one.code}": "yes" for one in unit.outcomes}
    learner = copied(visits, "ana", teacher=False, course=origin(visits))
    teacher = copied(visits, course=origin(visits))
    at = f"prior-learning/{unit.code}"
    assert teacher.get(at).submit("apply", **said, text="Tried", do="save").status == 200
    form = teacher.get("course/version").filled("version", version=version_id(visits, "2.0"))
    learner.get(at).submit("apply", **said, text="Five years in a workshop", do="hand_in")
    refused = teacher.post(*form)
    assert refused.status == 409
    assert "Learners have begun with the version" in refused.text
    assert "keep it until you move them" in teacher.get("course/version").text
    assert "has no assessor yet" in learner.get(at).text


def test_what_a_teacher_tried_out_does_not_fix_the_version(visits: Visits) -> None:
    teacher = copied(visits, course=origin(visits))
    participating(visits, "copy")
    assert teacher.get("units").submit("participate").status == 200
    page = teacher.get("course/version").submit("version", version=version_id(visits, "2.0"))
    assert page.status == 200
    assert offered(visits) == [("2.0", False)]


def participating(visits: Visits, course: str) -> None:
    with visits.school.transaction() as db:
        row = db.scalars(sa.select(Placement).join(Course).filter_by(context_id=course)).one()
        code = next(u.code for u in OLD.units if u.allows_participation)
        link = db.scalars(sa.select(ResourceLink).filter_by(placement_id=row.id)).one()
        link.unit_code = code
        placements.set_route(
            db, row, code, Route.PARTICIPATION, None, actor="test", now=visits.school.now
        )


def test_routes_stay_and_a_unit_that_is_gone_asks_anew(visits: Visits) -> None:
    visits.school.publish(SMALLER)
    teacher = copied(visits, course=origin(visits))
    visits.open("olha", teacher=True, course="copy", link="second", unit=READING)
    with visits.school.transaction() as db:
        row = db.scalars(sa.select(Placement).join(Course).filter_by(context_id="copy")).one()
        for code in (SAFETY, READING):
            placements.set_route(
                db, row, code, Route.UNLOCKED, "quiz", actor="test", now=visits.school.now
            )
    teacher.get("course/version").submit("version", version=version_id(visits, "3.0"))
    with visits.school.transaction() as db:
        row = db.scalars(sa.select(Placement).join(Course).filter_by(context_id="copy")).one()
        assert {unit.unit_code: unit.basis for unit in row.units} == {READING: "quiz"}
    told = copied(visits, course=origin(visits)).get()
    assert f"say “unit={SAFETY}”" in told.text


def test_the_choice_is_in_the_audit_log(visits: Visits) -> None:
    copied(visits, course=origin(visits)).get().submit("version")
    with visits.school.transaction() as db:
        (entry,) = db.scalars(
            sa.select(AuditEntry).filter_by(action="placement.version_chosen")
        ).all()
    assert entry.details["version"] == "1.0"


@pytest.mark.parametrize("chosen", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_version_that_is_no_choice_is_refused(visits: Visits, chosen: str) -> None:
    teacher = copied(visits, course=origin(visits))
    path, data = teacher.get("course/version").filled("version")
    assert teacher.post(path, {**data, "version": [chosen]}).status == 404
    assert offered(visits) == [("1.0", True)]


# Parameters with a typo.


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"mc": "BEM-S-WDL1"}, "mc=BEM-S-WDL1"),
        ({"mc": f"{OLD.awarding_body.slug}/{OLD.code}/7.7"}, "/7.7"),
        ({"mc": OLD.code, "unit": "U-1"}, "unit=U-1"),
        ({"mc": "<script>x</script>" * 40}, "mc=<script>x</script>"),
    ],
)
def test_the_teacher_is_told_which_parameter_names_nothing(
    visits: Visits, given: dict[str, Any], told: str
) -> None:
    page = visits.open("olha", teacher=True, course="other", link="other", **given).get()
    assert "What does this activity stand for?" in page.text
    assert told in page.text
    assert "<script>x" not in page.html


def test_a_corrected_parameter_is_not_told_of_any_more(visits: Visits) -> None:
    visits.open("olha", teacher=True, course="other", link="other", mc="no-such-thing")
    visits.open("olha", teacher=True, course="other", link="other", unit=SAFETY)
    with visits.school.transaction() as db:
        link = db.scalars(sa.select(ResourceLink).filter_by(resource_link_id="other")).one()
        assert link.unknown_parameter is None
        assert link.unit_code == SAFETY


def test_a_course_that_was_selected_and_copied_in_the_demo_lms(tmp_path: Path) -> None:
    """Through deep linking, a new version, and the LMS's copy: links with the same parameters."""
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, worker=False, **ports) as world, Browser(world.lms_url) as teacher:
        teacher.login(world.people.teacher.id)
        teacher.get(f"{world.lms_url}/lms/course/{world.empty_course.id}/add")
        teacher.follow("Select content")
        teacher.get(teacher.page.frames[0])
        teacher.settle()
        teacher.follow(world.mc.title.best("en"))
        teacher.submit("select")
        teacher.settle()
        teacher.submit("save-content")
        overview = world.lms.links(world.empty_course)[0]
        assert "Learners and units" in teacher.launch(overview.id).text
        publish(world, replace(world.mc, version="9.0"))
        copy = world.lms.add_course("Copied course")
        world.lms.enrol(world.people.teacher, copy, Role.TEACHER)
        link = world.lms.add_link(copy, overview.title, overview.custom)
        page = teacher.launch(link.id)
        assert ASKED in page.text
        assert "as in the original course" in page.text
        assert "Learners and units" in teacher.launch(overview.id).text


def publish(world: World, mc: Any) -> None:
    with world.tool.database.transaction() as db:
        courses.publish(db, mc, world.tool.settings.public_url, clock.now())
