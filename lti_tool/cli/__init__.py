"""The command line: `credlet --help` is the manual."""

import click

from lti_tool.cli import (
    account,
    credential,
    db,
    demo,
    doctor,
    key,
    mc,
    moodle,
    platform,
    registration,
    score,
    serve,
    system,
    worker,
)
from lti_tool.cli.context import Context, ReadableGroup


@click.group(
    cls=ReadableGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="credlet")
@click.pass_context
def main(context: click.Context) -> None:
    """Credlet records completion of micro-credential units in LMS courses and issues Open Badges.

    Settings come from environment variables; the README lists them. First steps on a server:

    \b
      credlet db upgrade                  make or update the database
      credlet mc import FILE              publish a micro-credential definition
      credlet account add NAME            let a person sign in, as operator for example
      credlet platform invite             make a link with which an LMS connects itself
      credlet platform add                connect an LMS by hand
      credlet serve                       serve pages (and deliver scores)
      credlet doctor                      test this server and the connected LMSs
    """
    context.obj = shared = Context()
    context.call_on_close(shared.close)


for command in registration.COMMANDS:
    platform.group.add_command(command)

for command in (
    db.group,
    mc.group,
    platform.group,
    account.group,
    moodle.group,
    system.group,
    key.group,
    credential.group,
    score.group,
    serve.command,
    worker.command,
    doctor.command,
    demo.command,
):
    main.add_command(command)
