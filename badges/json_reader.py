"""Reading untrusted JSON by a fixed shape, with every problem found in one pass.

A reader takes a `Node` and returns a value or calls `Node.refuse`. `Fields` opens an object: a
member that is refused leaves a hole (None, whatever its type says) so that the others are still
read. What was built over holes must be thrown away when there are problems.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NoReturn, Self, TypeVar, cast

T = TypeVar("T")

MAX_PROBLEMS = 200

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """`path`: where, as JSONPath (`$.units[1].hours`). `code`: stable. `detail`: in English."""

    path: str
    code: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.code}" + (f" ({self.detail})" if self.detail else "")


class Refused(Exception):
    """The problem is noted; the value at hand is of no use."""


@dataclass(slots=True)
class Node:
    """One JSON value, where it stands, and the list its problems go to."""

    value: object
    path: str = "$"
    problems: list[Problem] = field(default_factory=list)

    def note(self, code: str, detail: str = "") -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(self.path, code, detail))

    def refuse(self, code: str, detail: str = "") -> NoReturn:
        self.note(code, detail)
        raise Refused

    def key(self, name: object, value: object = None) -> "Node":
        return Node(value, self.path + _step(name), self.problems)

    def items(self, at_least: int, at_most: int) -> list["Node"]:
        """Return the items of a list of a length within bounds."""
        if not isinstance(self.value, list | tuple):
            self.refuse("type", "a list is needed")
        if len(self.value) > at_most:
            self.refuse("too_many", f"at most {at_most}")
        if len(self.value) < at_least:
            self.note("too_few", f"at least {at_least}")
        return [
            Node(value, f"{self.path}[{index}]", self.problems)
            for index, value in enumerate(self.value)
        ]


def _step(name: object) -> str:
    if isinstance(name, str) and _PLAIN_KEY.fullmatch(name):
        return f".{name}"
    return f"[{json.dumps(str(name)[:60])}]"


def hole(read: Callable[[Node], T], node: Node) -> T:
    """Return what `read` makes of `node`, or a hole if it refuses."""
    try:
        return read(node)
    except Refused:
        return cast(T, None)


def sound(values: Iterable[T | None] | None) -> list[T]:
    """Return those of `values` that are no holes."""
    return [value for value in values or () if value is not None]


class Fields:
    """The members of a JSON object; as a context manager it notes the members nobody asked for
    (not while a refusal passes through).
    """

    def __init__(self, node: Node) -> None:
        if not isinstance(node.value, dict):
            node.refuse("type", "an object is needed")
        self.node = node
        self._values: dict[object, object] = dict(node.value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if kind is None:
            for name in self._values:
                self.node.key(name).note("unknown_key")

    def required(self, name: str, read: Callable[[Node], T]) -> T:
        if name not in self._values:
            self.node.key(name).note("required")
        return self.optional(name, read, cast(T, None))

    def optional(self, name: str, read: Callable[[Node], T], default: T) -> T:
        if name not in self._values:
            return default
        return hole(read, self.node.key(name, self._values.pop(name)))

    def maybe(self, name: str, read: Callable[[Node], T]) -> T | None:
        return self.optional(name, read, cast(T, None))
