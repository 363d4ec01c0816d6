"""Plans, goals and steps."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreement_note", sa.Text(), nullable=True),
        sa.Column("agreement_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreement_by", sa.Uuid(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("own_words", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "agreement IN ('draft', 'agreed', 'not_agreed', 'could_not_answer')", name=op.f("ck_plans_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_plans_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "agreement_by"], ["users.org_id", "users.id"], name=op.f("fk_plans_org_id_agreement_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_plans_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_plans")),
        sa.UniqueConstraint("org_id", "case_id", name=op.f("uq_plans_org_id_case_id")),
    )
    op.create_table(
        "goals",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("target_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_note", sa.Text(), nullable=True),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "area IN ('accommodation', 'education', 'employment', 'finance', 'family', 'health', 'alcohol', 'drugs', 'thinking', 'lifestyle', 'legal', 'faith')",
            name=op.f("ck_goals_area"),
        ),
        sa.CheckConstraint("status IN ('active', 'future', 'achieved', 'removed')", name=op.f("ck_goals_status")),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_goals_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "need_id"], ["needs.org_id", "needs.id"], name=op.f("fk_goals_org_id_need_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "plan_id"], ["plans.org_id", "plans.id"], name=op.f("fk_goals_org_id_plan_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "added_by"], ["users.org_id", "users.id"], name=op.f("fk_goals_org_id_added_by")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "status_by"], ["users.org_id", "users.id"], name=op.f("fk_goals_org_id_status_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_goals_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_goals")),
    )
    op.create_index("ix_goals_case", "goals", ["org_id", "case_id"], unique=False)
    op.create_index("ix_goals_plan", "goals", ["org_id", "plan_id"], unique=False)
    op.create_table(
        "steps",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_note", sa.Text(), nullable=True),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("actor IN ('person', 'worker', 'cso', 'family', 'other')", name=op.f("ck_steps_actor")),
        sa.CheckConstraint(
            "status IN ('not_started', 'in_progress', 'completed', 'cannot_be_done_yet', 'no_longer_needed')",
            name=op.f("ck_steps_status"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "goal_id"], ["goals.org_id", "goals.id"], name=op.f("fk_steps_org_id_goal_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "status_by"], ["users.org_id", "users.id"], name=op.f("fk_steps_org_id_status_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_steps_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_steps")),
    )
    op.create_index("ix_steps_goal", "steps", ["org_id", "goal_id"], unique=False)

    for table in ("plans", "goals", "steps"):
        own(table)


def downgrade() -> None:
    op.drop_table("steps")
    op.drop_table("goals")
    op.drop_table("plans")
