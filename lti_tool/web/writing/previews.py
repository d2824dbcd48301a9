"""The preview of a draft: its public page and badge as they would be, in each of its languages."""

import uuid

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from markupsafe import Markup

from badges import definition as definitions
from badges import drafting
from badges.errors import BadgeError
from badges.micro_credential import MicroCredential
from lti_tool.models import DefinitionDraft
from lti_tool.services.awarding import stacks
from lti_tool.services.definitions import drafts, specimen
from lti_tool.web import badge_files
from lti_tool.web.badge_files import Summary
from lti_tool.web.context import public_url
from lti_tool.web.i18n import language, nearest
from lti_tool.web.writing import checking, pictures
from lti_tool.web.writing.seat import Seat


def show(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Show the public page and the badge as they would be; as soon as it can be read at all."""
    draft = seat.readable(draft_id)
    checklist = drafts.checklist(seat.db, draft)
    found = [
        (tag, len(drafting.untranslated(draft.content, tag)))
        for tag in drafting.languages(draft.content)
    ]
    tag = _chosen([one for one, _ in found], checklist.mc)
    return render_template(
        "writing/preview.html",
        visit=seat.visit,
        seat=seat,
        draft=draft,
        findings=checking.findings(draft.content, checklist),
        languages_of_texts=found,
        tag=tag,
        is_page_language=nearest([tag]) is not None,
        is_of_badges=checklist.mc is not None and tag in checklist.mc.title,
        article=_article(seat, draft, checklist.mc, tag) if checklist.mc else None,
    )


def _chosen(tags: list[str], mc: MicroCredential | None) -> str:
    """Return the language that is asked for, if the draft has it; else that nearest to the page."""
    wanted = request.args.get("language", "")
    if wanted in tags:
        return wanted
    return mc.title.best_language(language()) if mc is not None else tags[0]


def _article(seat: Seat, draft: DefinitionDraft, mc: MicroCredential, tag: str) -> Markup:
    """Return what would be public: in a language of the pages as they are in it, in any other with
    the words of this page and every text that there is in it."""
    page = nearest([tag])
    shown = mc if page else definitions.load(drafting.only(definitions.dump(mc), tag))
    with force_locale(page or language()):
        return Markup(  # noqa: S704 - a template, which escapes
            render_template(
                "writing/previewed.html",
                visit=seat.visit,
                mc=shown,
                parts=stacks.titles(seat.db, mc),
                picture=pictures.shown(seat, draft.content),
                summary=_summary(seat, mc, tag),
            )
        )


def _summary(seat: Seat, mc: MicroCredential, tag: str) -> Summary | None:
    try:
        return badge_files.summary_of(
            specimen.build(mc, tag, public_url=public_url(), now=seat.now)
        )
    except BadgeError:
        return None
