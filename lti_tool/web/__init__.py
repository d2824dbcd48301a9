"""Pages and machine-readable addresses: everything that speaks HTTP."""

from flask import Flask

from lti_tool.web import (
    admin,
    api,
    errors,
    health,
    i18n,
    learner,
    lti,
    mentor,
    offline,
    proving,
    public,
    registration,
    sign_in,
    teacher,
    templating,
)
from lti_tool.web.context import current_tool
from lti_tool.web.http import (
    compression,
    limits,
    raw_bytes,
    security,
    static_files,
    style_sheet,
    uploads,
)

__all__ = ["current_tool", "init_app"]


def init_app(app: Flask) -> None:
    """Give `app` its pages; `app.extensions["credlet"]` must be set."""
    for part in (
        compression,
        errors,
        uploads,
        limits,
        i18n,
        proving,
        raw_bytes,
        security,
        static_files,
        style_sheet,
        templating,
    ):
        part.init_app(app)
    for blueprint in (
        health.blueprint,
        lti.blueprint,
        registration.blueprint,
        learner.blueprint,
        teacher.blueprint,
        public.blueprint,
        sign_in.blueprint,
        mentor.blueprint,
        offline.blueprint,
        admin.blueprint,
        api.blueprint,
    ):
        app.register_blueprint(blueprint)
