"""Counts of requests in the memory of this process, without a thread.

The library's own store of this kind starts a thread for nearly every request, to forget what is
old; here whoever counts next does that, now and then.
"""

import threading
from typing import Any

from limits.storage import Storage

from lti_tool import clock

SCHEME = "counts"
SWEPT_EVERY = 10.0
"""Seconds between two looks at all counts."""


class RequestCounts(Storage):
    """Counts of fixed windows: how many, and when the window ends (seconds since 1970)."""

    STORAGE_SCHEME = [SCHEME]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        self._swept_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, in a window of `expiry` seconds from its first request on."""
        now = _now()
        with self._lock:
            self._sweep(now)
            count, ends = self._windows.get(key, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + expiry
            self._windows[key] = count + amount, ends
            return count + amount

    def get(self, key: str) -> int:
        count, ends = self._windows.get(key, (0, 0.0))
        return count if ends > _now() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends; without one it ends now."""
        return self._windows.get(key, (0, _now()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._lock:
            number = len(self._windows)
            self._windows.clear()
            return number

    def clear(self, key: str) -> None:
        with self._lock:
            self._windows.pop(key, None)

    def _sweep(self, now: float) -> None:
        """Forget the windows that have ended; the caller holds the lock."""
        if 0 <= now - self._swept_at < SWEPT_EVERY:
            return
        self._swept_at = now
        for key in [key for key, (_, ends) in self._windows.items() if ends <= now]:
            del self._windows[key]


def _now() -> float:
    return clock.now().timestamp()
