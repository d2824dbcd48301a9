"""`credlet platform`: connect, list and switch off LMSs."""

import uuid
from collections.abc import Callable

import click

from lti_tool import clock
from lti_tool.cli.context import Context, explain, pass_context
from lti_tool.cli.texts import _
from lti_tool.errors import ToolError
from lti_tool.lti.registrations import AUTOMATIC
from lti_tool.lti.tool_configuration import ToolAddresses
from lti_tool.models import Registration
from lti_tool.services import organisations, slugs
from lti_tool.services.connections import platforms, registrations
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.web import pasting
from lti_tool.web.pasting import Lms


@click.group("platform")
def group() -> None:
    """Connect, list and switch off LMSs."""


@group.command()
@click.option("--name", prompt=_("Name of the LMS"), help="What people call this LMS.")
@click.option(
    "--organisation",
    prompt=_("Short name of the school (a-z, 0-9, -)"),
    help="Its name in addresses.",
)
@click.option("--organisation-name", help="Full name of the school, when it is new here.")
@click.option("--country", help="Country of a new school, two letters (ISO 3166-1).")
@click.option(
    "--lms",
    type=click.Choice(list(pasting.BY_NAME)),
    default="moodle",
    show_default=True,
    help="Whose words are shown for what to paste there.",
)
@click.option("--moodle", "moodle_url", help="Address of a Moodle; fills in the four addresses.")
@click.option("--issuer", help="Issuer (platform id) of the LMS.")
@click.option("--auth-login-url", help="Authentication request address of the LMS.")
@click.option("--auth-token-url", help="Access token address of the LMS.")
@click.option(
    "--auth-token-audience",
    help="What tokens are asked for in the name of, where it is not the access token address "
    "(Brightspace).",
)
@click.option("--key-set-url", help="Public key set address of the LMS.")
@click.option("--client-id", help="Client id that the LMS gave this tool.")
@click.option("--deployment", "deployments", multiple=True, help="Deployment id; repeatable.")
@click.option("--registration-id", type=click.UUID, help="Continue with addresses shown before.")
@pass_context
def add(
    context: Context,
    /,
    name: str,
    organisation: str,
    organisation_name: str | None,
    country: str | None,
    lms: str,
    moodle_url: str | None,
    registration_id: uuid.UUID | None,
    deployments: tuple[str, ...],
    **given: str | None,
) -> None:
    """Connect an LMS. Shows what to paste there, then asks what the LMS shows.

    Every answer can be given as an option. With `--moodle https://moodle.example` the four
    addresses of the LMS need not be. Stopped half-way, go on with `--registration-id` and the id
    in the addresses that were shown.
    """
    allow_http = context.settings.environment == "development"
    slugs.check(organisation)
    known = platforms.moodle_addresses(moodle_url) if moodle_url else {}
    answers = {**known, **{k: v for k, v in given.items() if v}}
    answers["name"] = name
    for field, value in answers.items():
        platforms.check_field(field, value, allow_http=allow_http)
    registration_id = registration_id or uuid.uuid4()
    show_addresses(context.settings.public_url, registration_id, pasting.BY_NAME[lms])

    def ask(field: str, question: str) -> str:
        answer: str = click.prompt(question, value_proc=_checked(field, allow_http=allow_http))
        return answer

    for field, question in _questions().items():
        if field not in answers:
            answers[field] = ask(field, question)
    if not deployments:
        deployments = (ask("deployment_id", _("Deployment id")),)
    del answers["name"]
    details = PlatformDetails(name=name, deployment_ids=deployments, **answers)
    now = clock.now()
    with context.transaction() as db:
        school = organisations.get_or_add_organisation(
            db, organisation, organisation_name or name, country, now
        )
        registration = platforms.add(
            db,
            school,
            details,
            allow_http=allow_http,
            now=now,
            registration_id=registration_id,
        )
        click.echo(
            _("Connected: %(name)s (platform %(id)s).", name=name, id=registration.platform_id)
        )


@group.command("list")
@pass_context
def list_platforms(context: Context) -> None:
    """List connected LMSs with their addresses on this tool."""
    with context.transaction(read_only=True) as db:
        registrations = platforms.all_registrations(db)
        if not registrations:
            click.echo(
                _(
                    "No LMS is connected yet. `credlet platform invite` makes a link with which an "
                    "LMS registers itself; `credlet platform add` connects one by hand."
                )
            )
        for registration in registrations:
            platform = registration.platform
            state = _state(registration)
            click.echo(f"{platform.id}  {platform.name} ({platform.organisation.slug}): {state}")
            click.echo(f"    {registration.issuer}  client {registration.client_id}")
            click.echo("    " + _("deployments: %(ids)s", ids=deployments_in_words(registration)))
            for label, address in _addresses(context, registration).items():
                click.echo(f"    {label}: {address}")


@group.command()
@click.argument("identifier", type=click.UUID)
@pass_context
def disable(context: Context, identifier: uuid.UUID) -> None:
    """Switch an LMS off: its launches are refused, its scores wait. Nothing is deleted.

    Takes the id of the LMS, or that of one registration (the one in its addresses) to switch off
    that one alone.
    """
    _set_disabled(context, identifier, disabled=True)
    click.echo(_("Switched off. `credlet platform enable` switches it on again."))


@group.command()
@click.argument("identifier", type=click.UUID)
@pass_context
def enable(context: Context, identifier: uuid.UUID) -> None:
    """Switch an LMS, or one registration, on again."""
    _set_disabled(context, identifier, disabled=False)
    click.echo(_("Switched on."))


def _set_disabled(context: Context, identifier: uuid.UUID, *, disabled: bool) -> None:
    now = clock.now()
    with context.transaction() as db:
        registration = db.get(Registration, identifier)
        if registration is None:
            platforms.set_disabled(db, identifier, disabled=disabled, now=now)
        else:
            registrations.set_disabled(db, registration, disabled=disabled, now=now)


def _state(registration: Registration) -> str:
    if registration.pending_since:
        command = f"credlet platform confirm {registration.id}"
        return _("waits to be confirmed: `%(command)s`", command=command)
    return _("off") if registration.is_disabled else _("on")


def deployments_in_words(registration: Registration) -> str:
    ids = [each.deployment_id for each in registration.deployments]
    if registration.deployment_policy == AUTOMATIC:
        ids.append(_("new ones by themselves"))
    return ", ".join(ids) or _("none")


def _addresses(context: Context, registration: Registration) -> dict[str, str]:
    return addresses(context.settings.public_url, registration.id, pasting.MOODLE)


def addresses(public_url: str, registration_id: uuid.UUID, lms: Lms) -> dict[str, str]:
    """Return what the LMS must know of this tool, by the LMS's names."""
    ours = ToolAddresses(public_url, registration_id, icon_url="")
    labels = {**lms.fields, **pasting.FURTHER}
    return {_(label): pasting.value(ours, which) for label, which in labels.items()}


def show_addresses(public_url: str, registration_id: uuid.UUID, lms: Lms) -> None:
    shown = addresses(public_url, registration_id, lms)
    width = max(map(len, shown))
    click.echo(_("Paste into %(lms)s:", lms=lms.name))
    click.echo(f"  {_(lms.where)}")
    for label, address in shown.items():
        click.echo(f"  {label:{width}}  {address}")
    for choice in lms.choices:
        click.echo(f"  {_(choice)}")
    click.echo(_("The last two are for an LMS that cannot fetch a key set, and for Canvas."))
    if not lms.choices:
        click.echo(_("There, allow grade sync (AGS), and sharing the launcher's name if you may."))
    click.echo()


def _checked(field: str, *, allow_http: bool) -> Callable[[str], str]:
    """Return a check of one answer, so that a mistake is asked for again at once."""

    def check(answer: str) -> str:
        try:
            platforms.check_field(field, answer, allow_http=allow_http)
        except ToolError as error:
            raise click.UsageError(explain(error)) from error
        return answer

    return check


def _questions() -> dict[str, str]:
    return {
        "issuer": _("Platform id (issuer)"),
        "auth_login_url": _("Authentication request URL"),
        "auth_token_url": _("Access token URL"),
        "key_set_url": _("Public keyset URL"),
        "client_id": _("Client id"),
    }
