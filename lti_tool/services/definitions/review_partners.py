"""Who reviews for whom: an organisation's own reviewers, or those of partners that it named."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound
from lti_tool.models import Account, AccountGrant, Organisation, ReviewPartner
from lti_tool.services import audit
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Access, Role


def reviewed(db: Session, access: Access) -> dict[uuid.UUID, uuid.UUID]:
    """Return whose definitions an account reviews, and for which organisation it does each.

    Whoever belongs to an organisation that asks partners is none of theirs.
    """
    rows = db.execute(sa.select(ReviewPartner.organisation_id, ReviewPartner.partner_id)).all()
    asking = {organisation for organisation, _ in rows}
    own = {one: one for one in access.reviews if one not in asking}
    belongs = access.administers | access.reviews
    partners = {
        organisation: partner
        for organisation, partner in sorted(rows, key=repr)
        if partner in access.reviews and organisation not in belongs
    }
    return own | partners


def partners(db: Session, organisation: Organisation) -> list[Organisation]:
    """Return who reviews for an organisation, by name; nobody: its own reviewers do."""
    asked = sa.select(ReviewPartner.partner_id).filter_by(organisation_id=organisation.id)
    chosen = sa.select(Organisation).filter(Organisation.id.in_(asked))
    return list(db.scalars(chosen.order_by(Organisation.name, Organisation.slug)))


def has_reviewer(db: Session, organisation: Organisation, *, author: str = "") -> bool:
    """Whether anybody but the author can review for an organisation today."""
    asked = [one.id for one in partners(db, organisation)]
    grants = (
        sa.select(Account)
        .join(AccountGrant, AccountGrant.account_id == Account.id)
        .filter(
            AccountGrant.role == Role.REVIEWER.value,
            AccountGrant.organisation_id.in_(asked or [organisation.id]),
            Account.disabled_at.is_(None),
        )
    )
    return any(
        accounts.actor(one) != author and organisation.id in reviewed(db, Access.of(one))
        for one in db.scalars(grants)
    )


def ask(
    db: Session,
    organisation: Organisation,
    wanted: frozenset[uuid.UUID],
    *,
    by: str,
    now: datetime,
) -> None:
    """Let the reviewers of these organisations, and of no other, review for this one; of none:
    its own.

    Raises:
        NotFound: `unknown_organisation`: one of them is not here, or itself.
    """
    known = set(db.scalars(sa.select(Organisation.id).filter(Organisation.id.in_(wanted))))
    if known != wanted or organisation.id in wanted:
        raise NotFound("unknown_organisation")
    db.execute(sa.select(Organisation.id).filter_by(id=organisation.id).with_for_update())
    asked = {one.id for one in partners(db, organisation)}
    if asked == wanted:
        return
    of_it = sa.delete(ReviewPartner).filter_by(organisation_id=organisation.id)
    db.execute(of_it.filter(ReviewPartner.partner_id.not_in(wanted)))
    for one in sorted(wanted - asked, key=str):
        db.add(ReviewPartner(organisation_id=organisation.id, partner_id=one))
    db.flush()
    subject = f"organisation:{organisation.id}"
    audit.note_in(db, organisation.id, by, "organisation.partners_asked", subject, now)
