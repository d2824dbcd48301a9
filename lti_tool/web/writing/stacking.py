"""What a larger micro-credential is made of: picked from what is published on this server."""

import uuid
from collections.abc import Mapping, Sequence

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from badges.definition_reading import MAX_STACKED
from badges.drafting import Json
from badges.text import Text
from lti_tool.errors import NotFound
from lti_tool.models import DefinitionDraft
from lti_tool.services.definitions import catalogue, drafts, returned, searching
from lti_tool.services.definitions.searching import Wanted
from lti_tool.services.definitions.stack_parts import series_reference
from lti_tool.web.writing import checking
from lti_tool.web.writing.checking import Finding
from lti_tool.web.writing.reading import number, one_line
from lti_tool.web.writing.seat import Seat

MEASURES = ("count", "hours", "points")
LONGEST_QUERY = 200


def show(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    draft = seat.readable(draft_id)
    if not seat.edits(draft):
        return redirect(seat.address("check_draft", draft), 303)
    found = checking.findings(draft.content, drafts.checklist(seat.db, draft))
    wrong = [one for one in found if one.page == "draft_parts"]
    return _page(seat, draft, _kept(draft.content), wrong=wrong)


def save(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Search, keeping what is ticked; or keep what it is made of; nothing ticked: of no others.

    Enter sends no `act`: it searches for words that were not searched for yet, else it saves.
    """
    draft, typed = seat.own(draft_id), _typed()
    act = request.form.get("act") or ("save" if _is_searched() else "search")
    if act != "save":
        return _page(seat, draft, typed)
    problem = _problem(seat, draft, typed)
    if problem:
        return _page(seat, draft, typed, problem), 400
    content = {name: value for name, value in draft.content.items() if name != "stack"}
    if typed["parts"]:
        content["stack"] = _stack(typed)
    drafts.save(seat.db, draft, content, revision=draft.revision, now=seat.now)
    return redirect(seat.address("draft_parts", draft, saved=1), 303)


def _kept(content: Json) -> Json:
    stack = content.get("stack")
    stack = stack if isinstance(stack, dict) else {}
    parts = [one for one in stack.get("parts") or () if isinstance(one, str)]
    measure = next((one for one in MEASURES if stack.get(one) is not None), "")
    return {"parts": parts, "measure": measure, "needed": str(stack.get(measure, ""))}


def _typed() -> Json:
    """Return what was sent: `measure` "" asks for all parts."""
    measure = request.form.get("measure", "")
    return {
        "parts": list(dict.fromkeys(request.form.getlist("part")))[: MAX_STACKED + 1],
        "measure": measure[:20],
        "needed": one_line(request.form.get("needed", ""))[:20],
    }


def _problem(seat: Seat, draft: DefinitionDraft, typed: Json) -> str:
    parts = typed["parts"]
    if len(parts) == 1 or len(parts) > MAX_STACKED:
        return gettext("Tick two to %(most)s, or none.", most=MAX_STACKED)
    if _own(draft) in parts or len(_titles(seat, parts)) < len(parts):
        return gettext("One of them cannot be a part of this. Search for it again.")
    if typed["measure"] not in ("", *MEASURES):
        return gettext("Choose from the list what is needed.")
    if not parts or not typed["measure"]:
        return ""
    needed = number(typed["needed"])
    if needed is None or isinstance(needed, str) or not 0 < needed < 100_000:
        return gettext("Say how many are needed.")
    if typed["measure"] == "count" and not (needed == int(needed) and needed <= len(parts)):
        return gettext("At most as many can be needed as are ticked.")
    return ""


def _stack(typed: Json) -> Json:
    stack: Json = {"parts": typed["parts"]}
    if typed["measure"]:
        needed = number(typed["needed"])
        stack[typed["measure"]] = int(needed or 0) if typed["measure"] == "count" else needed
    return stack


def _own(draft: DefinitionDraft) -> str:
    return f"{draft.organisation.slug}/{draft.content.get('code')}"


def _titles(seat: Seat, parts: Sequence[str]) -> Mapping[str, tuple[Text, str]]:
    """Return title and awarding body of those that are published here."""
    found = {}
    for part in parts:
        if part.count("/") == 1:
            try:
                version = catalogue.find(seat.db, part)
            except NotFound:
                continue
            title = catalogue.definition(version).title
            found[part] = (title, version.series.organisation.name)
    return found


def _query(name: str = "query") -> str:
    return one_line(request.form.get(name, ""))[:LONGEST_QUERY]


def _is_searched() -> bool:
    """Return whether the page that was sent shows what is searched for."""
    return _query() == _query("searched")


def _wanted_page() -> int:
    """Return which page of what was found is asked for, counted from 1."""
    told = request.form.get("act", "").removeprefix("page.")[:6]
    return int(told) if told.isascii() and told.isdigit() and _is_searched() else 1


def _page(
    seat: Seat,
    draft: DefinitionDraft,
    typed: Json,
    problem: str = "",
    wrong: Sequence[Finding] = (),
) -> str:
    query = _query()
    on_offer = searching.on_offer(seat.now)
    found = searching.search(seat.db, Wanted(query=query), on_offer, _wanted_page())
    shown = [series_reference(one) for one in found.versions]
    others = [one for one in shown if one not in typed["parts"] and one != _own(draft)]
    titles = _titles(seat, [*typed["parts"], *others])
    asked = returned.asked(seat.db, draft)
    remarks = [one for one in asked.remarks if not one.is_gone] if asked else []
    return render_template(
        "writing/parts.html",
        visit=seat.visit,
        seat=seat,
        draft=draft,
        typed=typed,
        query=query,
        found=found,
        titles=titles,
        others=others,
        problem=problem,
        wrong=wrong,
        comments=[one.text for one in remarks if returned.is_within(one.element, "$.stack")],
        most=MAX_STACKED,
    )
