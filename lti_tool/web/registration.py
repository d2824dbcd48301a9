"""The page behind an invitation: what will be registered, one button, and the window closes.

LTI Dynamic Registration 1.0, section 3.3 (initiation) to 3.7 (finish). No session exists here:
the link is the secret, and a form of this page works once, unchanged, while it is the last one
that was shown.
"""

import json
import secrets
import uuid
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from flask import Blueprint, Response, make_response, render_template, request

from lti_tool import clock
from lti_tool.lti import dynamic_registration, platform_configuration, tool_configuration
from lti_tool.lti.dynamic_registration import Registered
from lti_tool.lti.errors import RegistrationRefused
from lti_tool.lti.platform_configuration import PlatformConfiguration
from lti_tool.models import Registration
from lti_tool.services.connections import invitations
from lti_tool.services.connections.invitations import OpenInvitation
from lti_tool.web import lti
from lti_tool.web.context import current_tool
from lti_tool.web.http import security

MAX_FORM_BYTES = 256 * 1024
FORM_FIELD = "form"

blueprint = Blueprint(
    security.REGISTRATION_BLUEPRINT, __name__, url_prefix="/lti/register/<invitation>"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Form:
    """What the page was about; it travels in a hidden field, and its digest is kept.

    `renews`: the registration that the platform wants to renew.
    """

    platform: PlatformConfiguration
    token: str
    renews: uuid.UUID | None

    def write(self) -> str:
        platform = asdict(self.platform)
        renews = str(self.renews) if self.renews else None
        nonce = secrets.token_urlsafe(16)
        return json.dumps([platform, self.token, renews, nonce], ensure_ascii=True)

    @classmethod
    def read(cls, text: str) -> "Form":
        """Read what `write` wrote; the digest has shown that it is."""
        platform, token, renews, _ = json.loads(text)
        lists: dict[str, Any] = {name: tuple(platform[name]) for name in ("scopes", "messages")}
        known = PlatformConfiguration(**{**platform, **lists})
        return cls(known, token, uuid.UUID(renews) if renews else None)


@blueprint.before_request
def limit_size() -> None:
    request.max_content_length = MAX_FORM_BYTES


@blueprint.after_request
def keep_opener(response: Response) -> Response:
    """Some platforms open a window instead of a frame, and wait for its message."""
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    response.cache_control.no_store = True
    return response


@blueprint.get("")
def review(invitation: str) -> Response:
    """Section 3.3: the platform's administrator arrives; nothing is registered yet."""
    tool, now = current_tool(), clock.now()
    token = request.args.get("registration_token", "")
    if not dynamic_registration.is_token(token):
        raise RegistrationRefused("registration_token")
    with tool.database.transaction(read_only=True) as db:
        invitations.find(db, invitation, now)
    platform = platform_configuration.fetch(
        tool.outbound, request.args.get("openid_configuration", ""), token
    )
    with tool.database.transaction() as db:
        found = invitations.find(db, invitation, now)
        hint = dynamic_registration.hinted_client_id(token)
        renews = invitations.renewed(db, found, platform.issuer, hint)
        form = Form(platform, token, renews.id if renews else None).write()
        invitations.show_form(db, invitation, form, now)
        organisation = found.organisation.name
    security.allow_framing(" ".join(platform.origins))
    return make_response(
        render_template(
            "registration/review.html",
            platform=platform,
            organisation=organisation,
            renews=renews,
            tool_url=tool.settings.public_url,
            form_field=FORM_FIELD,
            form=form,
        )
    )


@blueprint.post("")
def register(invitation: str) -> Response:
    """Sections 3.5 to 3.7: register with the platform, keep its answer, close the window."""
    tool = current_tool()
    sent = request.form.get(FORM_FIELD, "")
    if not sent:
        raise RegistrationRefused("registration_form", status=403)
    with tool.database.transaction() as db:
        opened = invitations.take_form(db, invitation, sent, clock.now())
    form = Form.read(sent)
    security.allow_framing(" ".join(form.platform.origins))
    asked = tool_configuration.registration_request(
        lti.addresses(form.renews or opened.registration_id), form.platform, lti.DESCRIPTION
    )
    registered = dynamic_registration.register(tool.outbound, form.platform, form.token, asked)
    registration = _keep(opened, form, registered)
    log.info("registration_received", registration_id=str(registration.id))
    return make_response(
        render_template(
            "registration/done.html",
            platform=form.platform,
            registration=registration,
            is_renewed=form.renews is not None,
        )
    )


def _keep(opened: OpenInvitation, form: Form, registered: Registered) -> Registration:
    tool, now = current_tool(), clock.now()
    with tool.database.transaction() as db:
        if form.renews is None:
            return invitations.finish(db, opened.id, form.platform, registered, now)
        known = db.get(Registration, form.renews)
        if known is None or known.client_id != registered.client_id:
            raise RegistrationRefused("platform_answer", status=502)
        invitations.note_update(db, opened.id, known, now)
        return known
