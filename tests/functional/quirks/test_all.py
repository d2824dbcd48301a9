"""Each named deviation of a platform has a test of its name in this folder."""

from collections import Counter
from pathlib import Path

from lti_tool.lti.quirks import QUIRKS


def test_every_quirk_has_a_test_of_its_name() -> None:
    texts = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name, times in Counter(one.name for one in QUIRKS).items() if times > 1] == []
    lacking = [one.name for one in QUIRKS if f"def test_{one.name}(" not in texts]
    assert lacking == []
