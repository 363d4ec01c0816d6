"""Restricted cases, exclusions and emergency access: a person's file is closed by policy, in every table.

What is closed is the whole file of a person in the organisation: a case beside a closed one would show the name.
`case_access` is the truth; `cases.guarded` only tells the policy on cases when to ask it, and triggers keep it.
"""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import guard, guard_packet, guard_part, own, share, unguard

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OF_CASE = (
    "assignments", "case_parties", "case_returns", "consents", "notes", "phase_changes", "stays", "tasks", "intakes",
    "needs", "plans", "goals", "pathways", "supervisions", "conditions", "contacts", "referral_drafts",
    "referral_origins",
)  # fmt: skip
OF_PERSON = ("names", "name_keys", "identifiers", "relatives", "case_access")
OF_REFERRAL = (
    "referral_events", "referral_messages", "referral_sessions", "referral_reports", "referral_outcomes", "disclosures",
    "referral_helpers", "referral_notes",
)  # fmt: skip
GUARDED = (
    "persons", "cases", *OF_CASE, *OF_PERSON, "steps", "referrals", *OF_REFERRAL, "handovers", "handover_letters",
    "handover_readings", "handovers_received", "notifications", "register_imports",
)  # fmt: skip
CLOSING = "kind IN ('restricted', 'excluded') AND ended_at IS NULL"
FUNCTIONS = (
    "number_held(text, text, uuid)",
    "break_glass(text, text, integer)",
    "app_closed_packets()",
    "packets_closed_to(uuid)",
    "app_closed()",
    "closed_to(uuid)",
)


def upgrade() -> None:
    op.execute("ALTER TABLE cases ADD COLUMN IF NOT EXISTS guarded boolean NOT NULL DEFAULT false")
    with op.get_context().autocommit_block():  # nobody waits while it is built; broken off, it is begun again
        op.execute("DROP INDEX IF EXISTS ix_cases_open, ix_cases_guarded")
        op.execute("CREATE INDEX CONCURRENTLY ix_cases_guarded ON cases (org_id, person_id) INCLUDE (id) WHERE guarded")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_cases_open ON cases (org_id, release_on) INCLUDE (id, guarded)"
            " WHERE phase <> 'closed'"
        )
    op.execute("DROP INDEX ix_cases_release")
    op.add_column("notifications", sa.Column("about", sa.Uuid(), nullable=True))
    # Older news leads to what it is about.
    op.execute(
        "UPDATE notifications SET about = substring(path FROM '[0-9a-f-]{36}')::uuid"
        " WHERE path ~ '^/(cases|referrals|handovers)/[0-9a-f-]{36}'"
    )
    op.create_index("ix_handovers_received_case", "handovers_received", ["org_id", "case_id"], unique=False)
    _create_access()
    op.execute("GRANT SELECT, INSERT ON case_access TO caseflow_share")
    op.execute("GRANT UPDATE (guarded) ON cases TO caseflow_share")
    op.execute("GRANT SELECT ON referral_origins, handovers_received, identifiers TO caseflow_share")
    _create_functions()
    _create_break_glass()
    _create_triggers()
    _create_policies()


def _create_access() -> None:
    op.create_table(
        "case_access",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("justified", sa.Boolean(), nullable=True),
        sa.Column("review", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('glass', 'restricted', 'allowed', 'excluded')", name=op.f("ck_case_access_kind")),
        sa.CheckConstraint(
            "ground IN ('relative', 'victim', 'conflict', 'threat', 'other')", name=op.f("ck_case_access_ground")
        ),
        sa.CheckConstraint("kind = 'restricted' OR user_id IS NOT NULL", name=op.f("ck_case_access_whom")),
        sa.CheckConstraint(
            "kind <> 'glass' OR (until IS NOT NULL AND until <= created_at + interval '4 hours')",
            name=op.f("ck_case_access_hours"),
        ),
        sa.CheckConstraint(
            "reviewed_at IS NULL OR (kind = 'glass' AND reviewed_by <> user_id)", name=op.f("ck_case_access_review")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_case_access_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "person_id"], ["persons.org_id", "persons.id"], name=op.f("fk_case_access_org_id_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_case_access_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "granted_by"], ["users.org_id", "users.id"], name=op.f("fk_case_access_org_id_granted_by")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "ended_by"], ["users.org_id", "users.id"], name=op.f("fk_case_access_org_id_ended_by")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "reviewed_by"], ["users.org_id", "users.id"], name=op.f("fk_case_access_org_id_reviewed_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_case_access_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_case_access")),
    )
    op.create_index("ix_case_access_person", "case_access", ["org_id", "person_id"], unique=False)
    op.create_index(
        "ix_case_access_user",
        "case_access",
        ["org_id", "user_id", "kind", "person_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_case_access_closing",
        "case_access",
        ["org_id", "kind", "person_id"],
        unique=False,
        postgresql_where=sa.text(CLOSING),
    )
    op.create_index(
        "ix_case_access_unreviewed",
        "case_access",
        ["org_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("kind = 'glass' AND reviewed_at IS NULL"),
    )
    op.create_index(
        "ux_case_access_restricted",
        "case_access",
        ["org_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'restricted' AND ended_at IS NULL"),
    )
    op.create_index(
        "ux_case_access_named",
        "case_access",
        ["org_id", "person_id", "kind", "user_id"],
        unique=True,
        postgresql_where=sa.text("kind IN ('allowed', 'excluded') AND ended_at IS NULL"),
    )
    changed = ("ended_at", "ended_by", "ended_reason", "reviewed_at", "reviewed_by", "justified", "review")
    own("case_access", update=changed)


def _create_functions() -> None:
    # The persons whose file is closed to a user, and all their cases. A live emergency access opens a restricted file
    # and never lifts an exclusion. Nothing is closed to a job, which asks as the organisation without a user.
    op.execute(
        """
        CREATE FUNCTION closed_to(reader uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            org uuid := public.app_org();
        BEGIN
            IF reader IS NULL THEN RETURN '{}'; END IF;
            RETURN array(
                WITH closed AS MATERIALIZED (
                    SELECT a.person_id FROM public.case_access a
                    WHERE a.org_id = org AND a.kind = 'restricted' AND a.ended_at IS NULL AND a.person_id NOT IN (
                        SELECT m.person_id FROM public.case_access m WHERE m.org_id = org AND m.user_id = reader
                        AND m.kind IN ('allowed', 'glass') AND m.ended_at IS NULL
                        AND (m.until IS NULL OR m.until > now()))
                    -- No page opens a case to an auditor, who must see who read the restricted ones.
                    AND NOT EXISTS (SELECT FROM public.users u
                        WHERE u.org_id = org AND u.id = reader AND u.role = 'auditor')
                    UNION
                    SELECT x.person_id FROM public.case_access x WHERE x.org_id = org AND x.user_id = reader
                        AND x.kind = 'excluded' AND x.ended_at IS NULL
                )
                SELECT person_id FROM closed
                UNION ALL
                SELECT c.id FROM closed
                    JOIN public.cases c ON c.org_id = org AND c.guarded AND c.person_id = closed.person_id);
        END $$
        """
    )
    # The referrals and handovers of those cases: their packets know no case.
    op.execute(
        """
        CREATE FUNCTION packets_closed_to(reader uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            org uuid;
            closed uuid[] := public.closed_to(reader);
        BEGIN
            IF closed = '{}' THEN RETURN closed; END IF;
            org := public.app_org();
            RETURN array(
                SELECT o.id FROM unnest(closed) c (id)
                    JOIN public.referral_origins o ON o.org_id = org AND o.case_id = c.id
                UNION ALL
                SELECT h.id FROM unnest(closed) c (id) JOIN public.handovers h ON h.org_id = org AND h.case_id = c.id
                UNION ALL
                SELECT r.id FROM unnest(closed) c (id)
                    JOIN public.handovers_received r ON r.org_id = org AND r.case_id = c.id);
        END $$
        """
    )
    # What the policies ask, once for each table of a statement: in an organisation that has closed nothing, it costs one
    # look at an index. The claim is enough for that: where it is false, `bound` shows no row.
    for name, closed in (("app_closed", "closed_to"), ("app_closed_packets", "packets_closed_to")):
        op.execute(
            f"""
            CREATE FUNCTION {name}() RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            DECLARE
                org uuid := public.app_claim();
            BEGIN
                IF EXISTS (SELECT FROM public.case_access a WHERE a.org_id = org
                    AND a.kind IN ('restricted', 'excluded') AND a.ended_at IS NULL)
                THEN RETURN public.{closed}(public.app_user()); END IF;
                RETURN '{{}}';
            END $$
            """
        )


def _create_break_glass() -> None:
    # Who cannot see a case cannot write its access either: this function finds it, and answers an excluded user as if
    # there were no such case.
    op.execute(
        """
        CREATE FUNCTION break_glass(case_number text, why text, minutes integer)
        RETURNS TABLE (case_id uuid, access_id uuid) LANGUAGE plpgsql
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            made uuid;
            org uuid := public.app_org();
            reader uuid := public.app_user();
            found_case uuid;
            found_person uuid;
        BEGIN
            IF reader IS NULL OR minutes NOT BETWEEN 1 AND 240 OR btrim(why) = '' THEN RETURN; END IF;
            SELECT c.id, c.person_id INTO found_case, found_person FROM public.cases c
                WHERE c.org_id = org AND c.number = case_number
                AND EXISTS (SELECT FROM public.case_access a WHERE a.org_id = org AND a.person_id = c.person_id
                    AND a.kind = 'restricted' AND a.ended_at IS NULL)
                AND NOT EXISTS (SELECT FROM public.case_access a WHERE a.org_id = org AND a.person_id = c.person_id
                    AND a.kind = 'excluded' AND a.user_id = reader AND a.ended_at IS NULL);
            IF NOT FOUND THEN RETURN; END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended(reader::text || found_person::text, 0));
            IF found_person IN (SELECT unnest(public.closed_to(reader))) THEN
                made := gen_random_uuid();
                INSERT INTO public.case_access
                        (org_id, id, created_at, person_id, case_id, kind, user_id, reason, granted_by, until)
                    VALUES (org, made, now(), found_person, found_case, 'glass', reader, why, reader,
                        now() + make_interval(mins => minutes));
            END IF;
            RETURN QUERY SELECT found_case, made;
        END $$
        """
    )
    # Unique keys see every row: whoever opens a case must be told that a number is taken, even by a closed case.
    op.execute(
        """
        CREATE FUNCTION number_held(what text, number text, but uuid) RETURNS boolean LANGUAGE sql STABLE
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT CASE what
                WHEN 'case' THEN EXISTS (SELECT FROM public.cases c
                    WHERE c.org_id = public.app_org() AND c.number = $2 AND c.id IS DISTINCT FROM but)
                WHEN 'person' THEN EXISTS (SELECT FROM public.persons p
                    WHERE p.org_id = public.app_org() AND p.number = $2 AND p.id IS DISTINCT FROM but)
                ELSE EXISTS (SELECT FROM public.identifiers i WHERE i.org_id = public.app_org()
                    AND i.kind = what AND i.value = $2 AND i.person_id IS DISTINCT FROM but)
            END
        $$
        """
    )
    for function in reversed(FUNCTIONS):
        share(function)


def _create_triggers() -> None:
    op.execute(
        """
        CREATE FUNCTION guard_cases() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            live boolean := EXISTS (SELECT FROM public.case_access a WHERE a.org_id = NEW.org_id
                AND a.person_id = NEW.person_id AND a.kind IN ('restricted', 'excluded') AND a.ended_at IS NULL);
        BEGIN
            UPDATE public.cases c SET guarded = live
                WHERE c.org_id = NEW.org_id AND c.person_id = NEW.person_id AND c.guarded <> live;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER guards AFTER INSERT OR UPDATE OF ended_at ON case_access FOR EACH ROW"
        " WHEN (NEW.kind IN ('restricted', 'excluded')) EXECUTE FUNCTION guard_cases()"
    )
    # A further case of a person whose file is closed is closed from its first moment.
    op.execute(
        """
        CREATE FUNCTION guard_new_cases() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            UPDATE public.cases c SET guarded = true FROM made m
                WHERE c.org_id = m.org_id AND c.id = m.id AND NOT c.guarded
                AND EXISTS (SELECT FROM public.case_access a WHERE a.org_id = m.org_id AND a.person_id = m.person_id
                    AND a.kind IN ('restricted', 'excluded') AND a.ended_at IS NULL);
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER guards AFTER INSERT ON cases REFERENCING NEW TABLE AS made"
        " FOR EACH STATEMENT EXECUTE FUNCTION guard_new_cases()"
    )
    op.execute(
        """
        CREATE FUNCTION keep_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            RAISE EXCEPTION 'only case_access guards a case' USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keeps_guard BEFORE UPDATE OF guarded ON cases FOR EACH ROW"
        " WHEN (OLD.guarded <> NEW.guarded AND current_user = 'caseflow_app') EXECUTE FUNCTION keep_guard()"
    )
    for function in ("guard_cases()", "guard_new_cases()"):  # afterwards: only who may call it makes a trigger of it
        share(function)


def _create_policies() -> None:
    # Of a row of cases that nobody guards nothing more is asked; what is written is checked in any case.
    op.execute(
        "CREATE POLICY guarded ON cases AS RESTRICTIVE TO caseflow_app"
        " USING (NOT guarded OR id NOT IN (SELECT unnest(app_closed())))"
        " WITH CHECK (person_id NOT IN (SELECT unnest(app_closed())))"
    )
    guard("persons", "id")
    for table in OF_CASE:
        guard(table)
    for table in OF_PERSON:
        guard(table, "person_id")
    guard_part("steps", "goal_id", "goals")
    guard_packet("referrals", "id")
    for table in OF_REFERRAL:
        guard_packet(table, "referral_id")
    guard_packet("handovers", "id", "case_id")
    guard_packet("handover_letters", "id")
    guard_packet("handover_readings", "handover_id")
    guard("handovers_received", optional=True)
    op.execute(
        "CREATE POLICY guarded ON notifications AS RESTRICTIVE TO caseflow_app USING"
        " (about IS NULL OR about NOT IN (SELECT unnest(app_closed() || app_closed_packets())))"
    )
    # A register's file names everybody: whoever has a closed case sees only the files that they brought themselves.
    op.execute(
        "CREATE POLICY guarded ON register_imports AS RESTRICTIVE TO caseflow_app USING"
        " (uploaded_by = (SELECT app_user()) OR (SELECT app_closed()) = '{}')"
    )
    # Emergency access is given by break_glass() alone; nobody decides in another's name; what has ended is over.
    op.execute(
        "CREATE POLICY given ON case_access AS RESTRICTIVE FOR INSERT TO caseflow_app"
        " WITH CHECK (kind <> 'glass' AND granted_by = (SELECT app_user()))"
    )
    op.execute(
        "CREATE POLICY over ON case_access AS RESTRICTIVE FOR UPDATE TO caseflow_app"
        " USING (ended_at IS NULL) WITH CHECK (ended_at IS NOT NULL OR reviewed_at IS NOT NULL)"
    )


def downgrade() -> None:
    for table in GUARDED:
        unguard(table)
    op.execute("DROP TRIGGER keeps_guard ON cases")
    op.execute("DROP TRIGGER guards ON cases")
    op.execute("DROP TRIGGER guards ON case_access")
    for function in ("keep_guard()", "guard_new_cases()", "guard_cases()", *FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("case_access")
    op.execute("REVOKE UPDATE (guarded) ON cases FROM caseflow_share")
    op.execute("REVOKE SELECT ON referral_origins, handovers_received, identifiers FROM caseflow_share")
    op.drop_index("ix_handovers_received_case", "handovers_received")
    op.drop_column("notifications", "about")
    op.create_index(
        "ix_cases_release",
        "cases",
        ["org_id", "release_on"],
        unique=False,
        postgresql_where=sa.text("phase <> 'closed'"),
    )
    op.drop_column("cases", "guarded")  # and with it the two indexes that hold it
