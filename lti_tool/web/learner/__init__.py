"""Pages of a launch for learners; teachers see them as a preview."""

from lti_tool.web.learner import award, claiming, evidence_files, home, joining, prior_learning
from lti_tool.web.learner.blueprint import blueprint

__all__ = ["award", "blueprint", "claiming", "evidence_files", "home", "joining", "prior_learning"]
