"""Intakes and needs."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intakes",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("order_seen", sa.Boolean(), nullable=False),
        sa.Column("rights_explained", sa.Boolean(), nullable=False),
        sa.Column("family_told", sa.Boolean(), nullable=False),
        sa.Column("injuries", sa.Text(), nullable=True),
        sa.Column("urgent_needs", sa.Text(), nullable=True),
        sa.Column("dependants", sa.Text(), nullable=True),
        sa.Column("strengths", sa.Text(), nullable=True),
        sa.Column("own_words", sa.Text(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_intakes_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "completed_by"], ["users.org_id", "users.id"], name=op.f("fk_intakes_org_id_completed_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_intakes_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_intakes")),
        sa.UniqueConstraint("org_id", "case_id", name=op.f("uq_intakes_org_id_case_id")),
    )
    op.create_table(
        "needs",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_note", sa.Text(), nullable=True),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "area IN ('accommodation', 'education', 'employment', 'finance', 'family', 'health', 'alcohol', 'drugs', 'thinking', 'lifestyle', 'legal', 'faith')",
            name=op.f("ck_needs_area"),
        ),
        sa.CheckConstraint("priority IN ('now', 'soon', 'later')", name=op.f("ck_needs_priority")),
        sa.CheckConstraint("status IN ('open', 'met', 'nothing_needed', 'declined')", name=op.f("ck_needs_status")),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_needs_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "recorded_by"], ["users.org_id", "users.id"], name=op.f("fk_needs_org_id_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "status_by"], ["users.org_id", "users.id"], name=op.f("fk_needs_org_id_status_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_needs_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_needs")),
    )
    op.create_index("ix_needs_case", "needs", ["org_id", "case_id"], unique=False)

    own("intakes")
    own("needs")


def downgrade() -> None:
    op.drop_table("needs")
    op.drop_table("intakes")
