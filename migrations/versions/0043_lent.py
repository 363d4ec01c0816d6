"""Emergency access is for reading, whatever page or SQL is asked: nothing of a file that is lent so can be written.

A juvenile's sealed file is left out: a team leader alone opens that one, because somebody must be able to reopen it or
to take back a consent, and nobody else could.
"""

from alembic import op

from caseflow.core.policies import LENT, lend, share

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

BY_CASE = (
    "assignments",
    "case_parties",
    "case_returns",
    "conditions",
    "consents",
    "contacts",
    "goals",
    "handovers_received",
    "intakes",
    "needs",
    "notes",
    "pathways",
    "phase_changes",
    "plans",
    "referral_drafts",
    "referral_origins",
    "stays",
    "supervisions",
    "tasks",
)
BY_PERSON = (
    "access_requests",
    "cases",
    "identifiers",
    "name_keys",
    "names",
    "objections",
    "relatives",
    "retention_holds",
)
BY_REFERRAL = ("disclosures", "referral_events", "referral_messages")
BY_ITSELF = ("handover_letters", "persons", "referrals")
TABLES = {
    **dict.fromkeys(BY_CASE, ("case_id",)),
    **dict.fromkeys(BY_PERSON, ("person_id",)),
    **dict.fromkeys(BY_REFERRAL, ("referral_id",)),
    **dict.fromkeys(BY_ITSELF, ("id",)),
    "handovers": ("id", "case_id"),
}


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION app_lent() RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            org uuid;
            reader uuid := public.app_user();
            lent uuid[];
        BEGIN
            IF reader IS NULL THEN RETURN '{}'; END IF;
            lent := public.borrowed_by(reader);
            IF lent = '{}' THEN RETURN lent; END IF;
            org := public.app_org();
            lent := array(
                SELECT r.person_id FROM public.case_access r WHERE r.org_id = org AND r.person_id = ANY (lent)
                    AND r.kind = 'restricted' AND r.ended_at IS NULL AND r.sealed_at IS NULL);
            lent := lent || array(SELECT c.id FROM public.cases c WHERE c.org_id = org AND c.person_id = ANY (lent));
            RETURN lent || array(
                SELECT o.id FROM public.referral_origins o WHERE o.org_id = org AND o.case_id = ANY (lent)
                UNION ALL
                SELECT h.id FROM public.handovers h WHERE h.org_id = org AND h.case_id = ANY (lent));
        END $$
        """
    )
    share("app_lent()")
    for table, columns in TABLES.items():
        lend(table, *columns)
    # A step hangs on a goal.
    lend(
        "steps",
        rule="EXISTS (SELECT FROM goals w WHERE w.org_id = steps.org_id AND w.id = steps.goal_id"
        f" AND w.case_id NOT IN {LENT})",
    )


def downgrade() -> None:
    for table in ("steps", *TABLES):
        op.execute(f"DROP POLICY lent ON {table}")
    op.execute("DROP FUNCTION app_lent()")
