"""Where the encrypted bytes of evidence lie: the one seam, today a table of the database.

Another place (a folder, an object store) has the same three functions. What it is given is
encrypted already, so that it may be copied and backed up without care.
"""

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound
from lti_tool.models import EvidenceBytes


def put(db: Session, content_id: uuid.UUID, sealed: bytes) -> None:
    """Keep bytes under an id that was not used before."""
    db.execute(sa.insert(EvidenceBytes).values(content_id=content_id, sealed=sealed))


def get(db: Session, content_id: uuid.UUID) -> bytes:
    """Return what `put` was given.

    Raises:
        NotFound: `unknown_evidence`.
    """
    sealed = db.scalar(sa.select(EvidenceBytes.sealed).filter_by(content_id=content_id))
    if sealed is None:
        raise NotFound("unknown_evidence")
    return sealed


def delete(db: Session, content_id: uuid.UUID) -> None:
    """Forget bytes; none under that id is no error."""
    db.execute(sa.delete(EvidenceBytes).filter_by(content_id=content_id))
