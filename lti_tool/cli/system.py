"""`credlet system`: other systems of a school that report completions."""

import uuid

import click

from lti_tool import clock
from lti_tool.cli.context import Context, pass_context
from lti_tool.cli.texts import _
from lti_tool.models import ApiClient
from lti_tool.services import audit, organisations
from lti_tool.services.connections import api_clients


@click.group("system")
def group() -> None:
    """Other systems of a school that report completions over the interface (OAuth 2.0)."""


@group.command()
@click.argument("name")
@click.option("--organisation", required=True, help="Short name of the school.")
@pass_context
def add(context: Context, name: str, organisation: str) -> None:
    """Let a system report completions, and print what it signs in with, once.

    \b
      credlet system add "Student register" --organisation my-school
    """
    with context.transaction() as db:
        school = organisations.find(db, organisation)
        client, secret = api_clients.add(db, school, name, by=audit.OPERATOR, now=clock.now())
    _show(context, client, secret)


@group.command("list")
@pass_context
def listed(context: Context) -> None:
    """List all systems."""
    with context.transaction(read_only=True) as db:
        rows = [
            f"{client.id}  {client.organisation.slug}  {client.name}"
            + (f"  ({_('switched off')})" if client.disabled_at else "")
            for client in api_clients.everywhere(db)
        ]
    click.echo("\n".join(rows) or _("No system yet. Add one with: credlet system add NAME"))


@group.command("new-secret")
@click.argument("client_id", type=click.UUID)
@click.confirmation_option(prompt="The old secret and all tokens end at once. Go on?")
@pass_context
def new_secret(context: Context, client_id: uuid.UUID) -> None:
    """Give a system a new secret; the old one and all tokens end at once."""
    with context.transaction() as db:
        client = api_clients.find(db, client_id)
        secret = api_clients.replace_secret(db, client, by=audit.OPERATOR, now=clock.now())
    _show(context, client, secret)


@group.command()
@click.argument("client_id", type=click.UUID)
@pass_context
def disable(context: Context, client_id: uuid.UUID) -> None:
    """Switch a system off; its tokens end at once."""
    _switch(context, client_id, disabled=True)


@group.command()
@click.argument("client_id", type=click.UUID)
@pass_context
def enable(context: Context, client_id: uuid.UUID) -> None:
    """Switch a system on again."""
    _switch(context, client_id, disabled=False)


def _switch(context: Context, client_id: uuid.UUID, *, disabled: bool) -> None:
    with context.transaction() as db:
        client = api_clients.find(db, client_id)
        api_clients.switch(
            db, client, disabled=disabled, is_operator=True, by=audit.OPERATOR, now=clock.now()
        )
        name = client.name
    done = _("%(name)s is switched off.") if disabled else _("%(name)s may report again.")
    click.echo(done % {"name": name})


def _show(context: Context, client: ApiClient, secret: str) -> None:
    click.echo(f"client_id      {client.id}")
    click.echo(f"client_secret  {secret}")
    click.echo(_("The secret is not shown again. Tokens: %(url)s", url=_token_url(context)))


def _token_url(context: Context) -> str:
    return f"{context.settings.public_url}/oauth/token"
