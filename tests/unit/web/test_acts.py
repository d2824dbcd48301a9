"""Structural: whatever is noted in the audit log can be read there in words."""

import re
from pathlib import Path

import lti_tool
from lti_tool.web.admin.acts import ACTS, KINDS

ACTION = re.compile(r'"((?:[a-z_]+)\.(?:[a-z_]+))"')
SUBJECT = re.compile(r'"([a-z_]+):\{[a-z_.]*\bid\}"')
SERVICES = Path(lti_tool.__file__).parent / "services"


def noted(looks: re.Pattern[str]) -> set[str]:
    """Return what has these looks in services that note something."""
    texts = [path.read_text() for path in SERVICES.rglob("*.py")]
    return {one for text in texts if "audit.note" in text for one in looks.findall(text)}


def noted_actions() -> set[str]:
    return {action for action in noted(ACTION) if not action.endswith(".png")}


def test_every_act_has_words() -> None:
    """A new one gets a line in `web/admin/acts.py`, and its German."""
    found = noted_actions()
    assert len(found) > 25
    assert found - set(ACTS) == set()


def test_every_kind_of_subject_has_words() -> None:
    found = noted(SUBJECT)
    assert len(found) > 15
    assert found - set(KINDS) == set()


def test_no_words_outlive_their_act() -> None:
    made_up = {"deployments.automatic", "deployments.listed"}
    assert set(ACTS) - noted_actions() - made_up == set()
