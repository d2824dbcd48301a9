"""`credlet moodle`: let Credlet read what learners did in a Moodle's own activities."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import click

from lti_tool import clock
from lti_tool.cli.context import Context, explain, pass_context
from lti_tool.cli.texts import _
from lti_tool.errors import ToolError
from lti_tool.lti import moodle_web_services
from lti_tool.lti.moodle_web_services import NEEDED, MoodleRefused, Site, SiteInfo
from lti_tool.services import audit
from lti_tool.services.lms import moodle
from lti_tool.web.words.sentences import sentence


@contextmanager
def saying_what_to_do() -> Iterator[None]:
    """Let a refusal say what to change in Moodle: whoever connects it usually runs it."""
    try:
        yield
    except ToolError as error:
        next_step = _(sentence(error.code, error.status).next_step)
        raise click.ClickException(f"{explain(error)}\n{next_step}") from error


@click.group("moodle")
def group() -> None:
    """Read completion and grades of a Moodle's own activities (its web services, read only)."""


@group.command()
@click.argument("platform_id", type=click.UUID)
@click.option("--url", help="Moodle's address, if it is not the issuer of the platform.")
@click.option(
    "--accept-more",
    is_flag=True,
    help="Accept a token that may call more functions than are needed.",
)
@pass_context
def connect(context: Context, platform_id: uuid.UUID, url: str | None, accept_more: bool) -> None:
    """Connect a Moodle: asks for the token of a web service, tries it, and keeps it encrypted.

    The token is asked for and not given as an option, so that it stands in no command history.
    """
    with saying_what_to_do(), context.transaction(read_only=True) as db:
        address = moodle.address_of(db, platform_id, url)
    click.echo(
        _("Moodle at %(url)s. Its service needs these functions and no others:", url=address)
    )
    for name in NEEDED:
        click.echo(f"  {name}")
    token = click.prompt(_("Token"), hide_input=True, value_proc=_token)
    site = Site(address, token)
    with saying_what_to_do():
        info = moodle_web_services.site_info(context.tool.outbound, site)
        moodle.check(info, address, accept_more=accept_more)
    with context.transaction() as db:
        moodle.connect(
            db,
            platform_id,
            site,
            encryption=context.tool.encryption,
            actor=audit.OPERATOR,
            now=clock.now(),
        )
    click.echo(_("Connected: Moodle %(release)s.", release=info.release or "?"))
    click.echo(_("Teachers now choose activities on the page of a unit."))
    _say_what_is_too_much(info)


@group.command()
@click.argument("platform_id", type=click.UUID)
@pass_context
def test(context: Context, platform_id: uuid.UUID) -> None:
    """Try a connection, and say which functions the service lacks."""
    with context.transaction(read_only=True) as db:
        site = moodle.site_of(moodle.find(db, platform_id), context.tool.encryption)
    with saying_what_to_do():
        info = _ask(context, platform_id, site)
        moodle.check(info, site.url, accept_more=True)
    with context.transaction() as db:
        moodle.worked(moodle.find(db, platform_id))
    click.echo(_("Works: Moodle %(release)s.", release=info.release or "?"))
    _say_what_is_too_much(info)


@group.command("list")
@pass_context
def list_connections(context: Context) -> None:
    """List connected Moodles; never their tokens."""
    with context.transaction(read_only=True) as db:
        found = moodle.all_connections(db)
        if not found:
            click.echo(_("No Moodle is connected. `credlet moodle connect PLATFORM_ID` does it."))
        for each in found:
            failure = moodle.failure_of(each)
            state = explain(failure) if failure else _("works")
            click.echo(f"{each.platform_id}  {each.platform.name} ({each.url}): {state}")


@group.command()
@click.argument("platform_id", type=click.UUID)
@pass_context
def disconnect(context: Context, platform_id: uuid.UUID) -> None:
    """Forget a Moodle's token. What was recorded stays."""
    with context.transaction() as db:
        moodle.disconnect(db, platform_id, actor=audit.OPERATOR, now=clock.now())
    click.echo(_("Disconnected. Delete the token in Moodle as well."))


def _ask(context: Context, platform_id: uuid.UUID, site: Site) -> SiteInfo:
    """Return what the token may do; a failure is kept, so that teachers read it too."""
    try:
        return moodle_web_services.site_info(context.tool.outbound, site)
    except MoodleRefused as error:
        with context.transaction() as db:
            moodle.failed(moodle.find(db, platform_id), error, clock.now())
        raise


def _token(text: str) -> str:
    try:
        return moodle.clean_token(text)
    except ToolError as error:
        raise click.UsageError(explain(error)) from error


def _say_what_is_too_much(info: SiteInfo) -> None:
    if info.unneeded:
        click.echo(
            _(
                "Careful: this token may call %(count)s functions more than are needed. Make a "
                "service of its own in Moodle.",
                count=len(info.unneeded),
            )
        )
