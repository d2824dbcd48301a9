"""Random histories of people and micro-credentials, played through the services.

One database in memory holds a school with two courses that offer short micro-credentials, of one of
which they may ask for more than its definition;
each history is one transaction on it that is rolled back, each act a savepoint, as a request
would be a transaction.
"""

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import lti_tool.models as rows
from badges import samples
from badges.choices import NOTHING_MORE, Asked, Choice
from badges.completion import Route
from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import EachPartAtLeast, PointsAtLeast, SignOffs
from lti_tool.db import Base, Database, get_or_add
from lti_tool.encryption import Encryption
from lti_tool.errors import ToolError
from lti_tool.lti.claims import LaunchClaims
from lti_tool.lti.grades import Result
from lti_tool.lti.moodle_web_services import State
from lti_tool.services.awarding import awards, credentials, status_lists
from lti_tool.services.awarding.credentials import Claim
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.courses import course_settings, placements
from lti_tool.services.launching import launches
from lti_tool.services.lms import activities, gradebook_results
from lti_tool.services.lms.activities import Said
from tests.factories.courses import PUBLIC_URL, School

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
WELDING, CARE = samples.welding(), next(mc for mc in samples.all() if mc.code == "BEM-S-CARE1")
CHOSEN = (*WELDING.units[0:3:2], *CARE.units[1:3])
# Points or participation, parts, a sign-off; a sign-off, and two of different people; and one in
# which a unit is needed, one of the next two, and the last is optional.
SHORT = {
    mc.code: mc
    for mc in (
        replace(WELDING, units=(WELDING.units[1], WELDING.units[3], WELDING.units[4])),
        replace(CARE, units=(CARE.units[0], CARE.units[-1])),
        replace(
            WELDING,
            code="CHOSEN",
            units=tuple(replace(unit, hours=None) for unit in CHOSEN),
            choices=(
                Choice(units=tuple(unit.code for unit in CHOSEN[1:3]), count=1),
                Choice(units=(CHOSEN[3].code,), count=0),
            ),
        ),
    )
}
COURSES = ("here", "there")
# What a course may ask for of the choices of CHOSEN: both of the two, or the last one, too.
WISHES = (
    NOTHING_MORE,
    Asked(counts={0: 2}),
    Asked(needed=frozenset({CHOSEN[3].code})),
)
LEARNERS = ("ana", "ben", "tutor")
ASSESSORS = ("tutor", "mia", "tom")


class Role(StrEnum):
    LEARNER = "learner"
    TEACHER = "teacher"
    TEST_USER = "test_user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A launch of the link of a unit; a teacher with a switched role comes as a learner."""

    who: str
    course: str
    mc: str
    unit: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An assessor's judgement; `points` None is a sign-off."""

    who: str
    by: str
    course: str
    mc: str
    unit: str
    part: str | None = None
    points: int | None = None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The learner confirms to have worked through the unit, in the latest launch of its link."""

    who: str
    course: str
    mc: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A teacher's grade is read from the LMS's gradebook: `percent` of the column's maximum, or
    None, where it was taken out again."""

    who: str
    course: str
    mc: str
    unit: str
    percent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """The LMS tells how an activity of its own ended, which completes the unit when passed."""

    who: str
    course: str
    mc: str
    unit: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Retract:
    """The record that the act number `of` led to is taken back."""

    of: int
    by: str
    course: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseRoute:
    course: str
    mc: str
    unit: str
    route: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A course asks for more of the choices than the definition, or no longer: `wish` is one of
    `WISHES`, by its number."""

    course: str
    mc: str
    wish: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """The standing award is claimed, kept though it was flagged, or revoked."""

    what: str
    who: str
    mc: str
    is_test: bool


Act = Launch | Mark | Confirm | Grade | Activity | Retract | ChooseRoute | Ask | Decide


@dataclass(frozen=True, slots=True)
class Standing:
    """An award that stands, as the database has it."""

    is_claimed: bool
    is_flagged: bool


STANDING = sa.select(
    rows.Award.person_id,
    rows.Award.version_id,
    rows.Award.is_test,
    rows.Award.flagged_at,
    sa.exists().where(
        rows.Credential.award_id == rows.Award.id, rows.Credential.revoked_at.is_(None)
    ),
).filter(rows.Award.withdrawn_at.is_(None))

Awards = dict[tuple[str, str, bool], Standing]
"""By person, micro-credential, and whether it is a TEST award."""


def random_history(seed: int) -> list[Act]:
    """Return acts that often start close to an award, so that most of them matter."""
    chance = random.Random(seed)
    mc = chance.choice(list(SHORT.values()))
    acts: list[Act] = []
    if mc.choices:
        wishes = [chance.randrange(len(WISHES)) for _ in COURSES]
        pairs = zip(COURSES, wishes, strict=True)
        acts += [Ask(course=course, mc=mc.code, wish=wish) for course, wish in pairs if wish]
    if chance.random() < 0.8:
        acts += _almost_complete(chance, mc)
    for _ in range(chance.randint(4, 10)):
        acts.append(_random_act(chance, mc, acts))
    return acts


def _almost_complete(chance: random.Random, mc: MicroCredential) -> list[Act]:
    """Return the marks that complete everything but, mostly, one thing."""
    who, course = chance.choice(("ana", "tutor")), chance.choice(COURSES)
    marks: list[Act] = []
    for unit in mc.units:
        course = chance.choice(COURSES) if chance.random() < 0.2 else course
        parts = unit.rule.parts if isinstance(unit.rule, EachPartAtLeast) else ()
        assessors = ("mia", "tom") if isinstance(unit.rule, SignOffs) else ("mia",)
        for part in [part.code for part in parts] or [None]:
            for by in assessors:
                points = _points(unit, chance, ("minimum",))
                marks.append(_mark(chance, who, by, course, mc, unit, part, points))
    if chance.random() < 0.7:
        marks.pop(chance.randrange(len(marks)))
    return marks


def _random_act(chance: random.Random, mc: MicroCredential, acts: list[Act]) -> Act:
    unit = chance.choice(mc.units)
    first = next((act for act in acts if isinstance(act, Mark | Launch)), None)
    main = first.who if first is not None else "ana"
    who = main if chance.random() < 0.75 else chance.choice(LEARNERS)
    course = chance.choice(COURSES)
    claims = [act for act in acts if isinstance(act, Decide) and act.what == "claim"]
    if claims and isinstance(acts[-1], Retract) and chance.random() < 0.5:
        return replace(claims[-1], what="keep")
    if mc.choices and chance.random() < 0.15:
        return Ask(course=course, mc=mc.code, wish=chance.randrange(len(WISHES)))
    kind = chance.choices(
        (Launch, Mark, Confirm, Grade, Activity, Retract, ChooseRoute, Decide),
        (3, 7, 2, 2, 2, 8 if claims else 3, 1, 3),
    )[0]
    of_record = Mark | Confirm | Grade | Activity
    earlier = [number for number, act in enumerate(acts) if isinstance(act, of_record)]
    if kind is Launch:
        role = chance.choices(tuple(Role), (6, 2, 1))[0]
        return Launch(who=who, course=course, mc=mc.code, unit=unit.code, role=role)
    if kind is Confirm:
        return Confirm(who=who, course=course, mc=mc.code, unit=unit.code)
    if kind in (Grade, Activity):
        return _told(chance, kind, who, course, mc, unit)
    if kind is Retract and earlier:
        target = chance.choice(earlier)
        if chance.random() < 0.85:
            course = acts[target].course  # type: ignore[union-attr]
        return Retract(of=target, by=chance.choice(ASSESSORS), course=course)
    if kind is ChooseRoute:
        route = chance.choice(placements.CHOSEN_ROUTES)
        return ChooseRoute(course=course, mc=mc.code, unit=unit.code, route=route)
    if kind is Decide:
        what = chance.choices(("claim", "keep", "revoke"), (4, 3, 1))[0]
        return Decide(what=what, who=main, mc=mc.code, is_test=chance.random() < 0.2)
    marks = [act for act in acts if isinstance(act, Mark)]
    if marks and chance.random() < 0.1:
        return chance.choice(marks)  # the same form sent again
    return _random_mark(chance, who, course, mc, unit)


def _told(
    chance: random.Random,
    kind: type[Act],
    who: str,
    course: str,
    mc: MicroCredential,
    unit: LearningUnit,
) -> Act:
    """Return what the LMS tells, which is often enough for the unit."""
    if kind is Activity:
        state = chance.choices((State.PASSED, State.FAILED, State.INCOMPLETE), (4, 1, 1))[0]
        return Activity(who=who, course=course, mc=mc.code, unit=unit.code, state=state)
    percent = chance.choices((100, 99, 1, None), (6, 2, 1, 1))[0]
    return Grade(who=who, course=course, mc=mc.code, unit=unit.code, percent=percent)


def _random_mark(
    chance: random.Random, who: str, course: str, mc: MicroCredential, unit: LearningUnit
) -> Mark:
    points = _points(unit, chance, ("minimum", "minimum", "maximum", "too few", "too many"))
    part = None
    if isinstance(unit.rule, EachPartAtLeast):
        part = chance.choice(unit.rule.parts).code
    return _mark(chance, who, chance.choice(ASSESSORS), course, mc, unit, part, points)


def _points(unit: LearningUnit, chance: random.Random, kinds: Sequence[str]) -> int | None:
    """Return points, or None where the rule asks for a sign-off."""
    if not isinstance(unit.rule, PointsAtLeast | EachPartAtLeast):
        return None
    minimum, maximum = int(unit.rule.minimum), int(unit.rule.maximum)
    kind = chance.choice(kinds)
    few_or_many = {"too few": minimum - 1, "too many": maximum + 1}
    return few_or_many.get(kind, maximum if kind == "maximum" else minimum)


def _mark(
    chance: random.Random,
    who: str,
    by: str,
    course: str,
    mc: MicroCredential,
    unit: LearningUnit,
    part: str | None,
    points: int | None,
) -> Mark:
    return Mark(
        who=who,
        by=by,
        course=course,
        mc=mc.code,
        unit=unit.code,
        part=part,
        points=points,
        key=f"form-{chance.randrange(10**9)}",
    )


class World:
    """The school that every history starts from."""

    def __init__(self, encryption_key: str) -> None:
        self.database = Database("sqlite://")
        Base.metadata.create_all(self.database.engine)
        self.school = School.open(self.database, START)
        self.school.encryption = Encryption([encryption_key])
        for mc in SHORT.values():
            self.school.publish(mc)
        for course in COURSES:
            for person in ("mia", "tom"):
                for mc in SHORT.values():
                    for unit in mc.units:
                        self._launch(person, course, mc.code, unit.code)
        self._add_learners()
        self._make_keys()
        with self.school.transaction() as db:
            self.people = {person.sub: person.id for person in db.query(rows.Person)}
            self.courses = {course.context_id: course.id for course in db.query(rows.Course)}
            self.versions = {
                version.series.code: version.id for version in db.query(rows.MicroCredentialVersion)
            }
        self.subs = {person: sub for sub, person in self.people.items()}
        self.codes = {version: code for code, version in self.versions.items()}

    def _launch(self, sub: str, course: str, mc: str, unit: str) -> None:
        link = link_of(course, unit)
        self.school.launch(sub, link=link, course=course, mc=mc, unit=unit, teacher=True)

    def _add_learners(self) -> None:
        """They are on the courses' lists: nobody is judged in a course that never saw them."""
        with self.school.transaction() as db:
            platform = db.query(rows.Platform).one().id
            for sub in {*LEARNERS, *ASSESSORS} - {"mia", "tom"}:
                person = rows.Person(platform_id=platform, sub=sub, created_at=START)
                seen = {"person": person, "first_seen_at": START, "last_seen_at": START}
                db.add_all(
                    rows.CourseMember(course=course, has_launched=False, **seen)
                    for course in db.query(rows.Course)
                )

    def _make_keys(self) -> None:
        """Keys and status lists take long to make: they are there before the first history."""
        with self.school.transaction() as db:
            for body in db.query(rows.Organisation):
                for is_test in (False, True):
                    status_lists.reserve(
                        db,
                        body,
                        is_test=is_test,
                        public_url=PUBLIC_URL,
                        encryption=self.school.encryption,
                        now=START,
                    )

    @contextmanager
    def history(self) -> Iterator["Play"]:
        with self.database.engine.connect() as connection, connection.begin() as transaction:
            with Session(connection, join_transaction_mode="create_savepoint") as db:
                yield Play(db, self)
            transaction.rollback()


def link_of(course: str, unit: str) -> str:
    return f"{course}/{unit}"


@dataclass(slots=True)
class Play:
    """One history being played. `made`: act number -> record it led to."""

    db: Session
    world: World
    now: datetime = START + timedelta(days=1)
    made: dict[int, uuid.UUID] = field(default_factory=dict)

    def act(self, number: int, act: Act) -> str:
        """Return "done", or the code of the refusal."""
        self.now += timedelta(seconds=1)
        play: dict[type[Any], Callable[[Any], rows.CompletionRecord | None]] = {
            Launch: self._launch,
            Mark: self._mark,
            Confirm: self._confirm,
            Grade: self._grade,
            Activity: self._activity,
            Retract: self._retract,
            ChooseRoute: self._choose_route,
            Ask: self._ask,
            Decide: self._decide,
        }
        try:
            with self.db.begin_nested():
                record = play[type(act)](act)
        except ToolError as refusal:
            return refusal.code
        if record is not None:
            self.made[number] = record.id
        return "done"

    def awards(self) -> Awards:
        """Return every award that stands."""
        found = self.db.execute(STANDING).all()
        standing = {
            (self.world.subs[person], self.world.codes[version], is_test): Standing(
                bool(is_claimed), flagged_at is not None
            )
            for person, version, is_test, flagged_at, is_claimed in found
        }
        assert len(standing) == len(found), "two awards stand for one and the same"
        return standing

    def _launch(self, act: Launch) -> None:
        launches.open_session(
            self.db,
            self.world.school.registration_id,
            LaunchClaims(
                issuer="https://lms.example",
                deployment_id="1",
                sub=act.who,
                roles=(),
                is_teacher=act.role is Role.TEACHER,
                is_test_user=act.role is Role.TEST_USER,
                target_link_uri="",
                resource_link_id=link_of(act.course, act.unit),
                resource_link_title="Unit",
                context_id=act.course,
                context_title="Course",
                name="Somebody",
                email=None,
                locale="en",
                custom={},
                line_item_url=None,
                ags_scopes=frozenset(),
            ),
            encryption=self.world.school.encryption,
            lifetime=timedelta(hours=8),
            now=self.now,
        )

    def _mark(self, act: Mark) -> rows.CompletionRecord:
        return completions.record(
            self.db,
            self._person(act.who),
            self._version(act.mc),
            Judgement(
                unit=act.unit,
                part=act.part,
                points=None if act.points is None else Decimal(act.points),
                signed_off=act.points is None,
            ),
            course=self._course(act.course),
            assessor=self._person(act.by),
            key=act.key,
            now=self.now,
        )

    def _confirm(self, act: Confirm) -> rows.CompletionRecord:
        launch = self.db.scalar(
            sa.select(rows.LaunchSession)
            .join(rows.LaunchSession.given_link)
            .filter(
                rows.LaunchSession.person == self._person(act.who),
                rows.ResourceLink.resource_link_id == link_of(act.course, act.unit),
            )
            .limit(1)
        )
        if launch is None:
            raise ToolError("not_launched")
        return completions.record_participation(self.db, launch, act.unit, self.now)

    def _grade(self, act: Grade) -> rows.CompletionRecord | None:
        link = self.db.scalars(
            sa.select(rows.ResourceLink).filter_by(resource_link_id=link_of(act.course, act.unit))
        ).one()
        link.line_item_url = f"https://lms.example/{link.id}"  # a launch may have named none
        score = None if act.percent is None else Decimal(act.percent)
        read = Result(score, None if score is None else Decimal(100), None)
        person_id = self.world.people[act.who]
        gradebook_results.take_in(self.db, link.id, person_id, read, self.now)
        link.line_item_url = None
        of_link = rows.GradebookResult.link_id == link.id
        return self._last_of(act.who, rows.CompletionRecord.result, of_link)

    def _activity(self, act: Activity) -> rows.CompletionRecord | None:
        place = {"placement_id": self._placement(act.course, act.mc).id, "unit_code": act.unit}
        choice, _ = get_or_add(
            self.db,
            rows.UnitActivity,
            place,
            activity_id=1,
            name="Quiz",
            kind="quiz",
            criterion=activities.Criterion.PASSED.value,
            chosen_at=START,
        )
        person = self._person(act.who)
        activities.take_in(self.db, choice, person, Said(act.state), self.now)
        of_choice = rows.ActivityResult.placement_id == choice.placement_id
        same_unit = rows.ActivityResult.unit_code == act.unit
        told = rows.CompletionRecord.activity_result
        return self._last_of(act.who, told, sa.and_(of_choice, same_unit))

    def _last_of(
        self, who: str, told: Any, of_place: sa.ColumnElement[bool]
    ) -> rows.CompletionRecord | None:
        """Return the latest record that rests on what the LMS told there."""
        return self.db.scalars(
            sa.select(rows.CompletionRecord)
            .join(told)
            .filter(
                of_place,
                rows.CompletionRecord.person == self._person(who),
                rows.CompletionRecord.retracts_id.is_(None),
            )
            .order_by(rows.CompletionRecord.recorded_at.desc())
            .limit(1)
        ).first()

    def _retract(self, act: Retract) -> None:
        if act.of not in self.made:
            raise ToolError("nothing_to_retract")
        completions.retract(
            self.db,
            completions.find(self.db, self.made[act.of]),
            course=self._course(act.course),
            assessor=self._person(act.by),
            reason="a mistake",
            now=self.now,
        )

    def _choose_route(self, act: ChooseRoute) -> None:
        placement = self._placement(act.course, act.mc)
        placements.set_route(
            self.db, placement, act.unit, act.route, "a quiz", actor="teacher", now=self.now
        )

    def _ask(self, act: Ask) -> None:
        placement = self._placement(act.course, act.mc)
        wished = replace(course_settings.of(self.db, placement), asked=WISHES[act.wish])
        course_settings.change(self.db, placement, wished, by=self._person("mia"), now=self.now)

    def _decide(self, act: Decide) -> None:
        person = self._person(act.who)
        award = awards.standing(self.db, person, self._version(act.mc), is_test=act.is_test)
        if award is None:
            raise ToolError("no_award")
        signing: dict[str, Any] = {"signing": self.world.school.signing, "now": self.now}
        if act.what == "claim":
            wishes = Claim(name=None, language="en")
            credentials.claim(self.db, award, wishes, actor=act.who, **signing)
        elif act.what == "revoke":
            credentials.revoke_award(self.db, award, reason="wrong", actor="teacher", **signing)
        else:
            awards.keep(self.db, award, actor="teacher", reason="checked", now=self.now)

    def _person(self, sub: str) -> rows.Person:
        return self.db.get_one(rows.Person, self.world.people[sub])

    def _course(self, context_id: str) -> rows.Course:
        return self.db.get_one(rows.Course, self.world.courses[context_id])

    def _placement(self, course: str, mc: str) -> rows.Placement:
        return self.db.scalars(
            sa.select(rows.Placement).filter_by(
                course_id=self._course(course).id, version_id=self._version(mc).id
            )
        ).one()

    def _version(self, code: str) -> rows.MicroCredentialVersion:
        return self.db.get_one(rows.MicroCredentialVersion, self.world.versions[code])


def readable(acts: list[Act], outcomes: list[str]) -> str:
    """Return a history as a list that a person can follow and repeat."""
    lines = [
        f"{number:3} {act!r} -> {outcome}"
        for number, (act, outcome) in enumerate(zip(acts, outcomes, strict=False))
    ]
    return "\n".join(lines)
