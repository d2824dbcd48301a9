"""Run jobs by the clock: each once per interval, however many workers there are.

A job is put off to its next time before it runs, so that a worker killed in the middle leaves a
job that runs again, not one that nobody may touch. A job that takes longer than its interval may
therefore run twice at one moment: jobs repeat without harm.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lti_tool.db import get_or_add
from lti_tool.models import ScheduledJob


def take(db: Session, name: str, every: timedelta, now: datetime) -> bool:
    """Return whether the job `name` is due and now the caller's to run.

    A job that is new is due at once. One whose `every` was shortened is not waited for longer.
    """
    job, _ = get_or_add(db, ScheduledJob, {"name": name}, due_at=now)
    if min(job.due_at, (job.started_at or job.due_at) + every) > now:
        return False
    job.started_at, job.due_at = now, now + every
    return True


def finish(db: Session, name: str, now: datetime, failure: str | None = None) -> None:
    """Write down that the job `name` has ended, and the error's name if it failed."""
    job = db.get_one(ScheduledJob, name)
    job.finished_at, job.failure = now, failure
