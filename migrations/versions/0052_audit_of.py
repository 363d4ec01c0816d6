"""Whoever works on cases reads of the audit what is about files that are open to them, and nothing beside.

They read the table: by SQL when a colleague signed in and from where, what an administrator did, whom somebody searched
for. A function gives them the entries of the files that they name, for the person's own view and the copy of the
records, and of those no details and no other file. To the version before, such a view is without lines until it is replaced.
"""

from alembic import op

from caseflow.core.policies import share

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

CASEWORK = "('social_worker', 'team_leader', 'probation_officer')"
AUDITORS = "(SELECT app_user()) IS NULL OR (SELECT app_role()) = 'auditor'"
BEFORE = f"{AUDITORS} OR (SELECT app_role()) IN {CASEWORK}"


def upgrade() -> None:
    op.execute(f"ALTER POLICY readers ON audit_entries USING ({AUDITORS})")
    # To whom, as `audit_about` says (0040); that one goes on giving ids, by which auditors narrow the table.
    op.execute(
        f"""
        CREATE FUNCTION audit_of(files uuid[]) RETURNS SETOF public.audit_entries
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
                SELECT e.org_id, e.id, e.created_at, e.user_id, e.act, e.subject, e.subject_id, e.case_id, '{{}}'::jsonb,
                    e.request_id, array(SELECT unnest(e.about) INTERSECT SELECT unnest(asked)), e.xact
                FROM public.audit_entries e WHERE e.org_id = org
                AND (e.case_id IS NULL OR e.case_id NOT IN (SELECT unnest(public.app_closed())))
                AND e.id IN (
                    SELECT a.id FROM public.audit_entries a WHERE a.org_id = org AND a.about && asked
                    UNION
                    SELECT s.id FROM public.audit_entries s WHERE s.org_id = org AND s.subject_id = ANY (asked));
        END $$
        """
    )
    share("audit_of(uuid[])")


def downgrade() -> None:
    op.execute("DROP FUNCTION audit_of(uuid[])")
    op.execute(f"ALTER POLICY readers ON audit_entries USING ({BEFORE})")
