"""What every new application and engine compiles anew, compiled once for a whole run of tests.

A server compiles its addresses, templates and statements once and serves for weeks. Tests make
thousands of applications and databases, all alike, and spent half of their time on that.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

STATEMENTS = 4000


class Templates(BytecodeCache):
    """Compiled templates, found by file and content."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


def keep_compiled() -> None:
    """Let all applications and engines of this process share what they compile; call it once."""
    Flask.jinja_options = {"bytecode_cache": Templates()}
    _keep_addresses()
    _keep_statements()


def _keep_addresses() -> None:
    """Keep what builds an address from a rule; it is bound to the rule later."""
    compile_builder = Rule._compile_builder
    built: dict[Any, Callable[..., tuple[str, str]]] = {}

    def kept(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if self.defaults:
            return compile_builder(self, append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)
        if key not in built:
            built[key] = compile_builder(self, append_unknown)
        return built[key]

    Rule._compile_builder = kept


def _keep_statements() -> None:
    """One cache for all engines; it finds a statement by its dialect, and those are all alike."""
    shared: LRUCache[Any, Any] = LRUCache(STATEMENTS)

    def share(_dialect: type[DefaultDialect], engine: Engine) -> None:
        engine._compiled_cache = shared

    DefaultDialect.engine_created = classmethod(share)  # SQLAlchemy's hook for what was made
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)
    DefaultDialect.__hash__ = lambda self: hash(type(self))
