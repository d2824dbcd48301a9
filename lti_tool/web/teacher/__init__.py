"""Pages of a launch for teachers of the course."""

from lti_tool.web.teacher import (
    activities,
    awards,
    batches,
    choosing,
    course,
    gradebook,
    memberships,
    people,
    recording,
    restrictions,
    reviewing,
    scores,
    selecting,
    sheets,
    tables,
    version,
    writing,
)
from lti_tool.web.teacher.blueprint import blueprint

__all__ = [
    "activities",
    "awards",
    "batches",
    "blueprint",
    "choosing",
    "course",
    "gradebook",
    "memberships",
    "people",
    "recording",
    "restrictions",
    "reviewing",
    "scores",
    "selecting",
    "sheets",
    "tables",
    "version",
    "writing",
]
