"""News is told by jobs alone, and read by whom it was told to.

SQL in a user's context could tell a colleague anything in the product's name, with an address to go to, and read what
colleagues had been told. A job speaks for the organisation without a user.
"""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

JOB = "(SELECT app_user()) IS NULL"


def upgrade() -> None:
    op.execute(f"CREATE POLICY by_jobs ON notifications AS RESTRICTIVE FOR INSERT TO caseflow_app WITH CHECK ({JOB})")
    for command in ("SELECT", "UPDATE"):
        op.execute(
            f"CREATE POLICY theirs_{command.lower()} ON notifications AS RESTRICTIVE FOR {command} TO caseflow_app"
            f" USING ({JOB} OR user_id = (SELECT app_user()))"
        )


def downgrade() -> None:
    for name in ("theirs_update", "theirs_select", "by_jobs"):
        op.execute(f"DROP POLICY {name} ON notifications")
