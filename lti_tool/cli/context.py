"""What commands share: the settings, the database, the clock, and errors that people can read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import config
from config import logging
from config.settings import Settings, SettingsError
from lti_tool import open_tool
from lti_tool.cli.texts import _
from lti_tool.errors import ToolError
from lti_tool.tool import Tool
from lti_tool.web.words.sentences import sentence
from migrations import SchemaNotCurrentError


@dataclass(frozen=True)
class Context:
    """Parts are made when first asked for, so that `--help` needs no settings."""

    @cached_property
    def settings(self) -> Settings:
        try:
            settings = config.load()
        except SettingsError as error:
            raise click.ClickException(str(error)) from error
        logging.configure(settings)
        return settings

    @cached_property
    def tool(self) -> Tool:
        return open_tool(self.settings)

    def close(self) -> None:
        """Close what was opened; the parts live in the instance's dictionary once made."""
        if "tool" in self.__dict__:
            self.tool.database.close()

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        with self.tool.database.transaction(read_only=read_only) as db:
            yield db


pass_context = click.make_pass_decorator(Context, ensure=True)


class ReadableGroup(click.Group):
    """Commands whose refusals are a sentence with its code, and exit status 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ToolError as error:
            raise click.ClickException(explain(error)) from error
        except SchemaNotCurrentError as error:
            raise click.ClickException(str(error)) from error
        except SQLAlchemyError as error:
            raise click.ClickException(explain_database(context.obj, error)) from error


def explain_database(shared: Context, error: SQLAlchemyError) -> str:
    """Return which database failed, without its password, and the first line of why."""
    where = sa.make_url(shared.settings.database_url).render_as_string(hide_password=True)
    cause = getattr(error, "orig", None) or error
    reason = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
    return _("The database %(where)s cannot be used: %(reason)s", where=where, reason=reason)


def explain(error: ToolError) -> str:
    """Return what happened in words, with the code and details that an operator needs."""
    words = _(sentence(error.code, error.status).title) % dict(error.params)
    details = ", ".join(f"{name}: {value}" for name, value in error.params.items())
    return f"{words} [{error.code}{'; ' + details if details else ''}]"
