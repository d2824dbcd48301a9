"""The command line: `credlet --help` is the manual."""

import click

from lti_tool.cli import credential, db, demo, mc, platform, score, serve, worker
from lti_tool.cli.context import Context


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="credlet")
@click.pass_context
def main(context: click.Context) -> None:
    """Credlet records completion of micro-credential units in LMS courses and issues Open Badges.

    Settings come from environment variables; the README lists them. First steps on a server:

    \b
      credlet db upgrade                  make or update the database
      credlet mc import FILE              publish a micro-credential definition
      credlet platform add                connect an LMS
      credlet serve                       serve pages (and deliver scores)
    """
    context.obj = shared = Context()
    context.call_on_close(shared.close)


for command in (
    db.group,
    mc.group,
    platform.group,
    credential.group,
    score.group,
    serve.command,
    worker.command,
    demo.command,
):
    main.add_command(command)
