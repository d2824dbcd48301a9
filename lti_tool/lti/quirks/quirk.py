"""One deviation of a platform."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirk:
    """`does`: the platform; `answer`: what is done about it, and where."""

    name: str
    platform: str
    does: str
    answer: str
