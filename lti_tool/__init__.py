"""Credlet, the application: an LTI 1.3 tool that records completions and issues badges."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config.settings import Settings


def create_app(settings: "Settings") -> "Flask":
    """Return the web application.

    Raises:
        ToolError: the database is not migrated, or its badges name another public address.
    """
    from flask import Flask

    from lti_tool import web
    from lti_tool.db import Database
    from lti_tool.encryption import Encryption
    from lti_tool.outbound import Outbound
    from lti_tool.services.organisations import check_public_url
    from lti_tool.tool import Tool
    from migrations import check_current

    database = Database(settings.database_url)
    check_current(database.engine)
    with database.transaction(read_only=True) as db:
        check_public_url(db, settings.public_url)
    app = Flask("lti_tool", static_folder=None)
    app.extensions["credlet"] = Tool(
        settings=settings,
        database=database,
        encryption=Encryption(settings.encryption_keys),
        outbound=Outbound(settings.outbound_private_hosts),
    )
    web.init_app(app)
    return app
