"""A session can be called off; what was told closes when a referral ends; a site is edited with a version check."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import share

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CALLED_OFF = ("called_off_at", "called_off_by", "called_off_for", "called_off_reason")


def upgrade() -> None:
    op.add_column("referral_sessions", sa.Column("called_off_at", sa.DateTime(timezone=True), nullable=True))
    for column in CALLED_OFF[1:]:
        op.add_column("referral_sessions", sa.Column(column, sa.Text(), nullable=True))
    op.execute(
        "ALTER TABLE referral_sessions ADD CONSTRAINT ck_referral_sessions_called_off_for"
        " CHECK (called_off_for IN ('person', 'receiver', 'sender', 'other')) NOT VALID"
    )
    op.execute("ALTER TABLE referral_sessions VALIDATE CONSTRAINT ck_referral_sessions_called_off_for")
    op.execute(f"GRANT UPDATE ({', '.join(CALLED_OFF)}) ON referral_sessions TO caseflow_app")

    op.add_column("sites", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))

    # What was told closes at once when the referral is declined or withdrawn, and 90 days after the help has ended. The
    # receiver, who declines and reports, may touch no disclosure: so this function does it, in the same transaction.
    op.execute("GRANT SELECT, UPDATE (revoked_at, expires_at) ON disclosures TO caseflow_share")
    op.execute(
        """
        CREATE FUNCTION close_disclosures(wanted uuid) RETURNS integer LANGUAGE sql VOLATILE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
            WITH closed AS (
                UPDATE public.disclosures d SET
                    revoked_at = CASE WHEN r.status IN ('declined', 'withdrawn') THEN r.status_at END,
                    expires_at = CASE WHEN r.status IN ('completed', 'ended_early')
                        THEN least(d.expires_at, r.status_at + interval '90 days') ELSE d.expires_at END
                FROM public.referrals r
                WHERE r.id = wanted AND public.app_org() IN (r.org_id, r.to_org_id)
                    AND r.status IN ('declined', 'withdrawn', 'completed', 'ended_early')
                    AND d.org_id = r.org_id AND d.referral_id = r.id AND d.revoked_at IS NULL
                RETURNING 1
            )
            SELECT count(*)::integer FROM closed
        $$
        """
    )
    share("close_disclosures(uuid)")
    # The receiver cannot see a closed disclosure, and may know when it closed.
    op.execute(
        """
        CREATE FUNCTION disclosures_end(wanted uuid) RETURNS timestamptz LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
            SELECT CASE WHEN bool_and(d.revoked_at IS NOT NULL OR d.expires_at IS NOT NULL)
                THEN max(least(d.revoked_at, d.expires_at)) END
            FROM public.referrals r
            JOIN public.disclosures d ON d.org_id = r.org_id AND d.referral_id = r.id
            WHERE r.id = wanted AND public.app_org() IN (r.org_id, r.to_org_id)
        $$
        """
    )
    share("disclosures_end(uuid)")
    op.execute(
        """
        UPDATE disclosures d SET
            revoked_at = CASE WHEN r.status IN ('declined', 'withdrawn') THEN r.status_at END,
            expires_at = CASE WHEN r.status IN ('completed', 'ended_early')
                THEN least(d.expires_at, r.status_at + interval '90 days') ELSE d.expires_at END
        FROM referrals r
        WHERE r.status IN ('declined', 'withdrawn', 'completed', 'ended_early')
            AND d.org_id = r.org_id AND d.referral_id = r.id AND d.revoked_at IS NULL
        """
    )


def downgrade() -> None:
    """What was closed stays closed."""
    op.execute("DROP FUNCTION disclosures_end(uuid)")
    op.execute("DROP FUNCTION close_disclosures(uuid)")
    op.execute("REVOKE SELECT, UPDATE (revoked_at, expires_at) ON disclosures FROM caseflow_share")
    op.drop_column("sites", "version")
    for column in reversed(CALLED_OFF):
        op.drop_column("referral_sessions", column)
