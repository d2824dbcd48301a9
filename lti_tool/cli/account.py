"""`credlet account`: people who do not come from an LMS, their roles, and links to sign in."""

from datetime import datetime, timedelta

import click
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.cli.context import Context, pass_context
from lti_tool.cli.texts import _
from lti_tool.encryption import Encryption
from lti_tool.models import Account, AccountGrant
from lti_tool.services import audit, organisations
from lti_tool.services.staff import accounts, passkeys, sign_in
from lti_tool.services.staff.accounts import Role
from lti_tool.web.i18n import LANGUAGES

ROLES = click.Choice([role.value for role in Role])


@click.group("account")
def group() -> None:
    """People who sign in here: operators, organisation administrators, reviewers, assessors.

    They get in by a one-time link, and then by a passkey of their own.
    """


@group.command()
@click.argument("name")
@click.option("--role", type=ROLES, help="What the person may do.")
@click.option("--organisation", help="Short name of the school; operators have none.")
@click.option("--email", help="Where links may be sent; kept encrypted. Not needed.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of the person's pages.")
@click.option("--time-zone", help="IANA name, such as Europe/Vienna.")
@pass_context
def add(
    context: Context,
    name: str,
    role: str | None,
    organisation: str | None,
    email: str | None,
    language: str | None,
    time_zone: str | None,
) -> None:
    """Add a person and print a link with which they sign in for the first time.

    \b
      credlet account add "Campus IT" --role operator
      credlet account add "Quality desk" --role reviewer --organisation my-school
    """
    now = clock.now()
    with context.transaction() as db:
        made = accounts.add(
            db,
            name,
            encryption=context.tool.encryption,
            now=now,
            email=email,
            locale=language,
            time_zone=time_zone,
        )
        if role is not None or organisation is not None:
            _grant(db, made, role or Role.ADMINISTRATOR, organisation, now)
        click.echo(_("Added: account %(id)s.", id=made.id))
        show_link(context, db, made, sign_in.INVITATION_LIFETIME)


@group.command()
@click.argument("name_or_id")
@click.option(
    "--expires-minutes",
    type=click.IntRange(1, 7 * 24 * 60),
    default=60,
    show_default=True,
    help="How long the link can be used.",
)
@pass_context
def link(context: Context, name_or_id: str, expires_minutes: int) -> None:
    """Print a new link with which a person signs in, once."""
    with context.transaction() as db:
        found = accounts.find(db, name_or_id)
        show_link(context, db, found, timedelta(minutes=expires_minutes))


def show_link(context: Context, db: Session, account: Account, lifetime: timedelta) -> None:
    made, token = sign_in.make_link(db, account, clock.now(), lifetime=lifetime)
    until = f"{made.expires_at:%Y-%m-%d %H:%M} UTC"
    click.echo(_("Give this link to %(name)s, and to nobody else:", name=account.name))
    click.echo(f"  {context.settings.public_url}/sign-in/links/{token}")
    click.echo(_("It works once, until %(until)s, and is not shown again.", until=until))


@group.command("list")
@pass_context
def list_accounts(context: Context) -> None:
    """List people, what they may do, and whether they can sign in."""
    with context.transaction(read_only=True) as db:
        found = accounts.listed(db)
        if not found:
            click.echo(_("Nobody yet. Add the first with `credlet account add NAME`."))
        for account in found:
            state = _("off") if account.disabled_at else _("on")
            roles = ", ".join(map(_in_words, account.grants)) or _("no role")
            address = _address_of(account, context.tool.encryption)
            click.echo(f"{account.id}  {account.name}: {state}; {roles}; {address}")


def _address_of(account: Account, encryption: Encryption) -> str:
    if account.email is None:
        return _("no address")
    if accounts.has_proved_email(account, encryption):
        return _("address proved")
    return _("address not proved")


@group.command()
@click.argument("name_or_id")
@click.option("--undo", is_flag=True, help="Let it count as not proved again.")
@pass_context
def prove(context: Context, name_or_id: str, undo: bool) -> None:
    """Mark the e-mail address of a person as their own, if you know that it is.

    Mails about what waits go only to such an address. People prove it themselves on the page of
    their account, by a link in a mail.
    """
    now = clock.now()
    with context.transaction() as db:
        found = accounts.find(db, name_or_id)
        if undo:
            accounts.unprove_email(db, found, now, by=audit.OPERATOR)
        else:
            accounts.prove_email(db, found, now, by=audit.OPERATOR, way="operator")
        click.echo(_address_of(found, context.tool.encryption))


def _in_words(grant: AccountGrant) -> str:
    role = {
        Role.OPERATOR: _("operator"),
        Role.ADMINISTRATOR: _("administrator"),
        Role.REVIEWER: _("reviewer"),
        Role.ASSESSOR: _("assessor"),
    }[Role(grant.role)]
    return f"{role} ({grant.organisation.slug})" if grant.organisation else role


@group.command()
@click.argument("name_or_id")
@pass_context
def disable(context: Context, name_or_id: str) -> None:
    """Switch a person's account off; whoever is signed in with it is out at once."""
    _set_disabled(context, name_or_id, disabled=True)
    click.echo(_("Switched off. `credlet account enable` switches it on again."))


@group.command()
@click.argument("name_or_id")
@pass_context
def enable(context: Context, name_or_id: str) -> None:
    """Switch an account on again."""
    _set_disabled(context, name_or_id, disabled=False)
    click.echo(_("Switched on."))


def _set_disabled(context: Context, name_or_id: str, *, disabled: bool) -> None:
    with context.transaction() as db:
        found = accounts.find(db, name_or_id)
        accounts.set_disabled(db, found, disabled=disabled, now=clock.now())


@group.command()
@click.argument("name_or_id")
@click.argument("role", type=ROLES)
@click.option("--organisation", help="Short name of the school; operators have none.")
@pass_context
def grant(context: Context, name_or_id: str, role: str, organisation: str | None) -> None:
    """Let a person do more."""
    with context.transaction() as db:
        found = accounts.find(db, name_or_id)
        _grant(db, found, role, organisation, clock.now())
        click.echo(", ".join(map(_in_words, found.grants)))
        if made := len(passkeys.listed(db, found)):
            click.echo(
                _(
                    "Passkeys from before: %(number)s. Ask this person whether they made all of "
                    "them themselves.",
                    number=made,
                )
            )


@group.command()
@click.argument("name_or_id")
@click.argument("role", type=ROLES)
@click.option("--organisation", help="Short name of the school; operators have none.")
@pass_context
def withdraw(context: Context, name_or_id: str, role: str, organisation: str | None) -> None:
    """Take a role away; it counts from the person's next page on."""
    with context.transaction() as db:
        found = accounts.find(db, name_or_id)
        for one in list(found.grants):
            slug = one.organisation.slug if one.organisation else None
            if (one.role, slug) == (role, organisation):
                accounts.withdraw(db, found, one.id, clock.now())
                break
        else:
            raise click.ClickException(_("This person does not have that role."))
        click.echo(", ".join(map(_in_words, found.grants)) or _("no role"))


def _grant(
    db: Session, account: Account, role: str, organisation: str | None, now: datetime
) -> None:
    school = organisations.find(db, organisation) if organisation else None
    accounts.grant(db, account, Role(role), school, now)
