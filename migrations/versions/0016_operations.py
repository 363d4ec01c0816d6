"""The request that a piece of news came from, and figures for the operators: counts, never a row."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import share

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("request_id", sa.Text(), nullable=True))
    op.create_index(
        "ix_outbox_given_up", "outbox", ["given_up_at"], postgresql_where=sa.text("given_up_at IS NOT NULL")
    )
    op.execute(
        """
        CREATE FUNCTION operating_figures()
        RETURNS TABLE (waiting bigint, oldest_seconds double precision, given_up bigint, sessions bigint)
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT w.waiting, w.oldest_seconds,
                (SELECT count(*) FROM public.outbox o WHERE o.given_up_at IS NOT NULL),
                (SELECT count(*) FROM public.sign_ins s WHERE s.ended_at IS NULL AND s.expires_at > now())
            FROM (SELECT count(*) AS waiting,
                      coalesce(extract(epoch FROM now() - min(o.created_at)), 0)::double precision AS oldest_seconds
                  FROM public.outbox o WHERE o.delivered_at IS NULL AND o.given_up_at IS NULL) w
        $$
        """
    )
    share("operating_figures()")


def downgrade() -> None:
    op.execute("DROP FUNCTION operating_figures()")
    op.drop_index("ix_outbox_given_up", "outbox")
    op.drop_column("outbox", "request_id")
