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
from lti_tool.services.definitions import catalogue, drafts, searching
from lti_tool.services.definitions.drafts import EDITABLE
from lti_tool.services.definitions.searching import Wanted
from lti_tool.services.definitions.stack_parts import series_reference
from lti_tool.web.writing.reading import number, one_line
from lti_tool.web.writing.seat import Seat

MEASURES = ("count", "hours", "points")
LONGEST_QUERY = 200


def show(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    draft = seat.readable(draft_id)
    if not (seat.is_author(draft) and draft.state in EDITABLE):
        return redirect(seat.address("check_draft", draft), 303)
    return _page(seat, draft, _kept(draft.content))


def save(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Search, keeping what is ticked; or keep what it is made of; nothing ticked: of no others."""
    draft, typed = seat.own(draft_id), _typed()
    if request.form.get("act") == "search":
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
        "measure": measure if measure in MEASURES else "",
        "needed": one_line(request.form.get("needed", ""))[:20],
    }


def _problem(seat: Seat, draft: DefinitionDraft, typed: Json) -> str:
    parts = typed["parts"]
    if len(parts) == 1 or len(parts) > MAX_STACKED:
        return gettext("Tick two to %(most)s, or none.", most=MAX_STACKED)
    if _own(draft) in parts or len(_titles(seat, parts)) < len(parts):
        return gettext("One of them cannot be a part of this. Search for it again.")
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


def _page(seat: Seat, draft: DefinitionDraft, typed: Json, problem: str = "") -> str:
    query = one_line(request.form.get("query", ""))[:LONGEST_QUERY]
    found = searching.search(seat.db, Wanted(query=query), searching.on_offer(seat.now)).versions
    shown = [series_reference(one) for one in found]
    others = [one for one in shown if one not in typed["parts"] and one != _own(draft)]
    titles = _titles(seat, [*typed["parts"], *others])
    return render_template(
        "writing/parts.html",
        visit=seat.visit,
        seat=seat,
        draft=draft,
        typed=typed,
        query=query,
        titles=titles,
        others=others,
        problem=problem,
        most=MAX_STACKED,
    )
