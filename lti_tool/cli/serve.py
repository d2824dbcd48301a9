"""`credlet serve`: the web server."""

import os
import sys

import click

from lti_tool.cli.context import Context, pass_context


@click.command("serve")
@pass_context
def command(context: Context) -> None:
    """Serve pages with gunicorn; scores are delivered too unless EMBEDDED_WORKER is off."""
    _ = context.tool  # refuse to start on settings or a schema that cannot work
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "wsgi:app"]
    os.execv(sys.executable, gunicorn)  # noqa: S606 - our own interpreter, fixed arguments
