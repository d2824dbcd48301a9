"""Where each page is looked at: on the stage (`stage.PLACES`), or in a test of its own.

`ELSEWHERE`: test module -> endpoints whose pages it holds against axe, widths and sizes.
`NO_PAGE`: why -> endpoints that nobody reads in a browser.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect

DRAFTS = (
    "drafts",
    "edit_draft",
    "check_draft",
    "discarding",
    "translate_draft",
    "preview_draft",
    "draft_table",
    "draft_picture",
)
ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "test_operating": (
        "admin.home",
        "admin.me",
        "admin.audit_log",
        "admin.new_passkey",
        "admin.passkey_removal",
        "admin.passkeys_removal",
        "admin.organisations_list",
        "admin.organisation",
        "admin.platform",
        "admin.by_hand",
        "admin.registration",
        "admin.rejection",
        "admin.people",
        "admin.person",
        "admin.keys",
        "admin.grants_of",
        "admin.systems",
        "admin.self_tests",
        "sign_in.page",
        "sign_in.link",
        "sign_in.digest",
        "sign_in.address",
    ),
    "test_connecting": ("registration.review",),
    "test_reviewing": (
        "admin.review_list",
        "admin.review",
        "admin.moderate",
        "admin.definition",
        "admin.definitions",
        "admin.retirement",
        "admin.awards_to_decide",
        "admin.award",
        "admin.partners",
        "admin.draft_parts",
        "teacher.draft_parts",  # the same template, mounted below a launch
    ),
    "test_prior_learning": (
        "admin.prior_learning_list",
        "admin.prior_learning_application",
        "admin.prior_learning_correction",
    ),
    "test_joining": ("learner.joining",),
    "test_confirming": ("admin.waiting_award",),
    # Mounted twice, looked at once: the templates are the same below a launch and below /admin.
    "test_writing": (
        "admin.importing",
        *(f"{seat}.{name}" for seat in ("admin", "teacher") for name in DRAFTS),
    ),
}
NO_PAGE: Mapping[str, tuple[str, ...]] = {
    "a file to be saved": (
        "admin.export_draft",
        "admin.prior_learning_file",
        "admin.waiting_award_file",
        "admin.table_template",
        "learner.badge_json",
        "learner.badge_png",
        "learner.badge_svg",
        "learner.evidence_file",
        "public.credential_json",
        "public.credential_png",
        "public.credential_svg",
        "teacher.evidence_file",
        "teacher.export",
        "teacher.export_draft",
        "teacher.table_template",
    ),
    "for programs": (
        "admin.find_term",
        "api.described",
        "health.health",
        "lti.configuration",
        "lti.jwks",
        "offline.worker",
        "public.definition",
        "public.did",
        "public.history",
        "public.listed",
        "public.resource",
        "public.robots",
        "public.sitemap",
        "public.status_list",
        "public.test_did",
        "public.wording",
        "teacher.find_term",
    ),
    "a picture, a script or a style sheet": (
        "admin.review_picture",
        "public.emblem",
        "public.small_emblem",
        "web.static",
    ),
    "leads to another page": ("public.home", "public.offer"),
    "the page of teacher.batch, for all units": ("teacher.table_batch",),
}


def pages(app: Flask) -> set[str]:
    """Return the endpoints that answer to GET."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}


def shown(app: Flask, addresses: Mapping[str, str]) -> Iterator[str]:
    """Return the endpoints that these addresses belong to."""
    adapter = app.url_map.bind("localhost")
    for address in addresses.values():
        path = urlsplit(address).path
        try:
            yield adapter.match(path)[0]
        except RequestRedirect as found:
            yield adapter.match(urlsplit(found.new_url).path)[0]
        except NotFound:
            continue
