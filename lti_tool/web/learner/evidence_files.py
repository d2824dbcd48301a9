"""What a learner's results rest on: files that are kept for them, to be saved."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from lti_tool.models import CompletionRecord, EvidenceFile
from lti_tool.services.completing import evidence, prior_recognitions
from lti_tool.web.http import uploads
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.learner.blueprint import blueprint


@dataclass(frozen=True, slots=True)
class Given:
    """`records`: those that rest on something, with their files. `others`: files of anything else
    of the same person."""

    records: Sequence[tuple[CompletionRecord, Sequence[EvidenceFile]]]
    others: Sequence[EvidenceFile]


@blueprint.get("/evidence/<uuid:evidence_id>")
@visiting()
def evidence_file(visit: Visit, evidence_id: uuid.UUID) -> ResponseReturnValue:
    file = evidence.find_own(visit.db, visit.launch.person, evidence_id)
    return uploads.hand_out(visit.db, file)


def given(visit: Visit, records: Sequence[CompletionRecord]) -> Given:
    """Return what stands behind a person's records; reasons for taking one back are the
    teachers'."""
    files = evidence.of_person(visit.db, visit.launch.person)
    votes = prior_recognitions.votes(visit.db, records)
    own = [one for one in records if one.retracts_id is None and one.id not in votes]
    of_records = evidence.of_records(visit.db, own)
    by_record = {record.id: of_records.get(record.id, ()) for record in own}
    behind = {file.id for found in by_record.values() for file in found}
    shown = [
        (record, by_record[record.id])
        for record in records
        if record.id in by_record
        and (_words(record) or record.evidence_link or by_record[record.id])
    ]
    others = [one for one in files if one.id not in behind and one.record_id not in votes]
    return Given(shown, others)


def _words(record: CompletionRecord) -> str | None:
    return record.evidence if record.is_evidence_shared else None
