"""Whoever asks what a colleague has open in an emergency learns of no file that is closed to themselves.

As `closed_to()` since 0050: SQL in a user's context could list by their ids the restricted files that somebody was in.
"""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

# As 0033 made it, but for what is left out.
BORROWED = """
    CREATE OR REPLACE FUNCTION borrowed_by(reader uuid) RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        WITH borrowed AS (
            SELECT g.person_id FROM public.case_access g
            WHERE g.org_id = public.app_org() AND g.user_id = reader AND g.kind = 'glass'
                AND g.ended_at IS NULL AND g.until > now()
                AND EXISTS (SELECT FROM public.case_access r WHERE r.org_id = g.org_id
                    AND r.person_id = g.person_id AND r.kind = 'restricted' AND r.ended_at IS NULL)
                AND NOT EXISTS (SELECT FROM public.case_access m WHERE m.org_id = g.org_id
                    AND m.person_id = g.person_id AND m.kind = 'allowed' AND m.user_id = reader
                    AND m.ended_at IS NULL){less})
        SELECT array(
            SELECT b.person_id FROM borrowed b
            UNION
            SELECT c.id FROM borrowed b JOIN public.cases c ON c.org_id = public.app_org()
                AND c.person_id = b.person_id)
    $$
"""
# To a job, which asks without a user, nothing is left out: the comparison with NULL is not true.
LESS = """
                AND NOT (reader <> public.app_user() AND g.person_id = ANY (public.closed_to(public.app_user())))"""


def upgrade() -> None:
    _replace(LESS)


def downgrade() -> None:
    _replace("")


def _replace(less: str) -> None:
    op.execute("SET LOCAL ROLE caseflow_share")  # its owner
    op.execute(BORROWED.format(less=less))
    op.execute("RESET ROLE")
