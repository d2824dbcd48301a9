"""`credlet doctor`: the self-test of this server and of the LMSs it is connected to."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from lti_tool import clock
from lti_tool.cli.context import Context, explain, explain_database, pass_context
from lti_tool.cli.texts import _
from lti_tool.errors import ToolError
from lti_tool.services import platform_test, self_test
from lti_tool.services.self_test import Finding, Verdict
from lti_tool.tool import Tool
from lti_tool.web.words.self_test import CHECKS, words_for
from migrations import SchemaNotCurrentError

SIGNS = {
    Verdict.OK: ("✓", "green"),
    Verdict.WARNING: ("!", "yellow"),
    Verdict.FAILED: ("✗", "red"),
    Verdict.NOT_TRIED: ("–", "bright_black"),
}


@dataclass(frozen=True, slots=True)
class _Part:
    """The findings about one thing; they are made while they are read."""

    subject: str
    title: str
    family: str
    findings: Iterator[Finding]


@click.command("doctor")
@click.option(
    "--platform",
    "platform_id",
    type=click.UUID,
    help="Only this LMS: id of its platform or registration.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@pass_context
def command(context: Context, platform_id: uuid.UUID | None, as_json: bool) -> None:
    """Test this server and every connected LMS, and say what to change where.

    Asks each LMS for access as it would for sending scores. Changes nothing. Exit status 1 if
    something does not work; warnings leave it at 0.
    """
    found: list[tuple[str, str, Finding]] = []
    for part in _parts(context, platform_id):
        if not as_json:
            click.secho(part.title, bold=True)
        for finding in part.findings:
            found.append((part.subject, part.family, finding))
            if not as_json:
                _show(finding, part.family)
    if as_json:
        click.echo(json.dumps(_document(found), ensure_ascii=False, indent=2))
    else:
        _sum_up([finding for _subject, _family, finding in found])
    if any(finding.verdict is Verdict.FAILED for _subject, _family, finding in found):
        raise SystemExit(1)


def _parts(context: Context, platform_id: uuid.UUID | None) -> Iterator[_Part]:
    tool, problem = _open(context)
    title = _("This server")
    if tool is None:
        assert problem is not None
        yield _Part("server", title, "", iter([problem]))
        return
    if platform_id is None:
        opened = [Finding.ok("database")]
        yield _Part("server", title, "", chain(opened, self_test.of_server(tool, clock.now())))
    with tool.database.transaction(read_only=True) as db:
        registrations = self_test.registrations_of(db, platform_id=platform_id)
    if not registrations and platform_id is not None:
        raise click.UsageError(_("No LMS has this id. `credlet platform list` shows all."))
    for each in registrations:
        yield _Part(
            str(each.id),
            f"{each.platform.name} ({each.issuer})",
            platform_test.family_of(each),
            platform_test.of_registration(tool, each.id, clock.now()),
        )


def _open(context: Context) -> tuple[Tool | None, Finding | None]:
    """Return the tool, or why it cannot be opened."""
    try:
        return context.tool, None
    except SchemaNotCurrentError as error:
        params = {"current": error.current or "-", "head": error.head}
        return None, Finding.failed("database", "schema_old", **params)
    except SQLAlchemyError as error:
        message = explain_database(context, error)
        return None, Finding.failed("database", "database_unusable", message=message)
    except ToolError as error:
        return None, Finding.failed("settings", "wrong_setting", message=explain(error))
    except click.ClickException as error:  # the settings cannot be read
        return None, Finding.failed("settings", "wrong_setting", message=error.format_message())


def _show(finding: Finding, family: str) -> None:
    sign, colour = SIGNS[finding.verdict]
    words = words_for(finding, family)
    name = _(CHECKS[finding.check])
    click.echo(f"  {click.style(sign, fg=colour)} {name}: {_(words.title) % finding.params}")
    if finding.verdict is not Verdict.OK and words.next_step:
        click.echo("      " + _(words.next_step) % finding.params)


def _sum_up(findings: list[Finding]) -> None:
    def count(verdict: Verdict) -> int:
        return sum(finding.verdict is verdict for finding in findings)

    click.echo()
    click.echo(
        _(
            "In order: %(ok)s. To look at: %(warnings)s. Not working: %(failed)s. "
            "Not tried: %(rest)s.",
            ok=count(Verdict.OK),
            warnings=count(Verdict.WARNING),
            failed=count(Verdict.FAILED),
            rest=count(Verdict.NOT_TRIED),
        )
    )


def _document(found: list[tuple[str, str, Finding]]) -> dict[str, Any]:
    """`subject`: "server" or the id of a registration."""
    return {
        "ok": not any(finding.verdict is Verdict.FAILED for *_rest, finding in found),
        "findings": [
            {
                "subject": subject,
                "check": finding.check,
                "verdict": finding.verdict.value,
                "reason": finding.reason,
                "params": dict(finding.params),
                "message": _(words.title) % finding.params,
                "advice": _(words.next_step) % finding.params if words.next_step else "",
            }
            for subject, family, finding in found
            for words in [words_for(finding, family)]
        ],
    }
