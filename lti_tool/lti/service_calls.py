"""Call a platform's services as one registration: its hosts only, with a token of one scope.

Spec: 1EdTech Security Framework 1.0, section 4. A call is made outside any transaction. After a 401
it is made once more with a new token.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.lti import quirks, registrations, service_tokens
from lti_tool.lti.errors import LaunchRefused, ServiceError
from lti_tool.outbound import Outbound, OutboundError, Response

TRANSIENT_STATUSES = frozenset({408, 425, 429})
_TRANSIENT_FAILURES = frozenset({"timeout", "unreachable", "too_large"})


@dataclass(frozen=True, slots=True)
class Caller:
    """A registration that calls; `now`: when it began to."""

    database: Database
    outbound: Outbound
    encryption: Encryption
    registration_id: uuid.UUID
    now: datetime

    def call(
        self,
        method: str,
        url: str,
        scope: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
    ) -> Response:
        """Return the answer, whatever its status.

        Raises:
            ServiceError: `service_foreign`: the address is not on a host of the registration; the
                codes of tokens, of outgoing calls, and of registrations that may not call.
        """
        self._check(url)
        answer = None
        for _attempt in range(2):  # the second with a new token, after a 401
            token = service_tokens.bearer(
                self.database,
                self.outbound,
                self.encryption,
                self.registration_id,
                [scope],
                self.now,
            )
            answer = self._send(method, url, {**headers, "Authorization": f"Bearer {token}"}, body)
            if answer.status != 401:
                break
            service_tokens.drop(self.database, self.encryption, self.registration_id, token)
        assert answer is not None
        return answer

    def _check(self, url: str) -> None:
        with self.database.transaction(read_only=True) as db:
            try:
                known = registrations.load(db, self.registration_id)
            except LaunchRefused as error:
                raise ServiceError(error.code, is_transient=True) from error
        if not quirks.is_service_of(known, url):
            raise ServiceError("service_foreign")

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        try:
            match method:
                case "POST":
                    return self.outbound.post(url, headers=headers, data=body)
                case "PUT":
                    return self.outbound.put(url, headers=headers, data=body or b"")
                case _:
                    return self.outbound.get(url, headers=headers)
        except OutboundError as error:
            is_transient = error.code in _TRANSIENT_FAILURES
            raise ServiceError(error.code, is_transient=is_transient) from error


def failure(answer: Response, now: datetime, *, gone: str = "") -> ServiceError:
    """Return what an answer without success means for a service that reads.

    `gone`: the code for an address that leads nowhere any more.
    """
    status = answer.status
    if gone and status in {404, 410}:
        return ServiceError(gone)
    is_transient = status in TRANSIENT_STATUSES or status >= 500 or status == 401
    code = "unauthorised" if status == 401 else f"http_{status}"
    return ServiceError(code, is_transient=is_transient, retry_after=answer.retry_after(now))
