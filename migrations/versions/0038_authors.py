"""Who is written down as the author is who asks, whatever SQL runs in their name; seals are added one upon the other.

Work in an organisation's name without a user (a job, an import, a register) writes whom the news or the file names: no
user can begin such a transaction, since the context is signed.
"""

from collections.abc import Iterator

from alembic import op

from caseflow.core.policies import share

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

ASKER = "(SELECT app_user())"
NAMED = "(SELECT app_name())"

# By table the columns that name the author of a new row by their id. With `?` nobody may be named.
ADDED = {
    "access_parts": "marked_by",
    "access_requests": "opened_by marked_by? decided_by?",
    "access_reviews": "signed_by",
    "account_links": "made_by?",
    "audit_entries": "user_id",
    "audit_reviews": "reviewed_by",
    "case_access": "ended_by? reviewed_by?",  # and `granted_by` since 0015
    "conflicts": "user_id",
    "consents": "recorded_by",
    "contacts": "user_id",
    "goals": "added_by? status_by?",
    "handovers": "started_by",
    "intakes": "completed_by?",
    "needs": "recorded_by status_by?",
    "notes": "written_by",
    "objections": "written_by answered_by?",
    "outbox": "author_id?",  # in whose name a job may go on
    "phase_changes": "user_id",
    "plans": "agreement_by?",
    "received_holds": "set_by ended_by?",
    "referral_access": "ended_by?",  # and `granted_by` since 0026
    "referral_drafts": "written_by approved_by?",
    "referral_notes": "written_by",
    "referral_origins": "sent_by",
    "register_imports": "uploaded_by",
    "retention_holds": "set_by ended_by?",
    "steps": "status_by?",
    "terms_additions": "made_by",
}
# By name, since both organisations read the row.
TOLD = {
    "handovers": "sender_name status_by?",
    "referral_events": "actor_name",
    "referral_messages": "actor_name",
    "referral_reports": "written_by",
    "referral_sessions": "planned_by recorded_by? called_off_by?",
    "referrals": "sender_name",
}
# What an UPDATE signs: (table, column that names who, the columns of what is so signed); by name with `named`.
SIGNED = (
    ("access_requests", "marked_by", ""),
    ("access_requests", "decided_by", ""),
    ("case_access", "ended_by", "ended_at"),
    ("case_access", "reviewed_by", "reviewed_at"),
    ("goals", "status_by", "status_at"),
    ("intakes", "completed_by", "completed_at"),
    ("needs", "status_by", "status_at"),
    ("objections", "answered_by", "answered_at"),
    ("plans", "agreement_by", "agreement_at"),
    ("received_holds", "ended_by", "ended_at"),
    ("referral_access", "ended_by", "ended_at"),
    ("referral_drafts", "approved_by", "legal_basis categories"),
    ("steps", "status_by", "status_at"),
)
SIGNED_BY_NAME = (
    ("handovers", "status_by", "status_at"),
    ("referral_sessions", "recorded_by", "recorded_at"),
    ("referral_sessions", "called_off_by", "called_off_at"),
)
# Who wrote a row stays who wrote it.
KEPT = {
    "contacts": "user_id",
    "goals": "added_by",
    "needs": "recorded_by",
    "referral_drafts": "written_by",
    "register_imports": "uploaded_by",
}


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION app_name() RETURNS text LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
            SELECT u.name FROM public.users u WHERE u.org_id = public.app_org() AND u.id = public.app_user()
        $$
        """
    )
    share("app_name()")
    for table, rule in _rules().items():
        op.execute(
            f"CREATE POLICY authored ON {table} AS RESTRICTIVE FOR INSERT TO caseflow_app"
            f" WITH CHECK ({ASKER} IS NULL OR ({rule}))"
        )
    _create_signing()
    for table, column in KEPT.items():
        _before_change("keeps_author", table, [column], "", "keep_author()")
    # Telling without consent is a team leader's to approve, and nobody's in another's name.
    op.execute(
        "CREATE POLICY approved ON referral_drafts AS RESTRICTIVE TO caseflow_app USING (true) WITH CHECK ("
        f"{ASKER} IS NULL OR approved_by IS NULL OR approved_by <> {ASKER} OR (SELECT app_role()) = 'team_leader')"
    )
    _create_chain()


def _rules() -> dict[str, str]:
    """What each table asks of a new row."""
    rules: dict[str, list[str]] = {}
    for columns_of, whom in ((ADDED, ASKER), (TOLD, NAMED)):
        for table, columns in columns_of.items():
            rules.setdefault(table, []).extend(_is(column, whom) for column in columns.split())
    # Whoever sends it may be another than who approved it, who stands in the draft that is being sent.
    draft = (
        "d.org_id = disclosures.org_id AND d.id = disclosures.referral_id AND d.approved_by = disclosures.approved_by"
    )
    approved = f"EXISTS (SELECT FROM referral_drafts d WHERE {draft})"
    rules["disclosures"] = [f"(consent_id IS NOT NULL AND approved_by IS NULL OR {approved})"]
    # No rule asks when: the application's clock may be hours off, and its users' acts count all the same. In which
    # order entries came is told by `xact`, not by their dates.
    return {table: " AND ".join(some) for table, some in rules.items()}


def _is(column: str, whom: str) -> str:
    name = column.rstrip("?")
    return f"({name} IS NULL OR {name} = {whom})" if column.endswith("?") else f"{name} = {whom}"


def _create_signing() -> None:
    for name, call in (("sign_by_id", "app_user()::text"), ("sign_by_name", "app_name()")):
        op.execute(
            f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
            BEGIN
                IF public.app_user() IS NOT NULL AND to_jsonb(NEW) ->> TG_ARGV[0] IS DISTINCT FROM public.{call} THEN
                    RAISE EXCEPTION 'nobody signs in another''s name' USING ERRCODE = 'insufficient_privilege';
                END IF;
                RETURN NEW;
            END $$
            """
        )
    op.execute(
        """
        CREATE FUNCTION keep_author() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            RAISE EXCEPTION 'who wrote it stays' USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    for signed, function in ((SIGNED, "sign_by_id"), (SIGNED_BY_NAME, "sign_by_name")):
        for table, column, what in signed:
            columns = [column, *what.split()]
            # What empties both, the name and the moment, signs nothing; nor does what nobody has approved.
            kept = [f"NEW.{one}" for one in columns if one == column or one.endswith("_at")]
            said = f"num_nonnulls({', '.join(kept)}) > 0"
            _before_change(f"signs_{column}", table, columns, f"AND {said}", f"{function}('{column}')")


def _before_change(name: str, table: str, columns: list[str], more: str, call: str) -> None:
    changed = " OR ".join(f"NEW.{one} IS DISTINCT FROM OLD.{one}" for one in columns)
    op.execute(
        f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW"
        f" WHEN (current_user = 'caseflow_app' AND ({changed}) {more}) EXECUTE FUNCTION {call}"
    )


def _create_chain() -> None:
    # Only work without a user seals, tells heads and writes down checks; and a seal lies upon the newest one.
    for table in ("audit_seals", "audit_heads", "audit_checks"):
        op.execute(
            f"CREATE POLICY worked ON {table} AS RESTRICTIVE FOR INSERT TO caseflow_app WITH CHECK ({ASKER} IS NULL)"
        )
    op.execute(
        """
        CREATE FUNCTION chain_seals() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            newest public.audit_seals;
        BEGIN
            SELECT * INTO newest FROM public.audit_seals s WHERE s.org_id = NEW.org_id ORDER BY s.number DESC LIMIT 1;
            IF NEW.number <> coalesce(newest.number, 0) + 1
                OR NEW.previous <> coalesce(newest.hash, decode(repeat('00', 32), 'hex')) THEN
                RAISE EXCEPTION 'a seal lies upon the newest one' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER chains BEFORE INSERT ON audit_seals FOR EACH ROW"
        " WHEN (current_user = 'caseflow_app') EXECUTE FUNCTION chain_seals()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER chains ON audit_seals")
    op.execute("DROP FUNCTION chain_seals()")
    for table in ("audit_checks", "audit_heads", "audit_seals"):
        op.execute(f"DROP POLICY worked ON {table}")
    op.execute("DROP POLICY approved ON referral_drafts")
    for table in KEPT:
        op.execute(f"DROP TRIGGER keeps_author ON {table}")
    for table, column in _signed():
        op.execute(f"DROP TRIGGER signs_{column} ON {table}")
    for function in ("keep_author()", "sign_by_name()", "sign_by_id()"):
        op.execute(f"DROP FUNCTION {function}")
    for table in _rules():
        op.execute(f"DROP POLICY authored ON {table}")
    op.execute("DROP FUNCTION app_name()")


def _signed() -> Iterator[tuple[str, str]]:
    for table, column, _what in (*SIGNED, *SIGNED_BY_NAME):
        yield table, column
