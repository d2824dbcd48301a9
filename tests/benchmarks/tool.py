"""The tool over an empty SQLite database, for measuring in this process."""

from pathlib import Path

from flask import Flask

import migrations
from config import Settings
from config.secrets import make_encryption_key, make_secret_key
from lti_tool import create_app
from lti_tool.db import Database


def tool(folder: Path) -> Flask:
    """Return the tool; its database is in `folder`, and nobody is refused for asking often."""
    settings = Settings(
        environment="development",
        instance_folder=folder,
        public_url="http://localhost",
        secret_key=make_secret_key(),
        encryption_keys=(make_encryption_key(),),
        database_url=f"sqlite:///{folder / 'measured.sqlite'}",
        embedded_worker=False,
        rate_limit_percent=0,
    )
    empty = Database(settings.database_url)
    migrations.upgrade(empty.engine)
    empty.close()
    app = create_app(settings)
    app.testing = True
    return app
