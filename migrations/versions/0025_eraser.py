"""A role of its own erases, and it alone may delete everywhere; files that hold many persons in clear do not stay.

What an erasure leaves of a case that was handed over is read from the catalogue: a column that is added later is
emptied, and a table that is added later is erased there as well.
"""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import share

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# What caseflow_share's functions ask, and no more: tests/test_wall.py reads it out of the functions again.
SHARED = (
    "SELECT ON account_links, api_tokens, audit_entries, case_access, cases, consents, disclosures, goals",
    "SELECT ON handover_letters, handover_readings, handovers, handovers_received, identifiers, needs, organisations",
    "SELECT ON outbox, passkeys, passwords, person_keys, persons, referral_drafts, referral_origins, referrals",
    "SELECT ON relatives, sign_in_rules, sign_ins, single_sign_on, sites, steps, totp_secrets, users, wall_key",
    "INSERT ON case_access, handover_readings, outbox, passwords, users",
    "UPDATE (guarded) ON cases",
    "UPDATE (revoked_at, expires_at) ON disclosures",
    "UPDATE (attempts, claimed_at, given_up_at) ON outbox",
    "UPDATE (overdue_told) ON referrals",
    "DELETE ON referral_drafts",
    "SELECT (state, dry_run, created_at, started_at, finished_at, file_removed_at) ON register_imports",
    "UPDATE (content, errors_file, file_removed_at) ON register_imports",
    "SELECT (content, expires_at), UPDATE (content) ON access_requests",
)
# Until 0024; what it gave beyond that is gone with what it wanted it for.
SHARED_BEFORE = ("SELECT ON plans", "INSERT ON organisations", "UPDATE ON outbox")
# Where no erasure has anything to remove.
NOT_OF_A_PERSON = (
    "access_reviews, access_review_lines, account_links, agreements, alembic_version, api_tokens, audit_checks,"
    " audit_entries, audit_heads, audit_reviews, audit_seals, devices, holidays, organisations, outbox, passkeys,"
    " passwords, recovery_codes, register_imports, retention_rules, services, sign_in_rules, sign_ins, single_sign_on,"
    " sites, terms_acceptances, terms_additions, totp_secrets, users, wall_key"
)
ERASER = (
    "SELECT, DELETE ON ALL TABLES IN SCHEMA public",
    "UPDATE ON persons, cases",
    "UPDATE (state, done_at, rows_removed) ON erasures",
    "INSERT, UPDATE (wrapped, destroyed_at) ON person_keys",
    "UPDATE (content, consent_id, legal_basis, revoked_at) ON disclosures",
)


def upgrade() -> None:
    op.add_column("register_imports", sa.Column("file_removed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("GRANT UPDATE (file_removed_at) ON register_imports TO caseflow_app")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM caseflow_share")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM caseflow_share")
    for right in SHARED:
        op.execute(f"GRANT {right} TO caseflow_share")
    _create_removal()
    op.execute("DROP FUNCTION erase_person(uuid)")
    op.execute("DROP FUNCTION erase_rows(uuid, regclass, uuid[], boolean)")
    # Tables that are added later hang on a person as well: the function finds them in the catalogue.
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, DELETE ON TABLES TO caseflow_eraser")
    op.execute("GRANT USAGE ON SCHEMA public TO caseflow_eraser")
    for right in ERASER:
        op.execute(f"GRANT {right} TO caseflow_eraser")
    op.execute(f"REVOKE ALL ON {NOT_OF_A_PERSON} FROM caseflow_eraser")
    _create_erasers()


def _create_removal() -> None:
    # The periods stand here, so that nobody can hurry them for another organisation; the pages name them.
    op.execute(
        """
        CREATE FUNCTION remove_old_files() RETURNS integer LANGUAGE plpgsql VOLATILE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            removed integer;
            total integer;
        BEGIN
            UPDATE public.register_imports f SET content = NULL, errors_file = NULL, file_removed_at = now()
                WHERE f.file_removed_at IS NULL AND (
                    (f.state IN ('done', 'failed') AND NOT f.dry_run AND f.finished_at < now() - interval '3 days')
                    OR (f.created_at < now() - interval '14 days' AND (f.state NOT IN ('waiting', 'running')
                        OR f.started_at < now() - interval '1 day')));
            GET DIAGNOSTICS total = ROW_COUNT;
            UPDATE public.access_requests q SET content = NULL WHERE q.content IS NOT NULL AND q.expires_at < now();
            GET DIAGNOSTICS removed = ROW_COUNT;
            RETURN total + removed;
        END $$
        """
    )
    share("remove_old_files()")


def _create_erasers() -> None:
    # Rows that hang on these rows, then the rows themselves, each table by its foreign keys; rows of two organisations
    # are left to erase_person(). Of a table in `emptied` the rows stay: all columns but the `kept` ones get the value
    # given there, or none. No role may call it: its owner does.
    op.execute(
        """
        CREATE FUNCTION erase_rows(org uuid, parent regclass, ids uuid[], emptied jsonb) RETURNS integer
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            child record;
            found uuid[];
            blanks text;
            given jsonb := emptied -> parent::text;
            removed integer;
            total integer := 0;
        BEGIN
            FOR child IN
                SELECT c.conrelid::regclass AS name, second.attname AS key FROM pg_constraint c
                JOIN pg_attribute first ON first.attrelid = c.conrelid AND first.attnum = c.conkey[1]
                JOIN pg_attribute second ON second.attrelid = c.conrelid AND second.attnum = c.conkey[2]
                WHERE c.contype = 'f' AND c.confrelid = parent AND cardinality(c.conkey) = 2
                  AND first.attname = 'org_id' AND NOT EXISTS (
                    SELECT FROM pg_attribute packet WHERE packet.attrelid = c.conrelid
                    AND packet.attname = 'to_org_id' AND NOT packet.attisdropped)
                ORDER BY 1
            LOOP
                EXECUTE format(
                    'SELECT array_agg(id) FROM %s WHERE org_id = $1 AND %I = ANY ($2) AND ($3 <> $4 OR id <> ALL ($2))',
                    child.name, child.key) INTO found USING org, ids, child.name, parent;
                IF found IS NOT NULL THEN
                    total := total + public.erase_rows(org, child.name, found, emptied);
                END IF;
            END LOOP;
            IF given IS NULL THEN
                EXECUTE format('DELETE FROM %s WHERE org_id = $1 AND id = ANY ($2)', parent) USING org, ids;
                GET DIAGNOSTICS removed = ROW_COUNT;
                RETURN total + removed;
            END IF;
            SELECT string_agg(format('%I = %s', a.attname, coalesce(given ->> a.attname, 'NULL')), ', ') INTO blanks
                FROM pg_attribute a WHERE a.attrelid = parent AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attgenerated = '' AND NOT (given -> 'kept') ? a.attname::text;
            EXECUTE format('UPDATE %s SET %s WHERE org_id = $1 AND id = ANY ($2)', parent, blanks) USING org, ids;
            RETURN total;
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION erase_rows(uuid, regclass, uuid[], jsonb) FROM PUBLIC")
    op.execute("ALTER FUNCTION erase_rows(uuid, regclass, uuid[], jsonb) OWNER TO caseflow_eraser")
    op.execute(
        """
        CREATE FUNCTION erase_person(erasure uuid) RETURNS integer
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            e public.erasures;
            theirs uuid[];
            packets uuid[];
            emptied jsonb := '{}';
            total integer := 0;
            removed integer;
        BEGIN
            SELECT * INTO e FROM public.erasures x
                WHERE x.org_id = public.app_org() AND x.id = erasure AND x.state = 'approved'
                AND x.decided_by <> x.proposed_by FOR UPDATE;
            IF NOT FOUND THEN RETURN 0; END IF;
            theirs := array(
                SELECT c.id FROM public.cases c WHERE c.org_id = e.org_id AND c.person_id = e.person_id FOR UPDATE);
            IF EXISTS (SELECT FROM public.retention_holds h
                    WHERE h.org_id = e.org_id AND h.person_id = e.person_id AND h.ended_at IS NULL)
                OR EXISTS (SELECT FROM public.cases c WHERE c.org_id = e.org_id AND c.id = ANY (theirs)
                    AND c.phase <> 'closed') THEN
                UPDATE public.erasures x SET state = 'refused' WHERE x.org_id = e.org_id AND x.id = e.id;
                RETURN 0;
            END IF;
            packets := array(
                SELECT o.id FROM public.referral_origins o WHERE o.org_id = e.org_id AND o.case_id = ANY (theirs)
                UNION ALL
                SELECT h.id FROM public.handovers h WHERE h.org_id = e.org_id AND h.case_id = ANY (theirs));
            -- What was told to others closes, and its words go; receivers keep what they wrote themselves.
            UPDATE public.disclosures d SET content = '{}', consent_id = NULL,
                    legal_basis = coalesce(d.legal_basis, 'erased'), revoked_at = coalesce(d.revoked_at, now())
                WHERE d.org_id = e.org_id AND d.referral_id = ANY (packets);
            DELETE FROM public.handover_letters l WHERE l.org_id = e.org_id AND l.id = ANY (packets);
            DELETE FROM public.name_keys k WHERE k.org_id = e.org_id AND k.person_id = e.person_id;
            GET DIAGNOSTICS removed = ROW_COUNT;
            total := total + removed;
            DELETE FROM public.notifications n WHERE n.org_id = e.org_id AND n.about = ANY (theirs || packets);
            DELETE FROM public.notifications n USING unnest(theirs) AS c (id)
                WHERE n.org_id = e.org_id AND starts_with(n.path, '/cases/' || c.id::text);
            DELETE FROM public.notifications n USING unnest(packets) AS p (id)
                WHERE n.org_id = e.org_id AND starts_with(n.path, '/referrals/' || p.id::text);
            IF EXISTS (SELECT FROM public.handovers h WHERE h.org_id = e.org_id AND h.case_id = ANY (theirs)) THEN
                -- A handover is the other side's as well: the rows that it names stay, with nothing in them.
                emptied := $json${
                    "public.cases": {
                        "kept": ["org_id", "id", "created_at", "person_id", "phase", "opened_on", "closed_on",
                            "outcome"],
                        "number": "'erased ' || id", "legal_status": "'unknown'", "guarded": "false",
                        "version": "version + 1"},
                    "public.persons": {
                        "kept": ["org_id", "id", "created_at"],
                        "number": "'erased ' || id", "name": "'–'", "sex": "'unknown'", "literacy": "'unknown'",
                        "birth_estimated": "false", "languages": "'{}'", "safe_to_phone": "false",
                        "safe_to_text": "false", "safe_to_write": "false", "version": "version + 1"}
                    }$json$;
            END IF;
            total := total + public.erase_rows(e.org_id, 'public.persons', ARRAY[e.person_id], emptied);
            -- The key last: what copies and backups still hold of the texts opens no more.
            INSERT INTO public.person_keys AS k (org_id, id, created_at, wrapped, master_id, destroyed_at)
                VALUES (e.org_id, e.person_id, now(), NULL, 'none', now())
                ON CONFLICT (org_id, id) DO UPDATE SET wrapped = NULL,
                    destroyed_at = coalesce(k.destroyed_at, now());
            UPDATE public.erasures x SET state = 'done', done_at = now(), rows_removed = total
                WHERE x.org_id = e.org_id AND x.id = e.id;
            RETURN total;
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION erase_person(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION erase_person(uuid) TO caseflow_app")
    op.execute("ALTER FUNCTION erase_person(uuid) OWNER TO caseflow_eraser")
    op.execute("SET LOCAL ROLE caseflow_share")  # its owner
    op.execute("GRANT EXECUTE ON FUNCTION app_org() TO caseflow_eraser")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE caseflow_share")
    op.execute("REVOKE EXECUTE ON FUNCTION app_org() FROM caseflow_eraser")
    op.execute("RESET ROLE")
    op.execute("DROP FUNCTION erase_person(uuid)")
    op.execute("DROP FUNCTION erase_rows(uuid, regclass, uuid[], jsonb)")
    op.execute("DROP FUNCTION remove_old_files()")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM caseflow_eraser")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM caseflow_eraser")
    op.execute("REVOKE USAGE ON SCHEMA public FROM caseflow_eraser")
    op.drop_column("register_imports", "file_removed_at")
    script = op.get_context().script
    assert script is not None
    before = script.get_revision("0024").module
    for right in SHARED_BEFORE:
        op.execute(f"GRANT {right} TO caseflow_share")
    before.let_share_erase()
    before.create_functions()
