"""No new course begins with what is retired or overdue for a review; running ones go on."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from badges import samples
from badges.micro_credential import MicroCredential
from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import LaunchSession, MicroCredentialVersion
from lti_tool.services import organisations
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue, history, lifecycle, versions
from lti_tool.services.definitions.drafts import Kind
from lti_tool.services.definitions.history import Act
from lti_tool.services.definitions.lifecycle import Standing
from lti_tool.services.definitions.reviews import Reviewer
from lti_tool.services.staff.accounts import Access
from tests.factories import handing_in
from tests.factories.courses import School
from tests.factories.databases import on_each_database
from tests.unit.services.test_reviews import approve, go_on, reviewer

WLD = samples.welding()
REASON = "Replaced by a newer one"


def own(school: School) -> uuid.UUID:
    return handing_in.publish(school.database, "school", school.now, code="PV-1")


def retire(school: School, version_id: uuid.UUID, reason: str = REASON) -> None:
    with school.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version_id)
        lifecycle.retire(db, found, reason=reason, by="account:boss", now=school.now)


def review_by(school: School, version_id: uuid.UUID, **later: float) -> None:
    with school.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version_id)
        found.review_by = school.now + timedelta(**later)


def offered(school: School) -> set[str]:
    with school.transaction() as db:
        found = lifecycle.newest_open(catalogue.all_versions(db), school.now)
        return {one.reference for one in found}


def unplaced(school: School, launch: uuid.UUID) -> str | None:
    with school.transaction() as db:
        link = db.get_one(LaunchSession, launch).link
        return link.unknown_parameter if link.placement is None else ""


@pytest.mark.parametrize(
    ("days", "standing"),
    [(91, Standing.OPEN), (90, Standing.DUE), (1, Standing.DUE), (0, Standing.OVERDUE)],
)
def test_a_review_is_announced_and_then_demanded(
    school: School, days: int, standing: Standing
) -> None:
    version = own(school)
    review_by(school, version, days=days)
    with school.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version)
        assert lifecycle.standing(found, school.now) is standing
        listed = lifecycle.due(db, None, school.now)
        assert (version in [one.id for one in listed]) == (standing is not Standing.OPEN)
    assert ("school/PV-1/1.0" in offered(school)) == (standing is not Standing.OVERDUE)


@on_each_database
def test_a_retired_version_takes_no_new_course_and_leaves_running_ones(school: School) -> None:
    version = own(school)
    running = school.launch("olha", link="a", teacher=True, mc="PV-1", course="running")
    retire(school, version)
    assert "school/PV-1/1.0" not in offered(school)
    school.tick(days=1)
    assert unplaced(school, running) == ""
    another = school.launch("ana", link="b", mc="PV-1", course="running")
    assert unplaced(school, another) == ""  # one more activity of the running course
    new = school.launch("olha", link="c", teacher=True, mc="PV-1", course="new")
    assert unplaced(school, new) == "mc=PV-1"
    school.complete(running, "ana", catalogue_of(school, version))
    assert school.award("ana", "PV-1") is not None
    with school.transaction() as db:
        last = history.of_version(db, db.get_one(MicroCredentialVersion, version))[-1]
        assert (last.act, last.reason, last.organisation) == (Act.RETIRED, REASON, "School")


def catalogue_of(school: School, version: uuid.UUID) -> MicroCredential:
    with school.transaction() as db:
        return catalogue.definition(db.get_one(MicroCredentialVersion, version))


@pytest.mark.parametrize("close", [retire, partial(review_by, days=-1)])
def test_what_is_superseded_does_not_come_back_with_its_successor_closed(
    school: School, close: Callable[[School, uuid.UUID], None]
) -> None:
    own(school)
    school.tick(days=1)
    rita = reviewer(school)
    second = approve(school, go_on(school, Kind.VERSION, hours=99), rita)
    assert "school/PV-1/2.0" in offered(school)
    close(school, second)
    assert not any("PV-1" in one for one in offered(school))
    new = school.launch("olha", link="a", teacher=True, mc="PV-1", course="new")
    assert unplaced(school, new) == "mc=PV-1"
    named = school.launch("olha", link="b", teacher=True, mc="school/PV-1/2.0", course="other")
    assert unplaced(school, named) == "mc=school/PV-1/2.0"


@on_each_database
def test_what_was_selected_may_begin_for_a_school_year(school: School) -> None:
    version = own(school)
    seen = school.launch("olha", link="a", teacher=True, course="new")
    with school.transaction() as db:
        course = db.get_one(LaunchSession, seen).course.id
        found = db.get_one(MicroCredentialVersion, version)
        for _ in range(2):
            versions.select(db, course, found, school.now)
        later = (school.now + timedelta(days=days) for days in (0, 365, 367))
        told = [versions.was_selected(db, course, found, at) for at in later]
    assert told == [True, True, False]


def test_a_teacher_cannot_choose_what_is_closed(school: School) -> None:
    version = own(school)
    review_by(school, version, days=-1)
    launch = school.launch("olha", link="a", teacher=True, course="new")
    with school.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version)
        link = db.get_one(LaunchSession, launch).link
        with pytest.raises(Conflict, match="closed_to_new_courses"):
            placements.place(db, link, found, None, actor="teacher", now=school.now)
        assert link.placement is None


confirm = partial(lifecycle.confirm, is_independent=True)


@on_each_database
def test_a_reviewer_who_looked_again_opens_it_until_the_next_time(school: School) -> None:
    version, rita = own(school), reviewer(school)
    review_by(school, version, days=-1)
    with school.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version)
        stranger = Reviewer(
            "account:x",
            Access(is_operator=True, administers=frozenset(), reviews=frozenset()),
        )
        with pytest.raises(Forbidden, match="reviewers_only"):
            confirm(db, found, stranger, None, now=school.now)
        until = school.now + timedelta(days=365)
        confirm(db, found, rita, until, now=school.now)
        assert lifecycle.is_open(found, school.now)
        assert history.of_version(db, found)[-1].act is Act.CONFIRMED
    retire(school, version)
    with school.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version)
        with pytest.raises(Conflict, match="already_retired"):
            confirm(db, found, rita, None, now=school.now)


def test_nobody_confirms_what_they_wrote_or_handed_in_themselves(school: School) -> None:
    own(school)
    version = approve(school, go_on_with(school), reviewer(school))
    author, rita = reviewer(school, actor=handing_in.AUTHOR), reviewer(school)
    with school.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version)
        with pytest.raises(Forbidden, match="own_definition"):
            confirm(db, found, author, None, now=school.now)
        with pytest.raises(Forbidden, match="independence_missing"):
            lifecycle.confirm(db, found, rita, None, is_independent=False, now=school.now)
        confirm(db, found, rita, None, now=school.now)


def go_on_with(school: School) -> uuid.UUID:
    return go_on(school, Kind.VERSION, hours=99)


def test_retiring_needs_a_reason_and_happens_once(school: School) -> None:
    version = own(school)
    for reason, code in (("  \n ", "reason_missing"), ("x" * 501, "reason_too_long")):
        with pytest.raises(ToolError, match=code):
            retire(school, version, reason)
    retire(school, version)
    with pytest.raises(Conflict, match="already_retired"):
        retire(school, version)


def test_all_versions_of_a_series_are_retired_together(school: School) -> None:
    version = own(school)
    school.tick(days=1)
    approve(school, go_on(school, Kind.VERSION, hours=99), reviewer(school))
    retire(school, version)
    with school.transaction() as db:
        series = db.get_one(MicroCredentialVersion, version).series
        lifecycle.retire_series(db, series, reason=REASON, by="account:boss", now=school.now)
        assert all(one.retired_at for one in series.versions)
    assert offered(school) == {f"{WLD.awarding_body.slug}/{WLD.code}/1.0"}


def test_versions_are_found_within_organisations_only(school: School) -> None:
    version = own(school)
    with school.transaction() as db:
        ours = organisations.find(db, "school").id
        assert lifecycle.find(db, {ours}, version).id == version
        assert lifecycle.find(db, None, version).id == version
        with pytest.raises(NotFound, match="unknown_micro_credential"):
            lifecycle.find(db, set(), version)
