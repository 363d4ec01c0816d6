"""Two persons decide on an erasure, whatever SQL runs in the name of one; keys are destroyed by the erasing functions.

Until here a row could be inserted as approved, in a leader's name, and keys could be destroyed by an UPDATE.
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

LEADS = "(SELECT app_role()) IN ('team_leader', 'coordinator')"  # who may decide how long records are kept
ASKER = "(SELECT app_user())"


def upgrade() -> None:
    op.execute(
        "CREATE POLICY proposed ON erasures AS RESTRICTIVE FOR INSERT TO caseflow_app WITH CHECK ("
        f"proposed_by = {ASKER} AND {LEADS} AND state = 'proposed' AND decided_by IS NULL AND decided_at IS NULL"
        " AND done_at IS NULL AND rows_removed IS NULL)"
    )
    # Of what was decided before, the rows stay in sight of a SELECT … FOR UPDATE: the trigger refuses their change.
    op.execute(
        "CREATE POLICY decided ON erasures AS RESTRICTIVE FOR UPDATE TO caseflow_app USING (true) WITH CHECK ("
        f"decided_by = {ASKER} AND decided_by <> proposed_by AND {LEADS} AND state IN ('approved', 'refused'))"
    )
    op.execute(
        """
        CREATE FUNCTION keep_decision() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            RAISE EXCEPTION 'this was decided before' USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keeps_decision BEFORE UPDATE ON erasures FOR EACH ROW"
        " WHEN (OLD.state <> 'proposed' AND current_user = 'caseflow_app') EXECUTE FUNCTION keep_decision()"
    )
    # What says when records fall due, and what ends that they are kept.
    for command, clause in (("INSERT", "WITH CHECK"), ("DELETE", "USING")):
        op.execute(
            f"CREATE POLICY leads_{command.lower()} ON retention_rules AS RESTRICTIVE FOR {command} TO caseflow_app"
            f" {clause} ({LEADS})"
        )
    op.execute(
        "CREATE POLICY ended ON retention_holds AS RESTRICTIVE FOR UPDATE TO caseflow_app"
        f" USING (true) WITH CHECK ({LEADS} AND ended_at IS NOT NULL AND ended_by = {ASKER})"
    )
    for table in ("person_keys", "packet_keys"):
        op.execute(f"REVOKE UPDATE (wrapped, destroyed_at) ON {table} FROM caseflow_app")
        op.execute(
            f"CREATE POLICY made ON {table} AS RESTRICTIVE FOR INSERT TO caseflow_app WITH CHECK (destroyed_at IS NULL)"
        )


def downgrade() -> None:
    for table in ("packet_keys", "person_keys"):
        op.execute(f"DROP POLICY made ON {table}")
        op.execute(f"GRANT UPDATE (wrapped, destroyed_at) ON {table} TO caseflow_app")
    op.execute("DROP POLICY ended ON retention_holds")
    for command in ("DELETE", "INSERT"):
        op.execute(f"DROP POLICY leads_{command.lower()} ON retention_rules")
    op.execute("DROP TRIGGER keeps_decision ON erasures")
    op.execute("DROP FUNCTION keep_decision()")
    op.execute("DROP POLICY decided ON erasures")
    op.execute("DROP POLICY proposed ON erasures")
