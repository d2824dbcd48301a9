"""Where an application for recognition of prior learning stands."""

from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"  # an assessor wants more evidence
    DECIDED = "decided"


EDITED = (State.DRAFT, State.RETURNED)
"""In which it is its learner's to write."""
