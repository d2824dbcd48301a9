"""Pictures that schools bring for their badges: keep, find, carry along with a definition.

A picture is named by what it is, so a version that names one always shows the same.
"""

import uuid
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import picture as pictures
from badges.micro_credential import MicroCredential
from badges.picture import MediaType, Picture, PictureRefused
from lti_tool.db import get_or_add
from lti_tool.errors import Conflict
from lti_tool.models import (
    DefinitionDraft,
    DefinitionRevision,
    MicroCredentialVersion,
    Organisation,
    StoredArtwork,
)

UNUSED_KEPT = timedelta(days=30)
"""A picture that no definition names any more; the page of a draft may still be open."""
ROOM = 32 * 1024 * 1024
"""Bytes that the pictures of one organisation may take: some 60 of the largest, mostly hundreds."""


def keep(
    db: Session, picture: Picture, now: datetime, organisation_id: uuid.UUID | None = None
) -> str:
    """Keep a picture and return its digest; one that is there already is kept once, and takes the
    room of who brought it first. `organisation_id`: None where an operator brings it.

    Raises:
        Conflict: `pictures_full`: those of the organisation take all its room.
    """
    if organisation_id is not None and db.get(StoredArtwork, picture.digest) is None:
        _check_room(db, organisation_id, picture)
    is_png = picture.media_type is MediaType.PNG
    row, was_added = get_or_add(
        db,
        StoredArtwork,
        {"digest": picture.digest},
        media_type=picture.media_type.value,
        data=picture.data,
        png=None if is_png else picture.png,
        small=pictures.small(picture.png),
        kept_at=now,
        organisation_id=organisation_id,
    )
    if not was_added:
        row.kept_at = now
    return picture.digest


def _check_room(db: Session, organisation_id: uuid.UUID, picture: Picture) -> None:
    mine = sa.select(Organisation.id).filter_by(id=organisation_id)
    db.execute(mine.with_for_update(key_share=True))  # two at one moment are counted after another
    row = StoredArtwork
    sizes = [sa.func.coalesce(sa.func.length(one), 0) for one in (row.data, row.png)]
    taken = sa.select(sa.func.sum(sizes[0] + sizes[1])).filter_by(organisation_id=organisation_id)
    own = len(picture.data) + (0 if picture.png is picture.data else len(picture.png))
    if (db.scalar(taken) or 0) + own > ROOM:
        raise Conflict("pictures_full", megabytes=str(ROOM // 2**20))


def find(db: Session, digest: str) -> Picture | None:
    row = db.get(StoredArtwork, digest)
    if row is None:
        return None
    return Picture(MediaType(row.media_type), row.data, row.png or row.data)


def small_of(db: Session, mc: MicroCredential) -> bytes | None:
    """Return the small copy of a picture that was brought, as PNG; None for a drawn emblem."""
    if mc.artwork is None:
        return None
    chosen = sa.select(StoredArtwork.small).filter_by(digest=mc.artwork.digest)
    if (kept := db.scalar(chosen)) is not None:
        return kept
    found = of(db, mc)  # from before there were any
    return pictures.small(found.png) if found else None


def of(db: Session, mc: MicroCredential) -> Picture | None:
    """Return the picture of a definition, None for one whose emblem is drawn."""
    return find(db, mc.artwork.digest) if mc.artwork else None


def packed(db: Session, content: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON of a definition with its picture in it, to be carried to another server."""
    artwork = content.get("artwork")
    shown = find(db, str(artwork.get("digest"))) if isinstance(artwork, dict) else None
    if shown is None:
        return content
    data = b64encode(shown.data).decode("ascii")
    return {**content, "artwork": {**content["artwork"], "data": data}}


def brought(content: dict[str, Any]) -> Picture | None:
    """Return the picture that the JSON of a definition brings along, cleaned; takes seconds, so
    that it is no part of a transaction.

    Raises:
        PictureRefused: it is no picture that can be shown.
    """
    artwork = content.get("artwork")
    if not isinstance(artwork, dict) or "data" not in artwork:
        return None
    try:
        data = b64decode(str(artwork["data"]), validate=True)
    except (NotBase64, ValueError) as error:
        raise PictureRefused("picture_damaged", "not base64") from error
    return pictures.clean(data)


def unpacked(
    db: Session,
    content: dict[str, Any],
    picture: Picture | None,
    now: datetime,
    organisation_id: uuid.UUID | None = None,
) -> dict[str, Any]:
    """Return the JSON of a definition that came from elsewhere, with what it `brought` kept.

    Without a picture that is here or comes along, the emblem is drawn. `organisation_id` and
    Raises: as `keep`.
    """
    artwork = content.get("artwork")
    if not isinstance(artwork, dict):
        return content
    digest = str(artwork.get("digest"))
    if picture is not None:
        digest = keep(db, picture, now, organisation_id)
    elif find(db, digest) is None:
        return {name: value for name, value in content.items() if name != "artwork"}
    return {**content, "artwork": {"digest": digest, "alt": artwork.get("alt")}}


def forget_unused(db: Session, now: datetime) -> None:
    """Delete pictures that no definition or draft names and that nobody brought lately."""
    named: set[str] = set()
    for column in (
        DefinitionDraft.content,
        MicroCredentialVersion.definition,
        DefinitionRevision.definition,
    ):
        digest = column[("artwork", "digest")].as_string()
        named.update(db.scalars(sa.select(digest).filter(digest.is_not(None)).distinct()))
    db.execute(
        sa.delete(StoredArtwork).filter(
            StoredArtwork.kept_at < now - UNUSED_KEPT, StoredArtwork.digest.not_in(named)
        )
    )
