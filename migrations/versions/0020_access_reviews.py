"""The periodic review of who has access: its lines, what was decided of each, and who signed it."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_reviews",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_access_reviews_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "signed_by"], ["users.org_id", "users.id"], name=op.f("fk_access_reviews_org_id_signed_by")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_access_reviews")),
    )
    op.create_index("ix_access_reviews_newest", "access_reviews", ["org_id", "created_at"])
    op.create_table(
        "access_review_lines",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("decision IN ('keep', 'change', 'close')", name=op.f("ck_access_review_lines_decision")),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_access_review_lines_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "review_id"],
            ["access_reviews.org_id", "access_reviews.id"],
            name=op.f("fk_access_review_lines_org_id_review_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_access_review_lines_org_id_user_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_access_review_lines")),
        sa.UniqueConstraint(
            "org_id", "review_id", "user_id", name=op.f("uq_access_review_lines_org_id_review_id_user_id")
        ),
    )
    # What was signed stays as it was signed.
    own("access_reviews", update=False)
    own("access_review_lines", update=False)


def downgrade() -> None:
    op.drop_table("access_review_lines")
    op.drop_table("access_reviews")
