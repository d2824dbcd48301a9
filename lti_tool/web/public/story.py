"""How a version came about and what changed, as its public page and its JSON tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from badges.changes import Difference, differences
from badges.micro_credential import MicroCredential
from lti_tool.models import MicroCredentialVersion
from lti_tool.services.awarding import credentials
from lti_tool.services.definitions import catalogue, history
from lti_tool.services.definitions.history import Act, Event
from lti_tool.web.context import public_url


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to a version, oldest first, with what a revision changed of the wording before;
    and what the version changed of the one before it."""

    events: list[tuple[Event, tuple[Difference, ...]]]
    before: MicroCredentialVersion | None
    changes: tuple[Difference, ...]


def of(
    db: Session, version: MicroCredentialVersion, versions: Sequence[MicroCredentialVersion]
) -> Story:
    """Return the story of a version. `versions`: of its series, newest first."""
    wordings = [one.mc for one in catalogue.wordings(db, version)]
    revised = iter(list(pairwise(wordings)))
    events = []
    for event in history.of_version(db, version):
        pair = next(revised, None) if event.act is Act.REVISED else None
        events.append((event, _told(*pair) if pair else ()))
    older = versions[[one.id for one in versions].index(version.id) + 1 :]
    changed = _told(catalogue.definition(older[0]), wordings[0]) if older else ()
    return Story(events, older[0] if older else None, changed)


def _told(old: MicroCredential, new: MicroCredential) -> tuple[Difference, ...]:
    """Return the differences that everybody may see: not those of the target groups."""
    found = differences(old, new)
    return tuple(one for one in found if not one.path.startswith("$.target_groups"))


def as_json(db: Session, version: MicroCredentialVersion) -> dict[str, Any]:
    """Return what happened to a version, and the addresses of its wordings."""
    address = credentials.addresses(public_url(), version).version
    return {
        "id": f"{address}/history.json",
        "definition": address,
        "history": [
            {
                "action": event.act.value,
                "at": event.at.isoformat(timespec="seconds"),
                **({"organisation": event.organisation} if event.organisation else {}),
                **({"reason": event.reason} if event.reason else {}),
                **({"by": event.by} if event.by else {}),
            }
            for event in history.of_version(db, version)
        ],
        "wordings": [
            {
                "number": one.number,
                "since": one.at.isoformat(timespec="seconds"),
                "id": f"{address}/wordings/{one.number}.json",
            }
            for one in catalogue.wordings(db, version)
        ],
    }
