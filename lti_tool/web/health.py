"""Whether this process answers and reaches its database; nothing else is told."""

import sqlalchemy as sa
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from lti_tool.web.context import current_tool

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def health() -> ResponseReturnValue:
    try:
        with current_tool().database.transaction(read_only=True) as db:
            db.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        response, status = jsonify(status="database unreachable"), 503
    else:
        response, status = jsonify(status="ok"), 200
    response.cache_control.no_store = True
    return response, status
