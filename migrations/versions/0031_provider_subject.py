"""Who a user is to the organisation's provider: an address that the provider gives to somebody else opens nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("provider_subject", sa.Text(), nullable=True))
    op.create_index(
        "ux_users_provider_subject",
        "users",
        ["org_id", "provider_subject"],
        unique=True,
        postgresql_where=sa.text("provider_subject IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_column("users", "provider_subject")
