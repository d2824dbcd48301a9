"""What is kept about a person, for the person and for the administrators of their LMS."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.models import (
    Award,
    CompletionRecord,
    CourseMember,
    Credential,
    MicroCredentialVersion,
    Person,
)


@dataclass(frozen=True, slots=True)
class Held:
    """`records`: (version, how many). `credentials`: every signed badge, oldest first."""

    courses: Sequence[CourseMember]
    records: Sequence[tuple[MicroCredentialVersion, int]]
    awards: Sequence[Award]
    credentials: Sequence[Credential]


def held(db: Session, person: Person) -> Held:
    """Return what the tables of this server hold about a person, apart from the log."""
    members = sa.select(CourseMember).filter_by(person_id=person.id)
    counted = (
        sa.select(CompletionRecord.version_id, sa.func.count())
        .filter_by(person_id=person.id)
        .group_by(CompletionRecord.version_id)
    )
    awards = sa.select(Award).filter_by(person_id=person.id).order_by(Award.granted_at)
    credentials = (
        sa.select(Credential)
        .join(Credential.award)
        .filter(Award.person_id == person.id)
        .order_by(Credential.signed_at)
    )
    return Held(
        courses=db.scalars(
            members.options(joinedload(CourseMember.course)).order_by(CourseMember.first_seen_at)
        ).all(),
        records=[
            (db.get_one(MicroCredentialVersion, version_id), number)
            for version_id, number in db.execute(counted)
        ],
        awards=db.scalars(awards).all(),
        credentials=db.scalars(credentials).all(),
    )
