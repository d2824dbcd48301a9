"""Read typed values out of an id_token: what has the wrong type refuses the launch.

Each refusal names the claim: `<claim>_missing` or `<claim>_malformed`.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

from lti_tool.lti.errors import LaunchRefused

MAX_ID = 255
MAX_URL = 2048
MAX_NAME = 255


def strings(given: object, most: int, claim: str) -> tuple[str, ...]:
    if not isinstance(given, list) or len(given) > most:
        raise LaunchRefused(f"{claim}_malformed")
    if not all(isinstance(one, str) and len(one) <= MAX_ID for one in given):
        raise LaunchRefused(f"{claim}_malformed")
    if any(map(is_unsafe, given)):
        raise LaunchRefused(f"{claim}_malformed")
    return tuple(given)


def members_of(
    payload: Mapping[str, Any], claim: str, *, is_required: bool = False
) -> Mapping[str, Any]:
    value = payload.get(claim)
    short = claim.rpartition("/")[2]
    if value is None:
        if is_required:
            raise LaunchRefused(f"{short}_missing")
        return {}
    if not isinstance(value, dict) or (not value and short == "context"):
        raise LaunchRefused(f"{short}_malformed")
    return value


def identifier(members: Mapping[str, Any], name: str, *, of: str = "") -> str:
    value = members.get(name)
    claim = of or name.rpartition("/")[2]
    if value is None or value == "":
        raise LaunchRefused(f"{claim}_missing")
    if not isinstance(value, str) or len(value) > MAX_ID or is_unsafe(value):
        raise LaunchRefused(f"{claim}_malformed")
    if not value.strip():
        raise LaunchRefused(f"{claim}_malformed")
    return value


def url(members: Mapping[str, Any], name: str, *, of: str = "", is_required: bool = False) -> str:
    value = members.get(name)
    claim = of or name.rpartition("/")[2]
    if value is None:
        if is_required:
            raise LaunchRefused(f"{claim}_missing")
        return ""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_URL:
        raise LaunchRefused(f"{claim}_malformed")
    if " " in value or is_unsafe(value):
        raise LaunchRefused(f"{claim}_malformed")
    return value


def line(members: Mapping[str, Any], name: str, most: int, *, of: str = "") -> str | None:
    """Return text for people, cleaned to one line; empty is None."""
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise LaunchRefused(f"{of or name}_malformed")
    visible = "".join(" " if is_unsafe(character) else character for character in value)
    return " ".join(visible.split())[:most].rstrip() or None


def person_name(members: Mapping[str, Any]) -> str | None:
    """Return a person's name in one line, put together where only its parts are shared."""
    whole = line(members, "name", MAX_NAME)
    parts = [line(members, part, MAX_NAME) for part in ("given_name", "family_name")]
    return whole or " ".join(filter(None, parts))[:MAX_NAME] or None


def is_unsafe(text: str) -> bool:
    """Return whether the text holds control, direction-override or half characters.

    A database refuses some of them, and others change how the text around them is read.
    """
    if text.isascii() and text.isprintable():
        return False
    return any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or "\u202a" <= character <= "\u202e"
        or "\u2066" <= character <= "\u2069"
        for character in text
    )
