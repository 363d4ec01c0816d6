"""What an organisation may change of itself: how to reach it. Its kind is trusted by the rules, and is not its own.

Until here whoever could run SQL in an organisation's name could make it a steward, and so read and end the agreements
of all. Who asks is now also known by role (`app_role()`), for the rules that follow.
"""

from alembic import op

from caseflow.core.policies import MINE, share

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

REACHED_BY = "address, phone, email"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION app_role() RETURNS text LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
            SELECT u.role FROM public.users u
            WHERE u.org_id = public.app_org() AND u.id = public.app_user() AND u.active
        $$
        """
    )
    share("app_role()")
    op.execute("REVOKE UPDATE ON organisations FROM caseflow_app")
    op.execute(f"GRANT UPDATE ({REACHED_BY}) ON organisations TO caseflow_app")
    op.execute(
        "CREATE POLICY managed ON organisations AS RESTRICTIVE FOR UPDATE TO caseflow_app"
        " USING (id = (SELECT app_org()) AND (SELECT app_role()) IN ('administrator', 'steward'))"
    )
    # Every organisation reads these, so their `bound` rule names none: what is written asks the signed context as well,
    # and not only the claim.
    for table in ("holidays", "services"):
        op.execute(f"CREATE POLICY mine_added ON {table} AS RESTRICTIVE FOR INSERT TO caseflow_app WITH CHECK ({MINE})")
        op.execute(f"CREATE POLICY mine_changed ON {table} AS RESTRICTIVE FOR UPDATE TO caseflow_app USING ({MINE})")
    op.execute(f"CREATE POLICY mine_removed ON holidays AS RESTRICTIVE FOR DELETE TO caseflow_app USING ({MINE})")
    op.execute(
        """
        CREATE FUNCTION keep_stewards() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NOT public.app_is_steward() THEN
                RAISE EXCEPTION 'only the steward has stewards' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keeps_stewards BEFORE INSERT OR UPDATE OF role ON users FOR EACH ROW"
        " WHEN (NEW.role = 'steward' AND current_user = 'caseflow_app') EXECUTE FUNCTION keep_stewards()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER keeps_stewards ON users")
    op.execute("DROP FUNCTION keep_stewards()")
    op.execute("DROP POLICY mine_removed ON holidays")
    for table in ("holidays", "services"):
        op.execute(f"DROP POLICY mine_changed ON {table}")
        op.execute(f"DROP POLICY mine_added ON {table}")
    op.execute("DROP POLICY managed ON organisations")
    op.execute(f"REVOKE UPDATE ({REACHED_BY}) ON organisations FROM caseflow_app")
    op.execute("GRANT UPDATE ON organisations TO caseflow_app")
    op.execute("DROP FUNCTION app_role()")
