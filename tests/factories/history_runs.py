"""Many random histories, each act checked against the oracle. Imports nothing of pytest."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.fernet import Fernet

from tests.factories.award_oracle import Oracle
from tests.factories.histories import (
    Act,
    Activity,
    Ask,
    Awards,
    Decide,
    Grade,
    Mark,
    Play,
    Retract,
    World,
    random_history,
    readable,
)


@dataclass(slots=True)
class Run:
    """`failures`: readable histories that went wrong. `seen`: how often what happened."""

    failures: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)


def play_many(seeds: Iterable[int]) -> Run:
    world, run = World(Fernet.generate_key().decode()), Run()
    for seed in seeds:
        acts = random_history(seed)
        with world.history() as play:
            difference = _play_one(play, acts, run.seen)
        if difference:
            run.failures.append(f"seed {seed}\n{difference}")
    return run


def _play_one(play: Play, acts: list[Act], seen: Counter[str]) -> str:
    """Return the history up to where it went wrong, or nothing."""
    oracle, outcomes, before = Oracle(), list[str](), Awards()
    for number, act in enumerate(acts):
        outcomes.append(play.act(number, act))
        must_be_done = oracle.told(number, act)
        after = play.awards()
        if must_be_done != (outcomes[-1] == "done"):
            return f"{readable(acts, outcomes)}\nmust have been {_word(must_be_done)}"
        if after != oracle.awards:
            return f"{readable(acts, outcomes)}\nstands: {after}\nmust stand: {oracle.awards}"
        _count(seen, act, is_repeated=act in acts[:number], is_done=must_be_done)
        _count_awards(seen, before, after)
        seen["kept back"] += oracle.kept_back
        before = after
    return ""


def _word(must_be_done: bool) -> str:
    return "done" if must_be_done else "refused"


def _count(seen: Counter[str], act: Act, *, is_repeated: bool, is_done: bool) -> None:
    seen["refused"] += not is_done
    if is_done and isinstance(act, Decide):
        seen[{"claim": "claimed", "keep": "kept", "revoke": "revoked"}[act.what]] += 1
    elif is_done and isinstance(act, Ask):
        seen["asked for more"] += act.wish > 0
    elif is_done and isinstance(act, Retract):
        seen["undone"] += 1
    elif is_done and isinstance(act, Grade | Activity):
        seen["graded" if isinstance(act, Grade) else "told"] += 1
    elif is_done and isinstance(act, Mark) and is_repeated:
        seen["sent again"] += 1
    seen["acts"] += 1


def _count_awards(seen: Counter[str], before: Awards, after: Awards) -> None:
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if new and not old:
            seen["granted TEST" if key[2] else "granted"] += 1
        elif old and not new:
            seen["withdrawn"] += 1
        elif old and new and old.is_flagged != new.is_flagged:
            seen["flagged" if new.is_flagged else "no longer flagged"] += 1
