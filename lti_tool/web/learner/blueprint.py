"""The blueprint that the modules of this package fill."""

from typing import Any

from flask import Blueprint, has_request_context, request

blueprint = Blueprint("learner", __name__, url_prefix="/launches/<uuid:launch_id>")

LARGER = "of"
"""The parameter that names the award of a larger micro-credential, or of another version of this
one, which the page is then about."""


@blueprint.url_defaults
def stay_with_the_larger_one(_endpoint: str, values: dict[str, Any]) -> None:
    """Let links and forms of a page about a larger one lead to pages about it."""
    if has_request_context() and request.blueprint == blueprint.name and LARGER in request.args:
        values.setdefault(LARGER, request.args[LARGER])
