"""The store in which requests are counted: how to open it, and whether it answers.

`RATE_LIMIT_STORAGE_URL` names it: memory of each process, or a Redis that all share.
"""

from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string

STORE_SECONDS = 1
"""How long a request waits for the store before its process counts for itself."""


def options(url: str) -> dict[str, str | int]:
    """Return the options with which the store at `url` is opened."""
    if url.startswith("memory:"):
        return {}
    return {
        "socket_connect_timeout": STORE_SECONDS,
        "socket_timeout": STORE_SECONDS,
        "wrap_exceptions": True,
    }


def answers(url: str) -> bool:
    """Return whether the store at `url` can be reached now."""
    try:
        return storage_from_string(url, **options(url)).check() is True
    except (StorageError, ConfigurationError, ValueError):
        return False
