"""A badge that was handed out once must verify for ever: its files are never made anew.

Whatever breaks these tests breaks every badge in the hands of learners. Times are fixed; the badge
names a key that is known to everybody and proves nothing else.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from badges import baking, did
from badges.artwork import emblem_png
from badges.fetch import FetchFailed
from badges.proofs import data_integrity
from badges.verify import CheckId, Outcome, verify
from tests.conformance.conftest import Ask
from tests.factories.signing import LIST_URL, Issued

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DIGESTS = {
    "badge.json": "c760b8ad4e9fd276d2fea737b3cd97430a105929760fd1c1992953c48b3c06a3",
    "did.json": "d95fd91122c02b59327b452a4d24b3cb492b48bba83a6e9ea687940e4bbd9b93",
    "status-list.json": "ffc4b76007fa7adf5b61a091d0dd3b58c58c049ba903a0cf335a773f45310b3d",
}


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def fetch(url: str) -> bytes:
    issuer = json.loads(golden("badge.json"))["issuer"]["id"]
    names = {did.web_address(issuer): "did.json", LIST_URL: "status-list.json"}
    if url not in names:
        raise FetchFailed("unreachable")
    return golden(names[url])


@pytest.mark.parametrize("name", DIGESTS)
def test_the_golden_files_are_those_of_the_first_day(name: str) -> None:
    assert hashlib.sha256(golden(name)).hexdigest() == DIGESTS[name]


def test_the_golden_badge_verifies() -> None:
    report = verify(golden("badge.json"), fetch, NOW)
    assert {check.id: check.outcome for check in report.checks} == dict.fromkeys(
        CheckId, Outcome.PASSED
    )


def test_the_golden_badge_verifies_out_of_an_image() -> None:
    baked = baking.bake_png(emblem_png("BEM-S-WLD1"), golden("badge.json"))
    assert verify(baking.unbake(baked), fetch, NOW).outcome is Outcome.PASSED


def test_the_golden_badge_is_written_as_it_was() -> None:
    for name in DIGESTS:
        assert data_integrity.serialise(json.loads(golden(name))) == golden(name)


def test_others_accept_the_golden_badge(ask: Ask) -> None:
    badge, keys, listed = (json.loads(golden(name)) for name in DIGESTS)
    case = Issued(badge, {did.web_address(keys["id"]): keys, LIST_URL: listed})
    answer = ask("digitalbazaar.mjs", {"golden": case}, NOW)["golden"]
    assert (answer["badge"], answer["list"], answer["isRevoked"]) == (True, True, False), answer
