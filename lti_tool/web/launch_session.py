"""Who is here: the one module through which every page of a launch learns it.

The secret travels in a cookie per launch (`framed_cookies`). Where the browser keeps none, a script
(`static/frame.js`) sends it as a bearer in `Authorization`.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial, wraps
from typing import Concatenate, ParamSpec

from flask import Response, g, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, object_session

from lti_tool import clock
from lti_tool.errors import Forbidden, NotFound
from lti_tool.models import LaunchSession
from lti_tool.services.completing import course_dates
from lti_tool.services.courses import deep_linking, roster
from lti_tool.services.launching import launches
from lti_tool.web import proving
from lti_tool.web.context import current_tool
from lti_tool.web.http import framed_cookies, security

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a launch: its transaction, who is here, and the time it is answered at."""

    db: Session
    launch: LaunchSession
    now: datetime

    @property
    def csrf_token(self) -> str:
        return security.csrf_token(self.launch.id)

    @property
    def way_back(self) -> str | None:
        """Where the person came from in the LMS, if the LMS said so."""
        return launches.way_back(self.launch, current_tool().encryption)


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What a view wants done once its transaction has ended, because it goes over the network or
    takes seconds.

    `work` returns the response; it may open transactions of its own.
    """

    work: Callable[[], ResponseReturnValue]


def path(launch_id: uuid.UUID) -> str:
    return f"/launches/{launch_id}"


def carry(
    response: Response, launch_id: uuid.UUID, token: str, lifetime: timedelta | None = None
) -> Response:
    """Let the browser carry `token` on every request of this launch, until it is closed or for
    `lifetime`."""
    framed_cookies.keep_launch(response, launch_id, token, lifetime)
    return response


def current(
    db: Session, launch_id: uuid.UUID, now: datetime, *, takes_ticket: bool = False
) -> LaunchSession:
    """Return the launch session that this request belongs to.

    `takes_ticket`: a form with a ticket proves itself by that.

    Raises:
        ToolError: unknown, expired, or the browser did not bring its secret.
    """
    stored = db.get(LaunchSession, launch_id)
    # Also the page that says "expired" must be seen, so it may be framed by the same platform.
    security.allow_framing((stored and stored.frame_ancestors) or security.FRAMED_BY_ANYBODY)
    secret = _secret(launch_id)
    if secret is None and stored is not None and stored.deep_linking is not None:
        # The page that follows stays while a script fetches all others, up to the answer.
        asked = deep_linking.asked(stored, current_tool().encryption)
        proving.let_answer_leave(asked.return_url)
    if takes_ticket and security.brings_ticket(launch_id, now):
        launch = launches.find_shown(db, launch_id, now)
    else:
        launch = launches.find(db, launch_id, secret, now)
    security.allow_framing(launch.frame_ancestors or security.FRAMED_BY_NOBODY)
    g.launch_languages = launches.languages(launch)
    return launch


def _secret(launch_id: uuid.UUID) -> str | None:
    """Return what the browser brought: a cookie or a bearer, and nothing else is looked at."""
    # Not `request.authorization`: it raises at bytes that are no text.
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip()
    return framed_cookies.launch_secret(launch_id)


def _zone_of_course(launch: LaunchSession) -> tzinfo | None:
    """Return in which zone times are shown; None without a course, and behind the transaction,
    where pages that refuse are written."""
    if object_session(launch) is None or launch.given_course is None:
        return None
    return course_dates.zone(launch.given_course)


def _namesakes(launch: LaunchSession) -> Mapping[uuid.UUID, int]:
    """Return the numbers of learners of one name, for who teaches them; read once a request."""
    if "numbers_of_namesakes" not in g:
        db = object_session(launch)
        if db is None or launch.given_course is None or not launch.is_teacher:
            return {}
        g.numbers_of_namesakes = roster.namesakes(db, launch.given_course)
    found: Mapping[uuid.UUID, int] = g.numbers_of_namesakes
    return found


def visiting(
    *,
    teacher: bool = False,
    writes: bool = False,
    selects: bool | None = False,
    takes_ticket: bool = False,
) -> Callable[
    [Callable[Concatenate[Visit, P], ResponseReturnValue | Afterwards]],
    Callable[..., ResponseReturnValue],
]:
    """Give a view its `Visit`; the transaction ends when the view returns.

    `teacher`: learners are refused. `writes`: the view changes something. `selects`: the view
    belongs to deep linking requests, and to no other launch; None: to every kind. `takes_ticket`:
    its form may open a tab of its own (`security.ticket`).
    """

    def decorate(
        view: Callable[Concatenate[Visit, P], ResponseReturnValue | Afterwards],
    ) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def visit(launch_id: uuid.UUID, *args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            now = clock.now()
            with current_tool().database.transaction(read_only=not writes) as db:
                launch = current(db, launch_id, now, takes_ticket=takes_ticket)
                g.zone_of_course = partial(_zone_of_course, launch)
                g.namesakes = partial(_namesakes, launch)
                g.visit, g.is_answered = Visit(db, launch, now), launch.answered_at is not None
                g.is_learners = launch.link_id is not None and not launch.is_teacher
                if teacher and not launch.is_teacher:
                    raise Forbidden("teachers_only")
                is_other = launch.is_privacy or selects is not launch.is_deep_linking
                if selects is not None and is_other:
                    raise NotFound("other_launch")
                answer = view(g.visit, *args, **kwargs)
                if not isinstance(answer, Afterwards):
                    response = make_response(answer)
                is_to_renew = launches.is_bearer_to_renew(launch, now)
            if is_to_renew:  # apart, because reading views may not write
                with current_tool().database.transaction() as db:
                    launches.renew_bearer(db, launch_id, now)
            if isinstance(answer, Afterwards):
                response = make_response(answer.work())
            response.cache_control.no_store = True
            return response

        return visit

    return decorate
