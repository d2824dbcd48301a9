"""Join what one learns at two schools: make a code in one LMS, enter it in the other, confirm."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import NotFound, ToolError
from lti_tool.services.awarding import joining as services
from lti_tool.services.awarding import joints
from lti_tool.web.errors import what_happened
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.learner.blueprint import blueprint


@blueprint.get("/joining")
@visiting()
def joining(visit: Visit) -> ResponseReturnValue:
    """Show with whom one is joined, what is under way, and how it is done."""
    return _page(visit)


@blueprint.post("/joining/code")
@visiting(writes=True)
def make_join_code(visit: Visit) -> ResponseReturnValue:
    """Show a new code; it is not stored, so this page alone shows it."""
    return _page(visit, code=services.make_code(visit.db, visit.launch.person, visit.now))


@blueprint.post("/joining/enter")
@visiting(writes=True)
def enter_join_code(visit: Visit) -> ResponseReturnValue:
    """Use up a code that was made elsewhere, and ask whether it is one's own."""
    try:
        with visit.db.begin_nested():
            typed = request.form.get("code", "")
            found = services.enter(visit.db, visit.launch.person, typed, visit.now)
    except ToolError as error:
        return _page(visit, what_happened(error)), error.status
    if found is None:
        return _page(visit, what_happened(ToolError("join_code_wrong"))), 400
    return _back(visit)


@blueprint.post("/joining/answer")
@visiting(writes=True)
def answer_joining(visit: Visit) -> ResponseReturnValue:
    """Say on either side whether the other one is oneself, as the button says."""
    person, code_id = visit.launch.person, _named()
    under_way = services.under_way(visit.db, person, visit.now)
    is_maker = under_way.made is not None and under_way.made.id == code_id
    try:
        with visit.db.begin_nested():
            if request.form.get("answer") != "yes":
                services.refuse(visit.db, person, code_id, visit.now)
                return _back(visit, "refused")
            if not is_maker:
                services.agree(visit.db, person, code_id, visit.now)
                return _back(visit)
            services.confirm(visit.db, person, code_id, visit.now)
    except ToolError as error:
        return _page(visit, what_happened(error)), error.status
    return _back(visit, "joined")


@blueprint.post("/joining/end")
@visiting(writes=True)
def end_joining(visit: Visit) -> ResponseReturnValue:
    try:
        if request.form.get("sure") != "1":
            raise ToolError("not_confirmed")
        services.leave(visit.db, visit.launch.person, visit.now)
    except ToolError as error:
        return _page(visit, what_happened(error)), error.status
    return _back(visit, "parted")


def _named() -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get("joining", ""))
    except ValueError as error:
        raise NotFound("unknown_joining") from error


def _back(visit: Visit, done: str = "") -> ResponseReturnValue:
    return redirect(url_for("learner.joining", launch_id=visit.launch.id, done=done or None), 303)


def _page(visit: Visit, problem: str = "", code: str = "") -> str:
    person = visit.launch.person
    return render_template(
        "learner/joining.html",
        visit=visit,
        others=joints.others(visit.db, person),
        under_way=services.under_way(visit.db, person, visit.now),
        code=code,
        minutes=int(services.LIFETIME.total_seconds() // 60),
        typed=request.form.get("code", ""),
        problem=problem,
        done=request.args.get("done", ""),
    )
