"""What commands share: the settings, the database, the clock, and errors that people can read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

import click
from sqlalchemy.orm import Session

import config
import migrations
from config import logging
from config.settings import Settings, SettingsError
from lti_tool import open_tool
from lti_tool.cli.texts import _
from lti_tool.errors import ToolError
from lti_tool.tool import Tool
from lti_tool.web.sentences import sentence


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
        try:
            return open_tool(self.settings)
        except migrations.SchemaNotCurrentError as error:
            raise click.ClickException(str(error)) from error

    def close(self) -> None:
        """Close what was opened; the parts live in the instance's dictionary once made."""
        if "tool" in self.__dict__:
            self.tool.database.close()

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        with self.tool.database.transaction(read_only=read_only) as db:
            yield db


pass_context = click.make_pass_decorator(Context, ensure=True)


def readable_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a refusal into a sentence with its code, and exit status 1."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except ToolError as error:
            raise click.ClickException(explain(error)) from error

    return run


def explain(error: ToolError) -> str:
    """Return what happened in words, with the code and details that an operator needs."""
    words = _(sentence(error.code, error.status).title) % dict(error.params)
    details = ", ".join(f"{name}: {value}" for name, value in error.params.items())
    return f"{words} [{error.code}{'; ' + details if details else ''}]"
