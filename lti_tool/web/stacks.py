"""What a larger micro-credential is made of, as pages show it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from badges.completion import Progress
from badges.micro_credential import MicroCredential
from badges.stacking import Earned, StackProgress
from lti_tool.models import MicroCredentialVersion, Person
from lti_tool.services.awarding import stacks
from lti_tool.services.definitions import catalogue


@dataclass(frozen=True, slots=True)
class PartView:
    """`earned`: the award of it that counts, else the last one. `expired_at`: of one that ran out
    before enough was earned. `is_lent`: it counts for a badge that the same person claimed in
    another LMS, before they parted. `reference`: `awarding-body/CODE`."""

    reference: str
    mc: MicroCredential
    earned: Earned | None
    counts: bool
    expired_at: datetime | None
    is_lent: bool

    @property
    def state(self) -> str:
        return "complete" if self.counts else "open"


@dataclass(frozen=True, slots=True)
class StackView:
    parts: tuple[PartView, ...]
    progress: StackProgress


def of_person(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    progress: Progress,
    now: datetime,
    *,
    with_tests: bool = False,
) -> StackView | None:
    """Return what one person has earned of what a version is made of; None where it is made of no
    others. `with_tests`: also what a teacher tried out."""
    mc = catalogue.definition(version)
    if mc.stack is None:
        return None
    found = stacks.of_person(db, person, version)
    earned = found.with_tests if with_tests else found.real
    return view(progress.stack, stacks.titles(db, mc), earned, found.lent, now)


def view(
    progress: StackProgress | None,
    titles: Mapping[str, MicroCredential],
    earned: Iterable[Earned],
    lent: Collection[str],
    now: datetime,
) -> StackView | None:
    """Return the parts with their titles; None where nothing is stacked."""
    if progress is None:
        return None
    last = {one.reference: one for one in sorted(earned, key=lambda one: one.at)}
    parts = tuple(
        _part(part, titles[part], progress.of(part), last.get(part), part in lent, now)
        for part in progress.stack.parts
    )
    return StackView(parts, progress)


def _part(
    reference: str,
    mc: MicroCredential,
    counted: Earned | None,
    last: Earned | None,
    is_lent: bool,
    now: datetime,
) -> PartView:
    if counted is not None or last is None:
        return PartView(reference, mc, counted, counted is not None, None, is_lent)
    is_over = last.expires_at is not None and last.expires_at <= now
    return PartView(reference, mc, last, False, last.expires_at if is_over else None, is_lent)
