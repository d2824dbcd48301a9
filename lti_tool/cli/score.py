"""`credlet score`: scores that did not arrive."""

import uuid

import click

from lti_tool import clock
from lti_tool.cli.context import Context, pass_context
from lti_tool.cli.texts import _
from lti_tool.services import audit
from lti_tool.services.outbox import deliveries


@click.group("score")
def group() -> None:
    """Scores that did not arrive in a gradebook."""


@group.command()
@pass_context
def failed(context: Context) -> None:
    """List scores that were given up, with the reason; ids only, no names."""
    with context.transaction(read_only=True) as db:
        rows = deliveries.failed(db)
        if not rows:
            click.echo(_("Every score arrived or is on its way."))
        for row in rows:
            click.echo(f"{row.id}  {row.failure}  link {row.link_id}  person {row.person_id}")


@group.command()
@click.argument("delivery_id", type=click.UUID)
@pass_context
def resend(context: Context, delivery_id: uuid.UUID) -> None:
    """Try a failed score again."""
    with context.transaction() as db:
        deliveries.resend(db, delivery_id, actor=audit.OPERATOR, now=clock.now())
    click.echo(_("It will be sent again."))
