"""`credlet credential`: look at and revoke credentials."""

import uuid

import click

from lti_tool import clock
from lti_tool.cli.context import Context, pass_context
from lti_tool.cli.texts import _
from lti_tool.services import audit
from lti_tool.services.awarding import credentials


@click.group("credential")
def group() -> None:
    """Look at and revoke credentials."""


@group.command()
@click.argument("credential_id", type=click.UUID)
@pass_context
def show(context: Context, credential_id: uuid.UUID) -> None:
    """Print the signed bytes of a credential. They hold the name that the learner confirmed."""
    with context.transaction(read_only=True) as db:
        click.echo(credentials.find(db, credential_id).document)


@group.command()
@click.argument("credential_id", type=click.UUID)
@click.option("--reason", prompt=_("Reason"), help="Why; kept with the credential.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def revoke(context: Context, credential_id: uuid.UUID, reason: str, yes: bool) -> None:
    """Revoke a credential for good, and withdraw its award. Verifiers see it from the status list.

    The learner gets a new award only when an assessor judges their work anew.
    """
    if not yes:
        click.confirm(_("This cannot be undone. Revoke?"), abort=True)
    with context.transaction() as db:
        credentials.revoke_with_award(
            db,
            credentials.find(db, credential_id),
            reason=reason,
            signing=context.tool.signing,
            actor=audit.OPERATOR,
            now=clock.now(),
        )
    click.echo(_("Revoked."))
