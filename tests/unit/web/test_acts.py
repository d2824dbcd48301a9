"""Structural: whatever is noted in the audit log can be read there in words."""

import re
from pathlib import Path

import lti_tool
from lti_tool.web.admin.acts import ACTS

ACTION = re.compile(r'"((?:[a-z_]+)\.(?:[a-z_]+))"')
SERVICES = Path(lti_tool.__file__).parent / "services"


def noted_actions() -> set[str]:
    """Return every string of a service that has the looks of an action, where one is noted."""
    noting = [path for path in SERVICES.glob("*.py") if "audit.note" in path.read_text()]
    found = {action for path in noting for action in ACTION.findall(path.read_text())}
    return {action for action in found if not action.endswith(".png")}


def test_every_act_has_words() -> None:
    """A new one gets a line in `web/admin/acts.py`, and its German."""
    found = noted_actions()
    assert len(found) > 25
    assert found - set(ACTS) == set()


def test_no_words_outlive_their_act() -> None:
    made_up = {"deployments.automatic", "deployments.listed"}
    assert set(ACTS) - noted_actions() - made_up == set()
