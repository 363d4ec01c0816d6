"""Indexes of the audit, made beside the running system: they lock nothing, and so run outside a transaction."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

COLUMNS = {
    "ix_audit_entries_order": ["org_id", "xact", "id"],
    "ix_audit_entries_user": ["org_id", "user_id", "created_at"],
}
ABOUT = "ix_audit_entries_about"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, columns in COLUMNS.items():
            op.create_index(name, "audit_entries", columns, postgresql_concurrently=True, if_not_exists=True)
        op.create_index(
            ABOUT,
            "audit_entries",
            ["about"],
            postgresql_using="gin",
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in (ABOUT, *COLUMNS):
            op.drop_index(name, "audit_entries", postgresql_concurrently=True, if_exists=True)
