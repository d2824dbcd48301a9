"""Where an application for recognition of prior learning stands."""

from collections.abc import Sequence
from enum import StrEnum

from lti_tool.models import PriorLearningApplication, PriorLearningJudgement


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"  # an assessor wants more evidence
    DECIDED = "decided"


EDITED = (State.DRAFT, State.RETURNED)
"""In which it is its learner's to write."""


def told(application: PriorLearningApplication) -> Sequence[PriorLearningJudgement]:
    """Return the judgements that its learner knows of: while it waits, those of before."""
    since = application.submitted_at
    if application.state != State.SUBMITTED or since is None:
        return application.judgements
    return [one for one in application.judgements if one.judged_at < since]
