"""The secrets that a browser carries in the frame of an LMS: for a login, and for each launch.

`Partitioned` (CHIPS) lets them survive where third-party cookies are blocked. On https their names
begin with `__Host-` (RFC 6265bis, section 4.1.3.2), so that no neighbour under the same domain can
plant one and make somebody a visitor of another's launch. Such a cookie belongs to the whole host:
launches are told apart by name and not by path, and of many the oldest end.
"""

import uuid
from datetime import timedelta

from flask import Response, request

from lti_tool.lti import launch
from lti_tool.web.http import security

LAUNCH = "launch"
MOST_LAUNCHES = 20
"""Of one browser at one LMS: each is sent with every request."""


def logins() -> dict[str, str]:
    """Return the secrets of logins that the browser brought, by name (`launch.cookie_name`)."""
    prefix = security.host_prefix()
    brought = request.cookies.items()
    return {name.removeprefix(prefix): text for name, text in brought if name.startswith(prefix)}


def keep_login(response: Response, name: str, secret: str, lifetime: timedelta) -> None:
    """Let the browser carry the secret of a login; `name`: as `launch.cookie_name`."""
    _set(response, security.host_prefix() + name, secret, _login_path(), lifetime)


def end_login(response: Response, state: str) -> None:
    _delete(response, security.host_prefix() + launch.cookie_name(state), _login_path())


def launch_name(launch_id: uuid.UUID) -> str:
    """Return the name of a launch's cookie."""
    prefix = security.host_prefix()
    return f"{prefix}{LAUNCH}_{launch_id.hex}" if prefix else LAUNCH


def launch_path(launch_id: uuid.UUID) -> str:
    """Return the path of a launch's cookie."""
    return "/" if security.host_prefix() else f"/launches/{launch_id}"


def keep_launch(
    response: Response, launch_id: uuid.UUID, token: str, lifetime: timedelta | None = None
) -> None:
    """Let the browser carry the secret of a launch until it is closed, or for `lifetime`."""
    _set(response, launch_name(launch_id), token, launch_path(launch_id), lifetime)
    if prefix := security.host_prefix():
        known = [name for name in request.cookies if name.startswith(f"{prefix}{LAUNCH}_")]
        for name in known[: max(len(known) + 1 - MOST_LAUNCHES, 0)]:  # browsers send oldest first
            _delete(response, name, "/")


def launch_secret(launch_id: uuid.UUID) -> str | None:
    """Return the secret of a launch that the browser brought."""
    return request.cookies.get(launch_name(launch_id))


def _login_path() -> str:
    return "/" if security.host_prefix() else "/lti"


def _set(response: Response, name: str, secret: str, path: str, lifetime: timedelta | None) -> None:
    response.set_cookie(
        name,
        secret,
        max_age=lifetime,
        path=path,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )


def _delete(response: Response, name: str, path: str) -> None:
    response.delete_cookie(
        name, path=path, secure=True, httponly=True, samesite="None", partitioned=True
    )
