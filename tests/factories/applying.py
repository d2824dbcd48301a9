"""Applications for recognition of prior learning that wait for an assessor."""

import uuid
from datetime import datetime

from badges import prior_learning as rules
from lti_tool import documents
from lti_tool.db import Database
from lti_tool.models import (
    Account,
    Course,
    MicroCredentialVersion,
    Person,
    Placement,
    PriorLearningApplication,
)
from lti_tool.services.completing import prior_assessment, prior_files, prior_learning
from lti_tool.services.completing.evidence import Keeping
from lti_tool.services.completing.prior_assessment import Assessor, Opinion
from lti_tool.services.completing.prior_files import Shown
from lti_tool.services.completing.prior_learning import (
    Answer,
    Place,
    Says,
    SelfAssessment,
    Verdict,
)
from lti_tool.services.definitions import catalogue
from lti_tool.services.staff.accounts import Access


def hand_in(
    database: Database,
    platform_id: uuid.UUID,
    version_id: uuid.UUID,
    keeping: Keeping,
    now: datetime,
    *,
    sub: str = "applying",
) -> tuple[uuid.UUID, uuid.UUID]:
    """Let a learner of a platform apply for the first unit of a version that can be
    recognised; return the application
    and a file of it."""
    with database.transaction() as db:
        person = Person(platform_id=platform_id, sub=sub, created_at=now)
        course = Course(platform_id=platform_id, context_id=sub, created_at=now)
        db.add_all([person, course])
        db.flush()
        db.add(Placement(course_id=course.id, version_id=version_id, created_at=now))
        version = db.get_one(MicroCredentialVersion, version_id)
        mc = catalogue.definition(version)
        unit = next(one for one in mc.units if rules.is_allowed(mc, one))
        answers = {one.code: Answer(Says.YES, "Five years at work") for one in unit.outcomes}
        row = prior_learning.save(
            db,
            Place(person, course, version, unit),
            SelfAssessment(answers),
            revision=0,
            now=now,
        )
        shown = Shown(prior_files.WHOLE, documents.read(b"Five years", "reference.txt"))
        prior_files.change(db, row, [shown], keeping=keeping, now=now)
        prior_learning.hand_in(db, row, now)
        return row.id, prior_files.of(db, row)[prior_files.WHOLE][0].id


def recognise(
    database: Database, application_id: uuid.UUID, account_id: uuid.UUID, now: datetime
) -> None:
    """Let an assessor recognise everything that was applied for."""
    with database.transaction() as db:
        row = db.get_one(PriorLearningApplication, application_id)
        account = db.get_one(Account, account_id)
        prior_assessment.judge(
            db,
            row,
            Assessor(account, Access.of(account)),
            {one["outcome"]: Opinion(Verdict.RECOGNISED) for one in row.answers},
            revision=row.revision,
            is_independent=True,
            now=now,
        )
