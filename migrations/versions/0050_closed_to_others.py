"""Whoever asks what is closed to a colleague learns of no file that is closed to themselves; a job still learns of all.

The functions answered for anybody: SQL in a user's context could list by their ids the files that a colleague may not
open, and with them those that the user may not open either.
"""

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

# As 0015 made it, but for what is left out.
CLOSED = """
    CREATE OR REPLACE FUNCTION closed_to(reader uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        org uuid := public.app_org();{asker}
    BEGIN
        IF reader IS NULL THEN RETURN '{{}}'; END IF;
        RETURN array(
            WITH closed AS MATERIALIZED (
                SELECT a.person_id FROM public.case_access a
                WHERE a.org_id = org AND a.kind = 'restricted' AND a.ended_at IS NULL AND a.person_id NOT IN (
                    SELECT m.person_id FROM public.case_access m WHERE m.org_id = org AND m.user_id = reader
                    AND m.kind IN ('allowed', 'glass') AND m.ended_at IS NULL
                    AND (m.until IS NULL OR m.until > now()))
                -- No page opens a case to an auditor, who must see who read the restricted ones.
                AND NOT EXISTS (SELECT FROM public.users u
                    WHERE u.org_id = org AND u.id = reader AND u.role = 'auditor')
                UNION
                SELECT x.person_id FROM public.case_access x WHERE x.org_id = org AND x.user_id = reader
                    AND x.kind = 'excluded' AND x.ended_at IS NULL
            )
            (SELECT person_id FROM closed
            UNION ALL
            SELECT c.id FROM closed
                JOIN public.cases c ON c.org_id = org AND c.guarded AND c.person_id = closed.person_id){less});
    END $$
"""
# As 0026 made it, but for what is left out.
RECEIVED = """
    CREATE OR REPLACE FUNCTION received_closed_to(reader uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        org uuid := public.app_org();{asker}
    BEGIN
        IF reader IS NULL THEN RETURN '{{}}'; END IF;
        RETURN array(
            (SELECT a.referral_id FROM public.referral_access a
            WHERE a.org_id = org AND a.kind = 'restricted' AND a.ended_at IS NULL AND a.referral_id NOT IN (
                SELECT m.referral_id FROM public.referral_access m WHERE m.org_id = org AND m.user_id = reader
                AND m.kind = 'allowed' AND m.ended_at IS NULL)
            AND NOT EXISTS (SELECT FROM public.users u
                WHERE u.org_id = org AND u.id = reader AND u.role = 'auditor')
            UNION
            SELECT x.referral_id FROM public.referral_access x WHERE x.org_id = org AND x.user_id = reader
                AND x.kind = 'excluded' AND x.ended_at IS NULL){less});
    END $$
"""
ASKER = "\n        asker uuid := public.app_user();"
# To a job, which asks without a user, nothing is left out: the comparison with NULL is not true.
LESS = "\n            EXCEPT SELECT unnest(CASE WHEN reader <> asker THEN public.{}(asker) END)"


def upgrade() -> None:
    _replace(ASKER, LESS)


def downgrade() -> None:
    _replace("", "")


def _replace(asker: str, less: str) -> None:
    op.execute("SET LOCAL ROLE caseflow_share")  # their owner
    op.execute(CLOSED.format(asker=asker, less=less.format("closed_to")))
    op.execute(RECEIVED.format(asker=asker, less=less.format("received_closed_to")))
    op.execute("RESET ROLE")
