"""Signing keys of awarding bodies: made at first need, encrypted at rest, published as did:web."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import did
from badges.issuer import Issuer, did_for
from badges.keys import SigningKey
from badges.micro_credential import AwardingBody
from lti_tool.encryption import Encryption
from lti_tool.models import IssuerKey, Organisation, ToolKey
from lti_tool.services import audit


def signing_key(
    db: Session, organisation: Organisation, *, is_test: bool, encryption: Encryption, now: datetime
) -> SigningKey:
    """Return the key with which an awarding body (or its test issuer) signs."""
    # Locked, so that two first badges at one moment make one key.
    db.execute(
        sa.select(Organisation.id).filter_by(id=organisation.id).with_for_update(key_share=True)
    )
    row = db.scalar(
        _keys(organisation, is_test=is_test)
        .filter(IssuerKey.retired_at.is_(None))
        .order_by(IssuerKey.created_at.desc())
        .limit(1)
    )
    if row is not None:
        return SigningKey.from_seed(encryption.decrypt(row.private_key))
    key = SigningKey.generate()
    db.add(
        IssuerKey(
            id=uuid.uuid4(),
            organisation_id=organisation.id,
            is_test=is_test,
            public_multibase=key.public_multibase,
            private_key=encryption.encrypt(key.seed),
            created_at=now,
        )
    )
    db.flush()
    audit.note(db, "system", "issuer_key.made", f"organisation:{organisation.id}", now)
    return key


def issuer(body: AwardingBody, language: str, public_url: str, *, is_test: bool) -> Issuer:
    """Return the issuer profile that stands in an awarding body's badges, as its definition has
    it in that language."""
    name = body.name.best(language)
    return Issuer(
        did=did_for(public_url, body.slug, is_test),
        name=f"{name} (TEST)" if is_test else name,
        url=f"{public_url}/issuers/{body.slug}",
        country=body.country,
    )


def did_document(
    db: Session, organisation: Organisation, public_url: str, *, is_test: bool
) -> dict[str, Any]:
    """Return the did:web document with every key that ever signed, also retired ones."""
    rows = db.scalars(_keys(organisation, is_test=is_test).order_by(IssuerKey.created_at))
    public = {row.public_multibase: row.public_multibase for row in rows}
    return did.document(did_for(public_url, organisation.slug, is_test), public)


def check_encryption(db: Session, encryption: Encryption) -> None:
    """Open one stored key of each kind, so that a wrong master key is noticed at the start.

    Raises:
        Undecryptable: `encryption_key_missing`.
    """
    for column in (IssuerKey.private_key, ToolKey.private_key):
        stored = db.scalar(sa.select(column).limit(1))
        if stored is not None:
            encryption.decrypt(stored)


def _keys(organisation: Organisation, *, is_test: bool) -> sa.Select[IssuerKey]:
    return sa.select(IssuerKey).filter_by(organisation_id=organisation.id, is_test=is_test)
