"""The pages on which a definition is written, one step each; every form works without scripts."""

import uuid
from collections import defaultdict
from functools import partial
from typing import Any

from flask import jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from badges import drafting
from badges.drafting import Json
from badges.micro_credential import MicroCredential
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import DefinitionDraft, MicroCredentialSeries, MicroCredentialVersion
from lti_tool.services.definitions import (
    catalogue,
    draft_kinds,
    drafts,
    returned,
    review_partners,
    reviews,
)
from lti_tool.services.definitions.drafts import EDITABLE, State
from lti_tool.services.definitions.returned import Asked
from lti_tool.web.errors import in_words, what_happened
from lti_tool.web.http import security
from lti_tool.web.http.negotiation import wants_json
from lti_tool.web.i18n import language
from lti_tool.web.writing import acts, checking, choices, electives, esco, reading, showing
from lti_tool.web.writing.fields import BY_NAME, STEPS
from lti_tool.web.writing.kinds import Step
from lti_tool.web.writing.seat import Seat
from lti_tool.web.writing.showing import Shown


def listed(seat: Seat) -> ResponseReturnValue:
    return list_page(seat)


def list_page(seat: Seat, problem: str = "") -> str:
    own = seat.drafts()
    others = drafts.of_organisations(seat.db, seat.reads) if seat.reads else ()
    return render_template(
        "writing/drafts.html",
        visit=seat.visit,
        seat=seat,
        own=own,
        published=seat.published(),
        newest=_newest(seat),
        others=[one for one in others if one.author != seat.actor],
        languages_known=choices.languages(),
        chosen=request.form.get("language") or language(),
        problem=problem,
        typed=request.form.get("title", ""),
        is_begun=bool(problem) or not own,
    )


def _newest(seat: Seat) -> list[tuple[MicroCredentialVersion, MicroCredential]]:
    """Return what the school of a teacher has published, to go on with; accounts have a page."""
    if not seat.is_launch:
        return []
    homes = [one.id for one in seat.organisations]
    found = catalogue.newest(seat.db, MicroCredentialSeries.organisation_id.in_(homes))
    return [(one, catalogue.definition(one)) for one in found]


def start(seat: Seat) -> ResponseReturnValue:
    """Begin a definition: a title and the language of its texts are enough."""
    tag = request.form.get("language", "")
    if not choices.is_language(tag):
        tag = language()
    try:
        draft = drafts.start(
            seat.db,
            seat.writer(seat.chosen_organisation()),
            title=request.form.get("title", ""),
            language=tag,
            now=seat.now,
        )
    except ToolError as error:
        if error.code != "malformed_title":
            raise
        return list_page(seat, what_happened(error)), error.status
    return redirect(seat.address("edit_draft", draft, step=STEPS[0].name), 303)


def edit(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Show one step; of a draft that is not edited any more, what became of it."""
    draft = seat.readable(draft_id)
    if not seat.edits(draft):
        return redirect(seat.address("check_draft", draft), 303)
    return _page(seat, draft, _step(), draft.content)


def save(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a step as it was typed and go where the button says; a script gets an answer in JSON."""
    draft, step, act = seat.own(draft_id), _step(), request.form.get("act", "")
    is_sure = "sure" in request.form  # the form that asks again holds nothing but the act
    typed = draft.content if is_sure else reading.read(step, request.form, draft.content)
    asked = None if is_sure else acts.removed(typed, act)
    content, anchor = (typed, "") if asked is not None else acts.apply(typed, act)
    try:
        revision = drafts.save(seat.db, draft, content, revision=_revision(), now=seat.now)
    except ToolError as error:
        if wants_json() or error.code == "draft_not_editable":
            raise
        return _not_saved(seat, draft, step, typed, error)
    found = checking.findings(content, drafts.checklist(seat.db, draft))
    if wants_json():
        amiss = {one.anchor: one.words for one in reversed(found)}
        checklist = _checklist(seat, draft, found)
        return jsonify(revision=revision, checklist=checklist, amiss=amiss)
    if (search := esco.sought(request.form)).path:
        asked_for = {"find": search.path, "words": search.words}
        place = f"{search.path.replace('.', '-')}-more"
        address = seat.address("edit_draft", draft, step=step.name, _anchor=place, **asked_for)
        return redirect(address, 303)
    if asked is not None:
        return _ask_to_remove(seat, draft, step, act, asked)
    if anchor or act:
        anchor = anchor or esco.added_to(act)
        return redirect(seat.address("edit_draft", draft, step=step.name, _anchor=anchor), 303)
    return redirect(_next(seat, draft, step, found), 303)


def _next(seat: Seat, draft: DefinitionDraft, step: Step, found: list[checking.Finding]) -> str:
    """Return the next step, or the same one where something typed cannot be read."""
    wrong = [one for one in found if one.step == step.name and not one.is_missing]
    if wrong:
        return seat.address("edit_draft", draft, step=step.name, saved=1, _anchor=wrong[0].anchor)
    for field in reading.new_words(step, request.form, draft.content):
        return seat.address("edit_draft", draft, step=step.name, _anchor=field.id)
    for number in electives.unasked(request.form, draft.content):
        place = f"choices-{number}-count"
        return seat.address("edit_draft", draft, step=step.name, _anchor=place)
    wanted = request.form.get("to", "")
    if wanted in BY_NAME:
        return seat.address("edit_draft", draft, step=wanted)
    position = STEPS.index(step) + 1
    if position == len(STEPS) or wanted == "check":
        return seat.address("check_draft", draft)
    return seat.address("edit_draft", draft, step=STEPS[position].name)


def _not_saved(
    seat: Seat, draft: DefinitionDraft, step: Step, typed: Json, error: ToolError
) -> ResponseReturnValue:
    """Show what was typed in its fields again; saved now, it replaces what another page saved."""
    is_conflict = error.code == "draft_changed_elsewhere" and "sure" not in request.form
    if is_conflict:
        typed = reading.read(step, request.form, draft.content)
    elif "sure" in request.form:  # which brings no fields: what is kept now is shown
        typed = draft.content
    problem = what_happened(error)
    return _page(seat, draft, step, typed, problem=problem, is_conflict=is_conflict), error.status


def _ask_to_remove(
    seat: Seat, draft: DefinitionDraft, step: Step, act: str, removed: Json
) -> ResponseReturnValue:
    texts = [next(iter(text.values()), "") for _, text in drafting.texts(removed)]
    place = act.rpartition(".")[0]
    return render_template(
        "writing/remove.html",
        visit=seat.visit,
        seat=seat,
        draft=draft,
        step=step,
        act=act,
        is_unit="outcomes." not in act,
        what=checking.named(place, draft.content),
        texts=[text for text in texts if text],
    )


def check(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Show what is there and what is missing, and let a complete draft be handed in."""
    return check_page(seat, seat.readable(draft_id))


def check_page(seat: Seat, draft: DefinitionDraft, problem: str = "") -> str:
    checklist = drafts.checklist(seat.db, draft)
    found = checking.findings(draft.content, checklist)
    is_whole = checklist.is_complete
    refused = draft_kinds.refusal(seat.db, draft, checklist.mc) if is_whole else None
    return render_template(
        "writing/check.html",
        **_frame(seat, draft, found),
        step=None,
        is_complete=is_whole,
        refused=in_words(refused) if refused else "",
        put_right=checking.put_right(refused.code, draft.content) if refused else None,
        unplanned=checking.unplanned(checklist.mc),
        better=draft_kinds.better(draft),
        asked=_asked(seat, draft),
        where=partial(_where, seat, draft) if seat.edits(draft) else None,
        steps_taken=drafts.steps(seat.db, draft),
        changes=reviews.changed(draft),
        codes=_codes(draft.content),
        has_reviewer=review_partners.has_reviewer(seat.db, draft.organisation, author=draft.author),
        problem=problem,
    )


def _asked(seat: Seat, draft: DefinitionDraft) -> Asked | None:
    """Return what a reviewer asked for, until the draft is handed in anew."""
    return returned.asked(seat.db, draft) if draft.state in EDITABLE else None


def _where(seat: Seat, draft: DefinitionDraft, json_path: str) -> str:
    """Return the address of the field in which a place is written."""
    found = checking.finding(drafting.dotted(json_path), "", draft.content)
    return seat.address(found.page, draft, step=found.step or None, _anchor=found.anchor)


def hand_in(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Hand a complete draft to the reviewers, once."""
    draft = seat.own(draft_id)
    try:
        drafts.submit(
            seat.db,
            draft,
            actor=seat.actor,
            now=seat.now,
            note=reading.one_line(request.form.get("note", ""))[:1000],
        )
    except Conflict as error:
        return check_page(seat, draft, what_happened(error)), error.status
    return redirect(seat.address("check_draft", draft, done="handed_in"), 303)


def discarding(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    draft = seat.readable(draft_id)
    if not seat.edits(draft):
        return redirect(seat.address("check_draft", draft), 303)
    return render_template("writing/discard.html", visit=seat.visit, seat=seat, draft=draft)


def discard(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    draft = seat.own(draft_id)
    drafts.discard(seat.db, draft, actor=seat.actor, now=seat.now)
    return redirect(seat.address("drafts", done="discarded"), 303)


def translate(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Show every text in its original with a field for one other language, or ask for which."""
    draft = seat.readable(draft_id)
    if not seat.edits(draft):
        return redirect(seat.address("check_draft", draft), 303)
    return _translation(seat, draft, _tag(), draft.content)


def _translation(
    seat: Seat, draft: DefinitionDraft, tag: str, content: Json, problem: str = ""
) -> str:
    first = drafting.original(content)
    found = checking.findings(content, drafts.checklist(seat.db, draft))
    return render_template(
        "writing/translation.html",
        **_frame(seat, draft, found),
        step=None,
        tag=tag,
        original=first,
        rows=[
            (path, checking.label(path, content), text.get(first, ""), text.get(tag, ""))
            for path, text in drafting.texts(content)
            if text.get(first) or text.get(tag)
        ],
        choices=[one for one in choices.languages() if one[0] != first],
        problem=problem,
    )


def save_translation(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the texts of one language; the original is left alone."""
    draft, tag = seat.own(draft_id), _tag()
    if not tag:
        raise NotFound("unknown_language")
    content = reading.translated(request.form, draft.content, tag)
    try:
        revision = drafts.save(seat.db, draft, content, revision=_revision(), now=seat.now)
    except ToolError as error:
        if wants_json() or error.code == "draft_not_editable":
            raise
        content = reading.translated(request.form, draft.content, tag)
        return _translation(seat, draft, tag, content, what_happened(error)), error.status
    if wants_json():
        found = checking.findings(content, drafts.checklist(seat.db, draft))
        return jsonify(revision=revision, checklist=_checklist(seat, draft, found))
    return redirect(seat.address("translate_draft", draft, language=tag, saved=1), 303)


def _page(
    seat: Seat,
    draft: DefinitionDraft,
    step: Step,
    content: Json,
    *,
    problem: str = "",
    is_conflict: bool = False,
) -> str:
    found = checking.findings(content, drafts.checklist_of(seat.db, draft, content))
    comments: dict[str, list[str]] = defaultdict(list)
    asked = _asked(seat, draft)
    for remark in asked.remarks if asked else ():
        if not remark.is_gone:
            place = checking.finding(drafting.dotted(remark.element), "", content)
            comments[place.anchor].append(remark.text)
    is_strict = request.args.get("show") == "missing"
    shown = Shown(content, found, comments, is_strict, esco.asked())
    sections = showing.sections(step, shown)
    return render_template(
        "writing/step.html",
        **_frame(seat, draft, found),
        step=step,
        sections=sections,
        wrong=[one for one in found if one.step == step.name and not one.is_missing],
        problem=problem,
        is_conflict=is_conflict,
        search_words=esco.script_words(),
    )


def _frame(seat: Seat, draft: DefinitionDraft, found: list[checking.Finding]) -> dict[str, Any]:
    """Return what stands on every page of a draft: its steps, checklist and languages."""
    security.allow_fetching()  # the script that saves
    content = draft.content
    return {
        "visit": seat.visit,
        "seat": seat,
        "draft": draft,
        "all_steps": STEPS,
        "elements": checking.elements(content, found),
        "findings": found,
        "languages_of_texts": [
            (tag, len(drafting.untranslated(content, tag))) for tag in drafting.languages(content)
        ],
        "script_words": _words(),
        "can_edit": seat.edits(draft),
        "returned": draft.state == State.RETURNED,
    }


def _words() -> dict[str, str]:
    """Return what the script says."""
    return {
        "saving": gettext("Saving …"),
        "saved": gettext("Saved"),
        "kept": gettext("Not saved: no network. It is kept on this device."),
        "lost": gettext("Not saved yet: no network. Leave this page open."),
        "conflict": gettext(
            "Not saved: this draft was changed on another page. Press “Save and go on” to compare."
        ),
        "found": gettext("What you typed here before was kept on this device and is back."),
        "failed": gettext("Not saved. Press “Save and go on” to see why."),
        "busy": gettext("Not saved: the server did not answer. It is kept on this device."),
        "unsaved": gettext("What you typed last is not saved yet."),
        "stays": gettext("It is kept on this device and offered when you open this page again."),
        "open": gettext(
            "Leave this page open: it is saved as soon as the server can be reached again."
        ),
        "cut": gettext(
            "The server cannot be reached now. This page stays, and everything you typed is saved."
        ),
        "goes": gettext("This browser cannot keep it: if you leave now, it is lost."),
        "again": gettext("Try again"),
        "leave": gettext("Leave this page"),
        "typed": gettext("What you typed"),
        "offer": gettext(
            "This was typed here before and never saved; meanwhile the draft has changed."
        ),
        "copy": gettext(
            "This was typed here before and never saved; meanwhile the units have changed. "
            "Copy what you need."
        ),
        "put": gettext("Put it in the fields"),
        "drop": gettext("Throw it away"),
    }


def _checklist(seat: Seat, draft: DefinitionDraft, found: list[checking.Finding]) -> str:
    return render_template(
        "writing/checklist.html",
        seat=seat,
        draft=draft,
        elements=checking.elements(draft.content, found),
        findings=found,
    )


def _codes(content: Json) -> list[tuple[str, str]]:
    return [
        (
            str(unit.get("code", "")),
            str((unit.get("title") or {}).get(drafting.original(content), "")),
        )
        for unit in drafting.units(content)
    ]


def _step() -> Step:
    return BY_NAME.get(request.args.get("step", ""), STEPS[0])


def _tag() -> str:
    tag = request.args.get("language", "")
    return tag if choices.is_language(tag) else ""


def _revision() -> int:
    told = request.form.get("revision", "")[:9]
    return int(told) if told.isascii() and told.isdigit() else 0
