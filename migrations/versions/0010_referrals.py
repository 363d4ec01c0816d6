"""Referrals and their packets: rows of two organisations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caseflow.core.policies import EITHER, MINE, THEIRS, own, packet, share

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referrals",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("sender_contact", sa.Text(), nullable=True),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("outcomes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("complete_by", sa.Date(), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("first_session_by", sa.Date(), nullable=True),
        sa.Column("report_by", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("overdue_told", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('education', 'legal_aid', 'employment', 'family_contact')", name=op.f("ck_referrals_kind")
        ),
        sa.CheckConstraint("location IN ('custody', 'community')", name=op.f("ck_referrals_location")),
        sa.CheckConstraint(
            "status IN ('sent', 'info_requested', 'waitlisted', 'accepted', 'declined', 'in_progress', 'on_hold', 'completed', 'ended_early', 'withdrawn')",
            name=op.f("ck_referrals_status"),
        ),
        sa.CheckConstraint("urgency IN ('standard', 'short_notice', 'urgent')", name=op.f("ck_referrals_urgency")),
        sa.CheckConstraint("org_id <> to_org_id", name=op.f("ck_referrals_two_sides")),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referrals_org_id")),
        sa.ForeignKeyConstraint(
            ["to_org_id", "service_id"],
            ["services.org_id", "services.id"],
            name=op.f("fk_referrals_to_org_id_service_id"),
        ),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_referrals_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referrals")),
        sa.UniqueConstraint("org_id", "id", "to_org_id", name=op.f("uq_referrals_org_id_id_to_org_id")),
        sa.UniqueConstraint("to_org_id", "id", name=op.f("uq_referrals_to_org_id_id")),
    )
    op.create_index("ix_referrals_inbox", "referrals", ["to_org_id", "status", "answer_by"], unique=False)
    op.create_index("ix_referrals_sent", "referrals", ["org_id", "status", "sent_at"], unique=False)
    op.create_table(
        "referral_events",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("actor_org_id", sa.Uuid(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("suggested_service_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "before IN ('sent', 'info_requested', 'waitlisted', 'accepted', 'declined', 'in_progress', 'on_hold', 'completed', 'ended_early', 'withdrawn')",
            name=op.f("ck_referral_events_before"),
        ),
        sa.CheckConstraint(
            "status IN ('sent', 'info_requested', 'waitlisted', 'accepted', 'declined', 'in_progress', 'on_hold', 'completed', 'ended_early', 'withdrawn')",
            name=op.f("ck_referral_events_status"),
        ),
        sa.CheckConstraint("actor_org_id IN (org_id, to_org_id)", name=op.f("ck_referral_events_actor")),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id", "to_org_id"],
            ["referrals.org_id", "referrals.id", "referrals.to_org_id"],
            name=op.f("fk_referral_events_org_id_referral_id_to_org_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_events_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_referral_events_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_events")),
    )
    op.create_index(
        "ix_referral_events_receiver", "referral_events", ["to_org_id", "referral_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_referral_events_sender", "referral_events", ["org_id", "referral_id", "created_at"], unique=False
    )
    op.create_table(
        "referral_helpers",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id"],
            ["referrals.to_org_id", "referrals.id"],
            name=op.f("fk_referral_helpers_org_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_referral_helpers_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_helpers_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_helpers")),
    )
    op.create_index(
        "ix_referral_helpers_user",
        "referral_helpers",
        ["org_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "ux_referral_helpers_live",
        "referral_helpers",
        ["org_id", "referral_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "referral_messages",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("actor_org_id", sa.Uuid(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("actor_org_id IN (org_id, to_org_id)", name=op.f("ck_referral_messages_actor")),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id", "to_org_id"],
            ["referrals.org_id", "referrals.id", "referrals.to_org_id"],
            name=op.f("fk_referral_messages_org_id_referral_id_to_org_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_messages_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_referral_messages_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_messages")),
    )
    op.create_index(
        "ix_referral_messages_receiver", "referral_messages", ["to_org_id", "referral_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_referral_messages_sender", "referral_messages", ["org_id", "referral_id", "created_at"], unique=False
    )
    op.create_table(
        "referral_notes",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id"],
            ["referrals.to_org_id", "referrals.id"],
            name=op.f("fk_referral_notes_org_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "written_by"], ["users.org_id", "users.id"], name=op.f("fk_referral_notes_org_id_written_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_notes_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_notes")),
    )
    op.create_index("ix_referral_notes_referral", "referral_notes", ["org_id", "referral_id"], unique=False)
    op.create_table(
        "referral_outcomes",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("achievement", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "achievement IN ('achieved', 'partly_achieved', 'not_achieved')",
            name=op.f("ck_referral_outcomes_achievement"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id", "to_org_id"],
            ["referrals.org_id", "referrals.id", "referrals.to_org_id"],
            name=op.f("fk_referral_outcomes_org_id_referral_id_to_org_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_outcomes_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_referral_outcomes_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_outcomes")),
        sa.UniqueConstraint(
            "org_id", "referral_id", "outcome", name=op.f("uq_referral_outcomes_org_id_referral_id_outcome")
        ),
    )
    op.create_index("ix_referral_outcomes_receiver", "referral_outcomes", ["to_org_id", "referral_id"], unique=False)
    op.create_table(
        "referral_reports",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_steps", sa.Text(), nullable=True),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id", "to_org_id"],
            ["referrals.org_id", "referrals.id", "referrals.to_org_id"],
            name=op.f("fk_referral_reports_org_id_referral_id_to_org_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_reports_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_referral_reports_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_reports")),
        sa.UniqueConstraint("org_id", "referral_id", name=op.f("uq_referral_reports_org_id_referral_id")),
    )
    op.create_index("ix_referral_reports_receiver", "referral_reports", ["to_org_id", "referral_id"], unique=False)
    op.create_table(
        "referral_sessions",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("in_group", sa.Boolean(), nullable=False),
        sa.Column("planned_by", sa.Text(), nullable=False),
        sa.Column("attendance", sa.Text(), nullable=True),
        sa.Column("absence", sa.Text(), nullable=True),
        sa.Column("absence_reason", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("concern", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.Column("replaced_by_id", sa.Uuid(), nullable=True),
        sa.Column("rescheduled_for", sa.Text(), nullable=True),
        sa.Column("rescheduled_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "absence IN ('acceptable', 'unacceptable', 'service_side')", name=op.f("ck_referral_sessions_absence")
        ),
        sa.CheckConstraint("attendance IN ('yes', 'late', 'no')", name=op.f("ck_referral_sessions_attendance")),
        sa.CheckConstraint("form IN ('in_person', 'phone', 'video')", name=op.f("ck_referral_sessions_form")),
        sa.CheckConstraint(
            "rescheduled_for IN ('person', 'receiver', 'sender', 'other')",
            name=op.f("ck_referral_sessions_rescheduled_for"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id", "to_org_id"],
            ["referrals.org_id", "referrals.id", "referrals.to_org_id"],
            name=op.f("fk_referral_sessions_org_id_referral_id_to_org_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_sessions_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_referral_sessions_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_sessions")),
    )
    op.create_index(
        "ix_referral_sessions_receiver", "referral_sessions", ["to_org_id", "referral_id", "starts_at"], unique=False
    )
    op.create_index(
        "ix_referral_sessions_sender", "referral_sessions", ["org_id", "referral_id", "starts_at"], unique=False
    )
    op.create_table(
        "disclosures",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "category IN ('identity', 'contact', 'family', 'education', 'work', 'legal', 'support_needs', 'plan', 'custody_dates', 'offence', 'risk')",
            name=op.f("ck_disclosures_category"),
        ),
        sa.CheckConstraint("consent_id IS NOT NULL OR legal_basis IS NOT NULL", name=op.f("ck_disclosures_ground")),
        sa.ForeignKeyConstraint(
            ["org_id", "approved_by"], ["users.org_id", "users.id"], name=op.f("fk_disclosures_org_id_approved_by")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "consent_id"], ["consents.org_id", "consents.id"], name=op.f("fk_disclosures_org_id_consent_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id", "to_org_id"],
            ["referrals.org_id", "referrals.id", "referrals.to_org_id"],
            name=op.f("fk_disclosures_org_id_referral_id_to_org_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_disclosures_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_disclosures_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_disclosures")),
        sa.UniqueConstraint(
            "org_id", "referral_id", "category", name=op.f("uq_disclosures_org_id_referral_id_category")
        ),
    )
    op.create_index("ix_disclosures_consent", "disclosures", ["org_id", "consent_id"], unique=False)
    op.create_index("ix_disclosures_receiver", "disclosures", ["to_org_id", "referral_id"], unique=False)
    op.create_table(
        "referral_drafts",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=True),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("service_org_id", sa.Uuid(), nullable=True),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("outcomes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("complete_by", sa.Date(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("interpreter", sa.Boolean(), nullable=False),
        sa.Column("accessibility", sa.Text(), nullable=True),
        sa.Column("clashes", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("details_done", sa.Boolean(), nullable=False),
        sa.Column("categories", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("disclosure_done", sa.Boolean(), nullable=False),
        sa.Column("disclosure_reason", sa.Text(), nullable=True),
        sa.Column("risk_text", sa.Text(), nullable=True),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('education', 'legal_aid', 'employment', 'family_contact')", name=op.f("ck_referral_drafts_kind")
        ),
        sa.CheckConstraint("location IN ('custody', 'community')", name=op.f("ck_referral_drafts_location")),
        sa.CheckConstraint(
            "urgency IN ('standard', 'short_notice', 'urgent')", name=op.f("ck_referral_drafts_urgency")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_referral_drafts_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "need_id"], ["needs.org_id", "needs.id"], name=op.f("fk_referral_drafts_org_id_need_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "step_id"], ["steps.org_id", "steps.id"], name=op.f("fk_referral_drafts_org_id_step_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "written_by"], ["users.org_id", "users.id"], name=op.f("fk_referral_drafts_org_id_written_by")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "consent_id"],
            ["consents.org_id", "consents.id"],
            name=op.f("fk_referral_drafts_org_id_consent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "approved_by"], ["users.org_id", "users.id"], name=op.f("fk_referral_drafts_org_id_approved_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_drafts_org_id")),
        sa.ForeignKeyConstraint(
            ["service_org_id", "service_id"],
            ["services.org_id", "services.id"],
            name=op.f("fk_referral_drafts_service_org_id_service_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_drafts")),
    )
    op.create_index("ix_referral_drafts_case", "referral_drafts", ["org_id", "case_id"], unique=False)
    op.create_table(
        "referral_origins",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=True),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_referral_origins_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "id"], ["referrals.org_id", "referrals.id"], name=op.f("fk_referral_origins_org_id_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "need_id"], ["needs.org_id", "needs.id"], name=op.f("fk_referral_origins_org_id_need_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "sent_by"], ["users.org_id", "users.id"], name=op.f("fk_referral_origins_org_id_sent_by")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "step_id"], ["steps.org_id", "steps.id"], name=op.f("fk_referral_origins_org_id_step_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_origins_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_origins")),
    )
    op.create_index("ix_referral_origins_case", "referral_origins", ["org_id", "case_id"], unique=False)

    own("referral_drafts", delete=True)
    own("referral_origins", update=False)
    op.execute("GRANT SELECT, DELETE ON referral_drafts TO caseflow_share")
    op.execute(
        """
        CREATE FUNCTION purge_drafts() RETURNS integer LANGUAGE sql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
            WITH gone AS (DELETE FROM public.referral_drafts WHERE created_at < now() - interval '90 days' RETURNING 1)
            SELECT count(*)::integer FROM gone
        $$
        """
    )
    share("purge_drafts()")
    packet(
        "referrals",
        update=EITHER,
        columns=("status", "status_at", "answer_by", "first_session_by", "report_by", "version"),
    )
    # The receiver reads a disclosure while it is live; the sender can close it, and never reopen or rewrite it.
    packet(
        "disclosures",
        read=f"{MINE} OR ({THEIRS} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()))",
        update=MINE,
        columns=("revoked_at", "expires_at"),
    )
    actor = f"{EITHER} AND actor_org_id = (SELECT app_org())"
    packet("referral_events", insert=actor)
    packet("referral_messages", insert=actor)
    packet(
        "referral_sessions",
        insert=THEIRS,
        update=THEIRS,
        columns=(
            "attendance",
            "absence",
            "absence_reason",
            "summary",
            "concern",
            "recorded_at",
            "recorded_by",
            "replaced_by_id",
            "rescheduled_for",
            "rescheduled_reason",
        ),
    )
    packet("referral_reports", insert=THEIRS)
    packet("referral_outcomes", insert=THEIRS)
    own("referral_helpers", update=("until", "is_primary"))
    own("referral_notes", update=False)
    op.execute("GRANT SELECT, UPDATE (overdue_told) ON referrals TO caseflow_share")
    op.execute("GRANT INSERT ON outbox TO caseflow_share")
    # What is newly overdue becomes news for both sides: once when the day has passed (the receiver's day), and once
    # more, raised to the team leaders, when a week has.
    op.execute(
        """
        CREATE FUNCTION tell_overdue() RETURNS integer LANGUAGE sql VOLATILE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
            WITH owed AS (
                SELECT r.org_id, r.id, (now() AT TIME ZONE o.timezone)::date AS today,
                    CASE r.status WHEN 'sent' THEN 'answer' WHEN 'accepted' THEN 'first_session' ELSE 'report' END AS due,
                    CASE r.status WHEN 'sent' THEN r.answer_by WHEN 'accepted' THEN r.first_session_by
                        ELSE r.report_by END AS day
                FROM public.referrals r JOIN public.organisations o ON o.id = r.to_org_id
                WHERE r.status IN ('sent', 'accepted', 'in_progress', 'on_hold')
            ), late AS (
                SELECT org_id, id, due, day < today - 7 AS raised,
                    concat_ws(' ', due, day, CASE WHEN day < today - 7 THEN 'raised' END) AS told
                FROM owed WHERE day < today
            ), newly AS (
                UPDATE public.referrals r SET overdue_told = late.told FROM late
                WHERE r.org_id = late.org_id AND r.id = late.id AND r.overdue_told IS DISTINCT FROM late.told
                RETURNING r.org_id, r.id, r.to_org_id, late.due, late.raised
            ), posted AS (
                INSERT INTO public.outbox (org_id, id, created_at, to_org_id, topic, payload, attempts)
                SELECT n.org_id, gen_random_uuid(), now(), side.org_id, 'referral.overdue',
                    jsonb_build_object('referral', n.id, 'due', n.due, 'raised', n.raised), 0
                FROM newly n CROSS JOIN LATERAL (VALUES (n.org_id), (n.to_org_id)) AS side (org_id)
                RETURNING 1
            )
            SELECT count(*)::integer FROM posted
        $$
        """
    )
    share("tell_overdue()")


def downgrade() -> None:
    op.execute("DROP FUNCTION tell_overdue()")
    op.execute("REVOKE INSERT ON outbox FROM caseflow_share")
    op.execute("DROP FUNCTION purge_drafts()")
    op.drop_table("referral_origins")
    op.drop_table("referral_drafts")
    op.drop_table("disclosures")
    op.drop_table("referral_sessions")
    op.drop_table("referral_reports")
    op.drop_table("referral_outcomes")
    op.drop_table("referral_notes")
    op.drop_table("referral_messages")
    op.drop_table("referral_helpers")
    op.drop_table("referral_events")
    op.drop_table("referrals")
