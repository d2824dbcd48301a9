"""Tokens of the LMS's own web services: which functions each may call, and where."""

from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from threading import Lock
from typing import Any

READING = (
    "core_webservice_get_site_info",
    "core_course_get_contents",
    "core_completion_get_activities_completion_status",
    "gradereport_user_get_grade_items",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """One service with its user. `courses`: where the user is enrolled; None: sees every course.

    `views_reports`: the capabilities report/progress:view and moodle/grade:viewall.
    """

    functions: frozenset[str]
    courses: frozenset[str] | None = None
    views_reports: bool = True
    expires: datetime | None = None


class ServiceAccounts:
    """What the administrator made; `is_enabled`: web services are switched on at all."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._accounts: dict[str, ServiceAccount] = {}
        self.is_enabled = True

    def add(self, functions: tuple[str, ...] = READING, **rest: Any) -> str:
        """Return a new token; `rest`: fields of `ServiceAccount`."""
        token = token_hex(16)
        with self._lock:
            self._accounts[token] = ServiceAccount(functions=frozenset(functions), **rest)
        return token

    def change(self, token: str, **changes: Any) -> None:
        with self._lock:
            self._accounts[token] = replace(self._accounts[token], **changes)

    def revoke(self, token: str) -> None:
        with self._lock:
            del self._accounts[token]

    def find(self, token: str) -> ServiceAccount | None:
        return self._accounts.get(token)
