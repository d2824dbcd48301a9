"""Open a launch session from accepted claims, and find it again."""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.completion import Route
from lti_tool.db import store
from lti_tool.encryption import Encryption
from lti_tool.errors import Forbidden, NotFound
from lti_tool.lti.claims import (
    AnyClaims,
    DataPrivacyClaims,
    DeepLinkingClaims,
    LaunchClaims,
    MessageClaims,
    SubmissionReviewClaims,
)
from lti_tool.lti.origins import origin
from lti_tool.models import (
    Course,
    CourseMember,
    LaunchSession,
    Person,
    ResourceLink,
)
from lti_tool.services import audit
from lti_tool.services.completing import bringing, completions
from lti_tool.services.courses import deep_linking, placements
from lti_tool.services.launching import arrivals
from lti_tool.services.launching.arrivals import Arrival
from lti_tool.services.lms import activity_checks, readings

KEPT_AFTER_END = timedelta(days=1)
# A bearer that a script keeps lives shorter than a cookie's secret, and anew with each use.
BEARER_LIFETIME = timedelta(hours=2)
LONGEST_ORIGINS = 255


class _With(TypedDict):
    encryption: Encryption
    lifetime: timedelta
    now: datetime


def open_message(
    db: Session,
    registration_id: uuid.UUID,
    claims: AnyClaims,
    *,
    encryption: Encryption,
    lifetime: timedelta,
    now: datetime,
) -> tuple[LaunchSession, str]:
    """Return a new session of the kind that the message asks for, and the browser's secret.

    Raises:
        ToolError: as the functions below say.
    """
    at: _With = {"encryption": encryption, "lifetime": lifetime, "now": now}
    match claims:
        case SubmissionReviewClaims():
            return open_review(db, registration_id, claims, **at)
        case LaunchClaims():
            return open_session(db, registration_id, claims, **at)
        case DeepLinkingClaims():
            return open_deep_linking(db, registration_id, claims, **at)
        case DataPrivacyClaims():
            return open_data_privacy(db, registration_id, claims, **at)


def open_session(
    db: Session,
    registration_id: uuid.UUID,
    claims: LaunchClaims,
    *,
    encryption: Encryption,
    lifetime: timedelta,
    now: datetime,
) -> tuple[LaunchSession, str]:
    """Return a new launch session and the secret that the browser carries.

    Keeps person, course, link and membership as the platform says they are; places the link by
    its custom parameters; a learner's launch of an unlocked unit completes it.
    """
    arrival = arrivals.of(db, registration_id, claims, now)
    course = arrivals.course(db, arrival, claims, now)
    comes_anew = arrival.comes_anew  # before the visit is noted
    arrivals.note_roster(course, arrival, claims, now)  # before links and members are locked
    link = _opened_link(db, arrival, course, claims, now)
    token, session = _session_at(db, arrival, link, claims, lifetime, now)
    _keep_secrets(session, claims, encryption)
    store(db, session)
    readings.want_after_launch(db, link, is_teacher=claims.is_teacher, now=now)
    db.flush()
    if not claims.is_teacher:
        if link.placement is not None and arrival.was_moved:
            version, people = link.placement.version, [arrival.person.id]
            bringing.bring(db, course.id, version, people, now, also_begun=comes_anew)
        _learner_arrived(db, session, link, arrival.person, now)
    return session, token


def open_review(
    db: Session,
    registration_id: uuid.UUID,
    claims: SubmissionReviewClaims,
    *,
    encryption: Encryption,
    lifetime: timedelta,
    now: datetime,
) -> tuple[LaunchSession, str]:
    """Return a new session of somebody who looks at a grade, and the browser's secret.

    A learner's completes nothing: the gradebook lets people in past the LMS's own check of
    an unlocked unit.

    Raises:
        NotFound: `unknown_activity`: the platform names only a column, and none of an activity
            that was ever opened.
    """
    arrival = arrivals.of(db, registration_id, claims, now)
    link = (
        _opened_link(db, arrival, arrivals.course(db, arrival, claims, now), claims, now)
        if claims.resource_link_id
        else _link_of_column(db, arrival, claims)
    )
    token, session = _session_at(db, arrival, link, claims, lifetime, now)
    _keep_secrets(session, claims, encryption)
    session.is_review = claims.is_teacher
    session.about = _member(db, link.course, claims.for_user) if claims.is_teacher else None
    db.add(session)
    db.flush()
    return session, token


def open_deep_linking(
    db: Session,
    registration_id: uuid.UUID,
    claims: DeepLinkingClaims,
    *,
    encryption: Encryption,
    lifetime: timedelta,
    now: datetime,
) -> tuple[LaunchSession, str]:
    """Return a new session in which a teacher chooses links, and the browser's secret.

    Raises:
        Forbidden: `teachers_only`.
    """
    if not claims.is_teacher:
        raise Forbidden("teachers_only")
    arrival = arrivals.of(db, registration_id, claims, now)
    token, session = _session(arrival, claims, lifetime, now)
    session.deep_linking = deep_linking.sealed(claims, encryption)
    if claims.context_id is not None:
        course = arrivals.course(db, arrival, claims, now)
        arrivals.seen(db, arrival, course, claims, now)
        session.course_id = course.id
    db.add(session)
    db.flush()
    return session, token


def open_data_privacy(
    db: Session,
    registration_id: uuid.UUID,
    claims: DataPrivacyClaims,
    *,
    encryption: Encryption,
    lifetime: timedelta,
    now: datetime,
) -> tuple[LaunchSession, str]:
    """Return a new session that shows what is kept about one person, and the browser's secret.

    It opens nothing else, not even to an administrator. Who looks at another is noted.
    """
    arrival = arrivals.of(db, registration_id, claims, now)
    token, session = _session(arrival, claims, lifetime, now)
    session.is_teacher, session.is_privacy = False, True
    session.about = db.scalars(
        sa.select(Person).filter_by(platform_id=arrival.platform_id, sub=claims.for_user)
    ).first()
    _keep_secrets(session, claims, encryption)
    db.add(session)
    db.flush()
    if session.about is not None and session.about is not arrival.person:
        actor, subject = f"person:{arrival.person.id}", f"person:{session.about.id}"
        audit.note(db, actor, "person.data_shown", subject, now)
    return session, token


def find(db: Session, launch_id: uuid.UUID, token: str | None, now: datetime) -> LaunchSession:
    """Return the launch session that `token` opens.

    Raises:
        Forbidden: `session_missing` (no token, unknown, or another's), `session_expired`,
            `platform_disabled`.
    """
    session = db.get(LaunchSession, launch_id)
    if session is None or not token:
        raise Forbidden("session_missing")
    if not hmac.compare_digest(session.token_digest, _digest(token)):
        raise Forbidden("session_missing")
    return _open(session, now)


def find_shown(db: Session, launch_id: uuid.UUID, now: datetime) -> LaunchSession:
    """Return the launch session of somebody who proved otherwise that they saw a page of it.

    Raises:
        Forbidden: as `find`.
    """
    session = db.get(LaunchSession, launch_id)
    if session is None:
        raise Forbidden("session_missing")
    return _open(session, now)


def open_beside(db: Session, session: LaunchSession, now: datetime) -> tuple[LaunchSession, str]:
    """Return one more session of the same person at the same link, and its browser's secret.

    For a tab of its own, where the browser does not bring what it keeps for the frame. It ends when
    the first one ends, unless that is used on: a bearer's life is then written anew.
    """
    token = secrets.token_urlsafe(32)
    beside = LaunchSession(
        id=uuid.uuid4(),
        token_digest=_digest(token),
        registration_id=session.registration_id,
        person_id=session.person_id,
        course_id=session.course_id,
        link_id=session.link_id,
        is_teacher=session.is_teacher,
        is_review=False,
        is_privacy=False,
        locale=session.locale,
        created_at=now,
        expires_at=_ends_at(session),
    )
    db.add(beside)
    db.flush()
    return beside, token


def _ends_at(session: LaunchSession) -> datetime:
    return min(session.expires_at, session.bearer_expires_at or session.expires_at)


def _open(session: LaunchSession, now: datetime) -> LaunchSession:
    if _ends_at(session) <= now:
        raise Forbidden("session_expired")
    if session.registration.is_disabled:
        raise Forbidden("platform_disabled")
    return session


def languages(session: LaunchSession) -> Sequence[str]:
    """Return in which languages (BCP 47) a launch may be shown, the most wanted first: what the
    person chose, for learners that of the course, what the LMS says."""
    wanted = [session.locale]
    if not session.is_teacher and session.given_link is not None:
        placement = session.given_link.placement
        of_course = placement.language if placement is not None else None
        wanted = [session.person.language, of_course, session.locale]
    return [one for one in wanted if one]


def choose_language(db: Session, launch_id: uuid.UUID, language: str) -> None:
    """Show this launch and the person's next ones in `language` (BCP 47), whatever the LMS says."""
    session = db.get_one(LaunchSession, launch_id)
    session.locale = session.person.language = language


def carry_by_script(session: LaunchSession, now: datetime) -> None:
    """Let the secret of `session` be a short-lived bearer: its browser keeps no cookie."""
    session.bearer_expires_at = now + BEARER_LIFETIME


def is_bearer_to_renew(session: LaunchSession, now: datetime) -> bool:
    """Return whether a bearer that is in use has lost a quarter of its life."""
    ends = session.bearer_expires_at
    return ends is not None and ends - now < BEARER_LIFETIME * 3 / 4


def renew_bearer(db: Session, launch_id: uuid.UUID, now: datetime) -> None:
    """Let a bearer live its full life again; never longer than its session."""
    launch = sa.update(LaunchSession).where(LaunchSession.id == launch_id)
    db.execute(launch.values(bearer_expires_at=now + BEARER_LIFETIME))


def email_of(session: LaunchSession, encryption: Encryption) -> str | None:
    """Return the e-mail address that the LMS gave at this launch, if it did."""
    return encryption.decrypt(session.email).decode() if session.email else None


def way_back(session: LaunchSession, encryption: Encryption) -> str | None:
    """Return where the person came from in the LMS, if it said so at this launch."""
    return encryption.decrypt(session.return_url).decode() if session.return_url else None


def course_member(db: Session, course: Course, person_id: uuid.UUID) -> CourseMember:
    """Return a person's membership in a course.

    Raises:
        NotFound: `unknown_learner`: never seen in this course.
    """
    member = db.get(CourseMember, (course.id, person_id))
    if member is None:
        raise NotFound("unknown_learner")
    return member


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _session_at(
    db: Session,
    arrival: Arrival,
    link: ResourceLink,
    claims: LaunchClaims,
    lifetime: timedelta,
    now: datetime,
) -> tuple[str, LaunchSession]:
    """Return a session at a link, in whose course the person is now known."""
    arrivals.seen(db, arrival, link.course, claims, now)
    token, session = _session(arrival, claims, lifetime, now)
    session.course_id, session.link_id = link.course.id, link.id
    return token, session


def _session(
    arrival: Arrival, claims: MessageClaims, lifetime: timedelta, now: datetime
) -> tuple[str, LaunchSession]:
    token = secrets.token_urlsafe(32)
    return token, LaunchSession(
        id=uuid.uuid4(),
        token_digest=_digest(token),
        registration_id=arrival.registration_id,
        person_id=arrival.person.id,
        is_teacher=claims.is_teacher,
        is_review=False,
        is_privacy=False,
        locale=arrival.person.language or claims.locale,
        frame_origin=_frame_origins(claims),
        created_at=now,
        expires_at=now + lifetime,
    )


def _frame_origins(claims: MessageClaims) -> str | None:
    """Return where the page may be shown: where people sign in, and where they came from.

    A hosted Canvas signs in on a host of its own for all schools, and frames on the school's.
    """
    back = origin(claims.return_url) if claims.return_url else None
    origins = " ".join(dict.fromkeys(filter(None, (claims.frame_origin, back))))
    return origins if origins and len(origins) <= LONGEST_ORIGINS else claims.frame_origin


def _keep_secrets(session: LaunchSession, claims: MessageClaims, encryption: Encryption) -> None:
    """Keep for the time of the visit what nobody else shall read."""
    session.email = encryption.encrypt(claims.email.encode()) if claims.email else None
    back = claims.return_url
    session.return_url = encryption.encrypt(back.encode()) if back else None


def _opened_link(
    db: Session, arrival: Arrival, course: Course, claims: LaunchClaims, now: datetime
) -> ResourceLink:
    """Return the link of these claims, kept and placed as they say."""
    link = arrivals.link(db, arrival, course, claims, now)
    is_placed = "mc" in claims.custom and placements.place_by_custom_parameters(
        db, link, claims.custom, now, only_offer=arrival.only_offer
    )
    if link.is_placed_by_platform != is_placed:
        link.is_placed_by_platform = is_placed
    return link


def _link_of_column(db: Session, arrival: Arrival, claims: SubmissionReviewClaims) -> ResourceLink:
    """Return the link whose own column it is, in the course of the claims if they name one."""
    found = (
        sa.select(ResourceLink)
        .join(Course, ResourceLink.course_id == Course.id)
        .filter(
            ResourceLink.platform_id == arrival.platform_id,
            ResourceLink.line_item_url == claims.line_item_url,
        )
        .order_by(ResourceLink.created_at.desc())
        .limit(1)
    )
    if claims.context_id is not None:
        found = found.filter(Course.context_id == claims.context_id)
    link = db.scalars(found).first()
    if link is None:
        raise NotFound("unknown_activity")
    return link


def _member(db: Session, course: Course, sub: str) -> Person | None:
    """Return who was seen in the course under this `sub`."""
    return db.scalars(
        sa.select(Person)
        .join(CourseMember, CourseMember.person_id == Person.id)
        .filter(CourseMember.course_id == course.id, Person.sub == sub)
    ).first()


def _learner_arrived(
    db: Session, session: LaunchSession, link: ResourceLink, person: Person, now: datetime
) -> None:
    if link.placement is None:
        return
    version = link.placement.version
    if link.unit_code is not None:
        route, basis = placements.route_of(link.placement, link.unit_code)
        if route is Route.UNLOCKED:
            completions.record_unlocked(db, session, link.unit_code, basis or "", now)
    completions.reevaluate(db, person, version, now)
    activity_checks.want_after_launch(db, link, person.id, now)


def forget_expired(db: Session, now: datetime) -> None:
    """Delete the sessions of visits that ended a day ago; until then their pages say "expired"."""
    db.execute(sa.delete(LaunchSession).where(LaunchSession.expires_at <= now - KEPT_AFTER_END))


def forget_secrets(db: Session, now: datetime) -> None:
    """Delete e-mail addresses and return addresses of visits that have ended, also where nobody
    launches anew."""
    secret = (LaunchSession.email, LaunchSession.deep_linking, LaunchSession.return_url)
    held = sa.or_(*(column.is_not(None) for column in secret))
    ended = sa.update(LaunchSession).where(LaunchSession.expires_at <= now, held)
    db.execute(ended.values(email=None, deep_linking=None, return_url=None))
