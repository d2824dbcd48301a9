"""Logging: static event names with ids, one line each, never names, addresses or tokens.

Callers log ids and codes only; dropping and masking here is the last defence, and the only one
for the lines of libraries.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config.settings import Settings

SENSITIVE_KEY = re.compile(
    r"(?i)(.*_)?(name|names|email|emails|mail|token|tokens|secret|password|cookie|cookies|hint"
    r"|assertion|sub|key|keys|username)"
    r"|address|addresses|args|authorization|body|claims|environ|form|headers|id_token|nonce"
    r"|picture|query|query_string|state|values"
)

MASKS = (
    (re.compile(r"\bDETAIL:.*"), "DETAIL: [row]"),  # PostgreSQL quotes the row that it refuses
    (re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic) [\w.~+/=-]+"), r"\1 [token]"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"(?<=[\w/])\?[^\s\"'<>)]+"), "?[query]"),  # state, hints and names travel there
)

QUIET = ("werkzeug", "urllib3", "alembic", "PIL", "asyncio", "flask-limiter")
"""Libraries whose lines below WARNING say nothing that our own events do not."""


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment, so that redirecting it works."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def configure(settings: Settings) -> None:
    """Send all events, ours and those of libraries, to standard error in one form."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *_common_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = StderrHandler()
    handler.setFormatter(_formatter(settings.log_format))
    root = logging.getLogger()
    root.handlers = [old for old in root.handlers if not isinstance(old, StderrHandler)]
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    for library in QUIET:
        logging.getLogger(library).setLevel(logging.WARNING)


def _common_processors() -> list[Processor]:
    return [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(log_format: str) -> logging.Formatter:
    render: Processor = structlog.processors.JSONRenderer(ensure_ascii=True)
    if log_format == "console":
        render = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_common_processors(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # without local variables: they hold claims
            drop_sensitive,
            render,
        ],
    )


def drop_sensitive(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop values under sensitive keys at any depth; mask what looks sensitive in the rest."""
    cleaned: EventDict = _clean(event)
    return cleaned


def _clean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _clean(item)
            for key, item in value.items()
            if not SENSITIVE_KEY.fullmatch(str(key))
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if isinstance(value, bool | int | float | None):
        return value
    return _mask(value if isinstance(value, str) else str(value))


def _mask(text: str) -> str:
    for pattern, mark in MASKS:
        text = pattern.sub(mark, text)
    return text
