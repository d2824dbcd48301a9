"""Pages and machine-readable addresses: everything that speaks HTTP."""

from flask import Flask

from lti_tool.web import (
    admin,
    api,
    compression,
    errors,
    health,
    i18n,
    learner,
    limits,
    lti,
    mentor,
    offline,
    proving,
    public,
    raw_bytes,
    registration,
    security,
    sign_in,
    static_files,
    style_sheet,
    teacher,
    templating,
    uploads,
)
from lti_tool.web.context import current_tool

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
