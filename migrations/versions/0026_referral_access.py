"""A received referral is closed by its receiver: to all but a named list, or to colleagues who are excluded.

`referral_access` is the receiver's own, in the shape of `case_access`. The functions that the policies ask learn of it,
so every table of a referral is held at once; what a sender decides about its case and what a receiver decides about
what it got do not touch.
"""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import guard_packet, own

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

CLOSING = "kind IN ('restricted', 'excluded') AND ended_at IS NULL"

# As 0015 made it, and with what is closed of the received ones.
CLOSED = """
    CREATE OR REPLACE FUNCTION packets_closed_to(reader uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        org uuid{org};
        closed uuid[] := public.closed_to(reader);
    BEGIN
        {received}IF closed = '{{}}' THEN RETURN {result}; END IF;
        org := public.app_org();
        RETURN {more}array(
            SELECT o.id FROM unnest(closed) c (id)
                JOIN public.referral_origins o ON o.org_id = org AND o.case_id = c.id
            UNION ALL
            SELECT h.id FROM unnest(closed) c (id) JOIN public.handovers h ON h.org_id = org AND h.case_id = c.id
            UNION ALL
            SELECT r.id FROM unnest(closed) c (id)
                JOIN public.handovers_received r ON r.org_id = org AND r.case_id = c.id);
    END $$
"""
BEFORE = {"org": "", "received": "", "result": "closed", "more": ""}
NOW = {
    "org": ";\n        received uuid[]",
    "received": "received := public.received_closed_to(reader);\n        ",
    "result": "received",
    "more": "received || ",
}
ASKED = """
    CREATE OR REPLACE FUNCTION app_closed_packets() RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        org uuid := public.app_claim();
    BEGIN
        IF EXISTS (SELECT FROM public.case_access a WHERE a.org_id = org
            AND a.kind IN ('restricted', 'excluded') AND a.ended_at IS NULL){more}
        THEN RETURN public.packets_closed_to(public.app_user()); END IF;
        RETURN '{{}}';
    END $$
"""
ALSO = """
            OR EXISTS (SELECT FROM public.referral_access a WHERE a.org_id = org
            AND a.kind IN ('restricted', 'excluded') AND a.ended_at IS NULL)"""


def upgrade() -> None:
    _create_access()
    op.execute("GRANT SELECT ON referral_access TO caseflow_share")
    # The received referrals that are closed to a user; nothing is to a job, which asks without one. Auditors see who
    # read the restricted ones, and an exclusion binds them, too.
    op.execute(
        """
        CREATE FUNCTION received_closed_to(reader uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            org uuid := public.app_org();
        BEGIN
            IF reader IS NULL THEN RETURN '{}'; END IF;
            RETURN array(
                SELECT a.referral_id FROM public.referral_access a
                WHERE a.org_id = org AND a.kind = 'restricted' AND a.ended_at IS NULL AND a.referral_id NOT IN (
                    SELECT m.referral_id FROM public.referral_access m WHERE m.org_id = org AND m.user_id = reader
                    AND m.kind = 'allowed' AND m.ended_at IS NULL)
                AND NOT EXISTS (SELECT FROM public.users u
                    WHERE u.org_id = org AND u.id = reader AND u.role = 'auditor')
                UNION
                SELECT x.referral_id FROM public.referral_access x WHERE x.org_id = org AND x.user_id = reader
                    AND x.kind = 'excluded' AND x.ended_at IS NULL);
        END $$
        """
    )
    _share("received_closed_to(uuid)")
    _replace(CLOSED.format(**NOW), ASKED.format(more=ALSO))
    guard_packet("referral_access", "referral_id")
    # Nobody decides in another's name; what has ended is over.
    op.execute(
        "CREATE POLICY given ON referral_access AS RESTRICTIVE FOR INSERT TO caseflow_app"
        " WITH CHECK (granted_by = (SELECT app_user()))"
    )
    op.execute(
        "CREATE POLICY over ON referral_access AS RESTRICTIVE FOR UPDATE TO caseflow_app"
        " USING (ended_at IS NULL) WITH CHECK (ended_at IS NOT NULL)"
    )


def _create_access() -> None:
    op.create_table(
        "referral_access",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('restricted', 'allowed', 'excluded')", name=op.f("ck_referral_access_kind")),
        sa.CheckConstraint(
            "ground IN ('relative', 'victim', 'conflict', 'threat', 'other')", name=op.f("ck_referral_access_ground")
        ),
        sa.CheckConstraint("kind = 'restricted' OR user_id IS NOT NULL", name=op.f("ck_referral_access_whom")),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id"],
            ["referrals.to_org_id", "referrals.id"],
            name=op.f("fk_referral_access_org_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_referral_access_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "granted_by"], ["users.org_id", "users.id"], name=op.f("fk_referral_access_org_id_granted_by")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "ended_by"], ["users.org_id", "users.id"], name=op.f("fk_referral_access_org_id_ended_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_referral_access_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_referral_access")),
    )
    op.create_index("ix_referral_access_referral", "referral_access", ["org_id", "referral_id"], unique=False)
    op.create_index(
        "ix_referral_access_user",
        "referral_access",
        ["org_id", "user_id", "kind", "referral_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_referral_access_closing",
        "referral_access",
        ["org_id", "kind", "referral_id"],
        unique=False,
        postgresql_where=sa.text(CLOSING),
    )
    op.create_index(
        "ux_referral_access_restricted",
        "referral_access",
        ["org_id", "referral_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'restricted' AND ended_at IS NULL"),
    )
    op.create_index(
        "ux_referral_access_named",
        "referral_access",
        ["org_id", "referral_id", "kind", "user_id"],
        unique=True,
        postgresql_where=sa.text("kind IN ('allowed', 'excluded') AND ended_at IS NULL"),
    )
    own("referral_access", update=("ended_at", "ended_by", "ended_reason"))


def _share(function: str) -> None:
    """As `policies.share`, and not callable by the application itself: the functions above ask it."""
    op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO caseflow_share")
    op.execute(f"ALTER FUNCTION {function} OWNER TO caseflow_share")


def _replace(*functions: str) -> None:
    op.execute("SET LOCAL ROLE caseflow_share")  # their owner
    for function in functions:
        op.execute(function)
    op.execute("RESET ROLE")


def downgrade() -> None:
    _replace(ASKED.format(more=""), CLOSED.format(**BEFORE))
    op.execute("DROP FUNCTION received_closed_to(uuid)")
    op.drop_table("referral_access")
