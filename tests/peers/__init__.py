"""Software by other people that tests run against, each in an environment of its own."""

import os
from typing import Any

import pytest

SWITCH = "CREDLET_REQUIRE_PEERS"


def require(condition: Any, reason: str) -> None:
    """Go on if `condition` holds; else skip the test, or fail it where every peer is required.

    `CREDLET_REQUIRE_PEERS=1` turns every skip into a failure. Spoken from a fixture or a test.
    """
    if condition:
        return
    if os.environ.get(SWITCH) == "1":
        pytest.fail(f"a required peer is missing: {reason}", pytrace=False)
    pytest.skip(reason)
