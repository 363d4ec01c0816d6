"""Supervision, conditions and contacts."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("form IN ('in_person', 'phone', 'home_visit', 'remote')", name=op.f("ck_contacts_form")),
        sa.CheckConstraint(
            "outcome IN ('complied', 'not_complied', 'sent_away', 'acceptable_absence', 'unacceptable_absence')",
            name=op.f("ck_contacts_outcome"),
        ),
        sa.CheckConstraint(
            "response IN ('none', 'talk', 'first_warning', 'final_warning', 'review', 'court')",
            name=op.f("ck_contacts_response"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_contacts_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_contacts_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_contacts_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_case", "contacts", ["org_id", "case_id", "starts_at"], unique=False)
    op.create_index("ix_contacts_user", "contacts", ["org_id", "user_id", "starts_at"], unique=False)
    op.create_table(
        "supervisions",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("court", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "level IN ('weekly', 'two_weeks', 'four_weeks', 'eight_weeks')", name=op.f("ck_supervisions_level")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_supervisions_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_supervisions_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_supervisions")),
        sa.UniqueConstraint("org_id", "case_id", name=op.f("uq_supervisions_org_id_case_id")),
    )
    op.create_table(
        "conditions",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("supervision_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("explained_on", sa.Date(), nullable=True),
        sa.Column("understood", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('residence', 'contact', 'programme', 'curfew', 'reporting', 'work', 'travel', 'other')",
            name=op.f("ck_conditions_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_conditions_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "supervision_id"],
            ["supervisions.org_id", "supervisions.id"],
            name=op.f("fk_conditions_org_id_supervision_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_conditions_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_conditions")),
    )
    op.create_index("ix_conditions_case", "conditions", ["org_id", "case_id"], unique=False)

    for table in ("supervisions", "conditions", "contacts"):
        own(table)


def downgrade() -> None:
    op.drop_table("conditions")
    op.drop_table("supervisions")
    op.drop_table("contacts")
