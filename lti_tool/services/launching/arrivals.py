"""Who came, and where to: kept as the platform says it.

A launch looks once for all that its message names, adds what is missing and changes what is
different; mostly that is nothing. The person's row is locked until the transaction ends, so that
two launches of one person follow one another; rows that many share are locked only to be changed.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from badges.errors import BadgeError
from badges.text import clean
from lti_tool.db import Base, get_or_add
from lti_tool.lti.claims import LaunchClaims, MessageClaims
from lti_tool.models import (
    Course,
    CourseMember,
    CourseMove,
    Deployment,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
    Person,
    PlacedUnit,
    Placement,
    Registration,
    ResourceLink,
    TeachingRole,
)
from lti_tool.services.completing import completions
from lti_tool.services.connections import registrations
from lti_tool.services.courses import deep_linking
from lti_tool.services.definitions import catalogue
from lti_tool.services.lms import memberships

LONGEST_NAME = 255
SEEN_AGAIN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Arrival:
    """The person, and what was known of the rest before; None: it is new, or was not named.

    `only_offer`: what the link stands for is called so, and its course offers nothing else.
    `was_moved`: that course may have been moved to a newer version.
    """

    registration_id: uuid.UUID
    platform_id: uuid.UUID
    person: Person
    known_course: Course | None
    known_link: ResourceLink | None
    known_member: CourseMember | None
    only_offer: catalogue.Names | None
    was_moved: bool

    @property
    def comes_anew(self) -> bool:
        """Whether the person has opened nothing in the course yet, or had left it."""
        member = self.known_member
        return member is None or not member.has_launched or member.left_at is not None


_PERSON = (
    sa.select(Registration.platform_id, Person)
    .join(Person, Person.platform_id == Registration.platform_id)
    .filter(Registration.id == sa.bindparam("registration"), Person.sub == sa.bindparam("sub"))
    .with_for_update(of=Person, key_share=True)
)
# Outer joins: any of these may be missing. The definition is remembered, or read when needed.
_OFFER = aliased(Placement)
_OFFERS = (
    sa.select(sa.func.count())
    .select_from(_OFFER)
    .filter(_OFFER.course_id == ResourceLink.course_id)
    .scalar_subquery()
)
_THE_REST = (
    sa.select(
        Deployment.id,
        Course,
        ResourceLink,
        CourseMember,
        _OFFERS,
        sa.exists().where(PlacedUnit.placement_id == Placement.id),
        sa.exists().where(CourseMove.placement_id == Placement.id),
        Organisation.slug,
        MicroCredentialSeries.code,
    )
    .select_from(Registration)
    .outerjoin(
        Deployment,
        (Deployment.registration_id == Registration.id)
        & (Deployment.deployment_id == sa.bindparam("deployment")),
    )
    .outerjoin(
        Course,
        (Course.platform_id == Registration.platform_id)
        & (Course.context_id == sa.bindparam("context")),
    )
    .outerjoin(
        ResourceLink,
        (ResourceLink.platform_id == Registration.platform_id)
        & (ResourceLink.resource_link_id == sa.bindparam("link")),
    )
    .outerjoin(
        CourseMember,
        (CourseMember.course_id == Course.id) & (CourseMember.person_id == sa.bindparam("person")),
    )
    .outerjoin(Placement, Placement.id == ResourceLink.placement_id)
    .outerjoin(MicroCredentialVersion, MicroCredentialVersion.id == Placement.version_id)
    .outerjoin(MicroCredentialSeries, MicroCredentialSeries.id == MicroCredentialVersion.series_id)
    .outerjoin(Organisation, Organisation.id == MicroCredentialSeries.organisation_id)
    .options(
        contains_eager(ResourceLink.placement)
        .contains_eager(Placement.version)
        .defer(MicroCredentialVersion.definition)
    )
    .filter(Registration.id == sa.bindparam("registration"))
)


def of(db: Session, registration_id: uuid.UUID, claims: MessageClaims, now: datetime) -> Arrival:
    """Return who came, kept with the name that the message gives, and what is known of the rest.

    The deployment of a proven message is admitted where the registration's policy lets it in.
    """
    platform_id, person = _person(db, registration_id, claims, now)
    wanted = {
        "registration": registration_id,
        "deployment": claims.deployment_id,
        "context": _context_id(claims),
        "link": claims.resource_link_id if isinstance(claims, LaunchClaims) else None,
        "person": person.id,
    }
    known: tuple[Any, ...] = tuple(db.execute(_THE_REST, wanted).one())
    deployment_id, course, link, member, offers, has_routes, was_moved, slug, code = known
    if deployment_id is None:
        registrations.admit_deployment(db, registration_id, claims.deployment_id, now)
    only_offer = None
    if link is not None and link.placement is not None:
        if offers == 1:
            only_offer = catalogue.Names(slug, code, link.placement.version.version)
        if not has_routes:
            set_committed_value(link.placement, "units", [])
    was_moved = was_moved or link is None or link.placement is None
    return Arrival(
        registration_id, platform_id, person, course, link, member, only_offer, was_moved
    )


def course(db: Session, arrival: Arrival, claims: MessageClaims, now: datetime) -> Course:
    """Return the course of the message; a launch without one gets a course of its link's own."""
    context_id, title = _context_id(claims), claims.context_title
    assert context_id is not None
    if isinstance(claims, LaunchClaims) and not claims.context_id:
        title = claims.resource_link_title
    title = _printable(title)
    found = arrival.known_course
    if found is None:
        key = {"platform_id": arrival.platform_id, "context_id": context_id}
        found, _ = get_or_add(db, Course, key, id=uuid.uuid4(), title=title, created_at=now)
    _change(found, title=title or found.title)
    return found


def link(
    db: Session, arrival: Arrival, course: Course, claims: LaunchClaims, now: datetime
) -> ResourceLink:
    """Return the link of the launch as it is now; what it stood for elsewhere stays there."""
    found = arrival.known_link or _new_link(db, arrival, course, claims, now)
    if found.course_id != course.id:
        db.refresh(found, with_for_update={"key_share": True})  # a teacher may be placing it
    if found.course_id != course.id:  # still: another launch may have moved it meanwhile
        found.course, found.placement, found.unit_code = course, None, None
    is_named = claims.line_item_url is not None or claims.line_items_url is None
    own = None if is_named else found.own_line_item_url
    _change(
        found,
        registration_id=arrival.registration_id,
        title=_printable(claims.resource_link_title),
        line_items_url=claims.line_items_url,
        own_line_item_url=own,
        # A second column beside the link's own makes a platform name none.
        line_item_url=claims.line_item_url or own,
        wants_column=deep_linking.COLUMN in claims.custom,
        line_item_scopes=" ".join(sorted(claims.ags_scopes)) or None,
    )
    return found


def note_roster(course: Course, arrival: Arrival, claims: LaunchClaims, now: datetime) -> None:
    """Keep where the roster is read, and let a teacher's arrival have it read.

    A platform may tell learners nothing of it.
    """
    if claims.roster_url is None and not claims.is_teacher:
        return
    course.roster_url = claims.roster_url
    if claims.roster_url is not None:
        course.roster_registration_id = arrival.registration_id
    if claims.is_teacher:
        memberships.want_after_launch(course, now)


def seen(
    db: Session, arrival: Arrival, course: Course, claims: MessageClaims, now: datetime
) -> None:
    """Note that the person is in the course; who teaches, or comes as the platform's test user, is
    a tester there for good."""
    person, member = arrival.person, arrival.known_member
    if member is None or member.course_id != course.id:
        key = {"course_id": course.id, "person_id": person.id}
        times = {"first_seen_at": now, "last_seen_at": now}
        member, _ = get_or_add(db, CourseMember, key, is_tester=False, **times)
    if now - member.last_seen_at >= SEEN_AGAIN_AFTER or not member.has_launched:
        member.last_seen_at, member.has_launched = now, True
    if member.left_at is not None:
        member.left_at = None
    if claims.is_teacher:
        teaches_as = TeachingRole.ASSISTANT if claims.is_assistant else TeachingRole.TEACHER
        _change(member, teaches_as=teaches_as.value)
    if (claims.is_teacher or claims.is_test_user) and not member.is_tester:
        member.is_tester = True
        db.flush()
        completions.reevaluate_person(db, person, now)


def _person(
    db: Session, registration_id: uuid.UUID, claims: MessageClaims, now: datetime
) -> tuple[uuid.UUID, Person]:
    """Return the platform's id and the person, locked."""
    name = _printable(claims.name)
    wanted = {"registration": registration_id, "sub": claims.sub}
    if (found := db.execute(_PERSON, wanted).one_or_none()) is not None:
        platform_id, person = found
    else:
        platform_id = db.get_one(Registration, registration_id).platform_id
        key = {"platform_id": platform_id, "sub": claims.sub}
        person, _ = get_or_add(db, Person, key, id=uuid.uuid4(), name=name, created_at=now)
    _change(person, name=name)
    return platform_id, person


def _new_link(
    db: Session, arrival: Arrival, course: Course, claims: LaunchClaims, now: datetime
) -> ResourceLink:
    found, _ = get_or_add(
        db,
        ResourceLink,
        {"platform_id": arrival.platform_id, "resource_link_id": claims.resource_link_id},
        id=uuid.uuid4(),
        registration_id=arrival.registration_id,
        course_id=course.id,
        title=_printable(claims.resource_link_title),
        is_placed_by_platform=False,
        created_at=now,
    )
    return found


def _change(row: Base, **values: object) -> None:
    """Set what differs: a row that was merely set is looked at again by every flush."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def _context_id(claims: MessageClaims) -> str | None:
    if isinstance(claims, LaunchClaims):
        return claims.context_id or f"resource-link:{claims.resource_link_id}"
    return claims.context_id


def _printable(text: str | None) -> str | None:
    """Return text of the LMS as it can be shown, or None where nothing of it can."""
    try:
        return clean(text)[:LONGEST_NAME] if text else None
    except BadgeError:
        return None
