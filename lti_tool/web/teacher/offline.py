"""Signing off without network: the way to the page on the phone, and the way back of its queue."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from badges import strict_json
from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import EachPartAtLeast, PointsAtLeast, SignOff, SignOffs
from lti_tool.errors import Forbidden, ToolError
from lti_tool.models import LaunchSession, Placement
from lti_tool.services.completing import typed_points
from lti_tool.services.completing.completions import LONGEST_EVIDENCE, Judgement
from lti_tool.services.courses import grid, queued, roster
from lti_tool.services.courses.queued import Taken, Ticked
from lti_tool.services.courses.roster import Learner
from lti_tool.services.definitions import catalogue, electives
from lti_tool.services.launching import launches
from lti_tool.web import launch_session, offline, units
from lti_tool.web.errors import what_happened
from lti_tool.web.http import security
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import narrowing, rights
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement
from lti_tool.web.words.wording import best, number, who

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Note = Annotated[
    str, StringConstraints(max_length=LONGEST_EVIDENCE, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")
]

PASSING = frozenset({"not_an_assessor", "version_changed"})
"""Refusals that may be over when the same is sent again."""


class Item(BaseModel):
    """One tick as the phone sends it. `version`: as in its list, if that says one. `at`: by its
    clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    version: uuid.UUID | None = None
    learner: uuid.UUID
    unit: Code
    part: Code | None = None
    points: Annotated[str, StringConstraints(pattern=rf"^{typed_points.PATTERN}$")] | None = None
    note: Note = ""
    at: AwareDatetime

    def as_ticked(self, sent_at: datetime) -> Ticked:
        points = None if self.points is None else Decimal(self.points.replace(",", "."))
        judgement = Judgement(
            unit=self.unit,
            part=self.part,
            points=points,
            signed_off=points is None,
            evidence=self.note or None,
        )
        return Ticked(
            key=self.key,
            version_id=self.version,
            person_id=self.learner,
            judgement=judgement,
            age=sent_at - self.at,
        )


class Queue(BaseModel):
    """`person`: whose queue it is. `sent_at`: by the phone's clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: uuid.UUID
    sent_at: AwareDatetime
    items: list[Any]


@blueprint.get("/course/offline")
@visiting(teacher=True)
def offline_offer(visit: Visit) -> ResponseReturnValue:
    """Say what taking a list along means, and offer the page in a tab of its own."""
    placement = chosen_placement(visit)
    mc = catalogue.definition(placement.version)
    wish = narrowing.wish(request.args, mc)
    return render_template(
        "teacher/offline.html",
        visit=visit,
        placement=placement,
        mc=mc,
        units=_offered(mc, placement),
        learners=_learners(visit, placement, wish),
        narrowed={**narrowing.query(wish), "unit": wish.unit or None, "page": None},
        rights=rights.of(visit, placement.version_id),
        ticket=security.ticket(visit.launch.id, visit.now),
        ticket_field=security.TICKET_FIELD,
        days=offline.DAYS_KEPT,
        oldest=queued.OLDEST.days,
        address=address,
    )


@blueprint.post("/course/offline")
@visiting(teacher=True, writes=True, takes_ticket=True)
def open_offline(visit: Visit) -> ResponseReturnValue:
    """Open the page with the list, and a session for its tab."""
    placement = chosen_placement(visit)
    mc = catalogue.definition(placement.version)
    if not _offered(mc, placement):
        return redirect(address("offline_offer", visit, placement), 303)
    wish = narrowing.wish(request.form, mc)
    beside, token = launches.open_beside(visit.db, visit.launch, visit.now)
    learners = _learners(visit, placement, wish)
    brought = _brought(Visit(visit.db, beside, visit.now), placement, learners)
    brought["unit"] = wish.unit or visit.launch.link.unit_code
    response = offline.shell(brought)
    lifetime = beside.expires_at - visit.now
    return launch_session.carry(response, beside.id, token, lifetime)


@blueprint.post("/course/offline/queue")
@visiting(teacher=True, writes=True)
def take_queue(visit: Visit) -> ResponseReturnValue:
    """Record what was ticked without network; each item is answered in its place."""
    placement = chosen_placement(visit)
    queue = _read(request.form.get("queue", ""))
    if queue.person != visit.launch.person_id:
        raise Forbidden("queue_of_other")
    items = [_item(one, queue.sent_at) for one in queue.items]
    readable = [one for one in items if isinstance(one, Ticked)]
    taken = iter(
        queued.take(visit.db, placement, readable, assessor=visit.launch.person, now=visit.now)
    )
    answers = [_said(next(taken) if isinstance(one, Ticked) else one) for one in items]
    return jsonify(answers=answers)


def _read(text: str) -> Queue:
    """Return what the phone sent.

    Raises:
        ToolError: `queue_unreadable`, `queue_too_long`.
    """
    try:
        queue = Queue.model_validate(strict_json.loads(text.encode("utf-8", "replace")))
    except (strict_json.MalformedJson, ValidationError) as error:
        raise ToolError("queue_unreadable") from error
    if len(queue.items) > queued.MOST_ITEMS:
        raise ToolError("queue_too_long")
    return queue


def _item(item: object, sent_at: datetime) -> Ticked | ToolError:
    try:
        return Item.model_validate(item).as_ticked(sent_at)
    except ValidationError:
        return ToolError("tick_unreadable")


def _said(result: Taken | ToolError) -> dict[str, Any]:
    if isinstance(result, ToolError):
        said = {"status": "refused", "code": result.code, "words": what_happened(result)}
        return {**said, "passing": result.code in PASSING}
    return {"status": result.value}


def _learners(visit: Visit, placement: Placement, wish: grid.Wish) -> list[Learner]:
    """Return the learners who are wished for, without those who left."""
    found = roster.learners(visit.db, visit.launch.course, placement.version, visit.now)
    shown = grid.arrange(found, wish, visit.now).matching
    return [one for one in shown if one.left_at is None]


def _brought(visit: Visit, placement: Placement, learners: list[Learner]) -> dict[str, Any]:
    """Return what the page is opened with; the visit is that of its own tab."""
    launch: LaunchSession = visit.launch
    mc = catalogue.definition(placement.version)
    return {
        "id": f"{launch.person_id}/{placement.id}",
        "person": str(launch.person_id),
        "courseId": str(launch.course_id),
        "placement": str(placement.id),
        "version": str(placement.version_id),
        "course": launch.course.title or "",
        "title": best(mc.title),
        "queue": url_for("teacher.take_queue", launch_id=launch.id),
        "grid": address("course", visit, placement),
        "token": visit.csrf_token,
        "units": [_unit(mc, unit) for unit in _offered(mc, placement)],
        "learners": [
            {
                "id": str(one.person.id),
                "name": who(one.person),
                "state": {
                    done.unit: units.state(done).value
                    for done in one.progress.units
                    if done.is_started
                },
            }
            for one in learners
        ],
    }


def _offered(mc: MicroCredential, placement: Placement) -> list[LearningUnit]:
    left_out = electives.asked(placement).left_out
    return [unit for unit in mc.units if unit.code not in left_out]


def _unit(mc: MicroCredential, unit: LearningUnit) -> dict[str, Any]:
    said: dict[str, Any] = {
        "code": unit.code,
        "title": f"{mc.units.index(unit) + 1}. {best(unit.title)}",
    }
    match unit.rule:
        case PointsAtLeast(maximum=maximum):
            return {**said, "maximum": str(maximum), "shown": number(maximum), "parts": [None]}
        case EachPartAtLeast(parts=parts, maximum=maximum):
            named = [{"code": part.code, "title": best(part.title)} for part in parts]
            return {**said, "maximum": str(maximum), "shown": number(maximum), "parts": named}
        case SignOff(statement=statement) | SignOffs(statement=statement):
            return {**said, "statement": best(statement)}
