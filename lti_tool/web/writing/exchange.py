"""Bring definitions in and take them along: JSON files and tables."""

import uuid
from codecs import BOM_UTF8

from flask import Response, json, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from badges import adoption as rules
from badges import definition as definitions
from badges import drafting, open_resource, strict_json
from badges.definition import InvalidDefinition
from badges.drafting import Json
from badges.picture import Picture, PictureRefused
from badges.strict_json import MalformedJson
from badges.text import Text
from lti_tool.errors import ToolError
from lti_tool.services.definitions import adoption, artworks, drafts
from lti_tool.services.definitions.adoption import Source
from lti_tool.web.context import public_url
from lti_tool.web.errors import in_words, what_happened
from lti_tool.web.http import uploads
from lti_tool.web.i18n import language
from lti_tool.web.launch_session import Afterwards
from lti_tool.web.writing import checking, pictures, sheets, tables
from lti_tool.web.writing.seat import Seat

_HARMLESS = frozenset({"required", "empty_text"})
"""What may be missing from a file: it can be written here."""
LARGEST_FILE = strict_json.MAX_BYTES
LARGEST_SENT = 2 * LARGEST_FILE
"""Bytes of a form with a file, so that one that is too large is mostly told so on its page."""
_KEPT = "kept"


def export(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Hand out a draft as JSON, or with `?form=csv` or `xlsx` its units and outcomes as a table."""
    draft = seat.readable(draft_id)
    name = str(draft.content.get("code", "draft")).lower()
    if request.args.get("form") == "csv":
        text = tables.written(draft.content)
        return _file(("\ufeff" + text).encode(), "text/csv", f"{name}.csv")
    if request.args.get("form") == "xlsx":
        return _file(_workbook(draft.content), sheets.MEDIA_TYPE, f"{name}.xlsx")
    content = artworks.packed(seat.db, draft.content)
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=False)
    data = text.encode(errors="backslashreplace")  # half a character, as JSON escapes it
    return _file(data, "application/json", f"{name}.json")


def template(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Hand out an example of the table."""
    seat.readable(draft_id)
    tag = language()
    example: Json = {
        "title": {tag: ""},
        "choices": [{"units": ["2", "3"], "count": 1, "title": {tag: gettext("Kinds of roofs")}}],
        "units": [
            {
                "code": "1",
                "title": {tag: gettext("Working safely at height")},
                "hours": 8,
                "outcomes": [
                    {"kind": "knowledge", "text": {tag: gettext("names the hazards on a roof")}},
                    {
                        "kind": "skill",
                        "text": {
                            tag: gettext(
                                "secures the roof edge and checks the harness before each use"
                            )
                        },
                    },
                ],
            },
            _example_unit("2", gettext("Pitched roofs"), gettext("mounts panels on tiles")),
            _example_unit("3", gettext("Flat roofs"), gettext("mounts panels on ballast")),
        ],
    }
    if request.args.get("form") == "xlsx":
        return _file(_workbook(example), sheets.MEDIA_TYPE, "units.xlsx")
    return _file(("\ufeff" + tables.written(example)).encode(), "text/csv", "units.csv")


def _example_unit(code: str, title: str, outcome: str) -> Json:
    tag = language()
    outcomes = [{"kind": "skill", "text": {tag: outcome}}]
    return {"code": code, "title": {tag: title}, "hours": 12, "outcomes": outcomes}


def _workbook(content: Json) -> bytes:
    kinds = [gettext(one) for one in tables.KINDS.values()]
    return sheets.workbook(tables.rows(content), kinds)


def _file(data: bytes, kind: str, name: str) -> Response:
    safe = "".join(one for one in name if one.isascii() and (one.isalnum() or one in ".-_"))
    headers = {"Content-Disposition": f'attachment; filename="{safe}"'}
    return Response(data, mimetype=kind, headers=headers)


def table(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    draft = seat.readable(draft_id)
    if not seat.edits(draft):
        return redirect(seat.address("check_draft", draft), 303)
    return _table(seat, draft_id, "", [], f"{draft.revision}")


def _table(
    seat: Seat, draft_id: uuid.UUID, typed: str, wrong: list[tables.Wrong], revision: str
) -> str:
    return render_template(
        "writing/table.html",
        visit=seat.visit,
        seat=seat,
        draft=seat.own(draft_id),
        typed=typed,
        wrong=wrong,
        revision=revision,
        columns=[gettext(one) for one in tables.COLUMNS],
        extra=gettext(tables.EXTRA),
        kinds=[gettext(one) for one in tables.KINDS.values()],
    )


def import_table(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue | Afterwards:
    """Add the units of a table, all or none; a workbook is read once the transaction has ended."""
    seat.own(draft_id)
    data = uploads.sent(tables.MOST_CHARACTERS * 4)
    if not sheets.is_workbook(data):
        typed = tables.decoded(data) if data else request.form.get("table", "")
        return _add_units(seat, draft_id, typed, "")

    def read() -> ResponseReturnValue:
        typed = sheets.as_text(data, tables.MOST_ROWS, len(tables.COLUMNS))
        with seat.again(writes=True) as here:
            return _add_units(here, draft_id, typed, sheets.DELIMITER)

    return Afterwards(read)


def _add_units(
    seat: Seat, draft_id: uuid.UUID, typed: str | None, delimiter: str
) -> ResponseReturnValue:
    draft = seat.own(draft_id)
    if typed is None or "\0" in typed:
        words = gettext(
            "This is no table that can be read. Save it as “Excel workbook” or “CSV UTF-8”, or "
            "paste the cells below."
        )
        return _table(seat, draft_id, "", [tables.Wrong(1, "", words)], _told()), 400
    content, wrong = tables.read(typed, draft.content, delimiter=delimiter)
    if wrong:
        return _table(seat, draft_id, typed, wrong, _told()), 400
    try:
        drafts.save(seat.db, draft, content, revision=_number(_told()), now=seat.now)
    except ToolError as error:
        if error.code == "draft_not_editable":
            raise
        problem = [tables.Wrong(1, "", what_happened(error))]
        return _table(seat, draft_id, typed, problem, f"{draft.revision}"), error.status
    return redirect(seat.address("edit_draft", draft, step="units"), 303)


def importing(seat: Seat) -> ResponseReturnValue:
    return import_page(seat, [])


def import_page(seat: Seat, problems: list[str]) -> str:
    """Show both ways, a file and an address, which may stand in the page's own address."""
    return render_template(
        "writing/import.html",
        visit=seat.visit,
        seat=seat,
        problems=problems,
        address=request.values.get("address", "")[:1000],
    )


def import_file(seat: Seat) -> ResponseReturnValue | Afterwards:
    """Begin a draft with what a JSON file says, for an own school and under a code of its own; the
    picture that it brings is cleaned once the transaction has ended."""
    content, problems = _definition(_sent())
    if problems or content is None:
        return import_page(seat, problems), 400

    def keep() -> ResponseReturnValue:
        try:
            resource = adoption.in_file(content)
            picture = None if resource else artworks.brought(content)
        except (PictureRefused, InvalidDefinition, ToolError) as error:
            with seat.again() as here:
                return import_page(here, _refusals(error)), 400
        with seat.again(writes=True) as here:
            try:
                with here.db.begin_nested():
                    if resource is not None:
                        return _taken(here, resource)
                    return _begun(here, content, picture)
            except ToolError as error:
                if error.code == "adaptation_not_allowed" and resource is None:
                    return _asked(here, content, error)
                return import_page(here, [in_words(error)]), error.status

    return Afterwards(keep)


def _sent() -> bytes:
    """Return the file, or what the question after it kept of it."""
    return uploads.sent(LARGEST_FILE + 1) or request.form.get(_KEPT, "").encode()


def _refusals(error: PictureRefused | InvalidDefinition | ToolError) -> list[str]:
    if isinstance(error, PictureRefused):
        words = gettext(pictures.REFUSALS[error.code], detail=error.detail)
        return [f"$.artwork: {words}"]
    if isinstance(error, InvalidDefinition):
        return [checking.in_file(one) for one in error.problems][:50]
    return [in_words(error)]


def _taken(seat: Seat, source: Source) -> ResponseReturnValue:
    """Begin with an open educational resource, which the draft then names as its origin."""
    draft = adoption.begin(
        seat.db,
        seat.writer(seat.chosen_organisation()),
        adoption.confirmed(seat.db, source, public_url()),
        public_url=public_url(),
        is_allowed=False,
        now=seat.now,
    )
    return redirect(seat.address("check_draft", draft), 303)


def _begun(seat: Seat, content: Json, picture: Picture | None) -> ResponseReturnValue:
    drafting.settle_esco_addresses(content)
    draft = adoption.begin_with_file(
        seat.db,
        seat.writer(seat.chosen_organisation()),
        content,
        picture,
        public_url=public_url(),
        is_allowed="allowed" in request.form,
        now=seat.now,
    )
    return redirect(seat.address("check_draft", draft), 303)


def _asked(seat: Seat, content: Json, error: ToolError) -> ResponseReturnValue:
    """Ask for the permission of the awarding body; the form brings the file back, without its
    picture, which no licence covers."""
    kept = {name: value for name, value in content.items() if name != "artwork"}
    origin = rules.begun_from(content, None)["derived_from"]
    is_again = _KEPT in request.form
    page = render_template(
        "writing/ask_permission.html",
        visit=seat.visit,
        seat=seat,
        title=Text(origin["title"]),
        body=Text(origin["awarding_body"]),
        licence=content.get("licence"),
        has_picture="artwork" in content,
        organisation=seat.chosen_organisation(),
        kept=json.dumps(kept, ensure_ascii=False, separators=(",", ":")),
        problem=in_words(error) if is_again else "",
    )
    return page, error.status if is_again else 200


def _definition(data: bytes) -> tuple[Json | None, list[str]]:
    """Return what a file says, or what is wrong with it, by its place in the file."""
    data = data.removeprefix(BOM_UTF8)
    try:
        found = strict_json.loads(data)
    except MalformedJson as error:
        if error.code == "too_large":
            return None, [gettext("This file is too large: a definition may have at most 1 MB.")]
        return None, [gettext("This is no JSON file that can be read.")]
    if open_resource.opened(found) is not None:
        return json.loads(data), []
    if not isinstance(found, dict) or found.get("format") != definitions.FORMAT:
        return None, [
            gettext(
                "This is no definition: it does not say “%(format)s”.", format=definitions.FORMAT
            )
        ]
    content: Json = json.loads(data)
    try:
        definitions.load(content)
    except InvalidDefinition as error:
        wrong = [one for one in error.problems if one.code not in _HARMLESS]
        titles = content["title"].values() if isinstance(content.get("title"), dict) else ()
        if wrong or not any(str(one).strip() for one in titles):
            return None, [checking.in_file(one) for one in error.problems][:50]
    _leave_out_empty(content.get("awarding_body") or {}, "name")
    return content, []


def _leave_out_empty(holder: Json, member: str) -> None:
    """Take the languages out of a text in which nothing is said."""
    if member in holder:
        holder[member] = {tag: said for tag, said in holder[member].items() if said.strip()}


def _told() -> str:
    return request.form.get("revision", "")[:9]


def _number(told: str) -> int:
    return int(told) if told.isascii() and told.isdigit() else 0
