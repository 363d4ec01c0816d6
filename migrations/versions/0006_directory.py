"""The directory of services, readable by every organisation."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import directory

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "services",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("maximum_age", sa.Integer(), nullable=True),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("eligibility", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('education', 'legal_aid', 'employment', 'family_contact')", name=op.f("ck_services_kind")
        ),
        sa.CheckConstraint("place IN ('custody', 'community', 'both')", name=op.f("ck_services_place")),
        sa.CheckConstraint("sex IN ('any', 'female', 'male')", name=op.f("ck_services_sex")),
        sa.CheckConstraint(
            "status IN ('active', 'temporarily closed', 'inactive', 'defunct')", name=op.f("ck_services_status")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_services_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_services")),
    )
    op.create_index("ix_services_kind", "services", ["kind", "status"], unique=False)

    directory("services")


def downgrade() -> None:
    op.drop_table("services")
