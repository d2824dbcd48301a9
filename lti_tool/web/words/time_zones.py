"""Time zones that people can choose, and moments written in theirs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_gmt, get_timezone_name
from flask import g
from flask_babel import gettext

from lti_tool.services import school_time
from lti_tool.web.words.sentence import N_

AREAS: Mapping[str, str] = {
    "Africa": N_("Africa"),
    "America": N_("America"),
    "Antarctica": N_("Antarctica"),
    "Asia": N_("Asia"),
    "Atlantic": N_("Atlantic Ocean"),
    "Australia": N_("Australia"),
    "Europe": N_("Europe"),
    "Indian": N_("Indian Ocean"),
    "Pacific": N_("Pacific Ocean"),
}


@dataclass(frozen=True, slots=True)
class Zone:
    """`name`: of IANA; `also`: its older names; `place`: what readers call it."""

    name: str
    also: tuple[str, ...]
    place: str


def choices(language: str) -> list[tuple[str, list[Zone]]]:
    """Return the parts of the world, and the zones in each, by what readers call them.

    Of several names for one zone there is one: the one that CLDR holds for today's.
    """
    found = [
        (gettext(label), sorted(_places(language)[area], key=lambda one: one.place))
        for area, label in AREAS.items()
    ]
    return sorted(found)


@cache
def _places(language: str) -> Mapping[str, list[Zone]]:
    aliases, cities = get_global("zone_aliases"), Locale.parse(language).time_zones
    older: dict[str, list[str]] = defaultdict(list)
    for alias, zone in sorted(aliases.items()):
        older[zone].append(alias)
    by_area: dict[str, list[Zone]] = defaultdict(list)
    for name in available_timezones() - set(aliases):
        area, _, own = name.partition("/")
        place = cities.get(name, {}).get("city") or own.replace("_", " ")
        by_area[area].append(Zone(name, tuple(older[name]), place))
    return by_area


def of_reader() -> ZoneInfo | None:
    """Return the zone that the reader of the page has chosen."""
    return school_time.named(g.get("time_zone"))


def localised(at: datetime, language: str) -> tuple[datetime, str]:
    """Return the moment in the reader's zone, else in that of the course whose page it is, and how
    the zone is called (UTC, MEZ, GMT+01:00)."""
    zone = of_reader() or g.get("zone_of_course", lambda: None)()
    if zone in (None, UTC):
        return at.astimezone(UTC), "UTC"
    there = at.astimezone(zone)
    name = get_timezone_name(there, width="short", locale=language)
    return there, get_timezone_gmt(there, locale=language) if name[0] in "+-" else name
