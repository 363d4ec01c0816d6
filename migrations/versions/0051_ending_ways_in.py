"""Who signs reviews ends the sessions, tokens and factors of those alone whose accounts they may close.

So by SQL, too, nobody but whoever manages accounts signs out an administrator or an auditor, or takes a leader's second
factor away. Accounts themselves are held so since 0046.
"""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

MINE = "user_id = (SELECT app_user())"
MANAGES = "(SELECT app_role()) IN ('administrator', 'steward')"
REVIEWS = "(SELECT app_role()) IN ('team_leader', 'coordinator')"
CLOSES = "(SELECT app_role()) IN ('administrator', 'steward', 'team_leader', 'coordinator')"
WITH_POWER = "SELECT id FROM users WHERE role IN ('administrator', 'auditor', 'team_leader', 'coordinator')"
ENDS = f"{MANAGES} OR {REVIEWS} AND user_id NOT IN ({WITH_POWER})"

# As in 0039: by table, the command and who may.
RULES = {
    "account_links": ("UPDATE", f"(SELECT app_user()) IS NULL OR {MINE} OR {{}}"),
    "api_tokens": ("UPDATE", f"{MINE} OR {{}}"),
    "totp_secrets": ("DELETE", f"{MINE} OR {{}}"),
    "passkeys": ("DELETE", f"{MINE} OR {{}}"),
    "recovery_codes": ("DELETE", f"{MINE} OR {{}}"),
}
# As in 0039, but for whose session may be ended.
KEEP_SESSION = """
    CREATE OR REPLACE FUNCTION keep_session() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        role text := coalesce(public.app_role(), '');
    BEGIN
        IF (NEW.org_id, NEW.id, NEW.user_id, NEW.created_at)
                IS DISTINCT FROM (OLD.org_id, OLD.id, OLD.user_id, OLD.created_at)
            OR OLD.user_id IS DISTINCT FROM public.app_user() AND NOT (
                to_jsonb(NEW) - 'ended_at' = to_jsonb(OLD) - 'ended_at'
                AND (role IN ('administrator', 'steward') OR role IN ('team_leader', 'coordinator'){}))
        THEN
            RAISE EXCEPTION 'a session is its user''s' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
"""
WITHOUT_POWER = (
    " AND NOT EXISTS (SELECT FROM public.users u WHERE u.org_id = OLD.org_id AND u.id = OLD.user_id"
    " AND u.role IN ('administrator', 'auditor', 'team_leader', 'coordinator'))"
)


def upgrade() -> None:
    _replace(ENDS, WITHOUT_POWER)


def downgrade() -> None:
    _replace(CLOSES, "")


def _replace(ends: str, session: str) -> None:
    for table, (command, rule) in RULES.items():
        op.execute(f"ALTER POLICY may_{command.lower()} ON {table} USING ({rule.format(ends)})")
    op.execute(KEEP_SESSION.format(session))
