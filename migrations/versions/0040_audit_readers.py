"""The audit is read by auditors, and of a file by whoever works on cases, for the person; not of files closed to them."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

CASEWORK = "('social_worker', 'team_leader', 'probation_officer')"  # who prints for a person who has seen their file
BEFORE = """
    CREATE OR REPLACE FUNCTION audit_about(files uuid[]) RETURNS TABLE (id uuid)
    LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT e.id FROM public.audit_entries e WHERE e.org_id = public.app_org() AND e.about && files
        UNION
        SELECT e.id FROM public.audit_entries e WHERE e.org_id = public.app_org() AND e.subject_id = ANY (files)
    $$
"""
NOW = f"""
    CREATE OR REPLACE FUNCTION audit_about(files uuid[]) RETURNS TABLE (id uuid)
    LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        org uuid := public.app_org();
        role text := public.app_role();
        asked uuid[] := files;
    BEGIN
        IF role IN {CASEWORK} THEN
            asked := array(SELECT unnest(files) EXCEPT SELECT unnest(public.closed_to(public.app_user())));
        ELSIF public.app_user() IS NOT NULL AND role IS DISTINCT FROM 'auditor' THEN RETURN;
        END IF;
        RETURN QUERY
            SELECT e.id FROM public.audit_entries e WHERE e.org_id = org AND e.about && asked
            UNION
            SELECT e.id FROM public.audit_entries e WHERE e.org_id = org AND e.subject_id = ANY (asked);
    END $$
"""


def upgrade() -> None:
    op.execute(
        "CREATE POLICY readers ON audit_entries AS RESTRICTIVE FOR SELECT TO caseflow_app USING ("
        f"(SELECT app_user()) IS NULL OR (SELECT app_role()) = 'auditor' OR (SELECT app_role()) IN {CASEWORK})"
    )
    _replace(NOW)


def downgrade() -> None:
    _replace(BEFORE)
    op.execute("DROP POLICY readers ON audit_entries")


def _replace(function: str) -> None:
    op.execute("SET LOCAL ROLE caseflow_share")  # its owner
    op.execute(function)
    op.execute("RESET ROLE")
