"""Status lists: the signed bytes as they are stored."""

import uuid

from flask import Response
from flask.typing import ResponseReturnValue

from lti_tool.services.awarding import status_lists
from lti_tool.web import badge_files
from lti_tool.web.http import caching
from lti_tool.web.public.blueprint import blueprint, reading


@blueprint.get("/status-lists/<uuid:list_id>")
def status_list(list_id: uuid.UUID) -> ResponseReturnValue:
    with reading() as db:
        content = status_lists.find(db, list_id).document
    response = caching.readable_anywhere(Response(content, mimetype=badge_files.CREDENTIAL_TYPE))
    return caching.cacheable(response, caching.STATUS_LIST)
