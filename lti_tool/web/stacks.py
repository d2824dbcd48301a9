"""What a larger micro-credential is made of, as pages show it."""

from collections.abc import Mapping
from dataclasses import dataclass

from badges.micro_credential import MicroCredential
from badges.stacking import Earned, StackProgress


@dataclass(frozen=True, slots=True)
class PartView:
    """`earned`: what counts of it, if it was earned. `reference`: `awarding-body/CODE`."""

    reference: str
    mc: MicroCredential
    earned: Earned | None

    @property
    def state(self) -> str:
        return "complete" if self.earned else "open"


@dataclass(frozen=True, slots=True)
class StackView:
    parts: tuple[PartView, ...]
    progress: StackProgress


def view(progress: StackProgress | None, titles: Mapping[str, MicroCredential]) -> StackView | None:
    """Return the parts with their titles; None where nothing is stacked."""
    if progress is None:
        return None
    parts = tuple(PartView(part, titles[part], progress.of(part)) for part in progress.stack.parts)
    return StackView(parts, progress)
