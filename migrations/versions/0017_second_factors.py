"""Second factors, known devices, what an organisation asks for, and when a session last showed who it is."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own, share

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _owned(table: str, *columns: sa.Column, unique: tuple[str, ...] = (), of_user: bool = True) -> None:
    constraints = [sa.UniqueConstraint(*unique, name=op.f(f"uq_{table}_{'_'.join(unique)}"))] if unique else []
    if of_user:
        constraints.append(
            sa.ForeignKeyConstraint(
                ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f(f"fk_{table}_org_id_user_id")
            )
        )
    op.create_table(
        table,
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *([sa.Column("user_id", sa.Uuid(), nullable=False)] if of_user else []),
        *columns,
        *constraints,
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f(f"fk_{table}_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sign_ins", sa.Column("challenge", sa.LargeBinary(), nullable=True))
    _owned(
        "sign_in_rules",
        sa.Column("factor_roles", sa.ARRAY(sa.Text()), nullable=False),
        unique=("org_id",),
        of_user=False,
    )
    _owned(
        "totp_secrets",
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_totp_secrets_user", "totp_secrets", ["org_id", "user_id"], unique=True)
    _owned(
        "passkeys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        unique=("org_id", "user_id", "credential_id"),
    )
    _owned(
        "recovery_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        unique=("org_id", "user_id", "code_hash"),
    )
    _owned(
        "devices",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        unique=("org_id", "user_id", "token_hash"),
    )
    own("sign_in_rules", update=("factor_roles",))
    own("totp_secrets", update=("confirmed_at", "last_step"), delete=True)
    own("passkeys", update=("name", "sign_count", "last_used_at"), delete=True)
    own("recovery_codes", update=("used_at",), delete=True)
    own("devices", update=("address", "last_seen_at"), delete=True)
    op.execute("GRANT SELECT ON sign_in_rules, totp_secrets, passkeys TO caseflow_share")
    _find(
        ", s.verified_at, f.has, u.role = ANY (coalesce(r.factor_roles, '{}')) AND NOT f.has",
        ", verified_at timestamptz, second_factor boolean, factor_due boolean",
        """
            LEFT JOIN public.sign_in_rules r ON r.org_id = s.org_id
            CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM public.totp_secrets t WHERE t.org_id = s.org_id
                    AND t.user_id = s.user_id AND t.confirmed_at IS NOT NULL)
                OR EXISTS (SELECT FROM public.passkeys k WHERE k.org_id = s.org_id AND k.user_id = s.user_id)) AS f(has)
        """,
    )


def _find(columns: str, types: str, joins: str) -> None:
    """The session that a token opens; it gained columns, which the version before does not look at."""
    op.execute("DROP FUNCTION sign_in_find(bytea)")
    op.execute(
        f"""
        CREATE FUNCTION sign_in_find(token bytea)
        RETURNS TABLE (org_id uuid, user_id uuid, sign_in_id uuid, last_seen_at timestamptz{types})
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT s.org_id, s.user_id, s.id, s.last_seen_at{columns} FROM public.sign_ins s
            JOIN public.users u ON u.org_id = s.org_id AND u.id = s.user_id {joins}
            WHERE s.token_hash = token AND s.ended_at IS NULL AND s.expires_at > now() AND u.active
        $$
        """
    )
    share("sign_in_find(bytea)")


def downgrade() -> None:
    _find("", "", "")
    for table in ("devices", "recovery_codes", "passkeys", "totp_secrets", "sign_in_rules"):
        op.drop_table(table)
    op.drop_column("sign_ins", "challenge")
    op.drop_column("sign_ins", "verified_at")
