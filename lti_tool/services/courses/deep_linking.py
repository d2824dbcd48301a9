"""Answer a deep linking request: which links, which columns of the gradebook, once.

A link says what it stands for in its custom parameters, `mc` (awarding body and code) and `unit`.
The version is left to the course: the one it offers already, else what `versions.first` makes of
the other parameters, which say what was selected and where.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.micro_credential import LearningUnit, MicroCredential
from lti_tool.encryption import Encryption
from lti_tool.errors import Conflict, ToolError
from lti_tool.lti import deep_linking, tool_keys
from lti_tool.lti.claims import DeepLinkingClaims
from lti_tool.lti.deep_linking import Column, Envelope, Link
from lti_tool.models import Course, LaunchSession, MicroCredentialVersion
from lti_tool.services import audit
from lti_tool.services.definitions import catalogue
from lti_tool.services.outbox import deliveries

OVERVIEW = ""
"""Stands for the overview of all units where a unit's code could stand."""

COLUMN = "column"
"""The custom parameter of a link that was selected with a column; copies of the course keep it."""

LONGEST_TEXT = 255
# LMSs that know the variable fill in the courses that a course was copied from.
CONTEXT_HISTORY = "$Context.id.history"
WHOLE_MAXIMUM = Decimal(100)


class Columns(StrEnum):
    """Which columns of the gradebook come with the links.

    `whole`: one, with the overview, which gets a share of its points for each completed unit.
    """

    WHOLE = "whole"
    UNITS = "units"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a deep linking session may answer, and to whom."""

    return_url: str = field(repr=False)
    data: str | None = field(repr=False)
    deployment_id: str
    accept_multiple: bool
    accept_line_item: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`units`: codes in the order of the definition, first `OVERVIEW` if it is wanted."""

    version: MicroCredentialVersion
    units: Sequence[str]
    columns: Columns


@dataclass(frozen=True, slots=True)
class Words:
    """What people read in the LMS about a link."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A signed message and where the browser posts it as `JWT`."""

    return_url: str = field(repr=False)
    jwt: str = field(repr=False)


Say = Callable[[MicroCredential, LearningUnit | None], Words]
"""Words for a unit, or with None for the overview."""


def sealed(claims: DeepLinkingClaims, encryption: Encryption) -> bytes:
    """Return what has to be known of a request until it is answered, encrypted."""
    settings = claims.settings
    kept = {
        "return_url": settings.return_url,
        "data": settings.data,
        "deployment_id": claims.deployment_id,
        "accept_multiple": settings.accept_multiple,
        "accept_line_item": settings.accept_line_item is not False,
    }
    return encryption.encrypt(json.dumps(kept).encode())


def asked(session: LaunchSession, encryption: Encryption) -> Asked:
    """Return what the platform asked for.

    Raises:
        Conflict: `deep_linking_answered`.
    """
    if session.deep_linking is None:
        raise Conflict("deep_linking_answered")
    return Asked(**json.loads(encryption.decrypt(session.deep_linking)))


def links(
    choice: Choice, wanted: Asked, *, course: Course | None, launch_url: str, say: Say
) -> list[Link]:
    """Return the links of a choice: the overview first, then units in the definition's order.

    Raises:
        ToolError: `nothing_chosen`; `unknown_unit`; `deep_linking_single`: the platform takes one.
    """
    mc = catalogue.definition(choice.version)
    codes = set(choice.units)
    if not codes:
        raise ToolError("nothing_chosen")
    if unknown := codes - {OVERVIEW, *(unit.code for unit in mc.units)}:
        raise ToolError("unknown_unit", unit=min(unknown))
    if len(codes) > 1 and not wanted.accept_multiple:
        raise ToolError("deep_linking_single")
    columns = choice.columns if wanted.accept_line_item else Columns.NONE
    origin = {"version": choice.version.version, "history": CONTEXT_HISTORY}
    if course is not None:
        origin["course"] = str(course.id)
    return list(_links(choice.version, mc, codes, columns, launch_url, say, origin))


def answer(
    db: Session,
    session: LaunchSession,
    chosen: Sequence[Link],
    *,
    encryption: Encryption,
    now: datetime,
    message: str | None = None,
) -> Answer:
    """Use the request up and return its signed answer; without links it is a cancellation.

    Raises:
        Conflict: `deep_linking_answered`: of any number of answers at once, one is made.
    """
    wanted = asked(session, encryption)
    _use_up(db, session.id, now)
    registration = session.registration
    envelope = Envelope(
        client_id=registration.client_id,
        issuer=registration.issuer,
        deployment_id=wanted.deployment_id,
        data=wanted.data,
    )
    claims = deep_linking.response(envelope, chosen, now, message=message)
    key = tool_keys.current(db, encryption, now)
    signed = deep_linking.sign(claims, tool_keys.private_key(key, encryption), key.kid)
    subject, actor = f"launch:{session.id}", f"person:{session.person_id}"
    audit.note(db, actor, "deep_linking.answered", subject, now, links=str(len(chosen)))
    return Answer(wanted.return_url, signed)


def column_of(mc: MicroCredential, unit: LearningUnit | None, reference: str, label: str) -> Column:
    """Return the gradebook column of a unit (its own scale), or with None of the whole."""
    if unit is None:
        return Column(
            maximum=WHOLE_MAXIMUM, label=label, resource_id=reference, tag="micro-credential"
        )
    return Column(
        maximum=deliveries.maximum_of(unit.rule),
        label=label,
        resource_id=f"{reference}#{unit.code}",
        tag="unit",
    )


def reference_of(version: MicroCredentialVersion) -> str:
    """Return what links call a micro-credential, whatever its version."""
    return f"{version.series.organisation.slug}/{version.series.code}"


def sum_of_columns(units: Iterable[LearningUnit]) -> Decimal:
    """Return what the course total grows by with a column for each unit."""
    return sum((deliveries.maximum_of(unit.rule) for unit in units), Decimal(0))


def _links(
    version: MicroCredentialVersion,
    mc: MicroCredential,
    codes: set[str],
    columns: Columns,
    launch_url: str,
    say: Say,
    origin: Mapping[str, str],
) -> Iterator[Link]:
    reference = reference_of(version)
    for unit in (None, *mc.units):
        if (unit.code if unit else OVERVIEW) not in codes:
            continue
        words = say(mc, unit)
        title = words.title[:LONGEST_TEXT]
        has_column = columns is (Columns.UNITS if unit else Columns.WHOLE)
        yield Link(
            title=title,
            text=words.text[:LONGEST_TEXT],
            url=launch_url,
            custom={
                "mc": reference,
                **({"unit": unit.code} if unit else {}),
                **({COLUMN: "yes"} if has_column else {}),
                **origin,
            },
            column=column_of(mc, unit, reference, title) if has_column else None,
        )


def _use_up(db: Session, session_id: uuid.UUID, now: datetime) -> None:
    used = db.execute(
        sa.update(LaunchSession)
        .where(LaunchSession.id == session_id, LaunchSession.answered_at.is_(None))
        .values(answered_at=now, deep_linking=None)
        .returning(LaunchSession.id)
    )
    if used.scalar_one_or_none() is None:
        raise Conflict("deep_linking_answered")
