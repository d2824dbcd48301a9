"""Revocation lists: reserve an index for a new credential, set a bit, serve the signed list.

A list is signed when it is made and whenever a bit changes. Indexes are random, so that they
say nothing about the order of issue.
"""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import status_list
from badges.formats.open_badge_3 import StatusEntry as BadgeStatusEntry
from badges.issuer import did_for
from badges.proofs import data_integrity
from lti_tool.encryption import Encryption
from lti_tool.errors import NotFound
from lti_tool.models import Organisation, StatusEntry, StatusList
from lti_tool.services.awarding import keys

FULLEST = status_list.MIN_BITS // 2
"""Entries a list takes: beyond half, random indexes would be tried too often."""


def reserve(
    db: Session,
    organisation: Organisation,
    *,
    is_test: bool,
    public_url: str,
    encryption: Encryption,
    now: datetime,
) -> StatusEntry:
    """Return an entry that no other credential has or will have."""
    # The organisation's row is the lock: two first claims at one moment share one list.
    db.execute(
        sa.select(Organisation.id).filter_by(id=organisation.id).with_for_update(key_share=True)
    )
    listed = db.scalar(
        sa.select(StatusList)
        .filter_by(organisation_id=organisation.id, is_test=is_test)
        .filter(StatusList.reserved_count < FULLEST)
        .order_by(StatusList.created_at)
        .limit(1)
    )
    if listed is None:
        listed = StatusList(
            id=uuid.uuid4(),
            organisation=organisation,
            is_test=is_test,
            bits=bytes(status_list.StatusList().bits),
            reserved_count=0,
            created_at=now,
        )
        db.add(listed)
        _sign(db, listed, public_url, encryption, now)
    taken = set(db.scalars(sa.select(StatusEntry.index).filter_by(list_id=listed.id)))
    entry = StatusEntry(
        list_id=listed.id, index=status_list.random_free_index(taken), reserved_at=now
    )
    listed.reserved_count += 1
    db.add(entry)
    db.flush()
    return entry


def entry_of(entry: StatusEntry, public_url: str) -> BadgeStatusEntry:
    """Return the entry as a badge states it."""
    return BadgeStatusEntry(list_url=address(public_url, entry.list_id), index=entry.index)


def set_revoked(
    db: Session,
    list_id: uuid.UUID,
    index: int,
    *,
    public_url: str,
    encryption: Encryption,
    now: datetime,
) -> None:
    """Set a bit and sign the list anew."""
    listed = db.scalars(sa.select(StatusList).filter_by(id=list_id).with_for_update()).one()
    db.refresh(listed)
    bits = status_list.StatusList(listed.bits)
    bits.set(index)
    listed.bits = bytes(bits.bits)
    _sign(db, listed, public_url, encryption, now)


def find(db: Session, list_id: uuid.UUID) -> StatusList:
    """Return a list with its signed document.

    Raises:
        NotFound: `unknown_status_list`.
    """
    listed = db.get(StatusList, list_id)
    if listed is None or listed.document is None:
        raise NotFound("unknown_status_list")
    return listed


def address(public_url: str, list_id: uuid.UUID) -> str:
    return f"{public_url}/status-lists/{list_id}"


def _sign(
    db: Session, listed: StatusList, public_url: str, encryption: Encryption, now: datetime
) -> None:
    organisation = listed.organisation
    key = keys.signing_key(db, organisation, is_test=listed.is_test, encryption=encryption, now=now)
    issuer = did_for(public_url, organisation.slug, listed.is_test)
    document = status_list.credential(
        address(public_url, listed.id), issuer, status_list.StatusList(listed.bits), now
    )
    signed = data_integrity.sign(document, key, f"{issuer}#{key.public_multibase}", now)
    listed.document = data_integrity.serialise(signed)
    listed.signed_at = now
    db.flush()
