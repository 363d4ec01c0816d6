"""The reason of an emergency access is sealed under the person's key, as every other reason on who may open a file.

break_glass() writes the row before anybody knows whose file it is; the reason follows in the same transaction.
"""

from alembic import op

from caseflow.core.policies import share

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT SELECT, UPDATE (reason) ON case_access TO caseflow_share")
    op.execute(
        """
        CREATE FUNCTION glass_reason(access uuid, why text) RETURNS integer LANGUAGE sql VOLATILE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
            WITH said AS (
                UPDATE public.case_access a SET reason = why
                WHERE a.org_id = public.app_org() AND a.id = access AND a.kind = 'glass'
                    AND a.user_id = public.app_user() AND a.created_at = now() AND a.reason = '–' AND btrim(why) <> ''
                RETURNING 1
            )
            SELECT count(*)::integer FROM said
        $$
        """
    )
    share("glass_reason(uuid, text)")


def downgrade() -> None:
    op.execute("DROP FUNCTION glass_reason(uuid, text)")
    op.execute("REVOKE UPDATE (reason) ON case_access FROM caseflow_share")
