"""What a sender wrote to a receiver closes with what it told of the person, as the disclosures do.

A message that it wrote before the end of them is read by the sender alone. What either side writes afterwards both read,
so that they can still talk about why, and each side always reads what it wrote itself. An answer is a message alone:
as the text of its event, which both sides go on reading for what happened and when, it was kept twice.
"""

from alembic import op

from caseflow.core.policies import CLAIM, share

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

# What a sender says at a withdrawal comes after the end; at no other move of its own has it words for the receiver.
ANSWERS = "actor_org_id = {row}org_id AND {row}status <> 'withdrawn' AND {row}text IS NOT NULL"


def upgrade() -> None:
    # The version before still writes an answer twice. First the trigger: no answer comes in between.
    op.execute(
        """
        CREATE FUNCTION tell_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            NEW.text := NULL;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER tells_once BEFORE INSERT ON referral_events FOR EACH ROW"
        f" WHEN (NEW.{ANSWERS.format(row='NEW.')}) EXECUTE FUNCTION tell_once()"
    )
    op.execute(f"UPDATE referral_events SET text = NULL WHERE {ANSWERS.format(row='')}")
    # By the row's own sender, which leads the disclosures' index: `disclosures_end` must find the sender first.
    op.execute(
        """
        CREATE FUNCTION words_open(sender uuid, wanted uuid, written timestamptz) RETURNS boolean
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT coalesce(
                bool_or(d.revoked_at IS NULL AND (d.expires_at IS NULL OR d.expires_at > now()))
                    OR max(least(d.revoked_at, d.expires_at)) <= written, true)
            FROM public.disclosures d
            WHERE d.org_id = sender AND d.referral_id = wanted
                AND (SELECT public.app_org()) IN (d.org_id, d.to_org_id)
        $$
        """
    )
    share("words_open(uuid, uuid, timestamptz)")
    # Asked for the receiver alone, and of the sender's words alone.
    op.execute(
        "CREATE POLICY told ON referral_messages AS RESTRICTIVE FOR SELECT TO caseflow_app USING ("
        f"org_id = (SELECT {CLAIM}) OR actor_org_id <> org_id OR words_open(org_id, referral_id, created_at))"
    )


def downgrade() -> None:
    """An answer stays where it is, in its message."""
    op.execute("DROP POLICY told ON referral_messages")
    op.execute("DROP FUNCTION words_open(uuid, uuid, timestamptz)")
    op.execute("DROP TRIGGER tells_once ON referral_events")
    op.execute("DROP FUNCTION tell_once()")
