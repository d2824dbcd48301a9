"""No wrong award, whatever happens in whichever order: random histories against an oracle.

`CREDLET_HISTORIES` says how many are played (500 without it).
"""

import multiprocessing
import os
from collections import Counter

import pytest

from tests.factories.history_runs import play_many

HISTORIES = int(os.environ.get("CREDLET_HISTORIES", "500"))
AT_LEAST_ONCE = (
    "granted",
    "granted TEST",
    "withdrawn",
    "claimed",
    "flagged",
    "no longer flagged",
    "kept",
    "revoked",
    "undone",
    "sent again",
    "graded",
    "told",
    "asked for more",
    "kept back",
)


@pytest.mark.timeout(1800)
def test_no_history_leads_to_a_wrong_award() -> None:
    workers = os.cpu_count() or 1
    seeds = [range(first, HISTORIES, workers) for first in range(workers)]
    with multiprocessing.get_context("forkserver").Pool(workers) as pool:
        runs = pool.map(play_many, seeds, chunksize=1)
    failures = [failure for run in runs for failure in run.failures]
    assert not failures, f"{len(failures)} histories went wrong, the first:\n{failures[0]}"
    seen: Counter[str] = sum((run.seen for run in runs), Counter())
    assert all(seen[event] for event in AT_LEAST_ONCE), seen
