"""Accounts are opened, changed and closed by whoever may, whatever SQL runs; ways in are made by whose they are.

Who may is read from the role of who asks. Signing in enters the context of the user as soon as it knows who it is, so
that sessions, devices and factors are its own rows there; a link for a forgotten password is made by a job, without a
user.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

ASKER = "(SELECT app_user())"
# Only the steward's organisation has stewards (0035).
MANAGES = "(SELECT app_role()) IN ('administrator', 'steward')"
# Those who sign reviews of access close accounts by them.
CLOSES = "(SELECT app_role()) IN ('administrator', 'steward', 'team_leader', 'coordinator')"
WORK = f"{ASKER} IS NULL"
MINE = f"user_id = {ASKER}"

# By table: who adds rows, changes them, and removes them.
RULES: dict[str, dict[str, str]] = {
    "users": {"INSERT": MANAGES},
    "passwords": {"INSERT": f"id = {ASKER} OR {MANAGES}", "UPDATE": f"id = {ASKER}"},
    "sign_ins": {"INSERT": MINE},
    "account_links": {"INSERT": f"{WORK} OR {MANAGES}", "UPDATE": f"{WORK} OR {MINE} OR {CLOSES}"},
    "api_tokens": {"INSERT": MINE, "UPDATE": f"{MINE} OR {CLOSES}"},
    "totp_secrets": {"INSERT": MINE, "UPDATE": MINE, "DELETE": f"{MINE} OR {CLOSES}"},
    "passkeys": {"INSERT": MINE, "UPDATE": MINE, "DELETE": f"{MINE} OR {CLOSES}"},
    "recovery_codes": {"INSERT": MINE, "UPDATE": MINE, "DELETE": f"{MINE} OR {CLOSES}"},
    "devices": {"INSERT": MINE, "UPDATE": MINE, "DELETE": MINE},
    "terms_acceptances": {"INSERT": MINE},
    "terms_additions": {"INSERT": MANAGES},
    "sign_in_rules": {"INSERT": MANAGES, "UPDATE": MANAGES},
    "single_sign_on": {"INSERT": MANAGES, "UPDATE": MANAGES},
    "sites": {"INSERT": f"{WORK} OR {MANAGES}", "UPDATE": f"{WORK} OR {MANAGES}"},  # a register names sites, too
    "register_imports": {"INSERT": "(SELECT app_role()) IN ('administrator', 'team_leader')"},
}


def upgrade() -> None:
    for table, rules in RULES.items():
        for command, rule in rules.items():
            clause = "WITH CHECK" if command == "INSERT" else "USING"
            op.execute(
                f"CREATE POLICY may_{command.lower()} ON {table} AS RESTRICTIVE FOR {command} TO caseflow_app {clause} ({rule})"
            )
    # What of a user's row is whose to change, column by column.
    op.execute(
        """
        CREATE FUNCTION keep_account() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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
                OR OLD.active AND NOT NEW.active AND NOT (manages OR role IN ('team_leader', 'coordinator'))
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
    )
    # A session stays its user's, and others only end it.
    op.execute(
        """
        CREATE FUNCTION keep_session() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF (NEW.org_id, NEW.id, NEW.user_id, NEW.created_at)
                    IS DISTINCT FROM (OLD.org_id, OLD.id, OLD.user_id, OLD.created_at)
                OR OLD.user_id IS DISTINCT FROM public.app_user() AND NOT (
                    to_jsonb(NEW) - 'ended_at' = to_jsonb(OLD) - 'ended_at' AND coalesce(public.app_role(), '')
                    IN ('administrator', 'steward', 'team_leader', 'coordinator'))
            THEN
                RAISE EXCEPTION 'a session is its user''s' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    # What opens a link is made by whoever manages accounts, or by the job that writes the letter.
    op.execute(
        """
        CREATE FUNCTION keep_link() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF public.app_user() IS NOT NULL AND coalesce(public.app_role(), '') NOT IN ('administrator', 'steward') THEN
                RAISE EXCEPTION 'links are made by whoever manages accounts' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    for table, name, when in (
        ("users", "keep_account", ""),
        ("sign_ins", "keep_session", ""),
        ("account_links", "keep_link", " AND NEW.token_hash IS DISTINCT FROM OLD.token_hash"),
    ):
        op.execute(
            f"CREATE TRIGGER {name.replace('keep', 'keeps')} BEFORE UPDATE ON {table} FOR EACH ROW"
            f" WHEN (current_user = 'caseflow_app'{when}) EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    for table, name in (("account_links", "link"), ("sign_ins", "session"), ("users", "account")):
        op.execute(f"DROP TRIGGER keeps_{name} ON {table}")
        op.execute(f"DROP FUNCTION keep_{name}()")
    for table, rules in RULES.items():
        for command in rules:
            op.execute(f"DROP POLICY may_{command.lower()} ON {table}")
