"""Whoever signs reviews of access closes no account with power: only whoever manages accounts does.

A leader whose emergency access is to be reviewed could close the reviewer's account, and be the only one left. The
version before offers it in its reviews; from here on such a review is not signed and nothing of it stays.
"""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

# As in 0039, but for who closes an account.
KEEP_ACCOUNT = """
    CREATE OR REPLACE FUNCTION keep_account() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        myself boolean := coalesce(NEW.id = public.app_user(), false);
        role text := coalesce(public.app_role(), '');
        manages boolean := role IN ('administrator', 'steward');
    BEGIN
        IF (NEW.org_id, NEW.id, NEW.created_at) IS DISTINCT FROM (OLD.org_id, OLD.id, OLD.created_at)
            OR NOT manages AND (NEW.email, NEW.name, NEW.role, NEW.site_id)
                IS DISTINCT FROM (OLD.email, OLD.name, OLD.role, OLD.site_id)
            OR myself AND (NEW.role, NEW.active) IS DISTINCT FROM (OLD.role, OLD.active)
            OR NEW.active AND NOT OLD.active AND NOT manages
            OR OLD.active AND NOT NEW.active AND NOT (manages OR role IN ('team_leader', 'coordinator'){})
            OR NOT (myself OR manages) AND (NEW.phone, NEW.locale, NEW.mail_news, NEW.last_signed_in_at)
                IS DISTINCT FROM (OLD.phone, OLD.locale, OLD.mail_news, OLD.last_signed_in_at)
            OR NEW.provider_subject IS DISTINCT FROM OLD.provider_subject
                AND NOT (myself OR manages AND NEW.provider_subject IS NULL)
        THEN
            RAISE EXCEPTION 'this is not yours to change of an account' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
"""
WITHOUT_POWER = " AND OLD.role NOT IN ('administrator', 'auditor', 'team_leader', 'coordinator')"


def upgrade() -> None:
    op.execute(KEEP_ACCOUNT.format(WITHOUT_POWER))


def downgrade() -> None:
    op.execute(KEEP_ACCOUNT.format(""))
