"""What learners can do already: advice first, then say it, show it, and have it judged."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from badges import prior_learning as rules
from badges.micro_credential import MicroCredential
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import Person, Placement, PriorLearningApplication
from lti_tool.services.completing import (
    assessors,
    completions,
    evidence,
    prior_appeals,
    prior_assessment,
    prior_drafts,
    prior_files,
    prior_learning,
    prior_news,
    prior_prospects,
)
from lti_tool.services.completing.prior_files import Shown
from lti_tool.services.completing.prior_learning import Answer, Place, Says, SelfAssessment
from lti_tool.services.completing.prior_prospects import Prospect
from lti_tool.services.completing.prior_states import State
from lti_tool.services.definitions import catalogue, electives
from lti_tool.web import units
from lti_tool.web.context import current_tool
from lti_tool.web.errors import what_happened
from lti_tool.web.http import uploads
from lti_tool.web.launch_session import Afterwards, Visit, visiting
from lti_tool.web.learner.blueprint import blueprint
from lti_tool.web.units import UnitView

MOST_ADVISERS = 3
_EDITED = (State.DRAFT, State.RETURNED)


@dataclass(frozen=True, slots=True)
class UnitOffer:
    view: UnitView
    application: PriorLearningApplication | None
    prospect: Prospect

    @property
    def is_open(self) -> bool:
        """Whether prior learning can still be recognised in this unit."""
        return self.prospect in (Prospect.COUNTS, Prospect.NOT_NEEDED, Prospect.TOGETHER)


@blueprint.get("/prior-learning")
@visiting()
def prior_learning_advice(visit: Visit) -> ResponseReturnValue:
    """Say what recognition of prior learning is and what the definition allows; choose a unit."""
    mc, shown = _units(visit)
    return render_template(
        "learner/prior_advice.html",
        visit=visit,
        mc=mc,
        offers=shown,
        limit=rules.limit(mc),
        by_hours=rules.by_hours(mc),
        must_show=rules.must_show(mc),
        appeal_days=rules.APPEAL_WITHIN.days,
        draft_days=rules.DRAFT_FILES_FOR.days,
        advisers=[
            one.person.name
            for one in assessors.teachers(visit.db, visit.launch.course)
            if one.person.name
        ][:MOST_ADVISERS],
    )


@blueprint.get("/prior-learning/<code>")
@visiting()
def prior_learning_unit(visit: Visit, code: str) -> ResponseReturnValue | Afterwards:
    """Show where a unit stands: its form, what was handed in, or what was decided."""
    place = _place(visit, code)
    row = _latest(visit, place)
    page = _page(visit, place, row)
    if row is None or row.news is None:
        return page
    return Afterwards(partial(_note_read, row.id, row.news, page))


def _note_read(application_id: uuid.UUID, news: str, page: str) -> str:
    """Keep that the learner has seen it, apart from the transaction that only reads."""
    with current_tool().database.transaction() as db:
        prior_news.note_read(db, application_id, news)
    return page


@blueprint.post("/prior-learning/<code>")
@uploads.receiving
@visiting(writes=True)
def save_prior_learning(visit: Visit, code: str) -> ResponseReturnValue:
    """Keep what was typed, and hand it in if that is wanted; sent twice changes nothing."""
    place = _place(visit, code)
    said, revision = _said(place), request.form.get("revision", 0, type=int)
    done, are_kept = "saved", False
    if problem := uploads.received().problem:
        return _page(visit, place, _latest(visit, place), problem=problem, typed=said), 400
    try:
        with visit.db.begin_nested():
            row = prior_learning.save(visit.db, place, said, revision=revision, now=visit.now)
            prior_files.change(
                visit.db,
                row,
                list(_sent(place)),
                remove=_removed(),
                keeping=current_tool().keeping,
                now=visit.now,
            )
        are_kept = True
        if request.form.get("do") == "hand_in":
            if row.state != State.SUBMITTED:
                with visit.db.begin_nested():
                    prior_learning.hand_in(visit.db, row, visit.now)
            done = "handed-in"
    except ToolError as error:
        row_now = _latest(visit, place)
        problem = what_happened(error)
        page = _page(visit, place, row_now, problem=problem, typed=said, are_kept=are_kept)
        return page, error.status
    return _to_unit(visit, code, done)


@blueprint.post("/prior-learning/<code>/withdraw")
@visiting(writes=True)
def withdraw_prior_learning(visit: Visit, code: str) -> ResponseReturnValue:
    prior_learning.withdraw(visit.db, _existing(visit, code), visit.now)
    return _to_unit(visit, code, "withdrawn")


@blueprint.post("/prior-learning/<code>/appeal")
@visiting(writes=True)
def appeal_prior_learning(visit: Visit, code: str) -> ResponseReturnValue:
    row = _existing(visit, code)
    try:
        prior_appeals.appeal(visit.db, row, request.form.get("reason", ""), visit.now)
    except Conflict:
        raise
    except ToolError as error:
        page = _page(visit, _place(visit, code), row, problem=what_happened(error))
        return page, error.status
    return _to_unit(visit, code, "appealed")


@blueprint.post("/prior-learning/<code>/erase")
@visiting(writes=True)
def erase_prior_learning(visit: Visit, code: str) -> ResponseReturnValue:
    prior_learning.erase(visit.db, _existing(visit, code), visit.now)
    return _to_unit(visit, code, "erased")


def _page(
    visit: Visit,
    place: Place,
    row: PriorLearningApplication | None,
    problem: str = "",
    typed: SelfAssessment | None = None,
    *,
    are_kept: bool = False,
) -> str:
    """Show the form while there is something to write, else where the application stands.

    `are_kept`: the files that came with the form.
    """
    mc = catalogue.definition(place.version)
    is_anew = row is not None and row.state == State.DECIDED and _asks_anew()
    current = None if is_anew else row
    is_form = current is None or current.state in _EDITED
    if is_form:
        prior_learning.check_allowed(mc, place.unit)
    placement = visit.launch.link.placement
    assert placement is not None
    prospect = _prospects(visit, place.person, placement, only=[place.unit.code])[place.unit.code]
    kept = prior_learning.content(current) if current is not None else SelfAssessment({})
    return render_template(
        "learner/prior_form.html" if is_form else "learner/prior_state.html",
        visit=visit,
        mc=mc,
        unit=place.unit,
        application=current,
        outcomes=prior_learning.outcomes(visit.db, current) if current else (),
        said=typed or kept,
        files=prior_files.of(visit.db, current) if current else {},
        files_until=prior_drafts.files_until(visit.db, current) if current else None,
        draft_days=rules.DRAFT_FILES_FOR.days,
        taken_back=prior_learning.taken_back(visit.db, current) if current else {},
        used=evidence.used(visit.db, place.person),
        most_files=prior_files.MOST,
        are_files_lost=not are_kept and any(one.filename for one in request.files.values()),
        nothing=Answer(),
        revision=current.revision if current else 0,
        assessors_needed=rules.assessors_needed(place.unit),
        prospect=prospect,
        is_complete=prospect is Prospect.COMPLETE,
        limit=rules.limit(mc),
        may_withdraw=current is not None and prior_learning.may_withdraw(current),
        appeals=prior_appeals.made(current) if current else (),
        appealable=prior_appeals.appealable(visit.db, current) if current else (),
        answered=prior_appeals.answered(visit.db, current) if current else (),
        appeal_until=_appeal_until(current),
        now=visit.now,
        has_assessor=prior_assessment.has_assessor(visit.db, place.version.series.organisation_id),
        is_stranded=current is not None and prior_assessment.is_stranded(visit.db, current),
        looked_at=place.unit.code,
        longest=prior_learning.LONGEST_TEXT,
        problem=problem,
        done=request.args.get("done", ""),
        form=request.form,
    )


def _appeal_until(row: PriorLearningApplication | None) -> datetime | None:
    return prior_appeals.until(row) if row is not None and row.decided_at else None


def _asks_anew() -> bool:
    return "again" in request.args or request.form.get("revision") == "0"


def _units(visit: Visit) -> tuple[MicroCredential, list[UnitOffer]]:
    """Return the units with what was applied for in each, that of this link first."""
    link = visit.launch.link
    if link.placement is None:
        raise Conflict("link_not_placed")
    person, version = visit.launch.person, link.placement.version
    mc = catalogue.definition(version)
    progress = completions.standing(visit.db, person, version, visit.now).with_tests
    applied = prior_learning.latest(visit.db, person, version)
    prospects = _prospects(visit, person, link.placement)
    offers = [
        UnitOffer(view, applied.get(view.unit.code), prospects[view.unit.code])
        for view in units.view(mc, progress, link.placement, visit.now, link.unit_code).units
    ]
    return mc, sorted(offers, key=lambda one: (not one.is_open, not one.view.is_launched))


def _prospects(
    visit: Visit,
    person: Person,
    placement: Placement,
    only: Collection[str] | None = None,
) -> Mapping[str, Prospect]:
    return prior_prospects.of(
        visit.db,
        person,
        placement.version,
        visit.now,
        waiting=prior_learning.waiting(visit.db, person, placement.version),
        asked=electives.asked(placement),
        only=only,
    )


def _place(visit: Visit, code: str) -> Place:
    launch = visit.launch
    if launch.link.placement is None:
        raise Conflict("link_not_placed")
    version = launch.link.placement.version
    try:
        unit = catalogue.definition(version).unit(code)
    except KeyError as error:
        raise NotFound("unknown_unit") from error
    return Place(launch.person, launch.course, version, unit)


def _latest(visit: Visit, place: Place) -> PriorLearningApplication | None:
    return prior_learning.latest(visit.db, place.person, place.version).get(place.unit.code)


def _existing(visit: Visit, code: str) -> PriorLearningApplication:
    row = _latest(visit, _place(visit, code))
    if row is None:
        raise NotFound("unknown_application")
    return row


def _said(place: Place) -> SelfAssessment:
    form = request.form
    answers = {}
    for outcome in place.unit.outcomes:
        says = form.get(f"says:{outcome.code}", "")
        answers[outcome.code] = Answer(
            Says(says) if says in list(Says) else None,
            form.get(f"text:{outcome.code}", ""),
            form.get(f"link:{outcome.code}", ""),
        )
    return SelfAssessment(answers, form.get("text", ""), form.get("link", ""))


def _sent(place: Place) -> Iterator[Shown]:
    """Return the files that arrived, each with the outcome that it shows."""
    codes = {one.code for one in place.unit.outcomes}
    for field, document in uploads.received().named:
        code = field.partition(":")[2]
        yield Shown(code if code in codes else prior_files.WHOLE, document)


def _removed() -> set[uuid.UUID]:
    found = set()
    for one in request.form.getlist("remove"):
        try:
            found.add(uuid.UUID(one))
        except ValueError:
            continue
    return found


def _to_unit(visit: Visit, code: str, done: str) -> ResponseReturnValue:
    endpoint = "learner.prior_learning_unit"
    return redirect(url_for(endpoint, launch_id=visit.launch.id, code=code, done=done), 303)
