"""Files that come with a form, as evidence: read, scanned and cleaned before its transaction, and
handed out so that a browser runs nothing of them.

A view that takes files is `@receiving`, outside `@visiting`: a scanner and large pictures take
seconds, in which nobody else should wait for the database.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from io import BytesIO
from typing import ParamSpec

from flask import Flask, Response, current_app, g, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from lti_tool import documents
from lti_tool.documents import Document
from lti_tool.errors import ToolError
from lti_tool.models import EvidenceFile
from lti_tool.services.completing import evidence
from lti_tool.web.context import current_tool
from lti_tool.web.errors import in_words
from lti_tool.web.http import security

P = ParamSpec("P")
FIELD = "file"
MOST_PARTS = 20_000
"""Of a form with files, in which a course of 2,000 can be signed off at once, two parts each."""
_TAKES_FILES = "takes_files"
_ROOM = "room"
_TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Received:
    """The files of a form. `named`: each with the name of its field: `file`, or `file:` and what
    it is for. `problem`: why they cannot be kept, and what to do."""

    named: tuple[tuple[str, Document], ...] = ()
    problem: str = ""

    @property
    def documents(self) -> tuple[Document, ...]:
        return tuple(document for _, document in self.named)


def init_app(app: Flask) -> None:
    """Call it before whatever reads forms."""
    app.before_request(make_room)
    app.jinja_env.globals.update(keeping_limits=_limits, accepted_files=documents.ACCEPTED)


def make_room() -> None:
    """Let a request with files be larger than others: one file more than is kept, so that whoever
    sends too much is told on the page on which they did."""
    view = current_app.view_functions.get(request.endpoint or "")
    if room := getattr(view, _ROOM, 0):
        request.max_content_length = request.max_form_memory_size = room
        g.too_large = getattr(view, _TOO_LARGE)
    elif getattr(view, _TAKES_FILES, False):
        settings, limits = current_tool().settings, _limits()
        request.max_form_parts = MOST_PARTS
        request.max_content_length = (
            limits.file * (limits.files + 1) + settings.max_request_kib * 1024
        )


def receiving(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view ask for what was `received`."""

    @wraps(view)
    def receive(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        g.received = read()
        return view(*args, **kwargs)

    return taking(receive)


def taking(
    view: Callable[P, ResponseReturnValue], room: int = 0, too_large: str = ""
) -> Callable[P, ResponseReturnValue]:
    """Let the requests of a view be large; it calls `read` itself once it knows who asks, or reads
    the one file that it takes, in a form of at most `room` bytes. `too_large`: the code of what is
    said of a larger one."""
    setattr(view, _TAKES_FILES, True)
    setattr(view, _ROOM, room)
    setattr(view, _TOO_LARGE, too_large)
    return view


def received() -> Received:
    found: Received = g.received
    return found


def hand_out(db: Session, file: EvidenceFile, *, name: str = "") -> Response:
    """Return a file to be saved: no browser shows it here, or runs anything in it. `name`: instead
    of its own."""
    security.sandbox()
    response = send_file(
        BytesIO(evidence.read(db, file, current_tool().encryption)),
        mimetype=file.content.media_type,
        as_attachment=True,
        download_name=name or file.name,
    )
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def sent(at_most: int) -> bytes:
    """Return the one file of a form, cut at a number of bytes; nothing for no file."""
    upload = request.files.get(FIELD)
    if upload is None:
        return b""
    try:
        return bytes(upload.read(at_most))
    finally:
        upload.close()


def _limits() -> evidence.Limits:
    return current_tool().keeping.limits


def read() -> Received:
    """Return the files of this request."""
    keeping = current_tool().keeping
    sent = [
        (field, one)
        for field, one in request.files.items(multi=True)
        if one.filename and field.partition(":")[0] == FIELD
    ]
    try:
        if len(sent) > keeping.limits.files:
            raise ToolError("too_many_files", maximum=str(keeping.limits.files))
        return Received(tuple((field, _accepted(one, keeping)) for field, one in sent))
    except ToolError as error:
        return Received(problem=in_words(error))


def _accepted(file: FileStorage, keeping: evidence.Keeping) -> Document:
    return evidence.accept(file.read(keeping.limits.file + 1), file.filename or "", keeping)
