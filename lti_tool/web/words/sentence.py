"""What a refusal says to people: what happened, and what to do next."""

from dataclasses import dataclass


def N_(text: str) -> str:  # noqa: N802 - the usual name: marks a sentence for translation
    return text


@dataclass(frozen=True, slots=True)
class Sentence:
    """`title`: what happened. `next_step`: what the reader can do."""

    title: str
    next_step: str
