"""`credlet db`: make and update the database."""

import click

import migrations
from lti_tool.cli.context import Context, pass_context
from lti_tool.cli.texts import _
from lti_tool.db import Database


@click.group("db")
def group() -> None:
    """Make and update the database."""


@group.command()
@pass_context
def upgrade(context: Context) -> None:
    """Bring the database to the schema of this program. Safe to repeat."""
    database = Database(context.settings.database_url)
    before = migrations.current(database.engine)
    migrations.upgrade(database.engine)
    after = migrations.current(database.engine)
    database.close()
    if before == after:
        click.echo(_("The database is up to date (revision %(revision)s).", revision=after))
    else:
        click.echo(_("The database is now at revision %(revision)s.", revision=after))


@group.command()
@pass_context
def current(context: Context) -> None:
    """Show the revision of the database and of this program."""
    database = Database(context.settings.database_url)
    found = migrations.current(database.engine) or _("none")
    database.close()
    click.echo(_("database: %(found)s, program: %(head)s", found=found, head=migrations.head()))
