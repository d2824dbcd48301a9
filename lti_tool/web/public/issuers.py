"""Awarding bodies: who signs, with which keys."""

from flask import render_template
from flask.typing import ResponseReturnValue

from badges.formats import open_badge_3
from badges.issuer import did_for
from lti_tool.services import organisations
from lti_tool.services.awarding import keys
from lti_tool.services.definitions import catalogue
from lti_tool.web.context import public_url
from lti_tool.web.http import caching
from lti_tool.web.http.negotiation import wants_json
from lti_tool.web.public.blueprint import blueprint, document, reading

DID_DOCUMENT = "application/did+json"


@blueprint.get("/issuers/<body>")
def issuer(body: str) -> ResponseReturnValue:
    """Show an awarding body: the `url` of the issuer in its badges."""
    with reading() as db:
        organisation = organisations.find(db, body)
        if wants_json():
            answer: ResponseReturnValue = document(
                {
                    "@context": list(open_badge_3.CONTEXTS),
                    "id": did_for(public_url(), organisation.slug),
                    "type": ["Profile"],
                    "name": organisation.name,
                    "url": f"{public_url()}/issuers/{organisation.slug}",
                }
            )
        else:
            entries = [
                (one, catalogue.definition(one)) for one in catalogue.newest_of(db, organisation.id)
            ]
            answer = render_template(
                "public/issuer.html",
                organisation=organisation,
                did=did_for(public_url(), organisation.slug),
                entries=entries,
            )
    return caching.cacheable(answer, caching.DEFINITION, varies=caching.PAGE_VARIES)


@blueprint.get("/issuers/<body>/did.json")
def did(body: str) -> ResponseReturnValue:
    return _did(body, is_test=False)


@blueprint.get("/issuers/<body>/test/did.json")
def test_did(body: str) -> ResponseReturnValue:
    return _did(body, is_test=True)


def _did(body: str, *, is_test: bool) -> ResponseReturnValue:
    """Hand out the public keys (did:web, section 2.5.2 Read)."""
    with reading() as db:
        content = keys.did_document(db, organisations.find(db, body), public_url(), is_test=is_test)
    return caching.cacheable(document(content, DID_DOCUMENT), caching.KEYS)
