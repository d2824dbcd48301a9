"""Registrations of this tool with platforms: credentials of both sides, deployments, tokens."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import SECRET, Base, UtcDateTime
from lti_tool.models.organisations import Organisation
from lti_tool.models.platforms import Platform
from lti_tool.models.switchable import Switchable


class Registration(Switchable, Base):
    """One (issuer, client id) pair of a platform.

    The pair is not unique in the wild (self-hosted Canvas sites share an issuer), so the id of
    the registration stands in the tool's addresses. While `pending_since` is set, an operator
    has not confirmed it yet and nobody launches. `deployment_policy`: `listed` (only stored
    deployments launch) or `automatic` (the first launch of a new one stores it). `key_text_kid`:
    the tool's key that a platform has as text, as far as is known: the one first shown for this
    registration, then the one whose signature the platform took last; None: none was shown.
    Such a platform does not notice when keys change. `frame_origins`: further origins of the LMS,
    space-separated, which may frame our pages and to which people may go back.
    """

    __tablename__ = "registrations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    platform_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("platforms.id"), index=True)
    issuer: Mapped[str] = mapped_column(sa.String(255))
    client_id: Mapped[str] = mapped_column(sa.String(255))
    auth_login_url: Mapped[str] = mapped_column(sa.Text)
    auth_token_url: Mapped[str] = mapped_column(sa.Text)
    auth_token_audience: Mapped[str | None] = mapped_column(sa.Text)
    key_set_url: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    pending_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    product_family: Mapped[str | None] = mapped_column(sa.String(64))
    key_text_kid: Mapped[str | None] = mapped_column(sa.String(64))
    deployment_policy: Mapped[str] = mapped_column(
        sa.String(16), default="listed", server_default="listed"
    )
    frame_origins: Mapped[str | None] = mapped_column(sa.Text)

    platform: Mapped[Platform] = relationship()
    deployments: Mapped[list["Deployment"]] = relationship(back_populates="registration")

    @property
    def is_disabled(self) -> bool:
        """Whether it is switched off itself, or its platform is."""
        return self.disabled_at is not None or self.platform.disabled_at is not None


class Deployment(Base):
    """A deployment of the registration that may launch (LTI 1.3 core, section 3.1.3)."""

    __tablename__ = "deployments"
    __table_args__ = (sa.UniqueConstraint("registration_id", "deployment_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registrations.id"))
    deployment_id: Mapped[str] = mapped_column(sa.String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    registration: Mapped[Registration] = relationship(back_populates="deployments")


class WaitingDeployment(Base):
    """A deployment that a proven launch came from, and that is not listed.

    `turned_down_at`: somebody decided that it stays out; it is kept so as not to be asked again.
    """

    __tablename__ = "waiting_deployments"
    __table_args__ = (sa.UniqueConstraint("registration_id", "deployment_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registrations.id"))
    deployment_id: Mapped[str] = mapped_column(sa.String(255))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turned_down_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    registration: Mapped[Registration] = relationship()


class Invitation(Base):
    """A one-time link with which an LMS's administrator registers the LMS with this server.

    `token_digest` is SHA-256 hex of what stands in the link. `registration_id` is reserved for
    the registration that comes of it, so that the tool's addresses stay the same when a try is
    repeated. `form_digest` is that of the page shown last; sending that page uses it up.
    """

    __tablename__ = "invitations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    registration_id: Mapped[uuid.UUID] = mapped_column(unique=True, default=uuid.uuid4)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    form_digest: Mapped[str | None] = mapped_column(sa.String(64))

    organisation: Mapped[Organisation] = relationship()


class PlatformKeySet(Base):
    """The last good key set of a platform; a failed fetch never replaces it.

    `attempted_at` is the time of the last fetch, good or not: it spaces refetches.
    """

    __tablename__ = "platform_key_sets"

    registration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("registrations.id"), primary_key=True
    )
    key_set: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ToolKey(Base):
    """An RSA key with which the tool signs client assertions; published in its key set.

    It signs from `signs_from` on (None, in rows of the first release: from `created_at`) until
    that of a younger key.
    """

    __tablename__ = "tool_keys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    kid: Mapped[str] = mapped_column(sa.String(64), unique=True)
    private_key: Mapped[bytes] = mapped_column(sa.LargeBinary, info=SECRET)  # PKCS #8 PEM
    public_jwk: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signs_from: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccessToken(Base):
    """A bearer token of a platform's services, shared by all processes."""

    __tablename__ = "access_tokens"
    __table_args__ = (sa.UniqueConstraint("registration_id", "client_id", "token_url", "scopes"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registrations.id"))
    client_id: Mapped[str] = mapped_column(sa.String(255))
    token_url: Mapped[str] = mapped_column(sa.String(1024))
    scopes: Mapped[str] = mapped_column(sa.String(1024))  # sorted, space-separated
    token: Mapped[bytes] = mapped_column(sa.LargeBinary, info=SECRET)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
