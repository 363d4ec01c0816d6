"""News that was claimed in what is now the future, because the clock was set back, is claimed again at once."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

CLAIM = """
    CREATE OR REPLACE FUNCTION outbox_claim(most int) RETURNS TABLE (id uuid, to_org_id uuid, attempts int)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        UPDATE public.outbox o
        SET attempts = o.attempts + 1, claimed_at = now(),
            given_up_at = CASE WHEN o.attempts >= 20 THEN now() END
        WHERE (o.org_id, o.id) IN (
            SELECT w.org_id, w.id FROM public.outbox w
            WHERE w.delivered_at IS NULL AND w.given_up_at IS NULL AND (w.claimed_at IS NULL {future}
                OR w.claimed_at < now() - least(interval '12 hours', interval '10 seconds' * (2 ^ (w.attempts - 1))))
            ORDER BY w.created_at LIMIT least(most, 1000) FOR UPDATE SKIP LOCKED)
        RETURNING o.id, o.to_org_id, o.attempts
    $$
"""


def upgrade() -> None:
    _claim("OR w.claimed_at > now() + interval '1 minute'")


def downgrade() -> None:
    _claim("")


def _claim(future: str) -> None:
    op.execute("SET LOCAL ROLE caseflow_share")  # its owner
    op.execute(CLAIM.format(future=future))
    op.execute("RESET ROLE")
