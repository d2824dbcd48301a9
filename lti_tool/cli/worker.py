"""`credlet worker`: deliver scores, run jobs by the clock."""

import signal
import threading

import click

from lti_tool import worker
from lti_tool.cli.context import Context, pass_context
from lti_tool.cli.texts import _


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@pass_context
def command(context: Context, once: bool) -> None:
    """Deliver scores and run jobs by the clock, until stopped. Several may run side by side."""
    if once:
        worker.run_due(context.tool)
        sent = worker.drain(context.tool)
        click.echo(_("Attempts made: %(count)s.", count=sent))
        return
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_args: stop.set())
    worker.run(context.tool, stop)
