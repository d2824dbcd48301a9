"""Files and links as evidence: accepted, kept encrypted, read, and removed for good.

document = evidence.accept(data, name, keeping)              # before the transaction: takes time
file = evidence.keep(db, document, person, course=course, by=actor, keeping=keeping, now=now)

A file belongs to one person, and either to a completion record (`keep_with`) or to whatever refers
to it. Who may see it is decided by who asks: `find_in_course`, `find_own`.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool import documents, scanner
from lti_tool.documents import Document
from lti_tool.encryption import Encryption
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import (
    CompletionRecord,
    Course,
    EvidenceContent,
    EvidenceFile,
    Person,
    Platform,
)
from lti_tool.services import audit
from lti_tool.services.completing import carried, evidence_store, prior_recognitions

LONGEST_LINK = 1000
_HOST = re.compile(r"(?!-)[\w-]{1,63}(\.[\w-]{1,63})+\.?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes; `files`: how many come with one form."""

    file: int
    files: int
    person: int
    course: int
    organisation: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """What keeping files takes beside the database. `scan_command`: "" for none."""

    encryption: Encryption
    limits: Limits
    scan_command: str = ""


def accept(data: bytes, name: str, keeping: Keeping) -> Document:
    """Return a file as it may be kept. Call it before a transaction: it may take seconds.

    Raises:
        ToolError: the codes of `documents.read`; `file_too_large`, `file_infected`.
        NotScanned: `file_not_scanned`.
    """
    if len(data) > keeping.limits.file:
        maximum = f"{keeping.limits.file / 2**20:g}"
        raise ToolError("file_too_large", name=documents.shown_name(name), maximum=maximum)
    if keeping.scan_command and not scanner.is_harmless(keeping.scan_command, data):
        raise ToolError("file_infected", name=documents.shown_name(name))
    return documents.read(data, name)


def link(text: str | None) -> str | None:
    """Return a link as it may be kept, None for nothing; it is not followed.

    Raises:
        ToolError: `evidence_link_invalid`: no https address of a public name; `link_too_long`.
    """
    text = (text or "").strip()
    if not text:
        return None
    if len(text) > LONGEST_LINK:
        raise ToolError("link_too_long", maximum=str(LONGEST_LINK))
    if not _is_followable(text):
        raise ToolError("evidence_link_invalid")
    return text


def keep(
    db: Session,
    document: Document,
    person: Person,
    *,
    course: Course,
    by: str,
    keeping: Keeping,
    now: datetime,
) -> EvidenceFile:
    """Keep a file for one person; whatever it is evidence of refers to it.

    Raises:
        Conflict: as `keep_with`.
    """
    _check_room(db, course, {person.id: len(document.data)}, len(document.data), keeping.limits, by)
    file = EvidenceFile(
        id=uuid.uuid4(),
        content_id=_store(db, course, document, keeping.encryption),
        person_id=person.id,
        name=document.name,
        added_by=by,
        added_at=now,
    )
    db.add(file)
    db.flush()
    return file


def keep_with(
    db: Session,
    documents: Collection[Document],
    records: Collection[CompletionRecord],
    *,
    by: str,
    keeping: Keeping,
    now: datetime,
) -> bool:
    """Keep files with completion records of one course: each content once, for every person.

    Sent twice, it is kept once. Return whether anything was new.

    Raises:
        Conflict: `evidence_person_full`, `evidence_course_full`, `evidence_organisation_full`.
    """
    if not documents or not records:
        return False
    course = next(iter(records)).course
    new = _missing(db, documents, records)
    sizes: defaultdict[uuid.UUID, int] = defaultdict(int)
    for document, wanting in new:
        for person_id in {record.person_id for record in wanting}:
            sizes[person_id] += len(document.data)
    _check_room(db, course, sizes, sum(len(one.data) for one, _ in new), keeping.limits, by)
    for document, wanting in new:
        content_id = _store(db, course, document, keeping.encryption)
        db.add_all(
            EvidenceFile(
                id=uuid.uuid4(),
                content_id=content_id,
                person_id=record.person_id,
                record_id=record.id,
                name=document.name,
                added_by=by,
                added_at=now,
            )
            for record in wanting
        )
    db.flush()
    return bool(new)


def add(
    db: Session,
    record: CompletionRecord,
    documents: Collection[Document],
    *,
    by: str,
    keeping: Keeping,
    now: datetime,
) -> None:
    """Let a record rest on further files; raises as `keep_with`, and Conflict `record_undone`."""
    undone = sa.select(sa.exists().where(CompletionRecord.retracts_id == record.id))
    if db.scalar(undone):
        raise Conflict("record_undone")
    if keep_with(db, documents, [record], by=by, keeping=keeping, now=now):
        audit.note(db, by, "evidence.added", f"completion_record:{record.id}", now)


def read(db: Session, file: EvidenceFile, encryption: Encryption) -> bytes:
    """Return what is in a file."""
    content = file.content
    sealed = evidence_store.get(db, content.id)
    return encryption.unseal(content.sealed_key, sealed, content.id.bytes)


def find_in_course(db: Session, course: Course, file_id: uuid.UUID) -> EvidenceFile:
    """Return a file of a completion that was recorded in a course, for its teachers; other files
    are for others to see.

    Raises:
        NotFound: `unknown_evidence`: there is none, it is another course's, or no completion's, or
            of a vote that recognises nothing by itself.
    """
    file = db.get(EvidenceFile, file_id, options=[joinedload(EvidenceFile.content)])
    if file is None or file.record is None or file.record.course_id != course.id:
        raise NotFound("unknown_evidence")
    if prior_recognitions.votes(db, [file.record]):
        raise NotFound("unknown_evidence")
    return file


def find_own(db: Session, person: Person, file_id: uuid.UUID) -> EvidenceFile:
    """Return a file of a person; raises as `find_in_course`."""
    file = db.get(EvidenceFile, file_id, options=[joinedload(EvidenceFile.content)])
    if file is None or file.person_id != person.id:
        raise NotFound("unknown_evidence")
    return file


def of_records(
    db: Session, records: Collection[CompletionRecord]
) -> Mapping[uuid.UUID, Sequence[EvidenceFile]]:
    """Return the files of each record that has any: those, too, that belong to what it was carried
    over from, or to what was carried over from it."""
    found = defaultdict(list)
    family = carried.same(db, records)
    wanted = sa.select(EvidenceFile).filter(EvidenceFile.record_id.in_(family))
    wanted = wanted.options(joinedload(EvidenceFile.content))
    for file in db.scalars(wanted.order_by(EvidenceFile.added_at, EvidenceFile.name)):
        if file.record_id is not None:
            found[family[file.record_id].id].append(file)
    return found


def of_person(db: Session, person: Person) -> Sequence[EvidenceFile]:
    """Return all files that are kept for a person, oldest first."""
    wanted = sa.select(EvidenceFile).filter_by(person_id=person.id)
    wanted = wanted.options(joinedload(EvidenceFile.content))
    return db.scalars(wanted.order_by(EvidenceFile.added_at, EvidenceFile.id)).all()


def remove(db: Session, file: EvidenceFile, *, actor: str, now: datetime) -> None:
    """Remove a file for good; its bytes go with the last who has it."""
    content_id, file_id = file.content_id, file.id
    # The row that all its files refer to: of two removals at one moment, one sees the other.
    db.execute(sa.select(EvidenceContent.id).filter_by(id=content_id).with_for_update())
    db.delete(file)
    db.flush()
    if not db.scalar(sa.select(sa.exists().where(EvidenceFile.content_id == content_id))):
        evidence_store.delete(db, content_id)
        db.execute(sa.delete(EvidenceContent).filter_by(id=content_id))
    audit.note(db, actor, "evidence.removed", f"evidence_file:{file_id}", now)


def remove_all(db: Session, files: Iterable[EvidenceFile], *, actor: str, now: datetime) -> None:
    """Remove files for good, in one order for everybody: who removes some of the same at this
    moment waits, and nobody in a circle."""
    for file in sorted(files, key=lambda one: (one.content_id, one.id)):
        remove(db, file, actor=actor, now=now)


def used(db: Session, person: Person) -> int:
    """Return how many bytes a person has added of their own, of `Limits.person`."""
    return _used(db, [person.id], is_own=True)[person.id]


def _used(
    db: Session, people: Collection[uuid.UUID], *, is_own: bool
) -> defaultdict[uuid.UUID, int]:
    """Return how many bytes are kept for each: of what they added themselves, or others did."""
    kept = (EvidenceFile.person_id, EvidenceFile.added_by, EvidenceFile.content_id)
    each = sa.select(*kept).distinct().filter(EvidenceFile.person_id.in_(people)).subquery()
    sums = (
        sa.select(each.c.person_id, each.c.added_by, sa.func.sum(EvidenceContent.size))
        .join(EvidenceContent, EvidenceContent.id == each.c.content_id)
        .group_by(each.c.person_id, each.c.added_by)
    )
    found: defaultdict[uuid.UUID, int] = defaultdict(int)
    for person_id, by, size in db.execute(sums):
        if (by == f"person:{person_id}") is is_own:
            found[person_id] += size
    return found


def _missing(
    db: Session, documents: Collection[Document], records: Collection[CompletionRecord]
) -> list[tuple[Document, list[CompletionRecord]]]:
    """Return each document that a record lacks, with the records that lack it."""
    kept = (
        sa.select(EvidenceFile.record_id, EvidenceContent.digest)
        .join(EvidenceFile.content)
        .filter(EvidenceFile.record_id.in_([record.id for record in records]))
    )
    known = {(record_id, digest) for record_id, digest in db.execute(kept)}
    lacking = {
        document.digest: (
            document,
            [record for record in records if (record.id, document.digest) not in known],
        )
        for document in documents
    }
    return [(document, found) for document, found in lacking.values() if found]


def _is_followable(text: str) -> bool:
    """Whether a browser takes it for the https address that a person reads in it."""
    if not text.isprintable() or re.search(r"[\s<>\"'\\]", text):
        return False
    try:
        parts = urlsplit(text)
        has_port = (parts.port or 443) > 0
    except ValueError:
        return False
    is_plain = parts.scheme == "https" and "@" not in parts.netloc and has_port
    return is_plain and _HOST.fullmatch(parts.hostname or "") is not None


def _store(db: Session, course: Course, document: Document, encryption: Encryption) -> uuid.UUID:
    content_id = uuid.uuid4()
    key, sealed = encryption.seal(document.data, content_id.bytes)
    db.add(
        EvidenceContent(
            id=content_id,
            course_id=course.id,
            media_type=document.media_type,
            size=len(document.data),
            digest=document.digest,
            sealed_key=key,
        )
    )
    db.flush()
    evidence_store.put(db, content_id, sealed)
    return content_id


def _check_room(
    db: Session,
    course: Course,
    of_people: Mapping[uuid.UUID, int],
    size: int,
    limits: Limits,
    by: str,
) -> None:
    """Refuse what would be too much for a person, the course or its organisation. What others add
    for a person takes no room from what they add themselves.

    Two at one moment may together pass a limit by one form's files: it guards the disk, no account.
    """
    if not size:
        return
    kept = _used(db, of_people, is_own=by in {f"person:{one}" for one in of_people})
    if any(kept[one] + more > limits.person for one, more in of_people.items()):
        raise Conflict("evidence_person_full")
    total = sa.select(sa.func.coalesce(sa.func.sum(EvidenceContent.size), 0))
    if db.scalars(total.filter_by(course_id=course.id)).one() + size > limits.course:
        raise Conflict("evidence_course_full")
    school = total.join(EvidenceContent.course).join(Course.platform)
    school = school.filter(Platform.organisation_id == course.platform.organisation_id)
    if db.scalars(school).one() + size > limits.organisation:
        raise Conflict("evidence_organisation_full")
