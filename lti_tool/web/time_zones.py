"""Time zones that people can choose, and moments written in theirs."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel.dates import get_timezone_name
from flask import g

AREAS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@cache
def choices() -> tuple[str, ...]:
    """Return the IANA names of zones with a place in them, by name."""
    return tuple(sorted(zone for zone in available_timezones() if zone.partition("/")[0] in AREAS))


def of_reader() -> ZoneInfo | None:
    """Return the zone that the reader of the page has chosen."""
    chosen = g.get("time_zone")
    try:
        return ZoneInfo(chosen) if chosen else None
    except (ZoneInfoNotFoundError, ValueError):
        return None  # this machine's list of zones is shorter than the one it was chosen from


def localised(at: datetime, language: str) -> tuple[datetime, str]:
    """Return the moment in the reader's zone, and how the zone is called (UTC, CET)."""
    zone = of_reader()
    if zone is None:
        return at.astimezone(UTC), "UTC"
    there = at.astimezone(zone)
    return there, get_timezone_name(there, width="short", locale=language)
