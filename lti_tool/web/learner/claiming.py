"""Claim the badge: see it as it will be, decide what it says, have it signed, correct it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from badges import prior_learning
from badges.completion import Route
from badges.errors import BadgeError
from badges.micro_credential import MicroCredential
from badges.recipient import clean_name
from lti_tool.errors import NotFound
from lti_tool.models import Award
from lti_tool.services.awarding import credentials
from lti_tool.services.awarding.credentials import Claim, Signing
from lti_tool.services.launching import launches
from lti_tool.web import badge_files
from lti_tool.web.badge_files import Summary
from lti_tool.web.context import current_tool
from lti_tool.web.i18n import language
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.learner.blueprint import blueprint
from lti_tool.web.learner.standing import LearnerStanding, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimForm:
    """What the learner decides. `email`: the address that the LMS gave; None: nothing to decide.

    `shows_route`: the badge says which units were recognised as prior learning; None: none was.

    `problem`: why the name cannot be printed, a code of `badges.recipient.clean_name`.
    """

    is_named: bool
    name: str
    language: str
    wants_email: bool
    email: str | None
    shows_route: bool | None
    problem: str | None = None


@blueprint.get("/claim")
@visiting()
def claim(visit: Visit) -> ResponseReturnValue:
    """Show the badge as it will be, and what the learner decides about it."""
    found, award = _claimable(visit)
    if found.credential is not None:
        return _to_badge(visit)
    return _page(visit, found, award, _proposal(visit, found.units.mc, award))


@blueprint.post("/claim")
@visiting(writes=True)
def sign(visit: Visit) -> ResponseReturnValue:
    """Sign the badge as decided, or show it once more; sent twice, it is the same badge."""
    found, award = _claimable(visit)
    form = _sent(visit, found.units.mc, award)
    if form.problem is not None or _is_preview():
        return _page(visit, found, award, form), 400 if form.problem else 200
    credentials.claim(visit.db, award, _wishes(form), **_by_learner(visit))
    return _to_badge(visit)


@blueprint.get("/badge/correct")
@visiting()
def correct(visit: Visit) -> ResponseReturnValue:
    """Show what the badge says, to be corrected."""
    found, award = _claimable(visit)
    if found.credential is None:
        return redirect(url_for("learner.claim", launch_id=visit.launch.id), 303)
    says, mc = badge_files.summary(found.credential), found.units.mc
    proposal = replace(
        _proposal(visit, mc, award),
        is_named=says.name is not None,
        name=says.name or "",
        language=found.credential.language,
        shows_route=_shows_route(mc, award, is_wanted=says.shows_route),
    )
    return _page(visit, found, award, proposal)


@blueprint.post("/badge/correct")
@visiting(writes=True)
def sign_corrected(visit: Visit) -> ResponseReturnValue:
    """Sign a corrected badge and revoke the mistaken one, which the form names: sent twice, it is
    corrected once."""
    found, award = _claimable(visit)
    mistaken = found.credential
    if mistaken is None or request.form.get("mistaken") != str(mistaken.id):
        return _to_badge(visit)
    form = _sent(visit, found.units.mc, award)
    if form.problem is not None or _is_preview():
        return _page(visit, found, award, form), 400 if form.problem else 200
    credentials.replace(visit.db, mistaken, _wishes(form), **_by_learner(visit))
    return _to_badge(visit)


class _ByLearner(TypedDict):
    signing: Signing
    actor: str
    now: datetime


def _by_learner(visit: Visit) -> _ByLearner:
    actor = f"person:{visit.launch.person_id}"
    return {"signing": current_tool().signing, "actor": actor, "now": visit.now}


def _wishes(form: ClaimForm) -> Claim:
    return Claim(
        name=form.name if form.is_named else None,
        language=form.language,
        email=form.email if form.wants_email else None,
        shows_route=bool(form.shows_route),
    )


def _claimable(visit: Visit) -> tuple[LearnerStanding, Award]:
    found = standing(visit)
    if found.award is None:
        raise NotFound("not_awarded")
    return found, found.award


def _is_preview() -> bool:
    return request.form.get("preview") == "1"


def _page(visit: Visit, found: LearnerStanding, award: Award, form: ClaimForm) -> str:
    return render_template(
        "learner/claim.html",
        visit=visit,
        standing=found,
        form=form,
        summary=_preview(visit, award, form),
        mistaken=found.credential,
        must_show_route=prior_learning.must_show(found.units.mc),
    )


def _preview(visit: Visit, award: Award, form: ClaimForm) -> Summary:
    """Return what the badge will say; a name that cannot be printed is left out."""
    wishes = _wishes(form)
    try:
        clean_name(form.name)
    except BadgeError:
        wishes = replace(wishes, name=None)
    public_url = current_tool().signing.public_url
    return badge_files.summary_of(
        credentials.preview(award, wishes, public_url=public_url, now=visit.now)
    )


def _to_badge(visit: Visit) -> ResponseReturnValue:
    return redirect(url_for("learner.badge", launch_id=visit.launch.id), 303)


def _shows_route(mc: MicroCredential, award: Award, *, is_wanted: bool) -> bool | None:
    """Return whether the badge names what was recognised as prior learning; None: nothing was."""
    routes = {entry["route"] for entry in award.results}
    if Route.PRIOR_LEARNING.value not in routes:
        return None
    return is_wanted or prior_learning.must_show(mc)


def _proposal(visit: Visit, mc: MicroCredential, award: Award) -> ClaimForm:
    """Return what the form begins with: the course proposes, the learner decides."""
    placement = visit.launch.link.placement
    offers_email = placement is None or placement.offers_email
    email = launches.email_of(visit.launch, current_tool().encryption) if offers_email else None
    chosen = visit.launch.person.language or (placement.language if placement else None)
    return ClaimForm(
        is_named=placement is None or placement.proposes_name,
        name=visit.launch.person.name or "",
        language=mc.title.best_language(chosen or language(), language()),
        wants_email=False,
        email=email,
        shows_route=_shows_route(mc, award, is_wanted=False),
    )


def _sent(visit: Visit, mc: MicroCredential, award: Award) -> ClaimForm:
    """Return what was sent; a language that the definition lacks becomes the nearest."""
    proposal = _proposal(visit, mc, award)
    wished = request.form.get("language", proposal.language)
    form = replace(
        proposal,
        is_named=request.form.get("naming") != "nameless",
        name=request.form.get("name", ""),
        language=wished if wished in mc.text_languages else proposal.language,
        wants_email=proposal.email is not None and request.form.get("email") == "1",
        shows_route=_shows_route(mc, award, is_wanted=request.form.get("route") == "1"),
    )
    if not form.is_named:
        return form
    try:
        return replace(form, name=clean_name(form.name))
    except BadgeError as error:
        return replace(form, problem=error.code)
