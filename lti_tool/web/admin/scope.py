"""Things that the person who signed in may touch; all others do not exist for them."""

import uuid

from lti_tool.errors import NotFound
from lti_tool.models import (
    Account,
    ApiClient,
    DefinitionGrant,
    Organisation,
    Platform,
    Registration,
)
from lti_tool.services import organisations
from lti_tool.services.connections import api_clients, platforms
from lti_tool.services.definitions import grants
from lti_tool.services.staff import accounts
from lti_tool.web.account_session import AccountVisit


def within(visit: AccountVisit) -> frozenset[uuid.UUID] | None:
    """Return the organisations that lists are about; None: all."""
    return None if visit.access.is_operator else visit.access.administers


def organisation(visit: AccountVisit, organisation_id: uuid.UUID) -> Organisation:
    found = organisations.get(visit.db, organisation_id)
    if not visit.access.may_administer(found.id):
        raise NotFound("unknown_organisation")
    return found


def platform(visit: AccountVisit, platform_id: uuid.UUID) -> Platform:
    found = platforms.find(visit.db, platform_id)
    if not visit.access.may_administer(found.organisation_id):
        raise NotFound("unknown_platform")
    return found


def registration(visit: AccountVisit, registration_id: uuid.UUID) -> Registration:
    found = visit.db.get(Registration, registration_id)
    if found is None or not visit.access.may_administer(found.platform.organisation_id):
        raise NotFound("unknown_registration")
    return found


def account(visit: AccountVisit, account_id: uuid.UUID) -> Account:
    """Return an account that has a role where the visitor decides; see also `may_manage`."""
    found = accounts.get(visit.db, account_id)
    places = {one.organisation_id for one in found.grants}
    if not visit.access.is_operator and not places & visit.access.administers:
        raise NotFound("unknown_account")
    return found


def definition_grant(visit: AccountVisit, grant_id: uuid.UUID) -> DefinitionGrant:
    found = grants.find(visit.db, grant_id)
    if not visit.access.may_administer(found.series.organisation_id):
        raise NotFound("unknown_permission")
    return found


def client(visit: AccountVisit, client_id: uuid.UUID) -> ApiClient:
    found = api_clients.find(visit.db, client_id)
    if not visit.access.may_administer(found.organisation_id):
        raise NotFound("unknown_client")
    return found
