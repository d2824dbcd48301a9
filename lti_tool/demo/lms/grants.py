"""What is handed out and taken back: started launches, access tokens, assertion ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from threading import Lock
from typing import Any

from .records import Scope

MAX_PENDING_LAUNCHES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLaunch:
    """A launch that was started and not yet signed.

    `hint` is its `lti_message_hint`, `visit` the browser it belongs to. `link_id` is None while
    content is selected: then there is a course and no link yet; `course_id` is empty where
    somebody asks what is kept. `for_user`: whose grade was clicked, or about whom is asked; empty
    for an ordinary launch.
    """

    hint: str
    visit: str
    client_id: str
    course_id: str
    link_id: str | None
    document_target: str
    for_user: str = ""


@dataclass(frozen=True, slots=True)
class AccessToken:
    client_id: str
    scopes: tuple[Scope, ...]
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Content that a tool sent back and nobody has saved yet; for one visit and course."""

    visit: str
    course_id: str
    client_id: str
    items: tuple[Mapping[str, Any], ...]


class Grants:
    """One lock around all that may be used once or for a while."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._launches: dict[str, PendingLaunch] = {}
        self._tokens: dict[str, AccessToken] = {}
        self._used_ids: dict[tuple[str, str], float] = {}
        self._selections: dict[str, Selection] = {}

    def begin_launch(self, pending: PendingLaunch) -> None:
        with self._lock:
            while len(self._launches) >= MAX_PENDING_LAUNCHES:
                del self._launches[next(iter(self._launches))]
            self._launches[pending.hint] = pending

    def take_launch(self, hint: str, visit: str) -> PendingLaunch | None:
        """Return this browser's launch with this hint, once."""
        with self._lock:
            pending = self._launches.get(hint)
            if pending is None or pending.visit != visit:
                return None
            return self._launches.pop(hint)

    def issue_token(self, client_id: str, scopes: tuple[Scope, ...], expires: datetime) -> str:
        token = token_urlsafe(24)
        with self._lock:
            self._tokens[token] = AccessToken(client_id, scopes, expires)
        return token

    def access_token(self, token: str, now: datetime) -> AccessToken | None:
        """Return what a bearer token allows; None if unknown or expired."""
        found = self._tokens.get(token)
        return found if found and found.expires > now else None

    def revoke_tokens(self) -> None:
        with self._lock:
            self._tokens.clear()

    def keep_selection(self, selection: Selection) -> str:
        """Return the key under which `take_selection` gives it back, once."""
        key = token_urlsafe(16)
        with self._lock:
            while len(self._selections) >= MAX_PENDING_LAUNCHES:
                del self._selections[next(iter(self._selections))]
            self._selections[key] = selection
        return key

    def take_selection(self, key: str, visit: str) -> Selection | None:
        with self._lock:
            found = self._selections.get(key)
            if found is None or found.visit != visit:
                return None
            return self._selections.pop(key)

    def use_jti(self, client_id: str, jti: str, expires: float, now: datetime) -> bool:
        """Say whether this client uses the id for the first time; ids are kept until they expire.

        `expires`: epoch seconds.
        """
        with self._lock:
            moment = now.timestamp()
            kept = {key: end for key, end in self._used_ids.items() if end > moment}
            is_new = (client_id, jti) not in kept
            self._used_ids = kept | {(client_id, jti): expires}
            return is_new
