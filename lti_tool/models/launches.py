"""Login states and launch sessions."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import SECRET, Base, UtcDateTime
from lti_tool.models.courses import Course, ResourceLink
from lti_tool.models.people import Person
from lti_tool.models.registrations import Registration


class LoginState(Base):
    """One OIDC login that was begun: state and nonce bound together, deleted when used.

    `state_digest` and `browser_digest` are SHA-256 hex of the state and of the proof that the
    browser keeps; the values themselves are not stored. `storage_target` names the frame of the
    platform that keeps the proof where the browser does not.
    """

    __tablename__ = "login_states"

    state_digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(sa.String(64))
    browser_digest: Mapped[str] = mapped_column(sa.String(64))
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registrations.id"))
    target_link_uri: Mapped[str] = mapped_column(sa.Text)
    deployment_id: Mapped[str | None] = mapped_column(sa.String(255))
    storage_target: Mapped[str | None] = mapped_column(sa.String(255))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class UnconfirmedLaunch(Base):
    """One launch that the platform proved and the browser has not: deleted when confirmed.

    `payload` is the id_token's, encrypted. Digests as in `LoginState`.
    """

    __tablename__ = "unconfirmed_launches"

    state_digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    browser_digest: Mapped[str] = mapped_column(sa.String(64))
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registrations.id"))
    payload: Mapped[bytes] = mapped_column(sa.LargeBinary, info=SECRET)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LaunchSession(Base):
    """Who is here, from which launch, for how long.

    `token_digest` is SHA-256 hex of the secret that the browser carries. `email` is encrypted
    and lives only as long as the session: it is needed if the learner wants its hash in a badge.
    So does `return_url`, the way back to the LMS, which may carry a form key of the person there.
    `bearer_expires_at` is set where the browser keeps no cookie and a script carries the secret.

    A deep linking request has no resource link, and perhaps no course: instead `deep_linking`
    keeps, encrypted, where its answer goes. The answer empties it and sets `answered_at`.

    A teacher who reviews a grade came for one person: `is_review`, and `about_id` if that person
    was ever seen in the course.

    A data privacy launch (`is_privacy`) has neither link nor course: it shows what is kept about
    `about`, and nothing else.
    """

    __tablename__ = "launch_sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    token_digest: Mapped[str] = mapped_column(sa.String(64))
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registrations.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), index=True)
    course_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("courses.id"))
    link_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("resource_links.id"))
    is_teacher: Mapped[bool]
    email: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=SECRET)
    locale: Mapped[str | None] = mapped_column(sa.String(35))
    frame_origin: Mapped[str | None] = mapped_column(sa.String(255))
    deep_linking: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=SECRET)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    return_url: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=SECRET)
    is_review: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    is_privacy: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    about_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    bearer_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    registration: Mapped[Registration] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    about: Mapped[Person | None] = relationship(foreign_keys=[about_id])
    given_course: Mapped[Course | None] = relationship()
    given_link: Mapped[ResourceLink | None] = relationship()

    @property
    def is_deep_linking(self) -> bool:
        return self.link_id is None and not self.is_privacy

    @property
    def frame_ancestors(self) -> str | None:
        """The origins that may frame the pages, space-separated."""
        origins = f"{self.frame_origin or ''} {self.registration.frame_origins or ''}".split()
        return " ".join(dict.fromkeys(origins)) or None

    @property
    def course(self) -> Course:
        """The course of the link; a page about it is never shown in a deep linking session."""
        assert self.given_course is not None
        return self.given_course

    @property
    def link(self) -> ResourceLink:
        """The link that was opened; a page about it is never shown in a deep linking session."""
        assert self.given_link is not None
        return self.given_link
