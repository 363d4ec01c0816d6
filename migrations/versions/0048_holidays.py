"""Holidays are kept by administrators, whatever SQL runs: every deadline counts them."""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

KEEPS = "(SELECT app_user()) IS NULL OR (SELECT app_role()) = 'administrator'"

RULES = (
    ("may_insert", f"FOR INSERT TO caseflow_app WITH CHECK ({KEEPS})"),
    ("may_update", f"FOR UPDATE TO caseflow_app USING ({KEEPS})"),
    ("may_delete", f"FOR DELETE TO caseflow_app USING ({KEEPS})"),
)


def upgrade() -> None:
    for name, rule in RULES:
        op.execute(f"CREATE POLICY {name} ON holidays AS RESTRICTIVE {rule}")


def downgrade() -> None:
    for name, _rule in RULES:
        op.execute(f"DROP POLICY {name} ON holidays")
