"""`credlet worker`: deliver scores."""

import signal
import threading

import click

from lti_tool import worker
from lti_tool.cli.context import Context, pass_context
from lti_tool.cli.texts import _


@click.command("worker")
@click.option("--once", is_flag=True, help="Deliver what is due now, then stop.")
@pass_context
def command(context: Context, once: bool) -> None:
    """Deliver scores and run scheduled jobs, until stopped. Several workers may run side by side."""
    if once:
        sent = worker.drain(context.tool)
        click.echo(_("Attempts made: %(count)s.", count=sent))
        return
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_args: stop.set())
    worker.run(context.tool, stop)
