"""Credlet, the application: an LTI 1.3 tool that records completions and issues badges."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config.settings import Settings
    from lti_tool.tool import Tool


def create_app(settings: "Settings") -> "Flask":
    """Return the web application, with a worker of its own where the settings say so.

    Imports happen inside, so that the lower layers can be used without Flask.

    Raises:
        SchemaNotCurrentError: the database is not migrated.
        ToolError: `wrong_public_url`: badges were signed under another address;
            `encryption_key_missing`: the stored keys were encrypted under another key.
    """
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from config import logging
    from lti_tool import web, worker

    # Also for servers that set none up: its library's default prints local variables.
    logging.configure(settings)
    app = Flask("lti_tool", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_request_kib * 1024
    app.extensions["credlet"] = tool = open_tool(settings)
    web.init_app(app)
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    if settings.embedded_worker:
        app.extensions["credlet_worker"] = worker.start(tool)
    return app


def open_tool(settings: "Settings") -> "Tool":
    """Open the database and check that this program may serve it; raises as `create_app`."""
    from lti_tool.db import Database
    from lti_tool.encryption import Encryption
    from lti_tool.outbound import Outbound
    from lti_tool.services.awarding.keys import check_encryption
    from lti_tool.services.organisations import check_public_url
    from lti_tool.tool import Tool
    from migrations import check_current

    encryption = Encryption(settings.encryption_keys)
    database = Database(settings.database_url)
    try:
        check_current(database.engine)
        with database.transaction(read_only=True) as db:
            check_public_url(db, settings.public_url)
            check_encryption(db, encryption)
    except Exception:
        database.close()
        raise
    return Tool(
        settings=settings,
        database=database,
        encryption=encryption,
        outbound=Outbound(settings.outbound_private_hosts),
    )
