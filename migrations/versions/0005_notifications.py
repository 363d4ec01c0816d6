"""The outbox that carries news across, and what each user is told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caseflow.core.policies import THEIRS, own, packet, share

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_outbox_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_outbox_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_receiver", "outbox", ["to_org_id", "id"], unique=False)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL AND given_up_at IS NULL"),
    )
    op.create_table(
        "notifications",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("news_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_notifications_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_notifications_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("org_id", "user_id", "news_id", name=op.f("uq_notifications_org_id_user_id_news_id")),
    )
    op.create_index("ix_notifications_newest", "notifications", ["org_id", "user_id", "created_at"], unique=False)
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["org_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )

    packet("outbox", read=THEIRS, update=THEIRS, columns=("delivered_at", "given_up_at", "error"))
    own("notifications", update=("read_at",))
    op.execute("GRANT SELECT, UPDATE ON outbox TO caseflow_share")
    # The relay learns ids and for whom, nothing else. What is not delivered after 10 seconds is sent again, later each
    # time, and given up after 20 attempts (about a week), to be seen by the operators.
    op.execute(
        """
        CREATE FUNCTION outbox_claim(most int) RETURNS TABLE (id uuid, to_org_id uuid, attempts int)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            UPDATE public.outbox o
            SET attempts = o.attempts + 1, claimed_at = now(),
                given_up_at = CASE WHEN o.attempts >= 20 THEN now() END
            WHERE (o.org_id, o.id) IN (
                SELECT w.org_id, w.id FROM public.outbox w
                WHERE w.delivered_at IS NULL AND w.given_up_at IS NULL AND (w.claimed_at IS NULL
                    OR w.claimed_at < now() - least(interval '12 hours', interval '10 seconds' * (2 ^ (w.attempts - 1))))
                ORDER BY w.created_at LIMIT least(most, 1000) FOR UPDATE SKIP LOCKED)
            RETURNING o.id, o.to_org_id, o.attempts
        $$
        """
    )
    share("outbox_claim(int)")


def downgrade() -> None:
    op.execute("DROP FUNCTION outbox_claim(int)")
    op.drop_table("notifications")
    op.drop_table("outbox")
