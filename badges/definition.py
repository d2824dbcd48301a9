"""Definitions as JSON: the form `credlet-definition/1` in which they are imported and kept.

>>> from badges import samples
>>> welding = samples.all()[0]
>>> load(dump(welding)) == welding
True
"""

from badges import definition_reading, definition_writing, strict_json
from badges.errors import BadgeError
from badges.json_reader import Node, Problem, Refused
from badges.micro_credential import MicroCredential
from badges.strict_json import MalformedJson

FORMAT = "credlet-definition/1"

__all__ = ["FORMAT", "InvalidDefinition", "Problem", "dump", "load", "loads", "public"]


class InvalidDefinition(BadgeError):
    """`problems`: all of them, in reading order (at most 200)."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("invalid_definition", "; ".join(str(problem) for problem in problems[:5]))
        self.args = (problems,)
        self.problems = problems


def load(data: object) -> MicroCredential:
    """Return the definition that parsed JSON stands for.

    Raises:
        InvalidDefinition: unknown or absent members, wrong types, anything out of bounds.
    """
    root = Node(data)
    try:
        mc = definition_reading.micro_credential(root, FORMAT)
    except Refused:
        raise InvalidDefinition(tuple(root.problems)) from None
    if root.problems:
        raise InvalidDefinition(tuple(root.problems))
    return mc


def loads(text: str | bytes) -> MicroCredential:
    """Return the definition in a JSON file.

    Raises:
        InvalidDefinition: as `load`, and with the code of `MalformedJson` for what is not JSON.
    """
    try:
        data = strict_json.loads(text.encode() if isinstance(text, str) else text)
    except MalformedJson as error:
        raise InvalidDefinition((Problem("$", error.code, error.detail),)) from error
    except UnicodeEncodeError as error:  # lone surrogates
        raise InvalidDefinition((Problem("$", "not_json"),)) from error
    return load(data)


def dump(mc: MicroCredential) -> dict[str, object]:
    """Return the canonical JSON form: `load(dump(mc)) == mc`; absent elements are left out."""
    return {"format": FORMAT, **definition_writing.micro_credential(mc)}


def public(mc: MicroCredential) -> dict[str, object]:
    """Return the form for everybody: without the target groups, which would label a holder."""
    return {name: value for name, value in dump(mc).items() if name != "target_groups"}
