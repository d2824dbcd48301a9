"""The application's own objects, for the request at hand."""

from typing import cast

from flask import current_app

from lti_tool import clock
from lti_tool.services.outbox.scores import Courier
from lti_tool.tool import Tool


def current_tool() -> Tool:
    """Return settings, database, encryption and outgoing HTTP of the application that answers."""
    return cast("Tool", current_app.extensions["credlet"])


def public_url() -> str:
    """Return the server's own base address, without a slash at the end."""
    return current_tool().settings.public_url


def services_of_lms() -> Courier:
    """Return what a call to the LMS's services needs; it is made outside any transaction."""
    tool = current_tool()
    return Courier(tool.database, tool.outbound, tool.encryption, clock.now)
