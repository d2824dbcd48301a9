"""The addresses of the form, the same ones below a launch and below the pages of accounts."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lti_tool.web.http import uploads
from lti_tool.web.launch_session import Afterwards
from lti_tool.web.writing import (
    adopting,
    esco,
    exchange,
    going_on,
    pictures,
    previews,
    stacking,
    views,
)
from lti_tool.web.writing.seat import Seat

View = Callable[..., ResponseReturnValue | Afterwards]
"""Takes the seat, and the id of a draft or version where the address has one."""


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    rule: str
    view: View
    writes: bool = False
    room: int = 0
    """Bytes that its form may have, where it takes larger files than others."""
    too_large: str = ""
    """The code of what is said of one that has more."""


DRAFT = "/drafts/<uuid:draft_id>"
ROUTES = (
    Route("drafts", "/drafts", views.listed),
    Route("start_draft", "/drafts", views.start, writes=True),
    Route("edit_draft", f"{DRAFT}/edit", views.edit),
    Route("save_draft", f"{DRAFT}/edit", views.save, writes=True),
    Route("check_draft", DRAFT, views.check),
    Route("hand_in_draft", f"{DRAFT}/hand-in", views.hand_in, writes=True),
    Route("take_back_draft", f"{DRAFT}/take-back", going_on.take_back, writes=True),
    Route("turn_draft", f"{DRAFT}/kind", going_on.turn, writes=True),
    Route("go_on", "/drafts/from/<uuid:version_id>", going_on.go_on, writes=True),
    Route("discarding", f"{DRAFT}/discard", views.discarding),
    Route("discard_draft", f"{DRAFT}/discard", views.discard, writes=True),
    Route("translate_draft", f"{DRAFT}/translation", views.translate),
    Route("save_translation", f"{DRAFT}/translation", views.save_translation, writes=True),
    Route("draft_picture", f"{DRAFT}/picture", pictures.show),
    Route(
        "save_picture",
        f"{DRAFT}/picture",
        pictures.save,
        writes=True,
        room=pictures.LARGEST_SENT,
        too_large="picture_far_too_large",
    ),
    Route("draft_parts", f"{DRAFT}/parts", stacking.show),
    Route("save_parts", f"{DRAFT}/parts", stacking.save, writes=True),
    Route("preview_draft", f"{DRAFT}/preview", previews.show),
    Route("export_draft", f"{DRAFT}/export", exchange.export),
    Route("draft_table", f"{DRAFT}/table", exchange.table),
    Route("import_table", f"{DRAFT}/table", exchange.import_table, writes=True),
    Route("table_template", f"{DRAFT}/table/example", exchange.template),
    Route("find_term", "/drafts/esco", esco.find),
    Route("importing", "/drafts/import", exchange.importing),
    Route("look_up_definition", "/drafts/import/address", adopting.look_up, writes=True),
    Route("adopt_definition", "/drafts/import/begin", adopting.begin, writes=True),
    Route(
        "import_draft",
        "/drafts/import",
        exchange.import_file,
        writes=True,
        room=exchange.LARGEST_SENT,
        too_large="definition_far_too_large",
    ),
)


def mount(blueprint: Blueprint, guard: Callable[[bool], Any], seat: Callable[[Any], Seat]) -> None:
    """Put the form under a blueprint. `guard(writes)` gives a view its visit, as the blueprint's
    own pages have it; `seat` makes of that visit who writes."""
    for route in ROUTES:
        view = guard(route.writes)(_seated(route.view, seat))
        blueprint.add_url_rule(
            route.rule,
            route.name,
            uploads.taking(view, route.room, route.too_large) if route.room else view,
            methods=["POST" if route.writes else "GET"],
        )


def _seated(view: View, seat: Callable[[Any], Seat]) -> View:
    def seated(visit: Any, **ids: uuid.UUID) -> ResponseReturnValue | Afterwards:
        return view(seat(visit), **ids)

    return seated
