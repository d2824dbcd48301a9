"""`credlet platform invite, confirm, reject, deployments, frames, change`: LMSs that registered."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import click

from lti_tool import clock
from lti_tool.cli.context import Context, pass_context
from lti_tool.cli.platform import deployments_in_words
from lti_tool.cli.texts import _
from lti_tool.lti.origins import origin
from lti_tool.models import Registration
from lti_tool.services import organisations
from lti_tool.services.connections import invitations, registrations


@click.command()
@click.option("--organisation", required=True, help="Short name of the school (a-z, 0-9, -).")
@click.option("--organisation-name", help="Full name of the school, when it is new here.")
@click.option("--country", help="Country of a new school, two letters (ISO 3166-1).")
@click.option(
    "--expires-hours",
    type=click.IntRange(1, 24 * 90),
    default=72,
    show_default=True,
    help="How long the link can be used.",
)
@pass_context
def invite(
    context: Context,
    organisation: str,
    organisation_name: str | None,
    country: str | None,
    expires_hours: int,
) -> None:
    """Make a link with which a school's administrator connects an LMS (Dynamic Registration).

    It is shown once, works once, and what comes of it waits for `credlet platform confirm`.
    """
    now = clock.now()
    with context.transaction() as db:
        school = organisations.get_or_add_organisation(
            db, organisation, organisation_name or organisation, country, now
        )
        invitation, token = invitations.invite(
            db, school, now, lifetime=timedelta(hours=expires_hours)
        )
        until = f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC"
    click.echo(_("Give this link to the administrator of the LMS, and to nobody else:"))
    click.echo(f"  {context.settings.public_url}/lti/register/{token}")
    click.echo(_("It works once, until %(until)s, and is not shown again.", until=until))
    click.echo(
        _("In Moodle: Site administration, Manage tools, paste into “Tool URL”, Add LTI Advantage.")
    )


@click.command()
@click.argument("registration_id", type=click.UUID)
@click.option("--name", help="What people call this LMS.")
@click.option("--as-platform", type=click.UUID, help="It is this LMS, registered anew.")
@click.option("--moved", is_flag=True, help="With --as-platform: the LMS has a new address.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def confirm(
    context: Context,
    registration_id: uuid.UUID,
    name: str | None,
    as_platform: uuid.UUID | None,
    moved: bool,
    yes: bool,
) -> None:
    """Show what an LMS registered, ask, and let it in.

    With --as-platform its people keep all their records: use it for an LMS that was connected
    before and was registered anew.
    """
    with context.transaction(read_only=True) as db:
        registration = registrations.find_pending(db, registration_id)
        _show(registration)
        for other in registrations.same_issuer(db, registration):
            click.echo(
                _(
                    "The same LMS is connected for %(school)s as platform %(platform)s.",
                    school=other.platform.organisation.slug,
                    platform=other.platform_id,
                )
            )
    if not yes:
        click.confirm(_("Is this the school's LMS? Confirm?"), abort=True)
    with context.transaction() as db:
        registration = registrations.confirm(
            db,
            registrations.find_pending(db, registration_id),
            clock.now(),
            name=name,
            as_platform=as_platform,
            has_moved=moved,
        )
        click.echo(_("Confirmed: platform %(id)s.", id=registration.platform_id))
        if not registration.deployments:
            _say_that_a_deployment_lacks(registration)


def _show(registration: Registration) -> None:
    hosts = dict.fromkeys(
        urlsplit(address).netloc
        for address in (
            registration.issuer,
            registration.auth_login_url,
            registration.auth_token_url,
            registration.key_set_url,
        )
    )
    organisation = registration.platform.organisation
    for label, value in {
        _("school"): f"{organisation.name} ({organisation.slug})",
        _("issuer"): registration.issuer,
        _("hosts"): ", ".join(hosts),
        _("client id"): registration.client_id,
        _("deployments"): deployments_in_words(registration),
        _("product"): registration.product_family or _("not said"),
        _("registered"): f"{registration.created_at:%Y-%m-%d %H:%M} UTC",
    }.items():
        click.echo(f"  {label:14} {value}")


def _say_that_a_deployment_lacks(registration: Registration) -> None:
    command = f"credlet platform deployments {registration.id}"
    click.echo(_("The LMS told no deployment id yet, so nobody can launch. Either"))
    click.echo(f"  {command} --add ID")
    click.echo(f"  {command} --automatic")


@click.command()
@click.argument("registration_id", type=click.UUID)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def reject(context: Context, registration_id: uuid.UUID, yes: bool) -> None:
    """Forget a registration that waits to be confirmed."""
    with context.transaction(read_only=True) as db:
        _show(registrations.find_pending(db, registration_id))
    if not yes:
        click.confirm(_("Reject it?"), abort=True)
    with context.transaction() as db:
        registrations.reject(db, registrations.find_pending(db, registration_id), clock.now())
    click.echo(_("Rejected. The tool can be deleted in the LMS."))


@click.command()
@click.argument("registration_id", type=click.UUID)
@click.option("--automatic", "policy", flag_value="automatic", help="New ones launch at once.")
@click.option("--listed", "policy", flag_value="listed", help="Only listed ones launch.")
@click.option("--add", "added", multiple=True, help="Deployment id to list; repeatable.")
@click.option("--remove", "removed", multiple=True, help="Deployment id to take off the list.")
@pass_context
def deployments(
    context: Context,
    registration_id: uuid.UUID,
    policy: str | None,
    added: tuple[str, ...],
    removed: tuple[str, ...],
) -> None:
    """Say which deployments of the tool in an LMS may launch; without options: show them.

    Takes the id of a registration, or of a platform that has one registration only. Canvas makes
    a deployment for each course or account that the tool is added to.
    """
    now = clock.now()
    with context.transaction() as db:
        registration = registrations.find(db, registration_id)
        if policy is not None:
            registrations.set_policy(db, registration, automatic=policy == "automatic", now=now)
        for deployment_id in added:
            registrations.add_deployment(db, registration, deployment_id, now)
        for deployment_id in removed:
            registrations.remove_deployment(db, registration, deployment_id, now)
        click.echo(_("deployments: %(ids)s", ids=deployments_in_words(registration)))


@click.command()
@click.argument("registration_id", type=click.UUID)
@click.option("--add", "added", multiple=True, help="Origin to allow (https://host); repeatable.")
@click.option("--remove", "removed", multiple=True, help="Origin to take off the list.")
@pass_context
def frames(
    context: Context, registration_id: uuid.UUID, added: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    """Say which further addresses of an LMS may show pages in a frame; without options: show them.

    The address at which people sign in to the LMS is always allowed. An LMS that also runs
    under another host name needs it here: to show pages, to be gone back to, and to get scores
    (a Blackboard under a name of its own).
    """
    with context.transaction() as db:
        registration = registrations.find(db, registration_id)
        registrations.set_frame_origins(
            db,
            registration,
            add=added,
            remove=removed,
            allow_http=context.settings.environment == "development",
            now=clock.now(),
        )
        own = [
            origin(registration.auth_login_url) or "",
            *(registration.frame_origins or "").split(),
        ]
        click.echo(_("Pages may be framed by: %(origins)s", origins=", ".join(own)))


@click.command()
@click.argument("registration_id", type=click.UUID)
@click.option("--client-id", help="Client id that the LMS gave this tool.")
@click.option("--auth-login-url", help="Authentication request address of the LMS.")
@click.option("--auth-token-url", help="Access token address of the LMS.")
@click.option(
    "--auth-token-audience",
    help="What tokens are asked for in the name of (Brightspace); empty: the access token address.",
)
@click.option("--key-set-url", help="Public key set address of the LMS.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def change(context: Context, /, registration_id: uuid.UUID, yes: bool, **given: str | None) -> None:
    """Correct what an LMS is registered with; without options: show it.

    Takes the id of a registration, or of a platform that has one registration only. The issuer
    stays: an LMS with another issuer is connected anew.
    """
    values = {field: text or None for field, text in given.items() if text is not None}
    for field in values:
        if values[field] is None and field != "auth_token_audience":
            raise click.UsageError(_("--%(option)s needs a value.", option=field.replace("_", "-")))
    with context.transaction(read_only=True) as db:
        registration = registrations.find(db, registration_id)
        click.echo(f"{registration.platform.name} ({registration.issuer})")
        for field in registrations.CHANGEABLE:
            _show_value(field, getattr(registration, field), values)
    if not values:
        return
    if not yes:
        click.confirm(_("Launches and scores use the new values at once. Change them?"), abort=True)
    with context.transaction() as db:
        changed = registrations.change(
            db,
            registrations.find(db, registration_id),
            values,
            allow_http=context.settings.environment == "development",
            now=clock.now(),
        )
    click.echo(_("Changed. `credlet doctor` tests it.") if changed else _("Nothing is different."))


def _show_value(field: str, now: str | None, values: Mapping[str, str | None]) -> None:
    label, none = field.replace("_", "-"), _("none")
    click.echo(f"  {label:20} {now or none}")
    if field in values and values[field] != now:
        click.echo(f"  {'':18}→ {values[field] or none}")


COMMANDS = (invite, confirm, reject, deployments, frames, change)
