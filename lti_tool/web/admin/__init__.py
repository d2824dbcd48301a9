"""Pages of people who sign in: operators, organisation administrators, reviewers."""

from lti_tool.web.admin import (
    audit_log,
    by_hand,
    definitions,
    grants,
    home,
    keys,
    larger_awards,
    me,
    organisations,
    passkeys,
    people,
    platforms,
    review_partners,
    reviews,
    self_test,
    systems,
    writing,
)
from lti_tool.web.admin.blueprint import blueprint

__all__ = [
    "audit_log",
    "blueprint",
    "by_hand",
    "definitions",
    "grants",
    "home",
    "keys",
    "larger_awards",
    "me",
    "organisations",
    "passkeys",
    "people",
    "platforms",
    "review_partners",
    "reviews",
    "self_test",
    "systems",
    "writing",
]
