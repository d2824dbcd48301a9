"""`credlet mc`: check, publish and list micro-credential definitions."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from badges import definition, samples
from badges.definition import InvalidDefinition
from badges.micro_credential import MicroCredential, missing_elements
from badges.picture import Picture, PictureRefused
from lti_tool import clock
from lti_tool.cli.context import Context, explain, pass_context
from lti_tool.cli.texts import _
from lti_tool.errors import ToolError
from lti_tool.services import audit, organisations
from lti_tool.services.definitions import artworks, catalogue, grants, specimen

FILES = click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
)
SPECIMEN_URL = "https://badges.example"


@click.group("mc")
def group() -> None:
    """Check, publish and list micro-credential definitions."""


@group.command("check")
@FILES
def check_files(files: tuple[Path, ...]) -> None:
    """Check definition FILES: is it readable, is everything there, can a badge be signed?

    Says what is missing by the European standard. Nothing is stored; no database is needed.
    """
    results = [_is_fine(path) for path in files]
    if not all(results):
        raise click.exceptions.Exit(1)


@group.command("import")
@FILES
@pass_context
def import_files(context: Context, files: tuple[Path, ...]) -> None:
    """Publish definition FILES. All of them or, if one is refused, none."""
    definitions = [(path, *_with_picture(path, _read(path))) for path in files]
    with context.transaction() as db:
        for path, content, picture in definitions:
            mc = definition.load(artworks.unpacked(db, content, picture, clock.now()))
            try:
                version, was_added = catalogue.publish(
                    db, mc, public_url=context.settings.public_url, now=clock.now()
                )
            except catalogue.IncompleteDefinition as error:
                _say_missing(path, mc)
                raise click.exceptions.Exit(1) from error
            state = _("published") if was_added else _("was published before")
            click.echo(f"{version.reference}: {state}")


@group.command()
@click.argument("reference")
@click.option("--with", "slug", help="Short name of the school.")
@click.option("--with-everybody", is_flag=True, help="Every school on this server.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day (UTC).")
@pass_context
def share(
    context: Context, reference: str, slug: str | None, with_everybody: bool, until: datetime | None
) -> None:
    """Let courses of another school offer REFERENCE (body/CODE) and award it in its body's name.

    The courses of the awarding body itself may always offer it.
    """
    if (slug is None) != with_everybody:
        raise click.UsageError(_("Give either --with or --with-everybody."))
    end = until.replace(tzinfo=UTC) + timedelta(days=1) if until else None
    with context.transaction() as db:
        series = catalogue.find(db, reference).series
        school = organisations.find(db, slug) if slug else None
        grants.grant(db, series, school, by=audit.OPERATOR, now=clock.now(), ends_at=end)
    click.echo(_("Shared. Its teachers find it when they choose content."))


@group.command()
@click.argument("reference")
@click.option("--with", "slug", help="Short name of the school.")
@click.option("--with-everybody", is_flag=True, help="What every school was given.")
@pass_context
def unshare(context: Context, reference: str, slug: str | None, with_everybody: bool) -> None:
    """Withdraw what `share` gave: no new course begins with REFERENCE. Running ones go on."""
    if (slug is None) != with_everybody:
        raise click.UsageError(_("Give either --with or --with-everybody."))
    now = clock.now()
    with context.transaction() as db:
        series = catalogue.find(db, reference).series
        school_id = organisations.find(db, slug).id if slug else None
        held = [
            one
            for one in grants.of_body(db, series.organisation_id, now)
            if (one.series_id, one.organisation_id) == (series.id, school_id)
        ]
        for one in held:
            grants.withdraw(db, one, by=audit.OPERATOR, now=now)
    click.echo(_("Withdrawn.") if held else _("It was not shared with them."))


@group.command()
def example() -> None:
    """Print a complete definition to start from. badges/DEFINITIONS.md explains each member."""
    click.echo(samples.source("hosp1"), nl=False)


@group.command("list")
@pass_context
def list_versions(context: Context) -> None:
    """List published definitions: reference, title, units."""
    with context.transaction(read_only=True) as db:
        versions = catalogue.all_versions(db)
        if not versions:
            click.echo(_("No definitions yet. Publish one with `credlet mc import FILE`."))
        for version in versions:
            mc = catalogue.definition(version)
            click.echo(f"{version.reference}  {mc.title.best('en')}")
            for unit in mc.units:
                click.echo(f"    {unit.code}  {unit.title.best('en')}")


def _read(path: Path) -> MicroCredential:
    try:
        return definition.load(json.loads(path.read_text(encoding="utf-8")))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        message = _("%(path)s is not JSON: %(reason)s", path=path, reason=error)
        raise click.ClickException(message) from error
    except InvalidDefinition as error:
        click.echo(_("%(path)s cannot be used:", path=path), err=True)
        for problem in error.problems:
            click.echo(f"  {problem.path}: {problem.code} {problem.detail}".rstrip(), err=True)
        raise click.exceptions.Exit(1) from error


def _with_picture(path: Path, mc: MicroCredential) -> tuple[dict[str, Any], Picture | None]:
    """Return the JSON of a definition and the picture that it brings along."""
    content = definition.dump(mc)
    if mc.artwork and mc.artwork.data:
        alt = mc.artwork.alt.to_json()
        content["artwork"] = {"digest": mc.artwork.digest, "alt": alt, "data": mc.artwork.data}
    try:
        return content, artworks.brought(content)
    except PictureRefused as error:
        raise click.ClickException(
            _("%(path)s: its picture cannot be used (%(reason)s).", path=path, reason=error.code)
        ) from error


def _is_fine(path: Path) -> bool:
    try:
        mc = _read(path)
    except click.exceptions.Exit:
        return False
    except click.ClickException as error:
        error.show()
        return False
    if missing_elements(mc):
        _say_missing(path, mc)
        return False
    try:
        specimen.check(mc, public_url=SPECIMEN_URL, now=clock.now())
    except ToolError as error:
        click.echo(f"{path}: {explain(error)}", err=True)
        return False
    languages = ", ".join(mc.text_languages)
    click.echo(_("%(path)s: complete (%(languages)s)", path=path, languages=languages))
    return True


def _say_missing(path: Path, mc: MicroCredential) -> None:
    click.echo(_("%(path)s is incomplete. Missing:", path=path), err=True)
    for element in missing_elements(mc):
        where = f" ({element.where})" if element.where else ""
        click.echo(f"  {element_name(element.code)}{where}", err=True)


def element_name(code: str) -> str:
    """Return a mandatory element of the European standard in words."""
    return {
        "country": _("the country of the awarding body"),
        "learning_outcomes": _("learning outcomes"),
        "workload": _("the workload in hours"),
        "level": _("the EQF level"),
        "assessment": _("the type of assessment"),
        "participation": _("the form of participation"),
        "quality_assurance": _("the type of quality assurance"),
        "nothing_assessed": _("an assessment: every unit can be completed by participation alone"),
    }[code]
