"""`credlet serve`: the web server."""

import os
import sys
from typing import TYPE_CHECKING

import click

import config
from lti_tool import create_app
from lti_tool.cli.context import Context, pass_context

if TYPE_CHECKING:
    from flask import Flask


@click.command("serve")
@pass_context
def command(context: Context) -> None:
    """Serve pages with gunicorn; scores are delivered too unless EMBEDDED_WORKER is off."""
    context.tool.database.close()  # opened to refuse settings or a schema that cannot work
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn"]
    os.execv(sys.executable, [*gunicorn, f"{__name__}:application()"])  # noqa: S606 - fixed words


def application() -> "Flask":
    """Return what the web server serves; as `wsgi.py`, which an installed package lacks."""
    return create_app(config.load())
