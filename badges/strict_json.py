"""JSON that means the same to every reader: no duplicate keys, no numbers that change on the way.

Spec: RFC 8259; I-JSON (RFC 7493), section 2.
"""

import json
from typing import Any, NoReturn

from badges.errors import BadgeError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1  # what a JavaScript reader keeps exactly


class MalformedJson(BadgeError):
    """The bytes are not JSON that everybody reads alike."""


def loads(data: bytes) -> Any:
    """Read UTF-8 JSON.

    Raises:
        MalformedJson: `too_large`, `not_json`, `duplicate_key`, `inexact_number`, `too_deep`.
    """
    if len(data) > MAX_BYTES:
        raise MalformedJson("too_large")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except RecursionError:
        raise MalformedJson("too_deep") from None
    except ValueError:  # of json and of the decoding
        raise MalformedJson("not_json") from None
    _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = below
    if level:
        raise MalformedJson("too_deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("duplicate_key")
    return members


def _integer(text: str) -> int:
    if len(text) > len("-9007199254740991") or abs(int(text)) > MAX_INTEGER:
        raise MalformedJson("inexact_number")
    return int(text)


def _constant(_text: str) -> NoReturn:
    raise MalformedJson("inexact_number")
