"""Scores that the gradebook of the LMS refused: send them again."""

import uuid

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from lti_tool.services.outbox import deliveries
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher.blueprint import actor, blueprint


@blueprint.post("/course/scores/<uuid:delivery_id>/resend")
@visiting(teacher=True, writes=True)
def resend(visit: Visit, delivery_id: uuid.UUID) -> ResponseReturnValue:
    deliveries.resend(
        visit.db, delivery_id, actor=actor(visit), now=visit.now, course=visit.launch.course
    )
    return redirect(url_for("teacher.course", launch_id=visit.launch.id, done="resent"), 303)
