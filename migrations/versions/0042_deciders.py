"""The directory is kept, and copies for a person are decided, by whoever may, whatever SQL runs."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

WORK = "(SELECT app_user()) IS NULL"
KEEPS = f"{WORK} OR (SELECT app_role()) = 'coordinator'"
# Whoever works on a case marks what is held back.
DECIDES = f"state IN ('asked', 'marked') AND decided_by IS NULL OR {WORK} OR (SELECT app_role()) = 'team_leader'"

RULES = (
    ("services", "may_insert", f"FOR INSERT TO caseflow_app WITH CHECK ({KEEPS})"),
    ("services", "may_update", f"FOR UPDATE TO caseflow_app USING ({KEEPS})"),
    ("access_requests", "may_update", f"FOR UPDATE TO caseflow_app USING (true) WITH CHECK ({DECIDES})"),
)


def upgrade() -> None:
    for table, name, rule in RULES:
        op.execute(f"CREATE POLICY {name} ON {table} AS RESTRICTIVE {rule}")


def downgrade() -> None:
    for table, name, _rule in RULES:
        op.execute(f"DROP POLICY {name} ON {table}")
