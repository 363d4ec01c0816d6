"""What is about somebody else is given out in a copy on purpose alone: a mark names a column of a row."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

UNIQUE = "uq_access_parts_org_id_request_id_part_row_id"
KEY = ["org_id", "request_id", "part", "row_id"]


def upgrade() -> None:
    op.add_column("access_parts", sa.Column("field", sa.Text(), nullable=True))
    op.alter_column("access_parts", "reason", nullable=True)
    op.create_check_constraint(
        op.f("ck_access_parts_decision"), "access_parts", "(field IS NULL) = (reason IS NOT NULL)"
    )
    op.create_check_constraint(op.f("ck_access_parts_one_row"), "access_parts", "field IS NULL OR row_id IS NOT NULL")
    op.create_unique_constraint(
        op.f(f"{UNIQUE}_field"), "access_parts", [*KEY, "field"], postgresql_nulls_not_distinct=True
    )
    op.drop_constraint(op.f(UNIQUE), "access_parts")


def downgrade() -> None:
    op.execute("DELETE FROM access_parts WHERE field IS NOT NULL")
    op.create_unique_constraint(op.f(UNIQUE), "access_parts", KEY, postgresql_nulls_not_distinct=True)
    op.drop_constraint(op.f(f"{UNIQUE}_field"), "access_parts")
    op.drop_constraint(op.f("ck_access_parts_one_row"), "access_parts")
    op.drop_constraint(op.f("ck_access_parts_decision"), "access_parts")
    op.alter_column("access_parts", "reason", nullable=False)
    op.drop_column("access_parts", "field")
