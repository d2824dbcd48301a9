"""Self-test: does this server, and does each LMS it is connected to, do what the other needs?

`of_server` and `of_registration` yield named results with stable ids, one after the other, so that
whoever waits sees how far it is. Nothing is changed anywhere, nothing personal is read or told.
The requests are made outside any transaction.
"""

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from lti_tool import counting
from lti_tool.errors import ToolError
from lti_tool.lti import tool_keys
from lti_tool.models import Delivery, Registration, ScheduledJob
from lti_tool.outbound import Outbound, OutboundError
from lti_tool.services.connections import platforms
from lti_tool.services.connections import tool_keys as key_turns
from lti_tool.services.outbox import deliveries
from lti_tool.tool import Tool

WORKER_SILENT_AFTER = timedelta(minutes=5)
DELIVERY_STUCK_AFTER = timedelta(minutes=15)
LITTLE_SPACE = 500 * 1024 * 1024
NO_SPACE = 50 * 1024 * 1024

log = structlog.get_logger(__name__)


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check`: what was looked at; `reason`: what was found. Both are stable ids."""

    check: str
    verdict: Verdict
    reason: str
    params: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def ok(cls, check: str, reason: str = "ok", **params: str) -> "Finding":
        return cls(check, Verdict.OK, reason, params)

    @classmethod
    def warning(cls, check: str, reason: str, **params: str) -> "Finding":
        return cls(check, Verdict.WARNING, reason, params)

    @classmethod
    def failed(cls, check: str, reason: str, **params: str) -> "Finding":
        return cls(check, Verdict.FAILED, reason, params)

    @classmethod
    def not_tried(cls, check: str, reason: str, **params: str) -> "Finding":
        return cls(check, Verdict.NOT_TRIED, reason, params)


Check = Callable[[], Iterator[Finding]]


def run(checks: Mapping[str, Check]) -> Iterator[Finding]:
    """Yield what each check finds; one that breaks is a finding too, and the others go on."""
    for name, check in checks.items():
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - a self-test must say so and go on
            log.error("self_test_broke", check=name, error=type(error).__name__)
            yield Finding.failed(name, "broke", error=type(error).__name__)


def of_server(tool: Tool, now: datetime) -> Iterator[Finding]:
    """Look at this server: settings, storage, limits, worker, outbox, public address, keys."""
    checks: dict[str, Check] = {
        "settings": lambda: _settings(tool),
        "storage": lambda: _storage(tool),
        "limits": lambda: _limits(tool),
        "worker": lambda: _worker(tool, now),
        "outbox": lambda: _outbox(tool, now),
        "public_address": lambda: _public_address(tool),
        "tool_keys": lambda: _tool_keys(tool, now),
        "key_as_text": lambda: _key_as_text(tool),
    }
    yield from run(checks)


def registrations_of(
    db: Session, *, platform_id: uuid.UUID | None = None, within: frozenset[uuid.UUID] | None = None
) -> Sequence[Registration]:
    """Return the registrations to test: of one platform, or of some organisations, or all."""
    return [
        each
        for each in platforms.all_registrations(db)
        if platform_id in (None, each.platform_id, each.id)
        and (within is None or each.platform.organisation_id in within)
    ]


def _settings(tool: Tool) -> Iterator[Finding]:
    settings = tool.settings
    is_secure = urlsplit(settings.public_url).scheme == "https"
    problems = []
    if settings.environment == "development":
        problems.append(Finding.warning("settings", "development"))
    if not is_secure:
        problems.append(Finding.warning("settings", "not_https"))
    elif not settings.trusted_proxies:
        problems.append(Finding.warning("settings", "no_trusted_proxy"))
    if settings.web_processes > 1 and settings.rate_limit_storage_url == "memory://":
        problems.append(Finding.warning("settings", "limits_apart"))
    yield from problems or [Finding.ok("settings")]


def _storage(tool: Tool) -> Iterator[Finding]:
    """A database server looks after its own disk; a file is ours."""
    url = sa.make_url(tool.settings.database_url)
    if url.get_backend_name() != "sqlite" or url.database is None:
        yield Finding.ok("storage", "database_server")
        return
    folder = Path(url.database).parent
    free = shutil.disk_usage(folder).free
    params = {"folder": str(folder), "free": f"{free // 1024 // 1024} MiB"}
    try:
        with tool.database.transaction() as db:  # takes the writer's lock, which needs the folder
            db.execute(sa.text("PRAGMA user_version"))
    except sa.exc.OperationalError:
        yield Finding.failed("storage", "cannot_write", **params)
        return
    if free < NO_SPACE:
        yield Finding.failed("storage", "disk_full", **params)
    elif free < LITTLE_SPACE:
        yield Finding.warning("storage", "disk_nearly_full", **params)
    else:
        yield Finding.ok("storage", **params)


def _limits(tool: Tool) -> Iterator[Finding]:
    """Without the store each process counts for itself: nobody is kept out, and too much let in."""
    url = tool.settings.rate_limit_storage_url
    if not tool.settings.rate_limit_percent:
        yield Finding.ok("limits", "no_limits")
    elif counting.answers(url):
        yield Finding.ok("limits")
    else:
        yield Finding.failed("limits", "store_silent")


def _worker(tool: Tool, now: datetime) -> Iterator[Finding]:
    with tool.database.transaction(read_only=True) as db:
        jobs = db.scalars(sa.select(ScheduledJob)).all()
    last = max((job.started_at for job in jobs if job.started_at), default=None)
    if last is None:
        yield Finding.failed("worker", "never_ran")
    elif now - last > WORKER_SILENT_AFTER:
        yield Finding.failed("worker", "silent", since=_moment(last))
    else:
        yield Finding.ok("worker")
    for job in jobs:
        if job.failure:
            yield Finding.warning("worker", "job_failed", job=job.name, error=job.failure)


def _outbox(tool: Tool, now: datetime) -> Iterator[Finding]:
    """What is waited for on purpose (an LMS that is down) is due in the future."""
    late = sa.select(sa.func.count(), sa.func.min(Delivery.due_at)).where(
        Delivery.state == deliveries.PENDING, Delivery.due_at < now - DELIVERY_STUCK_AFTER
    )
    refused = sa.select(sa.func.count()).where(Delivery.state == deliveries.FAILED)
    with tool.database.transaction(read_only=True) as db:
        count, since = db.execute(late).one()
        failed = db.scalar(refused) or 0
    if count:
        yield Finding.failed("outbox", "stuck", count=str(count), since=_moment(since))
    if failed:
        yield Finding.warning("outbox", "scores_refused", count=str(failed))
    if not count and not failed:
        yield Finding.ok("outbox")


def _public_address(tool: Tool) -> Iterator[Finding]:
    url = tool.settings.public_url
    try:
        answer = _to_ourselves(tool).get(f"{url}/health")
        document = answer.json()
    except OutboundError as error:
        yield _not_reached("public_address", error, url=url)
        return
    if answer.is_success and isinstance(document, dict) and document.get("status") == "ok":
        yield Finding.ok("public_address", url=url)
    else:
        yield Finding.failed("public_address", "somebody_else", url=url, status=str(answer.status))


def _tool_keys(tool: Tool, now: datetime) -> Iterator[Finding]:
    """What platforms fetch must be what this database signs with."""
    url = f"{tool.settings.public_url}/lti/{uuid.uuid4()}/jwks"
    try:
        answer = _to_ourselves(tool).get(url, headers={"Accept": "application/json"})
        document = answer.json()
    except OutboundError as error:
        yield _not_reached("tool_keys", error, url=url)
        return
    with tool.database.transaction(read_only=True) as db:
        stored = tool_keys.key_set(db, now)
    if not answer.is_success:
        yield Finding.failed("tool_keys", "somebody_else", url=url, status=str(answer.status))
    elif _kids(document) != _kids(stored):
        yield Finding.failed("tool_keys", "keys_differ", url=url)
    else:
        yield Finding.ok("tool_keys")


def _key_as_text(tool: Tool) -> Iterator[Finding]:
    with tool.database.transaction(read_only=True) as db:
        behind = [
            (each.platform.name, f"{tool.settings.public_url}/lti/{each.id}/public-key.pem")
            for each in key_turns.left_behind(db)
        ]
    for name, url in behind:
        yield Finding.warning("key_as_text", "old_key_as_text", platform=name, url=url)
    if not behind:
        yield Finding.ok("key_as_text")


def _kids(document: object) -> set[object]:
    keys = document.get("keys") if isinstance(document, dict) else None
    listed = keys if isinstance(keys, list) else []
    return {jwk.get("kid") for jwk in listed if isinstance(jwk, dict)}


def _to_ourselves(tool: Tool) -> Outbound:
    """Our own name may lead to a private address here, and to a public one for everybody else."""
    host = urlsplit(tool.settings.public_url).hostname or ""
    return Outbound((*tool.outbound.private_hosts, host))


def _not_reached(check: str, error: ToolError, *, url: str) -> Finding:
    """Seen from here only: a firewall may keep a server from its own public address."""
    if error.code == "redirect":
        return Finding.failed(check, "own_redirect", url=url)
    if error.code == "not_json":
        return Finding.failed(check, "somebody_else", url=url, status="200")
    return Finding.warning(check, "own_unreachable", url=url, code=error.code)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
