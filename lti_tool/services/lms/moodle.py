"""Connections to Moodle's own web services: make, test, take away, and rest after a failure."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.encryption import Encryption
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.lti.moodle_web_services import Concern, MoodleRefused, Site, SiteInfo
from lti_tool.lti.origins import origin
from lti_tool.models import MoodleConnection, Platform, Registration
from lti_tool.services import audit

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
LONGEST_TOKEN = 256


def address_of(db: Session, platform_id: uuid.UUID, url: str | None) -> str:
    """Return Moodle's address: `url`, or the issuer of the platform's newest registration.

    Raises:
        NotFound: `unknown_platform`.
        ToolError: `moodle_other_host`: `url` is not at a site that launches.
    """
    registrations = db.scalars(
        sa.select(Registration)
        .filter_by(platform_id=platform_id, pending_since=None)
        .order_by(Registration.created_at.desc())
    ).all()
    if not registrations:
        raise NotFound("unknown_platform", platform=str(platform_id))
    wanted = (url or registrations[0].issuer).rstrip("/")
    if urlsplit(wanted).query or urlsplit(wanted).fragment:
        raise ToolError("malformed_url", field="url", value=wanted)
    if origin(wanted) not in {origin(one.issuer) for one in registrations} - {None}:
        issuers = ", ".join(sorted({one.issuer for one in registrations}))
        raise ToolError("moodle_other_host", url=wanted, issuers=issuers)
    return wanted


def clean_token(text: str) -> str:
    """Return a token as Moodle shows it. Raises: ToolError: `moodle_token_malformed`."""
    token = text.strip()
    if not token or len(token) > LONGEST_TOKEN or not (token.isascii() and token.isalnum()):
        raise ToolError("moodle_token_malformed")
    return token


def check(info: SiteInfo, url: str, *, accept_more: bool) -> None:
    """Refuse a token that can do too little or too much, or is another site's.

    Raises:
        ToolError: `moodle_other_site`, `moodle_functions_missing`, `moodle_functions_unneeded`.
    """
    if info.url != url:
        raise ToolError("moodle_other_site", url=url, site=info.url or "?")
    if info.missing:
        raise ToolError("moodle_functions_missing", functions=", ".join(info.missing))
    if info.unneeded and not accept_more:
        some = ", ".join(info.unneeded[:5])
        raise ToolError("moodle_functions_unneeded", count=str(len(info.unneeded)), functions=some)


def connect(
    db: Session,
    platform_id: uuid.UUID,
    site: Site,
    *,
    encryption: Encryption,
    actor: str,
    now: datetime,
) -> MoodleConnection:
    """Keep how a platform is asked, in place of what was kept before."""
    found = db.scalar(sa.select(MoodleConnection).filter_by(platform_id=platform_id))
    if found is None:
        found = MoodleConnection(platform_id=platform_id)
        db.add(found)
    found.url, found.token = site.url, encryption.encrypt(site.token.encode())
    found.connected_at = now
    worked(found)
    db.flush()
    audit.note(db, actor, "moodle.connected", f"platform:{platform_id}", now)
    return found


def disconnect(db: Session, platform_id: uuid.UUID, *, actor: str, now: datetime) -> None:
    """Forget the token; what was recorded stays. Raises: Conflict: `moodle_not_connected`."""
    db.delete(find(db, platform_id))
    db.flush()
    audit.note(db, actor, "moodle.disconnected", f"platform:{platform_id}", now)


def find(db: Session, platform_id: uuid.UUID) -> MoodleConnection:
    """Return a platform's connection. Raises: Conflict: `moodle_not_connected`."""
    found = of_platform(db, platform_id)
    if found is None:
        raise Conflict("moodle_not_connected", platform=str(platform_id))
    return found


def of_platform(db: Session, platform_id: uuid.UUID) -> MoodleConnection | None:
    return db.scalar(sa.select(MoodleConnection).filter_by(platform_id=platform_id))


def all_connections(db: Session) -> Sequence[MoodleConnection]:
    return db.scalars(
        sa.select(MoodleConnection)
        .join(MoodleConnection.platform)
        .options(joinedload(MoodleConnection.platform))
        .order_by(Platform.name)
    ).all()


def site_of(connection: MoodleConnection, encryption: Encryption) -> Site:
    """Return what is needed to ask; the token leaves the database here and nowhere else."""
    return Site(connection.url, encryption.decrypt(connection.token).decode())


def worked(connection: MoodleConnection) -> None:
    """Forget earlier failures: the site answers."""
    connection.failure = connection.reason = None
    connection.failed_since = connection.paused_until = None
    connection.failures = 0


def failure_of(connection: MoodleConnection) -> ToolError | None:
    """Return why the site does not answer, as a refusal that can be put into words."""
    if connection.failure is None:
        return None
    return MoodleRefused(connection.failure, Concern.SITE, connection.reason or "")


def failed(connection: MoodleConnection, error: MoodleRefused, now: datetime) -> None:
    """Ask nothing for a while, longer each time."""
    connection.failed_since = connection.failed_since or now
    connection.failure, connection.reason = error.code, error.reason or None
    connection.failures += 1
    connection.paused_until = now + pause(connection.failures)


def pause(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row (1 or more)."""
    growing: timedelta = FIRST_PAUSE * 2 ** min(failures - 1, 12)
    return min(growing, LONGEST_PAUSE)
