"""A small LMS that speaks the platform side of LTI 1.3, for `make demo` and the tests.

>>> state = LmsState(LmsConfig(issuer="http://127.0.0.1:9001"))
>>> course = state.add_course("First aid")
>>> app = create_lms(state.config, state)
"""

from datetime import timedelta

from flask import Flask

from . import (
    content,
    members,
    oidc,
    pages,
    registration,
    services,
    tokens,
    tools,
    web_services,
)
from .config import LmsConfig
from .faults import Endpoint, Fault
from .manners import ALL as MANNERS
from .manners import BLACKBOARD, BRIGHTSPACE, CANVAS, MOODLE, OPEN_EDX, Manners
from .records import (
    AgsSetting,
    Course,
    Grade,
    LineItem,
    Link,
    Paging,
    Quiz,
    QuizGrade,
    ReceivedScore,
    Role,
    Scope,
    TokenRequest,
    Tool,
    User,
)
from .sample import People, add_people
from .state import LmsState
from .visits import EXTENSION, state_of

__all__ = [
    "BLACKBOARD",
    "BRIGHTSPACE",
    "CANVAS",
    "MANNERS",
    "MOODLE",
    "OPEN_EDX",
    "AgsSetting",
    "Course",
    "Endpoint",
    "Fault",
    "Grade",
    "LineItem",
    "Link",
    "LmsConfig",
    "LmsState",
    "Manners",
    "Paging",
    "People",
    "Quiz",
    "QuizGrade",
    "ReceivedScore",
    "Role",
    "Scope",
    "TokenRequest",
    "Tool",
    "User",
    "add_people",
    "create_lms",
    "state_of",
]


def create_lms(config: LmsConfig, state: LmsState | None = None) -> Flask:
    """Return the LMS as a Flask application; `state` may be filled before or while it serves."""
    app = Flask(__name__, static_url_path="/lms/static")
    app.secret_key = config.secret_key
    # The tool often runs on the same host, and cookies do not tell ports apart.
    app.config.update(SESSION_COOKIE_NAME="demo_lms", SESSION_COOKIE_SAMESITE="Lax")
    # As LMSs do: on a slow network, a style sheet asked for on each step of a launch is felt.
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(hours=1)
    app.extensions[EXTENSION] = state or LmsState(config)
    own = (pages, web_services)
    parts = (oidc, tokens, services, members, content, registration, tools, *own)
    for blueprint in (part.bp for part in parts):
        app.register_blueprint(blueprint)
    if config.manners.line_items != MOODLE.line_items:
        prefix = config.manners.line_items.format(course="<course_id>")
        app.register_blueprint(services.bp, name="own_services", url_prefix=prefix)
    for status in pages.REFUSALS:
        app.register_error_handler(status, pages.refusal)
    return app
