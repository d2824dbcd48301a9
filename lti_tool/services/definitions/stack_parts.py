"""What a version that is published is made of: kept beside it, to be found by its parts."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.micro_credential import MicroCredential
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
    StackPart,
)


def series_reference(version: MicroCredentialVersion) -> str:
    """Return `awarding-body/CODE`."""
    return f"{version.series.organisation.slug}/{version.series.code}"


def keep(db: Session, version: MicroCredentialVersion, mc: MicroCredential) -> None:
    """Keep what a version is made of.

    Raises:
        NotFound: `unknown_stack_part`: it is not published on this server.
        Conflict: `stack_in_circle`: a part is made, in the end, of this one.
    """
    if mc.stack is None:
        return
    own = series_reference(version)
    waiting, seen = list(mc.stack.parts), set[str]()
    while waiting:
        part = waiting.pop()
        if part == own:
            raise Conflict("stack_in_circle", reference=own)
        if part not in seen:
            seen.add(part)
            waiting += _parts_of(db, part)
    db.add_all(StackPart(version_id=version.id, reference=part) for part in mc.stack.parts)
    db.flush()


def _parts_of(db: Session, reference: str) -> Sequence[str]:
    """Return what any version of a published series is made of.

    Raises:
        NotFound: `unknown_stack_part`.
    """
    slug, _, code = reference.partition("/")
    versions = (
        sa.select(MicroCredentialVersion.id)
        .join(MicroCredentialVersion.series)
        .join(Organisation, MicroCredentialSeries.organisation_id == Organisation.id)
        .filter(Organisation.slug == slug, MicroCredentialSeries.code == code)
    )
    found = db.scalars(versions).all()
    if not found:
        raise NotFound("unknown_stack_part", reference=reference)
    return db.scalars(sa.select(StackPart.reference).filter(StackPart.version_id.in_(found))).all()
