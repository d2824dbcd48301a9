"""In which time zone a school is, as far as anybody said."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel.core import get_global

from lti_tool.errors import ToolError
from lti_tool.models import Organisation

_OF_MOST = {
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "PT": "Europe/Lisbon",
    "UA": "Europe/Kyiv",
}
"""Countries with several zones, and the one in which most people live."""


def of_school(school: Organisation) -> ZoneInfo | None:
    """Return the zone that a school chose, else that of its country if it has one."""
    country = school.country or ""
    known = get_global("territory_zones").get(country, [])
    of_country = _OF_MOST.get(country) or (known[0] if len(known) == 1 else None)
    return named(school.time_zone) or named(of_country)


def named(name: str | None) -> ZoneInfo | None:
    """Return the zone of an IANA name; None without one, or where this machine does not know it."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def checked(name: str | None) -> str | None:
    """Return the IANA name of a zone, or None where none is chosen.

    Raises:
        ToolError: `unknown_time_zone`.
    """
    if name and name not in available_timezones():
        raise ToolError("unknown_time_zone")
    return name or None
