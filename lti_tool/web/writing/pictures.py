"""The picture of a badge: brought by its school, or drawn."""

import uuid
from base64 import b64encode
from collections.abc import Mapping

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from badges import artwork, drafting
from badges import picture as pictures
from badges.adoption import may_adapt
from badges.definition_values import MAX_NAME
from badges.drafting import Json
from badges.picture import LARGEST_SIDE, LARGEST_UPLOAD, SMALLEST_SIDE, MediaType, PictureRefused
from badges.picture_svg import LOOKS
from badges.text import is_safe
from lti_tool.errors import Conflict
from lti_tool.models import DefinitionDraft
from lti_tool.services.definitions import artworks, drafts
from lti_tool.web.errors import in_words
from lti_tool.web.http import uploads
from lti_tool.web.launch_session import Afterwards
from lti_tool.web.words.sentence import N_
from lti_tool.web.writing.reading import one_line
from lti_tool.web.writing.seat import Seat

LARGEST_SENT = 16 * 1024 * 1024
"""Bytes of a form whose picture is told to be too large on its own page; more ends before that."""

REFUSALS: Mapping[str, str] = {
    "picture_type": N_("This is neither a PNG nor an SVG file."),
    "picture_too_large": N_("This file is too large: at most 768 KB, drawings 300 KB."),
    "picture_damaged": N_("This picture cannot be read. Save it again with your program."),
    "picture_animated": N_("This picture moves. Save one that stands still."),
    "picture_not_square": N_("The picture must be square. This one is %(detail)s."),
    "picture_too_small": N_(
        "The picture needs at least 128 × 128 pixels. This one has %(detail)s."
    ),
    "picture_too_many_pixels": N_(
        "The picture may have at most 2048 × 2048 pixels. This one has %(detail)s."
    ),
    "picture_doctype": N_("This drawing defines entities of its own. Save it as plain SVG."),
    "picture_element": N_(
        "This drawing holds “%(detail)s”, which cannot be shown safely. Turn texts into paths, "
        "clones into shapes and style sheets into attributes, or save it as PNG."
    ),
    "picture_reference": N_("This drawing refers to something outside. Save it as PNG."),
    "picture_too_complex": N_(
        "This drawing has too many parts, or takes too long to draw. Save it as PNG."
    ),
}


def show(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    draft = seat.readable(draft_id)
    if not seat.edits(draft):
        return redirect(seat.address("check_draft", draft), 303)
    return _page(seat, draft, _alt(draft.content))


def save(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue | Afterwards:
    """Keep a picture with its words, change its words, or have the emblem drawn again; a picture
    that was sent is cleaned and drawn once the transaction has ended. One whose words are not right
    is kept and shown, so that it need not be chosen again."""
    draft = seat.own(draft_id)
    alt = {tag: one_line(request.form.get(f"alt.{tag}", "")) for tag in _languages(draft)}
    if request.form.get("act") == "drawn":
        return _kept(seat, draft, None)
    data = uploads.sent(LARGEST_UPLOAD + 1)
    known = _waiting(seat) or str(drafting.at(draft.content, "artwork.digest") or "")
    problem = _problem(alt, drafting.original(draft.content))
    if not data and not known:
        return _page(seat, draft, alt, gettext("Choose a picture first.")), 400
    words = {tag: text for tag, text in alt.items() if text}
    if not data:
        if problem:
            return _page(seat, draft, alt, problem, waiting=_waiting(seat)), 400
        return _kept(seat, draft, {"digest": known, "alt": words})

    def keep() -> ResponseReturnValue:
        try:
            picture = pictures.clean(data)
        except PictureRefused as error:
            refusal = gettext(REFUSALS[error.code], detail=error.detail)
            with seat.again() as here:
                return _page(here, here.own(draft_id), alt, refusal), 400
        with seat.again(writes=True) as here:
            own = here.own(draft_id)
            try:
                digest = artworks.keep(here.db, picture, here.now, own.organisation_id)
            except Conflict as error:
                return _page(here, own, alt, in_words(error)), error.status
            if problem:
                return _page(here, own, alt, problem, waiting=digest), 400
            return _kept(here, own, {"digest": digest, "alt": words}, picture.lost)

    return Afterwards(keep)


def _waiting(seat: Seat) -> str:
    """Return the digest of a picture that was sent before its words were right; "" for none."""
    digest = request.form.get("waiting", "")[:64]
    return digest if digest and artworks.find(seat.db, digest) is not None else ""


def _kept(
    seat: Seat, draft: DefinitionDraft, artwork_: Json | None, lost: tuple[str, ...] = ()
) -> ResponseReturnValue:
    content = {name: value for name, value in draft.content.items() if name != "artwork"}
    if artwork_ is not None:
        content["artwork"] = artwork_
    drafts.save(seat.db, draft, content, revision=draft.revision, now=seat.now)
    return redirect(seat.address("draft_picture", draft, saved=1, lost=lost or None), 303)


def shown(seat: Seat, content: Json) -> str:
    """Return the picture of a draft as an address that holds it."""
    digest = drafting.at(content, "artwork.digest")
    brought = artworks.find(seat.db, str(digest)) if digest else None
    if brought is not None:
        return _address(MediaType.PNG, brought.png)
    svg = artwork.emblem_svg(
        str(content.get("code")),
        awarding_body=str(drafting.at(content, "awarding_body.slug")),
        field=drafting.at(content, "field.uri"),
    )
    return _address(MediaType.SVG, svg)


def _address(media_type: MediaType, data: bytes) -> str:
    return f"data:{media_type};base64,{b64encode(data).decode('ascii')}"


def _problem(alt: Mapping[str, str], original: str) -> str:
    if not alt[original]:
        return gettext("Say what is on the picture, for people who do not see it.")
    if any(len(text) > MAX_NAME for text in alt.values()):
        return gettext("This is too long. Shorten it.")
    if not all(is_safe(text) for text in alt.values()):
        return gettext("It holds characters that cannot be shown. Type it anew.")
    return ""


def _languages(draft: DefinitionDraft) -> tuple[str, ...]:
    return drafting.languages(draft.content)


def _alt(content: Json) -> Json:
    found = drafting.at(content, "artwork.alt")
    return found if isinstance(found, dict) else {}


def _page(
    seat: Seat,
    draft: DefinitionDraft,
    alt: Mapping[str, str],
    problem: str = "",
    *,
    waiting: str = "",
) -> str:
    """`waiting`: the digest of a picture that is here and not yet the draft's."""
    content = draft.content | ({"artwork": {"digest": waiting}} if waiting else {})
    return render_template(
        "writing/picture.html",
        visit=seat.visit,
        seat=seat,
        draft=draft,
        picture=shown(seat, content),
        waiting=waiting,
        is_brought=bool(drafting.at(draft.content, "artwork.digest")),
        alt=[(tag, alt.get(tag, "")) for tag in _languages(draft)],
        problem=problem,
        lost=[one for one in request.args.getlist("lost") if one in LOOKS],
        is_open=may_adapt(draft.content.get("licence")),
        smallest=SMALLEST_SIDE,
        largest=LARGEST_SIDE,
    )
