"""Credentials per second: building and signing here, and signing with openbadgeslib.

Run by hand: `python tests/benchmarks/signing.py [rounds]`. Rounds are interleaved and count CPU
time of one core, because machines are shared; the median of the rounds is printed. The rival gets
our finished document and signs it by its own low-level function, which leaves out the coverage
check of its signer and of ours: compare ratios of 1.5 and more only.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from openbadgeslib.ob3.ldp import add_data_integrity_proof

from badges import artwork, baking, samples
from badges.keys import SigningKey
from badges.proofs import data_integrity
from tests.factories import awards

SEED = bytes(range(32))
KEY = SigningKey.from_seed(SEED)
PEM = Ed25519PrivateKey.from_private_bytes(SEED).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
AWARD = awards.award(samples.welding())
SECONDS = 2.0  # of CPU, per case and round
OURS, RIVAL = "build + sign + serialise (ours)", "sign + serialise (openbadgeslib)"


def build() -> dict[str, Any]:
    return awards.credential(AWARD)


DOCUMENT = build()
METHOD = f"{DOCUMENT['issuer']['id']}#{KEY.public_multibase}"
EMBLEM = artwork.emblem_png(AWARD.mc.code)


def sign(document: dict[str, Any]) -> bytes:
    signed = data_integrity.sign(document, KEY, METHOD, awards.CLAIMED_AT)
    return data_integrity.serialise(signed)


SIGNED = sign(DOCUMENT)
CASES: dict[str, Callable[[], object]] = {
    OURS: lambda: sign(build()),
    RIVAL: lambda: json.dumps(add_data_integrity_proof(DOCUMENT, PEM, METHOD)),
    "build alone": build,
    "sign + serialise alone": lambda: sign(DOCUMENT),
    "bake into a PNG": lambda: baking.bake_png(EMBLEM, SIGNED),
    "draw the emblem": lambda: artwork.emblem_png(AWARD.mc.code),
}


def per_second(act: Callable[[], object]) -> float:
    act()
    times, start = 0, time.process_time()
    while (spent := time.process_time() - start) < SECONDS:
        act()
        times += 1
    return times / spent


def main(rounds: int) -> None:
    found: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, act in CASES.items():
            found[name].append(per_second(act))
    medians = {name: statistics.median(values) for name, values in found.items()}
    print(f"document: {len(SIGNED)} bytes; {rounds} rounds of {SECONDS} s of CPU time")
    for name, median in medians.items():
        low, high = min(found[name]), max(found[name])
        print(f"{name:34} {median:9.1f}/s   ({low:.1f} - {high:.1f})")
    print(f"ours : openbadgeslib = {medians[OURS] / medians[RIVAL]:.1f} : 1")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
