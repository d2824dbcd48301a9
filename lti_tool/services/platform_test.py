"""Self-test of one connected LMS: its keys, its clock, its token, its gradebook.

Each step needs the one before; where one fails, the rest is said to be not tried.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import sqlalchemy as sa

from lti_tool.lti import (
    addresses,
    key_sets,
    quirks,
    registrations,
    roster,
    service_tokens,
    token_answers,
)
from lti_tool.lti.errors import LaunchRefused
from lti_tool.lti.registrations import KnownRegistration
from lti_tool.lti.token_answers import Meaning, TokenAnswer
from lti_tool.lti.tool_configuration import SCOPES
from lti_tool.models import Course, LaunchSession, Registration, ResourceLink
from lti_tool.outbound import OutboundError, Response
from lti_tool.services.self_test import Check, Finding, Verdict, run
from lti_tool.tool import Tool

# A launch may be a minute off; a Moodle refuses assertions from its future, ours are backdated.
CLOCK_IS_OFF = timedelta(seconds=20)
CLOCK_BREAKS = timedelta(seconds=55)

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SENDS_SCORES = AGS + "score"
READS_COLUMNS = frozenset({AGS + "lineitem", AGS + "lineitem.readonly"})
LINE_ITEM_MEDIA_TYPE = "application/vnd.ims.lis.v2.lineitem+json"


@dataclass(slots=True)
class _Test:
    """What is known so far of one registration."""

    tool: Tool
    known: KnownRegistration
    now: datetime
    answer: TokenAnswer | None = None

    @property
    def granted(self) -> frozenset[str] | None:
        """The scopes of a token; None without one. A platform that names none granted all."""
        if self.answer is None or self.answer.meaning is not Meaning.GRANTED:
            return None
        return self.answer.scopes if self.answer.scopes is not None else frozenset(SCOPES)


def of_registration(tool: Tool, registration_id: uuid.UUID, now: datetime) -> Iterator[Finding]:
    """Look at one registration's platform, as it is seen from here."""
    try:
        with tool.database.transaction(read_only=True) as db:
            known = registrations.load(db, registration_id)
    except LaunchRefused as error:
        yield Finding.not_tried("registration", error.code)
        return
    test = _Test(tool, known, now)
    checks: dict[str, Check] = {
        "launches": lambda: _launches(test),
        "key_set": lambda: _key_set(test),
        "token": lambda: _token(test),
        "grades": lambda: _grades(test),
        "roster": lambda: _roster(test),
    }
    yield from run(checks)


def family_of(registration: Registration) -> str:
    """Return the product whose words fit: `moodle`, `canvas`, or empty."""
    said = (registration.product_family or "").lower()
    if "moodle" in said or urlsplit(registration.auth_token_url).path.endswith(
        "/mod/lti/token.php"
    ):
        return "moodle"
    host = urlsplit(registration.auth_token_url).hostname or ""
    return "canvas" if "canvas" in said or host.endswith(quirks.CANVAS_DOMAIN) else ""


def _launches(test: _Test) -> Iterator[Finding]:
    """Of the visits that are still known, those of the last day or two."""
    known = sa.select(
        sa.func.max(LaunchSession.created_at),
        sa.func.count(),
        sa.func.count(LaunchSession.bearer_expires_at),
    ).where(LaunchSession.registration_id == test.known.id)
    with test.tool.database.transaction(read_only=True) as db:
        moment, count, by_script = db.execute(known).one()
    if not count:
        yield Finding.warning("launches", "no_launch_yet")
        return
    yield Finding.ok("launches", "last_launch", moment=f"{moment:%Y-%m-%d %H:%M} UTC")
    kept = {"count": str(count), "kept": str(count - by_script)}
    yield Finding.ok("cookies", "cookies_kept", **kept)


def _key_set(test: _Test) -> Iterator[Finding]:
    """Without it no launch can be believed."""
    url = test.known.key_set_url
    try:
        answer = test.tool.outbound.get(url, headers={"Accept": "application/json"})
    except OutboundError as error:
        yield _unreachable("key_set", error, url)
        return
    yield _clock(answer, test.now)
    if not answer.is_success:
        yield Finding.failed("key_set", "platform_status", url=url, status=str(answer.status))
        return
    try:
        usable = key_sets.usable_keys(answer.json())
    except OutboundError:
        usable = []
    if usable:
        yield Finding.ok("key_set")
    else:
        yield Finding.failed("key_set", "key_set_unusable", url=url)


def _clock(answer: Response, now: datetime) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return Finding.not_tried("clock", "no_date")
    off = (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - now
    verdict = Verdict.FAILED if abs(off) >= CLOCK_BREAKS else Verdict.WARNING
    if abs(off) < CLOCK_IS_OFF:
        return Finding.ok("clock")
    reason = "platform_ahead" if off > timedelta() else "platform_behind"
    return Finding("clock", verdict, reason, {"seconds": str(round(abs(off).total_seconds()))})


def _token(test: _Test) -> Iterator[Finding]:
    """Every service needs one; asking for it makes the platform fetch our key set."""
    url = test.known.auth_token_url
    try:
        answer = service_tokens.ask(
            test.tool.database,
            test.tool.outbound,
            test.tool.encryption,
            test.known.id,
            SCOPES,
            test.now,
        )
    except OutboundError as error:
        yield _unreachable("token", error, url)
        return
    test.answer = read = token_answers.read(answer)
    if read.meaning is Meaning.GRANTED:
        yield Finding.ok("token")
        return
    params = {"url": url, "status": str(answer.status)}
    params["key_set"] = f"{test.tool.settings.public_url}/lti/{test.known.id}/jwks"
    params["key_text"] = f"{test.tool.settings.public_url}/lti/{test.known.id}/public-key.pem"
    yield Finding.failed("token", f"token_{read.meaning}", **params)


def _grades(test: _Test) -> Iterator[Finding]:
    if test.granted is None:
        yield Finding.not_tried("grades", "after_token")
        return
    if SENDS_SCORES not in test.granted:
        yield Finding.warning("grades", "scores_not_allowed")
        return
    column = _newest_column(test)
    if column is None:
        yield Finding.not_tried("grades", "no_column_yet")
    elif not test.granted & READS_COLUMNS:
        yield Finding.ok("grades", "scores_only")
    elif not quirks.is_service_of(test.known, column):
        yield Finding.failed("grades", "service_elsewhere", host=urlsplit(column).hostname or "")
    else:
        yield _read(test, "grades", column, LINE_ITEM_MEDIA_TYPE)


def _roster(test: _Test) -> Iterator[Finding]:
    """One member is asked for, and not looked at."""
    if test.granted is None:
        yield Finding.not_tried("roster", "after_token")
        return
    if roster.SCOPE not in test.granted:
        yield Finding.warning("roster", "roster_not_allowed")
        return
    url = _newest_roster(test)
    if url is None:
        yield Finding.not_tried("roster", "no_roster_yet")
    elif not quirks.is_service_of(test.known, url):
        yield Finding.failed("roster", "service_elsewhere", host=urlsplit(url).hostname or "")
    else:
        yield _read(test, "roster", addresses.with_query(url, {"limit": "1"}), roster.MEDIA_TYPE)


def _newest_column(test: _Test) -> str | None:
    newest = (
        sa.select(ResourceLink.line_item_url)
        .where(
            ResourceLink.registration_id == test.known.id, ResourceLink.line_item_url.is_not(None)
        )
        .order_by(ResourceLink.created_at.desc())
        .limit(1)
    )
    with test.tool.database.transaction(read_only=True) as db:
        return db.scalar(newest)


def _newest_roster(test: _Test) -> str | None:
    newest = (
        sa.select(Course.roster_url)
        .where(Course.roster_registration_id == test.known.id, Course.roster_url.is_not(None))
        .order_by(Course.created_at.desc())
        .limit(1)
    )
    with test.tool.database.transaction(read_only=True) as db:
        return db.scalar(newest)


def _read(test: _Test, check: str, url: str, media_type: str) -> Finding:
    assert test.answer is not None
    headers = {"Accept": media_type, "Authorization": f"Bearer {test.answer.token}"}
    try:
        answer = test.tool.outbound.get(url, headers=headers)
    except OutboundError as error:
        return _unreachable(check, error, _without_query(url))
    if answer.is_success:
        return Finding.ok(check)
    params = {"url": _without_query(url), "status": str(answer.status)}
    if answer.status == 401:
        return Finding.failed(check, "authorization_dropped", **params)
    if answer.status in {404, 410}:
        return Finding.warning(check, "service_gone", **params)
    return Finding.failed(check, "service_refused", **params)


def _without_query(url: str) -> str:
    return urlsplit(url)._replace(query="").geturl()


def _unreachable(check: str, error: OutboundError, url: str) -> Finding:
    if error.code == "refused_address":
        return Finding.failed(check, "private_address", host=urlsplit(url).hostname or "", url=url)
    if error.code == "redirect":
        return Finding.failed(check, "platform_redirect", url=url)
    return Finding.failed(check, "platform_unreachable", url=url, code=error.code)
