"""The only module that reads the clock; everything else is told what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware UTC."""
    return datetime.now(UTC)
