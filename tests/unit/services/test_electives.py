"""Courses that offer a definition with a choice: what they may ask for, and what follows."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from badges.choices import NOTHING_MORE, Asked
from lti_tool.db import Database
from lti_tool.errors import ToolError
from lti_tool.models import (
    AuditEntry,
    Award,
    Course,
    Delivery,
    LaunchSession,
    PendingAward,
    Placement,
    ResourceLink,
)
from lti_tool.services.awarding import awards
from lti_tool.services.courses import confirming, course_settings, grid, roster
from lti_tool.services.courses.grid import Show
from lti_tool.services.definitions import catalogue, electives, versions
from tests.factories.awards import chosen
from tests.factories.courses import School
from tests.factories.databases import on_each_database
from tests.factories.judgements import passing

# The first and the last are needed, one of the third and fourth, the second is optional.
MC = chosen()
NEEDED, OPTIONAL, THIRD, FOURTH, LAST = (unit.code for unit in MC.units)


@pytest.fixture
def school(database: Database, now: datetime) -> School:
    opened = School.open(database, now)
    opened.publish(MC)
    return opened


@pytest.fixture
def teacher(school: School) -> uuid.UUID:
    return school.launch("teacher", teacher=True, mc=MC.code, unit=NEEDED)


@pytest.fixture
def ana(school: School, teacher: uuid.UUID) -> uuid.UUID:
    return school.launch("ana", mc=MC.code, unit=NEEDED)


def complete(school: School, teacher: uuid.UUID, *codes: str) -> list[uuid.UUID]:
    made = []
    for code in codes:
        for judgement in passing(MC.unit(code)):
            school.tick()
            made.append(school.assess(teacher, "ana", MC.code, code, **judgement))
    return made


def ask(school: School, teacher: uuid.UUID, asked: Asked) -> None:
    school.tick()
    with school.transaction() as db:
        launch = db.get_one(LaunchSession, teacher)
        placement = launch.link.placement
        assert placement is not None
        wished = replace(course_settings.of(db, placement), asked=asked)
        course_settings.change(db, placement, wished, by=launch.person, now=school.now)


def stated(school: School) -> list[str] | None:
    """Return the units that the standing award of ana states, in order."""
    award = school.award("ana", MC.code)
    return [one["unit"] for one in award.results] if award is not None else None


@on_each_database
def test_enough_of_a_choice_earns_the_award_and_it_states_what_was_completed(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    complete(school, teacher, NEEDED, THIRD)
    assert stated(school) is None
    complete(school, teacher, LAST)
    assert stated(school) == [NEEDED, THIRD, LAST]
    complete(school, teacher, FOURTH)
    assert stated(school) == [NEEDED, THIRD, LAST]


def test_what_is_extra_is_stated_where_it_came_before(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    complete(school, teacher, OPTIONAL, NEEDED, FOURTH, THIRD, LAST)
    assert stated(school) == [unit.code for unit in MC.units]
    with school.transaction() as db:
        award = awards.standing(db, school.person(db, "ana"), school.version(db, MC.code))
        assert award is not None
        fact = awards.as_fact(award)
        assert fact.awarded_at == max(one.completed_at for one in fact.results)


def test_a_stated_unit_that_is_taken_back_makes_it_another_award(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    record, *_ = complete(school, teacher, OPTIONAL, NEEDED, THIRD, LAST)
    first = school.award("ana", MC.code)
    school.tick()
    school.retract(teacher, record)
    second = school.award("ana", MC.code)
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert stated(school) == [NEEDED, THIRD, LAST]


@on_each_database
def test_a_course_that_asks_for_more_gives_the_award_then(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    ask(school, teacher, Asked(needed=frozenset({OPTIONAL}), counts={0: 2}))
    complete(school, teacher, NEEDED, THIRD, LAST, OPTIONAL)
    assert stated(school) is None
    complete(school, teacher, FOURTH)
    assert stated(school) == [unit.code for unit in MC.units]


@on_each_database
def test_asking_for_less_again_gives_it_to_those_who_have_enough(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    ask(school, teacher, Asked(needed=frozenset({FOURTH})))
    complete(school, teacher, NEEDED, THIRD, LAST)
    assert stated(school) is None
    ask(school, teacher, NOTHING_MORE)
    assert stated(school) == [NEEDED, THIRD, LAST]
    ask(school, teacher, Asked(needed=frozenset({FOURTH})))
    assert stated(school) == [NEEDED, THIRD, LAST]  # an award that was given stays


def test_another_course_asks_nobody_here(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    other = {"link": "there", "course": "there", "mc": MC.code, "unit": NEEDED}
    there = school.launch("teacher", teacher=True, **other)
    ask(school, there, Asked(needed=frozenset({OPTIONAL})))
    complete(school, teacher, NEEDED, THIRD, LAST)
    assert stated(school) == [NEEDED, THIRD, LAST]


@pytest.fixture
def stricter(school: School, teacher: uuid.UUID, ana: uuid.UUID) -> uuid.UUID:
    """Another course of ana's, which asks for one unit more."""
    other = {"link": "there", "course": "there", "mc": MC.code, "unit": NEEDED}
    there = school.launch("teacher", teacher=True, **other)
    school.launch("ana", **other)
    ask(school, there, Asked(counts={0: 2}))
    return there


@on_each_database
def test_the_last_result_in_a_stricter_course_keeps_no_award_back(
    school: School, teacher: uuid.UUID, stricter: uuid.UUID
) -> None:
    complete(school, teacher, NEEDED, THIRD)
    complete(school, stricter, LAST)
    assert stated(school) == [NEEDED, THIRD, LAST]
    assert deciding(school, "award") == "course"


@on_each_database
def test_a_course_that_offers_it_no_more_gives_nothing_that_another_keeps_back(
    school: School, teacher: uuid.UUID, stricter: uuid.UUID
) -> None:
    complete(school, teacher, NEEDED)
    school.publish(replace(MC, code="ANOTHER"))
    with school.transaction() as db:
        here = db.query(Placement).join(Course).filter(Course.context_id == "course").one()
        here.version = catalogue.find(db, "ANOTHER")
    complete(school, stricter, THIRD, LAST)
    assert stated(school) is None
    complete(school, stricter, FOURTH)
    assert stated(school) == [NEEDED, THIRD, FOURTH, LAST]
    assert deciding(school, "award") == "there"


def test_who_learns_in_the_stricter_course_alone_fulfils_its_wish(
    school: School, teacher: uuid.UUID, stricter: uuid.UUID
) -> None:
    complete(school, stricter, NEEDED, THIRD, LAST)
    assert stated(school) is None  # the other course has no result that counts
    complete(school, stricter, FOURTH)
    assert deciding(school, "award") == "there"


@on_each_database
def test_the_course_of_the_latest_result_is_asked_first_and_its_confirmations_hold(
    school: School, teacher: uuid.UUID, stricter: uuid.UUID
) -> None:
    with school.transaction() as db:
        for placement in db.scalars(sa.select(Placement)):
            placement.confirmations = 1
    complete(school, teacher, NEEDED, LAST)
    complete(school, stricter, THIRD)
    assert deciding(school, "pending") == "course"
    complete(school, stricter, FOURTH)
    assert deciding(school, "pending") == "there"
    ask(school, stricter, Asked(needed=frozenset({OPTIONAL})))
    assert deciding(school, "pending") == "course"  # it waits where nothing is missing
    confirm(school, teacher)
    assert deciding(school, "award") == "course"


def test_who_was_declined_is_not_passed_on_to_another_course(
    school: School, teacher: uuid.UUID, stricter: uuid.UUID
) -> None:
    with school.transaction() as db:
        for placement in db.scalars(sa.select(Placement)):
            placement.confirmations = 1
    complete(school, teacher, NEEDED)
    complete(school, stricter, THIRD, FOURTH, LAST)
    assert deciding(school, "pending") == "there"
    school.tick()
    with school.transaction() as db:
        launch = db.get_one(LaunchSession, stricter)
        assert launch.link.placement is not None
        ana = [school.person(db, "ana").id]
        said = {"by": launch.person, "reason": "Not yet.", "now": school.now}
        confirming.decline(db, launch.link.placement, ana, **said)
    ask(school, stricter, Asked(needed=frozenset({OPTIONAL})))
    assert deciding(school, "pending") == "there"
    complete(school, teacher, LAST)  # judged anew, elsewhere
    assert deciding(school, "pending") == "course"


def deciding(school: School, what: str) -> str | None:
    """Return the course that gave ana the award, or where it waits; None: there is no such."""
    kept = {"award": Award, "pending": PendingAward}[what]
    with school.transaction() as db:
        found = db.scalars(sa.select(kept)).one_or_none()
        return found.course.context_id if found is not None else None


def column(school: School, teacher: uuid.UUID) -> Decimal | None:
    """Return the share that ana's overview column was told last."""
    with school.transaction() as db:
        told = db.scalars(
            sa.select(Delivery)
            .join(ResourceLink, Delivery.link_id == ResourceLink.id)
            .filter(ResourceLink.unit_code.is_(None))
            .order_by(Delivery.created_at.desc())
        ).first()
        if told is None or told.points is None or told.maximum is None:
            return None
        return told.points / told.maximum


def test_the_column_of_the_whole_is_the_share_of_what_is_needed(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.launch("ana", link="overview", mc=MC.code)
    complete(school, teacher, OPTIONAL)
    assert column(school, teacher) is None
    for code, share in ((NEEDED, 1), (THIRD, 2)):
        complete(school, teacher, code)
        assert column(school, teacher) == Decimal(share) / 3
    ask(school, teacher, Asked(counts={0: 2, 1: 1}))
    assert column(school, teacher) == Decimal(3) / 5
    complete(school, teacher, LAST)
    assert column(school, teacher) == Decimal(4) / 5
    complete(school, teacher, FOURTH)
    assert column(school, teacher) == 1
    ask(school, teacher, NOTHING_MORE)
    assert column(school, teacher) == 1


@on_each_database
def test_who_holds_the_award_stays_complete_when_the_course_asks_for_more(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.launch("ana", link="overview", mc=MC.code)
    complete(school, teacher, NEEDED, THIRD, LAST)
    ask(school, teacher, Asked(needed=frozenset({FOURTH}), counts={0: 2}))
    assert column(school, teacher) == 1
    assert shown(school) == {"ana": Show.COMPLETE}
    with school.transaction() as db:
        course, version = db.scalars(sa.select(Course)).one(), school.version(db, MC.code)
        person = school.person(db, "ana")
        progress = roster.progress_of(db, course, person, version, school.now)
        assert (progress.have, progress.need, progress.open) == (3, 3, ())
    complete(school, teacher, FOURTH)
    assert column(school, teacher) == 1


def test_a_result_that_is_taken_back_is_a_gap_also_of_who_holds_the_award(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.launch("ana", link="overview", mc=MC.code)
    record, *_ = complete(school, teacher, NEEDED, THIRD, LAST)
    ask(school, teacher, Asked(needed=frozenset({FOURTH}), counts={0: 2}))
    school.tick()
    school.retract(teacher, record)  # the award was not claimed, so it is withdrawn
    assert column(school, teacher) == Decimal(2) / 4
    assert shown(school) != {"ana": Show.COMPLETE}


def shown(school: School) -> Mapping[str, Show]:
    with school.transaction() as db:
        course = db.scalars(sa.select(Course)).one()
        version = school.version(db, MC.code)
        found = roster.learners(db, course, version, school.now)
        return {one.person.sub: grid.kind_of(one, "", school.now) for one in found}


def test_the_list_says_complete_and_stuck_by_what_is_needed(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    assert shown(school) == {"ana": Show.OPEN}
    complete(school, teacher, NEEDED, THIRD)
    school.assess(teacher, "ana", MC.code, FOURTH, points=1, part=part_of(FOURTH))
    assert shown(school) == {"ana": Show.STARTED}  # begun beside what is enough: not stuck
    ask(school, teacher, Asked(needed=frozenset({FOURTH})))
    complete(school, teacher, LAST)
    assert shown(school) == {"ana": Show.STUCK}
    ask(school, teacher, NOTHING_MORE)
    assert shown(school) == {"ana": Show.COMPLETE}
    ask(school, teacher, Asked(needed=frozenset({FOURTH})))
    assert shown(school) == {"ana": Show.COMPLETE}  # the award is there


def part_of(code: str) -> str:
    return str(passing(MC.unit(code))[0]["part"])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Asked(needed=frozenset({NEEDED})), "not_elective"),
        (Asked(counts={0: 0}), "fewer_than_definition"),
        (Asked(left_out=frozenset({THIRD, FOURTH})), "too_few_offered"),
    ],
)
def test_what_a_course_cannot_ask_for_is_refused_and_nothing_kept(
    school: School, teacher: uuid.UUID, asked: Asked, code: str
) -> None:
    with pytest.raises(ToolError) as refusal:
        ask(school, teacher, asked)
    assert refusal.value.code == code
    with school.transaction() as db:
        assert electives.asked(db.scalars(sa.select(Placement)).one()) == NOTHING_MORE


def test_what_is_asked_for_is_kept_and_on_record(school: School, teacher: uuid.UUID) -> None:
    asked = Asked(needed=frozenset({OPTIONAL}), counts={0: 1}, left_out=frozenset({THIRD}))
    ask(school, teacher, asked)
    with school.transaction() as db:
        assert electives.asked(db.scalars(sa.select(Placement)).one()) == asked
        entry = db.scalars(
            sa.select(AuditEntry).filter_by(action="placement.settings_changed")
        ).one()
        assert entry.details["asked"] == f"{OPTIONAL}/0:1/{THIRD}"
    ask(school, teacher, NOTHING_MORE)
    with school.transaction() as db:
        assert db.scalars(sa.select(Placement)).one().electives is None


def test_a_course_that_changes_to_other_choices_asks_anew(
    school: School, teacher: uuid.UUID
) -> None:
    ask(school, teacher, Asked(needed=frozenset({OPTIONAL})))
    for version, changes in (("1.1", {}), ("2.0", {"choices": MC.choices[:1]})):
        school.tick()
        school.publish(replace(MC, version=version, hours=Decimal(91), **changes))
        with school.transaction() as db:
            placement = db.scalars(sa.select(Placement)).one()
            chosen = school.version(db, MC.code).id
            versions.choose(db, placement, chosen, actor="teacher", now=school.now)
            is_kept = electives.asked(placement) == Asked(needed=frozenset({OPTIONAL}))
            assert is_kept == (version == "1.1")


@on_each_database
def test_who_confirmed_has_seen_everything_that_the_award_states(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    second = school.launch("second", teacher=True, mc=MC.code, unit=NEEDED)
    with school.transaction() as db:
        db.scalars(sa.select(Placement)).one().confirmations = 2
    complete(school, teacher, NEEDED, THIRD, LAST)
    confirm(school, teacher)
    complete(school, teacher, OPTIONAL)
    assert confirm(school, second) == [1]  # the first has not seen the optional unit
    assert stated(school) is None
    confirm(school, teacher)
    assert stated(school) == [NEEDED, OPTIONAL, THIRD, LAST]


def confirm(school: School, teacher: uuid.UUID) -> list[int]:
    """Confirm as that teacher; return by how many people those who still wait are confirmed."""
    school.tick()
    with school.transaction() as db:
        launch = db.get_one(LaunchSession, teacher)
        placement = launch.link.placement
        assert placement is not None
        people = [school.person(db, "ana").id]
        confirming.confirm(db, placement, people, by=launch.person, now=school.now)
        learners = roster.learners(db, launch.course, placement.version, school.now)
        return [len(one.by) for one in confirming.waiting(db, placement, learners)]
