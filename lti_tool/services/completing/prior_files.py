"""Files that learners show as prior learning: added and removed while the application is theirs to
write, handed on to the records of what is recognised, and deleted when nobody judges by them.

prior_files.change(db, application, [Shown("A", document)], remove=(), keeping=keeping, now=now)

A file shows one outcome, or ("") the unit as a whole. What is handed on is a second row of the same
content: the first one belongs to the application alone.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from badges.prior_learning import APPEAL_WITHIN
from lti_tool.documents import Document
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import CompletionRecord, EvidenceFile, PriorLearningApplication
from lti_tool.services import audit
from lti_tool.services.completing import evidence
from lti_tool.services.completing.evidence import Keeping
from lti_tool.services.completing.prior_states import EDITED, State

MOST = 20
"""Of one application: as much as somebody can be asked to look through."""
WHOLE = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A file that arrived. `outcome`: the code of the outcome that it shows, or `WHOLE`."""

    outcome: str
    document: Document


def of(db: Session, application: PriorLearningApplication) -> Mapping[str, Sequence[EvidenceFile]]:
    """Return the files of an application by the outcome they show, oldest first."""
    wanted = (
        sa.select(EvidenceFile)
        .filter_by(application_id=application.id, record_id=None)
        .options(joinedload(EvidenceFile.content))
        .order_by(EvidenceFile.added_at, EvidenceFile.name)
    )
    found = defaultdict(list)
    for file in db.scalars(wanted):
        found[file.outcome_code or WHOLE].append(file)
    return found


def judged_by(
    db: Session, application: PriorLearningApplication
) -> Mapping[str, Sequence[EvidenceFile]]:
    """Return the files by which an application was judged, as `of`: those that were handed on to
    its records as well, each once, where its own are deleted by now."""
    wanted = (
        sa.select(EvidenceFile)
        .filter_by(application_id=application.id)
        .options(joinedload(EvidenceFile.content))
        .order_by(EvidenceFile.record_id.is_not(None), EvidenceFile.added_at, EvidenceFile.name)
    )
    found: dict[tuple[str, uuid.UUID], EvidenceFile] = {}
    for file in db.scalars(wanted):
        found.setdefault((file.outcome_code or WHOLE, file.content_id), file)
    by_outcome = defaultdict(list)
    for (code, _), file in found.items():
        by_outcome[code].append(file)
    return by_outcome


def find(files: Mapping[str, Sequence[EvidenceFile]], file_id: uuid.UUID) -> EvidenceFile:
    """Return one of the files of an application.

    Raises:
        NotFound: `unknown_evidence`.
    """
    found = next((one for own in files.values() for one in own if one.id == file_id), None)
    if found is None:
        raise NotFound("unknown_evidence")
    return found


def change(
    db: Session,
    application: PriorLearningApplication,
    sent: Sequence[Shown],
    *,
    remove: Collection[uuid.UUID] = (),
    keeping: Keeping,
    now: datetime,
) -> None:
    """Add files to an application and remove some; sent twice, they are kept once.

    Raises:
        ToolError: `too_many_files`. Conflict: `prior_learning_moved`: an assessor has it, or it is
            decided; as `evidence.keep`.
    """
    kept = of(db, application)
    own = {file.id: file for files in kept.values() for file in files}
    gone = [own[one] for one in own if one in remove]
    known = {(code, one.content.digest) for code, files in kept.items() for one in files}
    new = {
        (one.outcome, one.document.digest): one
        for one in sent
        if (one.outcome, one.document.digest) not in known
    }
    if not gone and not new:
        return
    if application.state not in EDITED:
        raise Conflict("prior_learning_moved")
    if len(own) - len(gone) + len(new) > MOST:
        raise ToolError("too_many_files", maximum=str(MOST))
    by = f"person:{application.person_id}"
    evidence.remove_all(db, gone, actor=by, now=now)
    for one in new.values():
        _add(db, application, one, by, keeping, now)
    application.revision += 1
    application.updated_at = now
    db.flush()


def hand_on(
    db: Session, application: PriorLearningApplication, records: Sequence[CompletionRecord]
) -> None:
    """Let the records of recognised outcomes rest on the files by which they were recognised."""
    kept = of(db, application)
    db.add_all(
        EvidenceFile(
            id=uuid.uuid4(),
            content_id=file.content_id,
            person_id=file.person_id,
            record_id=record.id,
            application_id=application.id,
            outcome_code=file.outcome_code,
            name=file.name,
            added_by=file.added_by,
            added_at=file.added_at,
        )
        for record in records
        for file in (*kept.get(record.part or WHOLE, ()), *kept.get(WHOLE, ()))
    )
    db.flush()


def erase_own(
    db: Session, application: PriorLearningApplication, *, actor: str, now: datetime
) -> None:
    """Delete the files that an application has for itself; those of records stay."""
    own = [file for files in of(db, application).values() for file in files]
    evidence.remove_all(db, own, actor=actor, now=now)


def erase_all(
    db: Session, application: PriorLearningApplication, *, actor: str, now: datetime
) -> None:
    """Delete the files of an application, also where a record rests on them: for its learner
    alone, who wants it so."""
    every = db.scalars(sa.select(EvidenceFile).filter_by(application_id=application.id)).all()
    evidence.remove_all(db, every, actor=actor, now=now)
    db.flush()


def forget_ended(db: Session, now: datetime, *, most: int = 500) -> None:
    """Delete what nobody judges by any more: of decisions that cannot be appealed, what was not
    handed on, or to a record that was taken back. A run deletes at most so many; the next one goes
    on."""
    undone = aliased(CompletionRecord)
    ended = (
        sa.select(EvidenceFile)
        .join(PriorLearningApplication, PriorLearningApplication.id == EvidenceFile.application_id)
        .filter(
            sa.or_(
                EvidenceFile.record_id.is_(None),
                sa.exists().where(undone.retracts_id == EvidenceFile.record_id),
            ),
            PriorLearningApplication.state == State.DECIDED,
            PriorLearningApplication.decided_at < now - APPEAL_WITHIN,
        )
        .order_by(EvidenceFile.content_id, EvidenceFile.id)
        .limit(most)
    )
    evidence.remove_all(db, db.scalars(ended).all(), actor=audit.SCHEDULE, now=now)


def _add(
    db: Session,
    application: PriorLearningApplication,
    one: Shown,
    by: str,
    keeping: Keeping,
    now: datetime,
) -> None:
    file = evidence.keep(
        db,
        one.document,
        application.person,
        course=application.course,
        by=by,
        keeping=keeping,
        now=now,
    )
    file.application_id, file.outcome_code = application.id, one.outcome or None
