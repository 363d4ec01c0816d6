"""Users, their passwords (written, never read, by the application) and sessions held on the server."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own, share

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("mail_news", sa.Boolean(), nullable=False),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('social_worker', 'team_leader', 'coordinator', 'worker', 'probation_officer', 'administrator', 'auditor', 'steward')",
            name=op.f("ck_users_role"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "site_id"], ["sites.org_id", "sites.id"], name=op.f("fk_users_org_id_site_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_users_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("org_id", "email", name=op.f("uq_users_org_id_email")),
    )
    op.create_table(
        "passwords",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id", "id"], ["users.org_id", "users.id"], name=op.f("fk_passwords_org_id_id")),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_passwords_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_passwords")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_sign_ins_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_sign_ins_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_token_hash", "sign_ins", ["token_hash"], unique=True)
    op.create_index("ix_sign_ins_user", "sign_ins", ["org_id", "user_id"], unique=False)

    own("users")
    own("sign_ins")
    own("passwords", update=("hash", "changed_at"))
    # Whoever holds the application's role can set a password, but not take a hash away.
    op.execute("REVOKE SELECT ON passwords FROM caseflow_app")
    op.execute("GRANT SELECT (org_id, id, created_at) ON passwords TO caseflow_app")
    op.execute("GRANT SELECT ON users, passwords, sign_ins TO caseflow_share")
    op.execute("GRANT INSERT ON users, passwords TO caseflow_share")
    op.execute(
        """
        CREATE FUNCTION sign_in_candidates(wanted text)
        RETURNS TABLE (org_id uuid, user_id uuid, hash text, organisation text)
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT u.org_id, u.id, p.hash, o.name FROM public.users u
            JOIN public.passwords p ON p.org_id = u.org_id AND p.id = u.id
            JOIN public.organisations o ON o.id = u.org_id
            WHERE u.email = wanted AND u.active ORDER BY o.name LIMIT 10
        $$
        """
    )
    share("sign_in_candidates(text)")
    op.execute(
        """
        CREATE FUNCTION sign_in_find(token bytea)
        RETURNS TABLE (org_id uuid, user_id uuid, sign_in_id uuid, last_seen_at timestamptz)
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT s.org_id, s.user_id, s.id, s.last_seen_at FROM public.sign_ins s
            JOIN public.users u ON u.org_id = s.org_id AND u.id = s.user_id
            WHERE s.token_hash = token AND s.ended_at IS NULL AND s.expires_at > now() AND u.active
        $$
        """
    )
    share("sign_in_find(bytea)")
    # A new organisation begins with one administrator, whom its steward cannot see afterwards.
    op.execute(
        """
        CREATE FUNCTION found_administrator(org uuid, person uuid, address text, full_name text, secret text)
        RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NOT public.app_is_steward() OR EXISTS (SELECT FROM public.users u WHERE u.org_id = org) THEN
                RAISE insufficient_privilege USING MESSAGE = 'only a steward, and only the first user';
            END IF;
            INSERT INTO public.users (org_id, id, created_at, email, name, role, active, mail_news)
                VALUES (org, person, now(), address, full_name, 'administrator', true, true);
            INSERT INTO public.passwords (org_id, id, created_at, hash, changed_at)
                VALUES (org, person, now(), secret, now());
        END $$
        """
    )
    share("found_administrator(uuid, uuid, text, text, text)")


def downgrade() -> None:
    op.execute("DROP FUNCTION found_administrator(uuid, uuid, text, text, text)")
    op.execute("DROP FUNCTION sign_in_find(bytea)")
    op.execute("DROP FUNCTION sign_in_candidates(text)")
    op.drop_table("sign_ins")
    op.drop_table("passwords")
    op.drop_table("users")
