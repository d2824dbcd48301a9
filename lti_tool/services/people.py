"""What is kept about a person, for the person and for the administrators of their LMS."""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    CourseAssessor,
    CourseMember,
    Credential,
    DefinitionDraft,
    EvidenceFile,
    GradebookResult,
    JoinCode,
    MentorLink,
    MicroCredentialVersion,
    PendingAward,
    Person,
    Placement,
    PriorLearningApplication,
)
from lti_tool.services.awarding import joints
from lti_tool.services.completing import evidence, moderation, prior_recognitions, prior_states
from lti_tool.services.lms import activities


@dataclass(frozen=True, slots=True)
class Told:
    """What an LMS told of a person: `grades`: typed into its gradebook by somebody and read from
    there; `activities`: results of its own activities; `rosters`: courses whose list names them.
    """

    grades: int
    activities: int
    rosters: int


@dataclass(frozen=True, slots=True)
class Held:
    """`named_in`: courses that let them sign off by name. `records`: (version, how many).
    `waiting`: awards that a teacher is to confirm. `credentials`: every signed badge, oldest first.
    `moderated`: how many results were drawn to be looked at again. `others`: who they are in other
    LMSs; `joining`: codes with which that is to be shown. `judged`: how many judgements there are
    of an application, by its id.
    """

    courses: Sequence[CourseMember]
    named_in: Collection[uuid.UUID]
    records: Sequence[tuple[MicroCredentialVersion, int]]
    awards: Sequence[Award]
    waiting: Sequence[PendingAward]
    credentials: Sequence[Credential]
    told: Told
    drafts: Sequence[DefinitionDraft]
    applications: Sequence[PriorLearningApplication]
    judged: Mapping[uuid.UUID, int]
    files: Sequence[EvidenceFile]
    moderated: int
    mentors: Sequence[MentorLink]
    others: Sequence[Person]
    joining: Sequence[JoinCode]


def held(db: Session, person: Person) -> Held:
    """Return what the tables of this server hold about a person, apart from the log, and from what
    one of several assessors judged of prior learning before the others have."""
    members = sa.select(CourseMember).filter_by(person_id=person.id)
    records = db.scalars(
        sa.select(CompletionRecord)
        .filter_by(person_id=person.id)
        .order_by(CompletionRecord.recorded_at, CompletionRecord.id)
    ).all()
    votes = prior_recognitions.votes(db, records)
    counted = Counter(row.version_id for row in records if row.id not in votes)
    named = sa.select(Placement.course_id).join(CourseAssessor)
    named = named.filter(CourseAssessor.person_id == person.id)
    awards = sa.select(Award).filter_by(person_id=person.id).order_by(Award.granted_at)
    credentials = (
        sa.select(Credential)
        .join(Credential.award)
        .filter(Award.person_id == person.id)
        .order_by(Credential.signed_at)
    )
    applied = applications(db, person)
    return Held(
        courses=db.scalars(
            members.options(joinedload(CourseMember.course)).order_by(CourseMember.first_seen_at)
        ).all(),
        named_in=frozenset(db.scalars(named)),
        records=[
            (db.get_one(MicroCredentialVersion, version_id), number)
            for version_id, number in counted.items()
        ],
        awards=db.scalars(awards).all(),
        waiting=waiting(db, person),
        credentials=db.scalars(credentials).all(),
        told=told(db, person),
        drafts=drafts(db, person),
        applications=applied,
        judged={one.id: len(prior_states.told(one)) for one in applied},
        files=[one for one in evidence.of_person(db, person) if one.record_id not in votes],
        moderated=moderation.count(db, person),
        mentors=mentors(db, person),
        others=joints.others(db, person),
        joining=joining(db, person),
    )


def joining(db: Session, person: Person) -> Sequence[JoinCode]:
    """Return the codes that a person made or entered and that are not deleted yet."""
    is_theirs = sa.or_(JoinCode.person_id == person.id, JoinCode.entered_by_id == person.id)
    return db.scalars(sa.select(JoinCode).filter(is_theirs).order_by(JoinCode.created_at)).all()


def waiting(db: Session, person: Person) -> Sequence[PendingAward]:
    """Return what is kept of a person's awards that teachers confirm or did not, oldest first."""
    own = sa.select(PendingAward).filter_by(person_id=person.id)
    return db.scalars(own.order_by(PendingAward.since, PendingAward.version_id)).all()


def drafts(db: Session, person: Person) -> Sequence[DefinitionDraft]:
    """Return the definitions that a person wrote or writes, also those given up or published."""
    written = sa.select(DefinitionDraft).filter_by(author=f"person:{person.id}")
    return db.scalars(written.order_by(DefinitionDraft.created_at)).all()


def applications(db: Session, person: Person) -> Sequence[PriorLearningApplication]:
    """Return what a person applied for as prior learning, drafts too, oldest first."""
    own = sa.select(PriorLearningApplication).filter_by(person_id=person.id)
    return db.scalars(own.order_by(PriorLearningApplication.created_at)).all()


def mentors(db: Session, person: Person) -> Sequence[MentorLink]:
    """Return what mentors at the workplace were asked to confirm of a person, oldest first."""
    asked = sa.select(MentorLink).filter_by(person_id=person.id)
    return db.scalars(asked.order_by(MentorLink.created_at, MentorLink.id)).all()


def told(db: Session, person: Person) -> Told:
    """Return how much of what the LMS told about a person is kept."""
    grades = sa.select(sa.func.count()).select_from(GradebookResult)
    grades = grades.filter_by(person_id=person.id)
    is_read = Course.roster_read_at.is_not(None)
    listed = sa.select(sa.func.count()).select_from(CourseMember).join(CourseMember.course)
    listed = listed.filter(CourseMember.person_id == person.id, is_read)
    return Told(
        grades=db.scalars(grades).one(),
        activities=activities.count(db, person),
        rosters=db.scalars(listed.filter(CourseMember.left_at.is_(None))).one(),
    )
