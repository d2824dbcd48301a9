"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    op.create_index("ix_audit_log_subject", "audit_log", ["subject"])
    op.create_table(
        "organisations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
        sa.UniqueConstraint("slug", name="uq_organisations_slug"),
    )
    op.create_table(
        "server_identity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_url", sa.String(length=255), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_server_identity"),
    )
    op.create_table(
        "tool_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tool_keys"),
        sa.UniqueConstraint("kid", name="uq_tool_keys_kid"),
    )
    op.create_table(
        "issuer_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("public_multibase", sa.String(length=64), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_issuer_keys_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_issuer_keys"),
        sa.UniqueConstraint("public_multibase", name="uq_issuer_keys_public_multibase"),
    )
    op.create_index("ix_issuer_keys_organisation_id", "issuer_keys", ["organisation_id"])
    op.create_table(
        "micro_credential_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_micro_credential_series_organisation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_micro_credential_series"),
        sa.UniqueConstraint(
            "organisation_id", "code", name="uq_micro_credential_series_organisation_id_code"
        ),
    )
    op.create_table(
        "platforms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_platforms_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_platforms"),
    )
    op.create_index("ix_platforms_organisation_id", "platforms", ["organisation_id"])
    op.create_table(
        "status_lists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.Column("reserved_count", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_status_lists_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_status_lists"),
    )
    op.create_index("ix_status_lists_organisation_id", "status_lists", ["organisation_id"])
    op.create_table(
        "courses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("context_id", sa.String(length=300), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name="fk_courses_platform_id"),
        sa.PrimaryKeyConstraint("id", name="pk_courses"),
        sa.UniqueConstraint("platform_id", "context_id", name="uq_courses_platform_id_context_id"),
    )
    op.create_table(
        "micro_credential_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["micro_credential_series.id"],
            name="fk_micro_credential_versions_series_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_micro_credential_versions"),
        sa.UniqueConstraint(
            "series_id", "version", name="uq_micro_credential_versions_series_id_version"
        ),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["platform_id"], ["platforms.id"], name="fk_people_platform_id"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("platform_id", "sub", name="uq_people_platform_id_sub"),
    )
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("auth_login_url", sa.Text(), nullable=False),
        sa.Column("auth_token_url", sa.Text(), nullable=False),
        sa.Column("key_set_url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name="fk_registrations_platform_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registrations"),
    )
    op.create_index("ix_registrations_platform_id", "registrations", ["platform_id"])
    op.create_table(
        "status_entries",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["status_lists.id"], name="fk_status_entries_list_id"),
        sa.PrimaryKeyConstraint("list_id", "index", name="pk_status_entries"),
    )
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("token_url", sa.String(length=1024), nullable=False),
        sa.Column("scopes", sa.String(length=1024), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_access_tokens_registration_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_tokens"),
        sa.UniqueConstraint(
            "registration_id",
            "client_id",
            "token_url",
            "scopes",
            name="uq_access_tokens_registration_id_client_id_token_url_scopes",
        ),
    )
    op.create_table(
        "awards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("assessors", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(length=32), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=500), nullable=True),
        sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flagged_reason", sa.String(length=500), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_awards_course_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_awards_person_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["micro_credential_versions.id"], name="fk_awards_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_awards"),
    )
    op.create_index("ix_awards_version_id", "awards", ["version_id"])
    op.create_index(
        "uq_awards_standing",
        "awards",
        ["person_id", "version_id", "is_test"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "completion_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("route", sa.String(length=32), nullable=False),
        sa.Column("assessor_id", sa.Uuid(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=True),
        sa.Column("points", sa.Numeric(precision=9, scale=3), nullable=True),
        sa.Column("is_signed_off", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("retracts_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assessor_id"], ["people.id"], name="fk_completion_records_assessor_id"
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name="fk_completion_records_course_id"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_completion_records_person_id"
        ),
        sa.ForeignKeyConstraint(
            ["retracts_id"], ["completion_records.id"], name="fk_completion_records_retracts_id"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["micro_credential_versions.id"],
            name="fk_completion_records_version_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_completion_records"),
        sa.UniqueConstraint("person_id", "key", name="uq_completion_records_person_id_key"),
    )
    op.create_index(
        "ix_completion_records_person_version", "completion_records", ["person_id", "version_id"]
    )
    op.create_index("ix_completion_records_retracts_id", "completion_records", ["retracts_id"])
    op.create_table(
        "course_members",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("is_tester", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_course_members_course_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_course_members_person_id"),
        sa.PrimaryKeyConstraint("course_id", "person_id", name="pk_course_members"),
    )
    op.create_index("ix_course_members_person_id", "course_members", ["person_id"])
    op.create_table(
        "deployments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_deployments_registration_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deployments"),
        sa.UniqueConstraint(
            "registration_id", "deployment_id", name="uq_deployments_registration_id_deployment_id"
        ),
    )
    op.create_table(
        "enrolments",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_enrolments_person_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["micro_credential_versions.id"], name="fk_enrolments_version_id"
        ),
        sa.PrimaryKeyConstraint("person_id", "version_id", name="pk_enrolments"),
    )
    op.create_index("ix_enrolments_version_id", "enrolments", ["version_id"])
    op.create_table(
        "login_states",
        sa.Column("state_digest", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("target_link_uri", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.String(length=255), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_login_states_registration_id"
        ),
        sa.PrimaryKeyConstraint("state_digest", name="pk_login_states"),
    )
    op.create_index("ix_login_states_expires_at", "login_states", ["expires_at"])
    op.create_table(
        "placements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_placements_course_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["micro_credential_versions.id"], name="fk_placements_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_placements"),
        sa.UniqueConstraint("course_id", "version_id", name="uq_placements_course_id_version_id"),
    )
    op.create_index("ix_placements_version_id", "placements", ["version_id"])
    op.create_table(
        "platform_key_sets",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("key_set", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_platform_key_sets_registration_id"
        ),
        sa.PrimaryKeyConstraint("registration_id", name="pk_platform_key_sets"),
    )
    op.create_table(
        "credentials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("status_list_id", sa.Uuid(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_reason", sa.String(length=500), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name="fk_credentials_award_id"),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["credentials.id"], name="fk_credentials_replaces_id"
        ),
        sa.ForeignKeyConstraint(
            ["status_list_id", "status_index"],
            ["status_entries.list_id", "status_entries.index"],
            name="fk_credentials_status_list_id_status_index",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.UniqueConstraint(
            "status_list_id", "status_index", name="uq_credentials_status_list_id_status_index"
        ),
    )
    op.create_index("ix_credentials_award_id", "credentials", ["award_id"])
    op.create_table(
        "placed_units",
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=32), nullable=False),
        sa.Column("basis", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placements.id"], name="fk_placed_units_placement_id"
        ),
        sa.PrimaryKeyConstraint("placement_id", "unit_code", name="pk_placed_units"),
    )
    op.create_table(
        "resource_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("resource_link_id", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=True),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("unit_code", sa.String(length=64), nullable=True),
        sa.Column("is_placed_by_platform", sa.Boolean(), nullable=False),
        sa.Column("line_item_url", sa.Text(), nullable=True),
        sa.Column("line_item_scopes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_resource_links_course_id"),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placements.id"], name="fk_resource_links_placement_id"
        ),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name="fk_resource_links_platform_id"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_resource_links_registration_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_resource_links"),
        sa.UniqueConstraint(
            "platform_id", "resource_link_id", name="uq_resource_links_platform_id_resource_link_id"
        ),
    )
    op.create_index("ix_resource_links_course_id", "resource_links", ["course_id"])
    op.create_index("ix_resource_links_placement_id", "resource_links", ["placement_id"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("line_item_url", sa.Text(), nullable=False),
        sa.Column("points", sa.Numeric(precision=9, scale=3), nullable=True),
        sa.Column("maximum", sa.Numeric(precision=9, scale=3), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_timestamp", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["link_id"], ["resource_links.id"], name="fk_deliveries_link_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_deliveries_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["state", "due_at"])
    op.create_index("ix_deliveries_target", "deliveries", ["link_id", "person_id"])
    op.create_table(
        "launch_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("is_teacher", sa.Boolean(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("frame_origin", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_launch_sessions_course_id"),
        sa.ForeignKeyConstraint(
            ["link_id"], ["resource_links.id"], name="fk_launch_sessions_link_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_launch_sessions_person_id"),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name="fk_launch_sessions_registration_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_launch_sessions"),
    )
    op.create_index("ix_launch_sessions_expires_at", "launch_sessions", ["expires_at"])
    op.create_index("ix_launch_sessions_person_id", "launch_sessions", ["person_id"])


def downgrade() -> None:
    op.drop_table("launch_sessions")
    op.drop_table("deliveries")
    op.drop_table("resource_links")
    op.drop_table("placed_units")
    op.drop_table("credentials")
    op.drop_table("platform_key_sets")
    op.drop_table("placements")
    op.drop_table("login_states")
    op.drop_table("enrolments")
    op.drop_table("deployments")
    op.drop_table("course_members")
    op.drop_table("completion_records")
    op.drop_table("awards")
    op.drop_table("access_tokens")
    op.drop_table("status_entries")
    op.drop_table("registrations")
    op.drop_table("people")
    op.drop_table("micro_credential_versions")
    op.drop_table("courses")
    op.drop_table("status_lists")
    op.drop_table("platforms")
    op.drop_table("micro_credential_series")
    op.drop_table("issuer_keys")
    op.drop_table("tool_keys")
    op.drop_table("server_identity")
    op.drop_table("organisations")
    op.drop_table("audit_log")
