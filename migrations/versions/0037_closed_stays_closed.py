"""What was closed stays closed: disclosures, consents, sessions, tokens and links do not open again by an UPDATE."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# By table the change that opens again. A time that ends earlier than before opens nothing.
OPENS = {
    "disclosures": "OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at"
    " OR OLD.expires_at IS NOT NULL AND coalesce(NEW.expires_at > OLD.expires_at, true)",
    "consents": "OLD.withdrawn_at IS NOT NULL",
    "sign_ins": "OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL",
    "api_tokens": "OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL",
    "account_links": "OLD.used_at IS NOT NULL AND NEW.used_at IS NULL"
    " OR OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NULL OR NEW.expires_at > OLD.expires_at",
    "retention_holds": "OLD.ended_at IS NOT NULL",
    "received_holds": "OLD.ended_at IS NOT NULL",
    "conflicts": "OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL",
    "agreements": "OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL",
}


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION keep_closed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            RAISE EXCEPTION 'what was closed stays closed' USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    for table, opening in OPENS.items():
        op.execute(
            f"CREATE TRIGGER keeps_closed BEFORE UPDATE ON {table} FOR EACH ROW"
            f" WHEN (current_user = 'caseflow_app' AND ({opening})) EXECUTE FUNCTION keep_closed()"
        )


def downgrade() -> None:
    for table in reversed(OPENS):
        op.execute(f"DROP TRIGGER keeps_closed ON {table}")
    op.execute("DROP FUNCTION keep_closed()")
