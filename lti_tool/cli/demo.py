"""`credlet demo`: the main job on this machine, with a small LMS."""

import shlex
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Never

import click
from rich.console import Console

from lti_tool import clock
from lti_tool.cli.texts import _, language
from lti_tool.demo import journey, world
from lti_tool.demo.journey import JourneyFailed, Step
from lti_tool.demo.lms import MANNERS
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import World
from lti_tool.services.staff import accounts, sign_in
from lti_tool.services.staff.accounts import Role

PORT = click.IntRange(1, 65535)
TOOL_PORT, LMS_PORT = 8000, 9001


@click.command("demo")
@click.option("--once", is_flag=True, help="Play the journey and stop.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the badge and what it points to; a new one otherwise.",
)
@click.option(
    "--lms",
    type=click.Choice(list(MANNERS)),
    default="moodle",
    show_default=True,
    help="Which LMS the small one does as.",
)
@click.option("--tool-port", type=PORT, help="[default: 8000; with --once any free one]")
@click.option("--lms-port", type=PORT, help="[default: 9001; with --once any free one]")
def command(
    once: bool, out: Path | None, lms: str, tool_port: int | None, lms_port: int | None
) -> None:
    """Run Credlet and a small LMS on this machine and play the main job once.

    A teacher places units and signs off, a learner completes them, claims and verifies the badge.
    Then both keep running in this terminal until Ctrl+C, so that you can click through it
    yourself. Needs no settings; what it stores is gone when it stops.
    """
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _stop)
    tool_port = tool_port or (free_port() if once else TOOL_PORT)
    lms_port = lms_port or (free_port() if once else LMS_PORT)
    console = Console(highlight=False)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="credlet-demo-")))
        try:
            running = stack.enter_context(
                world.running(
                    folder,
                    tool_port=tool_port,
                    lms_port=lms_port,
                    locale=language(),
                    manners=MANNERS[lms],
                )
            )
        except OSError as error:
            raise click.ClickException(
                _(
                    "A port is in use (%(reason)s). Choose others with --tool-port and --lms-port.",
                    reason=error.strerror,
                )
            ) from error
        _play(console, running, out or Path(tempfile.mkdtemp(prefix="credlet-badge-")))
        if not once:
            try:
                _serve_on(console, running)
            except KeyboardInterrupt:
                console.print(_("Stopped."))


def _stop(_signal: int, _frame: object) -> Never:
    """Leave as Ctrl+C does, so that nothing stays behind."""
    raise KeyboardInterrupt


def _play(console: Console, running: World, out: Path) -> None:
    started = time.monotonic()
    learner = running.people.learners[0]
    try:
        with console.status(_("Playing the main job …")):
            for step in journey.play(running, learner, out):
                console.print(f"  ✓ {_sentence(step)}")
    except JourneyFailed as error:
        raise click.ClickException(str(error)) from error
    seconds = time.monotonic() - started
    console.print(_("All of it held, in %(seconds).1f seconds.", seconds=seconds))
    console.print(
        _(
            "Nobody outside this machine can resolve the badge's issuer (%(did)s): "
            "it names this machine only.",
            did=f"did:web:localhost%3A{_port(running)}:…",
        )
    )
    console.print(_("Check it yourself, with the files beside it:"))
    console.print(f"  {_check(out)}", soft_wrap=True, markup=False)


def _check(out: Path) -> str:
    """Return the command that checks the badge in `out` and can decide."""
    badge, keys, statuses = (
        str(out / name) for name in ("badge.png", "did.json", "status-list.json")
    )
    options = ("--did-doc", keys, "--status-list", statuses)
    return shlex.join([sys.executable, "-m", "badges", "verify", badge, *options])


def _serve_on(console: Console, running: World) -> None:
    console.print()
    lms = running.lms.config.manners.label
    console.print(_("The LMS does as %(lms)s does, in what the tool can see.", lms=lms))
    console.print(_("Click through it yourself: %(address)s", address=f"{running.lms_url}/lms/"))
    console.print(
        _(
            "Sign in there as a teacher or as one of the learners. "
            "Leave this terminal open; Ctrl+C stops it."
        )
    )
    console.print(
        _(
            "As a teacher, try “Add an activity → Select content” in the course “%(course)s”.",
            course=running.empty_course.title,
        )
    )
    world.publish_newer(running)
    console.print(
        _(
            "A newer version was published: “Copy this course” on a course page, open an activity "
            "of the copy, and you are asked which version it offers."
        )
    )
    console.print(_("“Data privacy” on the start page asks what the tool keeps about somebody."))
    console.print(
        _("As the operator of this tool: %(link)s", link=_operator_link(running)), soft_wrap=True
    )
    threading.Event().wait()


def _operator_link(running: World) -> str:
    """Return a link with which whoever plays signs in as operator."""
    now, tool = clock.now(), running.tool
    with tool.database.transaction() as db:
        operator = accounts.add(db, _("Operator"), encryption=tool.encryption, now=now)
        accounts.grant(db, operator, Role.OPERATOR, None, now)
        lifetime = sign_in.INVITATION_LIFETIME
        _link, token = sign_in.make_link(db, operator, now, lifetime=lifetime)
    return f"{tool.settings.public_url}/sign-in/links/{token}"


def _port(running: World) -> str:
    return running.tool.settings.public_url.rsplit(":", 1)[-1]


def _sentence(step: Step) -> str:
    return {
        "connected": _("LMS connected: %(platform)s"),
        "placed": _("teacher placed %(units)s units and chose how they are completed"),
        "launched": _("learner launched the units from the course"),
        "unlocked": _("learner passed the LMS's own quiz, which unlocked a unit"),
        "participated": _("learner worked through a unit and confirmed it"),
        "assessed": _("teacher entered points and signed off"),
        "claimed": _("learner claimed the award: badge signed"),
        "scored": _("gradebook of the LMS shows %(scores)s scores"),
        "written": _("badge and what it points to are in %(folder)s"),
        "verified": _("badge verified; a forged one was refused"),
    }[step.code] % step.figures
