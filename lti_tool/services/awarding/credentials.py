"""Claim, show, publish and revoke credentials.

CPU work happens in the transaction: an index is reserved, the badge is built, signed and stored
before the learner sees it. Signed bytes never change; a mistake is replaced.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.errors import BadgeError
from badges.formats import open_badge_3
from badges.formats.open_badge_3 import Addresses, StatusEntry
from badges.proofs import data_integrity
from badges.recipient import EmailHash, Recipient, clean_name, hash_email, random_subject_id
from lti_tool.encryption import Encryption
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import Award, Credential, MicroCredentialVersion
from lti_tool.services import audit, reasons
from lti_tool.services.awarding import (
    award_gate,
    awards,
    enrolments,
    joints,
    keys,
    stack_awards,
    stacks,
    status_lists,
)
from lti_tool.services.definitions import catalogue
from lti_tool.services.organisations import fix_public_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What signing needs to know of the server.

    `is_production`: the first real badge fixes the public address (demo badges do not).
    """

    public_url: str
    encryption: Encryption
    is_production: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the learner decides: the printed name or None, the language, and the address of
    which a salted hash goes into the badge, or None. `shows_route`: the badge says which units were
    recognised as prior learning."""

    name: str | None
    language: str
    email: str | None = None
    shows_route: bool = False


def claim(
    db: Session, award: Award, wishes: Claim, *, signing: Signing, actor: str, now: datetime
) -> Credential:
    """Return the signed credential of an award; claimed twice, it is the same one.

    Raises:
        ToolError: the name cannot be printed (codes of `badges.recipient.clean_name`).
        Conflict: `award_withdrawn`, `award_flagged`, `award_expired` (its validity has ended),
            `credential_revoked` (claimed before, and revoked for good), `award_claimed_elsewhere`
            (the same person has it in another LMS).
    """
    _lock_standing(db, award, now)
    existing = current(db, award)
    if existing is not None:
        return existing
    if db.scalar(sa.select(Credential.id).filter_by(award_id=award.id).limit(1)) is not None:
        raise Conflict("credential_revoked")
    joints.check_unclaimed(db, award)
    credential = _issue(db, award, wishes, signing, now)
    audit.note(db, actor, "credential.claimed", f"credential:{credential.id}", now)
    return credential


def preview(award: Award, wishes: Claim, *, public_url: str, now: datetime) -> dict[str, Any]:
    """Return what a claim with these wishes would sign; nothing is kept.

    A claim differs in what it draws for each credential: the ids and the place in a status list.

    Raises:
        ToolError: the name cannot be printed.
        Conflict: `award_expired`.
    """
    place = StatusEntry(list_url=status_lists.address(public_url, uuid.uuid4()), index=0)
    recipient = _recipient(wishes)
    return _document(award, recipient, wishes, uuid.uuid4(), place, public_url, now)


def replace(
    db: Session,
    mistaken: Credential,
    wishes: Claim,
    *,
    signing: Signing,
    actor: str,
    now: datetime,
) -> Credential:
    """Return a new credential in place of one with a mistake, which is revoked.

    Raises:
        as `claim`, and Conflict `credential_revoked`: it was revoked before.
    """
    _lock_standing(db, mistaken.award, now)
    if mistaken.revoked_at is not None:
        raise Conflict("credential_revoked")
    credential = _issue(db, mistaken.award, wishes, signing, now)
    credential.replaces_id = mistaken.id
    revoke(db, mistaken, reason="replaced", signing=signing, actor=actor, now=now)
    return credential


def current(db: Session, award: Award) -> Credential | None:
    """Return the credential of an award that is not revoked, if it was claimed."""
    return db.scalar(
        sa.select(Credential)
        .filter_by(award_id=award.id, revoked_at=None)
        .order_by(Credential.signed_at.desc())
        .limit(1)
    )


def find(db: Session, credential_id: uuid.UUID) -> Credential:
    """Return one credential.

    Raises:
        NotFound: `unknown_credential`.
    """
    credential = db.get(Credential, credential_id)
    if credential is None:
        raise NotFound("unknown_credential")
    return credential


def find_public(db: Session, credential_id: uuid.UUID) -> Credential:
    """Return a credential that its holder made public.

    Raises:
        NotFound: `unknown_credential`: there is none, or it is not public.
    """
    credential = db.get(Credential, credential_id)
    if credential is None or not credential.is_public:
        raise NotFound("unknown_credential")
    return credential


def set_public(
    db: Session, credential: Credential, *, public: bool, actor: str, now: datetime
) -> None:
    """Switch the public page of a credential on or off; off takes effect at once."""
    credential.is_public = public
    action = "credential.published" if public else "credential.unpublished"
    audit.note(db, actor, action, f"credential:{credential.id}", now)


def revoke(
    db: Session, credential: Credential, *, reason: str, signing: Signing, actor: str, now: datetime
) -> None:
    """Revoke for good: set the status bit, sign the list anew. Repeating it changes nothing.

    Its public page ends: verifiers learn of the revocation from the list, and a name that is
    wrong or no longer backed by an award stays nowhere.

    Raises:
        ToolError: `reason_missing`, `reason_too_long`.
    """
    reason = reasons.given(reason)
    if credential.revoked_at is not None:
        return
    status_lists.set_revoked(
        db,
        credential.status_list_id,
        credential.status_index,
        public_url=signing.public_url,
        encryption=signing.encryption,
        now=now,
    )
    credential.revoked_at, credential.revoked_reason = now, reason
    credential.is_public = False
    audit.note(db, actor, "credential.revoked", f"credential:{credential.id}", now)


def revoke_award(
    db: Session, award: Award, *, reason: str, signing: Signing, actor: str, now: datetime
) -> None:
    """Withdraw an award and revoke its credential. Repeating it changes nothing.

    The award is locked, so that of a claim at the same moment either nothing comes, or a
    credential that is revoked here.
    """
    _lock(db, award, now)
    if award.withdrawn_at is not None:
        return
    reason = reasons.given(reason)
    credential = current(db, award)
    if credential is not None:
        revoke(db, credential, reason=reason, signing=signing, actor=actor, now=now)
    body = stack_awards.body(award)
    award.withdrawn_at, award.withdrawn_reason = now, reason
    award_gate.no_longer_waiting(db, award.version, {award.person_id})
    stacks.want(db, award, now)
    award.flagged_at = award.flagged_reason = None
    audit.note_in(db, body, actor, "award.withdrawn", f"award:{award.id}", now)


def revoke_with_award(
    db: Session, credential: Credential, *, reason: str, signing: Signing, actor: str, now: datetime
) -> None:
    """Revoke a credential; where it is the one its award stands by, withdraw the award too."""
    if current(db, credential.award) is credential:
        revoke_award(db, credential.award, reason=reason, signing=signing, actor=actor, now=now)
    else:
        revoke(db, credential, reason=reason, signing=signing, actor=actor, now=now)


def addresses(
    public_url: str, version: MicroCredentialVersion, *, is_test: bool = False
) -> Addresses:
    """Return the public addresses of a definition that stand in its badges."""
    address = catalogue.version_address(public_url, version)
    series = f"{public_url}/definitions/{version.series.organisation.slug}/{version.series.code}"
    emblem = "emblem-test.png" if is_test else "emblem.png"
    return Addresses(version=address, series=series, image=f"{address}/{emblem}")


def _lock(db: Session, award: Award, now: datetime) -> None:
    enrolments.lock(db, award.person, award.version, now)
    db.refresh(award)


def _lock_standing(db: Session, award: Award, now: datetime) -> None:
    _lock(db, award, now)
    if award.withdrawn_at is not None:
        raise Conflict("award_withdrawn")


def _issue(db: Session, award: Award, wishes: Claim, signing: Signing, now: datetime) -> Credential:
    if award.flagged_at is not None:
        raise Conflict("award_flagged")
    recipient = _recipient(wishes)
    if signing.is_production and not award.is_test:
        fix_public_url(db, signing.public_url, now)
    entry = status_lists.reserve(
        db,
        award.version.series.organisation,
        is_test=award.is_test,
        public_url=signing.public_url,
        encryption=signing.encryption,
        now=now,
    )
    credential_id = uuid.uuid4()
    place = status_lists.entry_of(entry, signing.public_url)
    document = _document(award, recipient, wishes, credential_id, place, signing.public_url, now)
    until = document.get("validUntil")
    credential = Credential(
        id=credential_id,
        award=award,
        language=wishes.language,
        document=_signed(db, award, document, signing, now),
        status_list_id=entry.list_id,
        status_index=entry.index,
        signed_at=now,
        valid_until=datetime.fromisoformat(until) if until else None,
        is_public=False,
    )
    db.add(credential)
    db.flush()
    return credential


def _document(
    award: Award,
    recipient: Recipient,
    wishes: Claim,
    credential_id: uuid.UUID,
    place: StatusEntry,
    public_url: str,
    now: datetime,
) -> dict[str, Any]:
    fact = awards.as_fact(award)
    try:
        return open_badge_3.build(
            fact,
            keys.issuer(fact.mc.awarding_body, wishes.language, public_url, is_test=award.is_test),
            recipient,
            credential_id=f"{public_url}/credentials/{credential_id}",
            language=wishes.language,
            valid_from=now,
            addresses=addresses(public_url, award.version, is_test=award.is_test),
            status=place,
            shows_route=wishes.shows_route,
        )
    except BadgeError as error:
        raise _refusal(error) from error


def _signed(
    db: Session, award: Award, document: dict[str, Any], signing: Signing, now: datetime
) -> bytes:
    key = keys.signing_key(
        db,
        award.version.series.organisation,
        is_test=award.is_test,
        encryption=signing.encryption,
        now=now,
    )
    method = f"{document['issuer']['id']}#{key.public_multibase}"
    try:
        return data_integrity.serialise(data_integrity.sign(document, key, method, now))
    except BadgeError as error:
        raise _refusal(error) from error


def _refusal(error: BadgeError) -> Conflict:
    """A specimen was signed when the definition was published: what is left is the calendar."""
    code = "award_expired" if error.code == "expired" else "unsignable_award"
    return Conflict(code, reason=error.code)


def _recipient(wishes: Claim) -> Recipient:
    email: EmailHash | None = None
    try:
        name = clean_name(wishes.name) if wishes.name is not None else None
        if wishes.email is not None:
            email = hash_email(wishes.email, secrets.token_urlsafe(16))
    except BadgeError as error:
        raise ToolError(error.code) from error
    return Recipient(subject_id=random_subject_id(), name=name, email=email)
