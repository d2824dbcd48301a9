"""`credlet key`: the tool's own keys, and the key that encrypts all secrets."""

from collections.abc import Sequence
from datetime import timedelta

import click

from lti_tool import clock
from lti_tool.cli.context import Context, pass_context
from lti_tool.cli.texts import _
from lti_tool.lti.tool_keys import DatedKey, KeyState, all_keys
from lti_tool.models import Registration
from lti_tool.services import rewrapping
from lti_tool.services.connections import tool_keys


@click.group("key")
def group() -> None:
    """The tool's own keys, and the key that encrypts all secrets."""


@group.command("list")
@pass_context
def list_keys(context: Context) -> None:
    """List the keys with which the tool proves itself to LMSs; never their secret half."""
    now = clock.now()
    with context.transaction(read_only=True) as db:
        keys = all_keys(db)
        if not keys:
            click.echo(_("No key yet: the first is made when it is needed."))
        for each in keys:
            click.echo(f"{each.key.kid}  {_in_words(each, each.state(now))}")


def _in_words(key: DatedKey, state: KeyState) -> str:
    begins, ends = _moment(key.signs_from), _moment(key.published_until)
    return {
        KeyState.NEXT: _("next: published, signs from %(begins)s", begins=begins),
        KeyState.CURRENT: _("current: signs since %(begins)s", begins=begins),
        KeyState.RETIRING: _("retiring: published until %(ends)s", ends=ends),
        KeyState.WITHDRAWN: _("no longer published since %(ends)s", ends=ends),
    }[state]


def _moment(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


@group.command()
@click.option("--now", "at_once", is_flag=True, help="Sign with the new key at once.")
@click.option(
    "--withdraw-old",
    is_flag=True,
    help="With --now: delete the old keys and publish them no more; for a key that was stolen.",
)
@click.option(
    "--if-older-than",
    type=click.IntRange(1, 3650),
    help="Days; do nothing while the newest key is younger. For use by the clock.",
)
@pass_context
def rotate(context: Context, at_once: bool, withdraw_old: bool, if_older_than: int | None) -> None:
    """Publish a new key, which signs a day later, when LMSs have seen it.

    The old one stays published for two weeks after. An LMS that was given the key as text must be
    given the new text when the new key signs: /lti/<id>/public-key.pem.
    """
    if withdraw_old and not at_once:
        raise click.UsageError(_("--withdraw-old needs --now."))
    with context.transaction() as db:
        made = tool_keys.rotate(
            db,
            context.tool.encryption,
            clock.now(),
            at_once=at_once,
            withdraw_old=withdraw_old,
            if_older_than=timedelta(days=if_older_than) if if_older_than else None,
        )
        if made is None:
            click.echo(_("Nothing to do: the newest key is young enough."))
        else:
            click.echo(f"{made.key.kid}  {_in_words(made, made.state(clock.now()))}")
        _warn_of_texts(context, tool_keys.left_behind(db) if made else (), made)


def _warn_of_texts(context: Context, behind: Sequence[Registration], made: DatedKey | None) -> None:
    """Name the LMSs whose administrators have to paste the new key."""
    if not behind or made is None:
        return
    begins = _moment(made.signs_from)
    click.echo(
        _(
            "These LMSs were given the key as text. From %(begins)s on they refuse this tool "
            "until the text at the address is pasted there again:",
            begins=begins,
        )
    )
    for registration in behind:
        base = f"{context.settings.public_url}/lti/{registration.id}"
        click.echo(f"  {registration.platform.name}: {base}/public-key.pem")


@group.command()
@pass_context
def rewrap(context: Context) -> None:
    """Encrypt every stored secret under the first key of ENCRYPTION_KEYS.

    Put the new key in front of the old one, restart what runs, then run this. When it says that
    nothing is left, the old key can be dropped. It can be stopped and started again.
    """
    tool, unreadable = context.tool, 0
    for done in rewrapping.rewrap(tool.database, tool.encryption):
        unreadable += done.unreadable
        click.echo(
            _(
                "%(column)s: %(secrets)s secrets, %(rewrapped)s encrypted anew",
                column=done.column,
                secrets=done.secrets,
                rewrapped=done.rewrapped,
            )
        )
    if unreadable:
        raise click.ClickException(
            _("%(count)s secrets are under no key of ENCRYPTION_KEYS.", count=unreadable)
        )
    click.echo(_("Nothing is left under older keys: they can be dropped."))
