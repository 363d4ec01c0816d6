"""Links that set a password, tokens for programs, and terms accepted."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own, share

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _owned(table: str, *columns: sa.Column, user: str = "user_id", unique: tuple[str, ...] = ()) -> None:
    op.create_table(
        table,
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(user, sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f(f"fk_{table}_org_id")),
        sa.ForeignKeyConstraint(["org_id", user], ["users.org_id", "users.id"], name=op.f(f"fk_{table}_org_id_{user}")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f(f"pk_{table}")),
        *([sa.UniqueConstraint(*unique, name=op.f(f"uq_{table}_{'_'.join(unique)}"))] if unique else []),
    )


def upgrade() -> None:
    _owned(
        "account_links",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('invitation', 'reset')", name=op.f("ck_account_links_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "made_by"], ["users.org_id", "users.id"], name=op.f("fk_account_links_org_id_made_by")
        ),
    )
    op.create_index("ix_account_links_user", "account_links", ["org_id", "user_id", "created_at"])
    op.create_index("ix_account_links_token", "account_links", ["token_hash"], unique=True)
    _owned(
        "api_tokens",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_api_tokens_token", "api_tokens", ["token_hash"], unique=True)
    op.create_index("ix_api_tokens_user", "api_tokens", ["org_id", "user_id"])
    _owned(
        "terms_additions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        user="made_by",
        unique=("org_id", "number"),
    )
    _owned(
        "terms_acceptances", sa.Column("version", sa.Text(), nullable=False), unique=("org_id", "user_id", "version")
    )
    own("account_links", update=("token_hash", "expires_at", "used_at", "withdrawn_at"))
    own("api_tokens", update=("last_used_at", "revoked_at"))
    own("terms_additions", update=False)
    own("terms_acceptances", update=False)
    op.execute("GRANT SELECT ON account_links, api_tokens TO caseflow_share")
    _finding(
        "account_link_find", "account_links", ", kind text", ", f.kind", "f.used_at IS NULL AND f.withdrawn_at IS NULL"
    )
    _finding("api_token_find", "api_tokens", ", permissions text[]", ", f.permissions", "f.revoked_at IS NULL")


def _finding(name: str, table: str, types: str, columns: str, standing: str) -> None:
    """Whom a token means, before anybody is signed in."""
    op.execute(
        f"""
        CREATE FUNCTION {name}(token bytea) RETURNS TABLE (org_id uuid, user_id uuid, id uuid{types})
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT f.org_id, f.user_id, f.id{columns} FROM public.{table} f
            JOIN public.users u ON u.org_id = f.org_id AND u.id = f.user_id
            WHERE f.token_hash = token AND {standing} AND f.expires_at > now() AND u.active
        $$
        """
    )
    share(f"{name}(bytea)")


def downgrade() -> None:
    op.execute("DROP FUNCTION api_token_find(bytea)")
    op.execute("DROP FUNCTION account_link_find(bytea)")
    for table in ("terms_acceptances", "terms_additions", "api_tokens", "account_links"):
        op.drop_table(table)
