"""Verify a stored credential with what is on this server: nothing is fetched from elsewhere."""

from datetime import datetime

from flask import json
from flask_babel import gettext
from sqlalchemy.orm import Session

from badges import did, verify
from badges.fetch import FetchFailed
from badges.verify import Check, CheckId, Outcome, Report
from lti_tool.models import Credential
from lti_tool.services.awarding import keys, status_lists
from lti_tool.web.context import public_url


def report(db: Session, credential: Credential, now: datetime) -> Report:
    """Return the named checks, run on the signed bytes as anybody's verifier runs them."""
    organisation = credential.award.version.series.organisation
    document = keys.did_document(db, organisation, public_url(), is_test=credential.award.is_test)
    listed = status_lists.find(db, credential.status_list_id)
    published = {
        did.web_address(document["id"]): json.dumps(document).encode(),
        status_lists.address(public_url(), listed.id): listed.document or b"",
    }

    def fetch(url: str) -> bytes:
        if url not in published:
            raise FetchFailed("unreachable")
        return published[url]

    return verify.verify(credential.document, fetch, now)


def words(check: Check, *, is_test: bool = False) -> str:
    """Return what a check says, for people."""
    if is_test and check.id is CheckId.ISSUER and check.outcome is Outcome.PASSED:
        return gettext("The test issuer of the awarding body signed it.")
    if check.outcome is Outcome.UNDECIDED:
        return _undecided(check.id)
    return _passed(check.id) if check.outcome is Outcome.PASSED else _failed(check)


def _passed(check_id: CheckId) -> str:
    return {
        CheckId.SHAPE: gettext("It is a complete Open Badge 3.0."),
        CheckId.PROOF: gettext("Nothing was changed since it was signed."),
        CheckId.ISSUER: gettext("The awarding body signed it with its own key."),
        CheckId.DATES: gettext("It is valid today."),
        CheckId.STATUS: gettext("The awarding body has not revoked it."),
    }[check_id]


def _failed(check: Check) -> str:
    return {
        CheckId.SHAPE: gettext("It is not a complete Open Badge 3.0."),
        CheckId.PROOF: gettext("It was changed after it was signed."),
        CheckId.ISSUER: gettext("The key that signed it is not one of the awarding body."),
        CheckId.DATES: gettext("It is not valid today: it has expired or is not valid yet."),
        CheckId.STATUS: gettext("The awarding body has revoked it."),
    }[check.id]


def _undecided(check_id: CheckId) -> str:
    return {
        CheckId.SHAPE: gettext("Whether it is a complete Open Badge could not be decided."),
        CheckId.PROOF: gettext("Whether it was changed could not be decided."),
        CheckId.ISSUER: gettext("The keys of the awarding body could not be read."),
        CheckId.DATES: gettext("Its dates could not be read."),
        CheckId.STATUS: gettext("The list of revoked badges could not be read."),
    }[check_id]
