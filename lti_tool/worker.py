"""The worker: delivers what the outbox holds, reads what LMSs hold, runs what is due by the clock.

It is a thread of the web server or a process apart; several may run side by side.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from lti_tool import clock
from lti_tool.lti import login_states, unconfirmed
from lti_tool.mail import MailServer
from lti_tool.services import audit, schedule
from lti_tool.services.awarding import joining
from lti_tool.services.completing import prior_drafts, prior_files, stack_checks
from lti_tool.services.connections import api_clients, tool_keys
from lti_tool.services.definitions import artworks, catalogue_entries, stack_holders
from lti_tool.services.launching import launches
from lti_tool.services.lms import memberships, moodle_reading, readings, results, rosters
from lti_tool.services.notices import digests
from lti_tool.services.outbox import scores
from lti_tool.services.outbox.scores import Courier
from lti_tool.services.staff import email_proofs, sign_in, sign_in_mail
from lti_tool.services.staff.sign_in_mail import PostOffice
from lti_tool.tool import Tool
from lti_tool.web.words import digest

IDLE = timedelta(seconds=1)
AFTER_ERROR = timedelta(seconds=10)
LOOK_AT_SCHEDULE_EVERY = timedelta(seconds=20)
WANT_RESULTS_EVERY = timedelta(minutes=15)
WANT_ROSTERS_EVERY = timedelta(hours=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """What one of the workers does every so often; it may be repeated without harm."""

    name: str
    every: timedelta
    run: Callable[[Tool], None]


def forget_secrets(tool: Tool) -> None:
    """Forget what must not be kept any longer."""
    with tool.database.transaction() as db:
        launches.forget_secrets(db, clock.now())
        unconfirmed.forget_expired(db, clock.now())


def forget_expired(tool: Tool) -> None:
    """Delete logins that nobody finished; visits, sessions and tokens that are over."""
    with tool.database.transaction() as db:
        login_states.forget_expired(db, clock.now())
        launches.forget_expired(db, clock.now())
        sign_in.forget_expired(db, clock.now())
        email_proofs.forget_old(db, clock.now())
        api_clients.forget_expired(db, clock.now())
        joining.forget_expired(db, clock.now())


def rotate_tool_key(tool: Tool) -> None:
    """Publish the next key when the youngest has reached the age of `TOOL_KEY_DAYS`."""
    days = tool.settings.tool_key_days
    if not days:
        return
    with tool.database.transaction() as db:
        made = tool_keys.rotate(
            db,
            tool.encryption,
            clock.now(),
            if_older_than=timedelta(days=days),
            actor=audit.SCHEDULE,
        )
        behind = tool_keys.left_behind(db) if made else ()
        ids = [str(registration.id) for registration in behind]
    if made:
        log.info("tool_key.rotated", kid=made.key.kid)
    for registration_id in ids:
        log.warning("tool_key.given_as_text", registration_id=registration_id)


def want_results(tool: Tool) -> None:
    """Let the columns of active courses be read, spread until the next time."""
    with tool.database.transaction() as db:
        readings.want_by_schedule(db, WANT_RESULTS_EVERY, clock.now())


def forget_pictures(tool: Tool) -> None:
    """Delete pictures of badges that nothing names any more."""
    with tool.database.transaction() as db:
        artworks.forget_unused(db, clock.now())


def forget_prior_files(tool: Tool) -> None:
    """Delete files that showed prior learning and by which nobody judges any more, or which nobody
    handed in."""
    with tool.database.transaction() as db:
        prior_files.forget_ended(db, clock.now())
    prior_drafts.forget_untouched(tool.database, clock.now())


def find_published(tool: Tool) -> None:
    """Let what an older release published be found."""
    with tool.database.transaction() as db:
        catalogue_entries.keep_missing(db, clock.now())


def want_larger(tool: Tool) -> None:
    """Let larger micro-credentials be judged for those who hold their parts since before."""
    with tool.database.transaction() as db:
        stack_holders.want_unjudged(db, clock.now())


def want_rosters(tool: Tool) -> None:
    """Let the rosters of active courses be read once a day, spread until the next time."""
    with tool.database.transaction() as db:
        memberships.want_by_schedule(db, WANT_ROSTERS_EVERY, clock.now())


def want_digests(tool: Tool) -> None:
    """Let new accounts with an address be told by mail what waits for them."""
    if tool.settings.smtp_url:
        with tool.database.transaction() as db:
            digests.add_missing(db, clock.now())


JOBS = (
    Job("rotate_tool_key", timedelta(hours=1), rotate_tool_key),
    Job("forget_secrets", timedelta(minutes=1), forget_secrets),
    Job("forget_expired", timedelta(minutes=5), forget_expired),
    Job("forget_pictures", timedelta(days=1), forget_pictures),
    Job("find_published", timedelta(minutes=5), find_published),
    Job("forget_prior_files", timedelta(hours=1), forget_prior_files),
    Job("want_results", WANT_RESULTS_EVERY, want_results),
    Job("want_digests", timedelta(minutes=5), want_digests),
    Job("want_larger", timedelta(minutes=1), want_larger),
    Job("want_rosters", WANT_ROSTERS_EVERY, want_rosters),
)


def run(tool: Tool, stop: threading.Event) -> None:
    """Deliver scores and run jobs until `stop` is set. An error is logged and does not end it."""
    log.info("worker.started")
    look_at = clock.now()
    while not stop.is_set():
        try:
            if clock.now() >= look_at:
                look_at = clock.now() + LOOK_AT_SCHEDULE_EVERY
                run_due(tool)
            pause = timedelta(0) if work_once(tool) else IDLE
        except Exception as error:  # noqa: BLE001 - one bad score must not hold up all others
            log.error("worker.failed", error=type(error).__name__)
            pause = AFTER_ERROR
        stop.wait(pause.total_seconds())
    log.info("worker.stopped")


def run_due(tool: Tool, jobs: Sequence[Job] = JOBS) -> None:
    """Run each job that is due; one that fails is tried again at its next time."""
    for job in jobs:
        with tool.database.transaction() as db:
            is_ours = schedule.take(db, job.name, job.every, clock.now())
        if not is_ours:
            continue
        failure = None
        try:
            job.run(tool)
        except Exception as error:  # noqa: BLE001 - one bad job must not hold up all others
            failure = type(error).__name__
            log.error("job.failed", job=job.name, error=failure)
        with tool.database.transaction() as db:
            schedule.finish(db, job.name, clock.now(), failure)


def work_once(tool: Tool) -> bool:
    """Make one attempt at the first thing that waits; False: none did.

    Sign-in links first, because a person sits there and waits; then awards and scores; mails that
    nobody waits for last.
    """
    at_hand = courier(tool)
    return (
        send_link(tool)
        or stack_checks.judge_next(tool.database, clock.now)
        or scores.deliver_next(at_hand)
        or results.read_next(at_hand)
        or rosters.read_next(at_hand)
        or moodle_reading.read_next(at_hand)
        or send_digest(tool)
    )


def send_link(tool: Tool) -> bool:
    """Send the link that somebody waits for, to sign in or to show that an address is theirs;
    False: nobody does."""
    if not tool.settings.smtp_url:
        return False
    office = post_office(tool)
    return sign_in_mail.send_next(office) or email_proofs.send_next(office)


def send_digest(tool: Tool) -> bool:
    """Tell an account what waits for it; False: none is to be looked at now."""
    settings = tool.settings
    if not settings.smtp_url:
        return False
    compose = partial(digest.compose, default_language=settings.default_language)
    return digests.send_next(post_office(tool), settings.secret_key, compose)


def post_office(tool: Tool) -> PostOffice:
    settings = tool.settings
    server = MailServer(settings.smtp_url, settings.smtp_from)
    return PostOffice(tool.database, tool.encryption, server, clock.now, settings.public_url)


def drain(tool: Tool) -> int:
    """Make one attempt after the other until nothing is due; return how many."""
    attempts = 0
    while work_once(tool):
        attempts += 1
    return attempts


@dataclass(frozen=True, slots=True)
class EmbeddedWorker:
    """A worker in a thread of this process."""

    thread: threading.Thread
    stopping: threading.Event

    def stop(self) -> None:
        """Let the delivery at hand finish, and end the thread."""
        self.stopping.set()
        self.thread.join()


def start(tool: Tool) -> EmbeddedWorker:
    """Run the worker in a daemon thread."""
    stopping = threading.Event()
    thread = threading.Thread(target=run, args=(tool, stopping), name="worker", daemon=True)
    thread.start()
    return EmbeddedWorker(thread, stopping)


def courier(tool: Tool) -> Courier:
    return Courier(
        database=tool.database,
        outbound=tool.outbound,
        encryption=tool.encryption,
        clock=clock.now,
    )
