"""Emergency access is for reading: who is in a file only by it decides nothing about it, and somebody else reviews it.

`keeps_file` says who decides on a file, `glass_reviewers` who reviews an emergency access; the pages and the policies ask
the same two. The rules for new rows are a policy, which sees a file as it was before the statement; those for changed
rows are a trigger, which sees what was there before.
"""

from alembic import op

from caseflow.core.policies import share, unguard

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

ROW = "org_id, id, created_at, person_id, case_id, kind, user_id, reason, granted_by, until"
FUNCTIONS = (
    "may_decide(uuid, text, uuid)",
    "app_reviews()",
    "app_borrowed()",
    "borrowed_by(uuid)",
    "glass_reviewers(uuid)",
    "keeps_file(uuid, uuid)",
)
REVIEWED = """
                AND EXISTS (SELECT FROM public.users u WHERE u.org_id = org AND u.id <> reader AND u.active
                    AND u.role IN ('team_leader', 'auditor') AND NOT EXISTS (SELECT FROM public.case_access x
                        WHERE x.org_id = org AND x.person_id = c.person_id AND x.kind = 'excluded'
                        AND x.user_id = u.id AND x.ended_at IS NULL))"""


def upgrade() -> None:
    _create_questions()
    _create_decisions()
    _replace_glass(REVIEWED)
    _create_triggers()
    _create_policies()


def _create_questions() -> None:
    # Who decides on a file: a team leader who is not excluded and, where it is restricted, on its list.
    op.execute(
        """
        CREATE FUNCTION keeps_file(reader uuid, file uuid) RETURNS boolean
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT EXISTS (SELECT FROM public.users u WHERE u.org_id = public.app_org() AND u.id = reader
                    AND u.role = 'team_leader' AND u.active)
                AND NOT EXISTS (SELECT FROM public.case_access x WHERE x.org_id = public.app_org()
                    AND x.person_id = file AND x.kind = 'excluded' AND x.user_id = reader AND x.ended_at IS NULL)
                AND (NOT EXISTS (SELECT FROM public.case_access r WHERE r.org_id = public.app_org()
                        AND r.person_id = file AND r.kind = 'restricted' AND r.ended_at IS NULL)
                    OR EXISTS (SELECT FROM public.case_access m WHERE m.org_id = public.app_org()
                        AND m.person_id = file AND m.kind = 'allowed' AND m.user_id = reader AND m.ended_at IS NULL))
        $$
        """
    )
    # Who reviews an emergency access: never who used it, nor somebody excluded. Where the file is sealed, or nobody else
    # keeps it (the leaders of its list left), any other team leader does, and reads no name.
    op.execute(
        """
        CREATE FUNCTION glass_reviewers(access uuid) RETURNS uuid[]
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            WITH leaders AS (
                SELECT u.id, g.person_id, public.keeps_file(u.id, g.person_id) AS keeps
                FROM public.case_access g JOIN public.users u ON u.org_id = g.org_id
                WHERE g.org_id = public.app_org() AND g.id = access AND g.kind = 'glass'
                    AND u.role = 'team_leader' AND u.active AND u.id <> g.user_id)
            SELECT array(
                SELECT l.id FROM leaders l
                WHERE l.keeps OR (
                    (NOT EXISTS (SELECT FROM leaders k WHERE k.keeps)
                        OR EXISTS (SELECT FROM public.case_access r WHERE r.org_id = public.app_org()
                            AND r.person_id = l.person_id AND r.kind = 'restricted' AND r.ended_at IS NULL
                            AND r.sealed_at IS NOT NULL))
                    AND NOT EXISTS (SELECT FROM public.case_access x WHERE x.org_id = public.app_org()
                        AND x.person_id = l.person_id AND x.kind = 'excluded' AND x.user_id = l.id
                        AND x.ended_at IS NULL)))
        $$
        """
    )
    # The persons, with their cases, whose restricted file a user has open by emergency access alone.
    op.execute(
        """
        CREATE FUNCTION borrowed_by(reader uuid) RETURNS uuid[]
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            WITH borrowed AS (
                SELECT g.person_id FROM public.case_access g
                WHERE g.org_id = public.app_org() AND g.user_id = reader AND g.kind = 'glass'
                    AND g.ended_at IS NULL AND g.until > now()
                    AND EXISTS (SELECT FROM public.case_access r WHERE r.org_id = g.org_id
                        AND r.person_id = g.person_id AND r.kind = 'restricted' AND r.ended_at IS NULL)
                    AND NOT EXISTS (SELECT FROM public.case_access m WHERE m.org_id = g.org_id
                        AND m.person_id = g.person_id AND m.kind = 'allowed' AND m.user_id = reader
                        AND m.ended_at IS NULL))
            SELECT array(
                SELECT b.person_id FROM borrowed b
                UNION
                SELECT c.id FROM borrowed b JOIN public.cases c ON c.org_id = public.app_org()
                    AND c.person_id = b.person_id)
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION app_borrowed() RETURNS uuid[]
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT public.borrowed_by(public.app_user())
        $$
        """
    )
    # What the asker reviews of files that are closed to them.
    op.execute(
        """
        CREATE FUNCTION app_reviews() RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            org uuid := public.app_org();
            reader uuid := public.app_user();
        BEGIN
            IF NOT EXISTS (SELECT FROM public.users u WHERE u.org_id = org AND u.id = reader
                AND u.role = 'team_leader' AND u.active) THEN RETURN '{}'; END IF;
            RETURN array(
                SELECT g.id FROM public.case_access r
                JOIN public.case_access g ON g.org_id = r.org_id AND g.person_id = r.person_id AND g.kind = 'glass'
                WHERE r.org_id = org AND r.kind = 'restricted' AND r.ended_at IS NULL AND g.user_id <> reader
                    AND reader = ANY (public.glass_reviewers(g.id)));
        END $$
        """
    )


def _create_decisions() -> None:
    # Whether the asker may write such a row. On the list comes nobody by their own hand, but with the restriction that
    # they make. Where no team leader keeps a file (those of its list left; a sealed one whose last case is still open),
    # whoever opened it in an emergency may put somebody else on its list, and nothing more: else nobody ever could.
    op.execute(
        """
        CREATE FUNCTION may_decide(file uuid, what text, whom uuid) RETURNS boolean LANGUAGE plpgsql
        STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            org uuid := public.app_org();
            reader uuid := public.app_user();
            keeps boolean := public.keeps_file(reader, file);
            held public.case_access;
            their text;
        BEGIN
            IF reader IS NULL THEN RETURN false; END IF;
            IF what = 'restricted' THEN RETURN keeps; END IF;
            SELECT * INTO held FROM public.case_access r
                WHERE r.org_id = org AND r.person_id = file AND r.kind = 'restricted' AND r.ended_at IS NULL;
            IF what = 'allowed' THEN
                IF whom = reader THEN RETURN keeps AND held.id IS NULL; END IF;
                RETURN keeps OR (file IN (SELECT unnest(public.borrowed_by(reader)))
                    AND EXISTS (SELECT FROM public.users u WHERE u.org_id = org AND u.id = reader
                        AND u.role = 'team_leader' AND u.active)
                    AND NOT EXISTS (SELECT FROM public.users u WHERE u.org_id = org AND u.role = 'team_leader'
                        AND u.active AND public.keeps_file(u.id, file))
                    AND (held.sealed_at IS NULL OR EXISTS (SELECT FROM public.cases c
                        WHERE c.org_id = org AND c.person_id = file AND c.phase <> 'closed')));
            END IF;
            IF what <> 'excluded' OR whom = reader OR NOT keeps THEN RETURN false; END IF;
            SELECT u.role INTO their FROM public.users u WHERE u.org_id = org AND u.id = whom AND u.active;
            IF their = 'auditor' THEN
                -- Somebody must see who read this file.
                RETURN EXISTS (SELECT FROM public.users u WHERE u.org_id = org AND u.id <> whom
                    AND u.role = 'auditor' AND u.active AND NOT EXISTS (SELECT FROM public.case_access x
                        WHERE x.org_id = org AND x.person_id = file AND x.kind = 'excluded' AND x.user_id = u.id
                        AND x.ended_at IS NULL));
            END IF;
            RETURN their IS DISTINCT FROM 'team_leader' OR NOT EXISTS (
                SELECT FROM public.case_access g WHERE g.org_id = org AND g.person_id = file AND g.kind = 'glass'
                    AND g.reviewed_at IS NULL AND g.user_id <> whom
                    AND NOT EXISTS (SELECT FROM public.users u WHERE u.org_id = org AND u.role = 'team_leader'
                        AND u.active AND u.id NOT IN (whom, g.user_id) AND NOT EXISTS (
                            SELECT FROM public.case_access x WHERE x.org_id = org AND x.person_id = file
                                AND x.kind = 'excluded' AND x.user_id = u.id AND x.ended_at IS NULL)));
        END $$
        """
    )
    for function in reversed(FUNCTIONS):
        share(function)


def _replace_glass(reviewed: str) -> None:
    """As 0029 made it; where nobody could see afterwards that it was used, it opens nothing."""
    op.execute("SET LOCAL ROLE caseflow_share")  # its owner
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION break_glass(case_number text, why text, minutes integer)
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
                    AND a.kind = 'excluded' AND a.user_id = reader AND a.ended_at IS NULL)
                AND (NOT EXISTS (SELECT FROM public.case_access a WHERE a.org_id = org AND a.person_id = c.person_id
                        AND a.kind = 'restricted' AND a.ended_at IS NULL AND a.sealed_at IS NOT NULL)
                    OR EXISTS (SELECT FROM public.users u WHERE u.org_id = org AND u.id = reader
                        AND u.role = 'team_leader' AND u.active)){reviewed};
            IF NOT FOUND THEN RETURN; END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended(reader::text || found_person::text, 0));
            IF found_person IN (SELECT unnest(public.closed_to(reader))) THEN
                made := gen_random_uuid();
                INSERT INTO public.case_access ({ROW}, sealed_at)
                    VALUES (org, made, now(), found_person, found_case, 'glass', reader, why, reader,
                        now() + make_interval(mins => minutes), (SELECT a.sealed_at FROM public.case_access a
                        WHERE a.org_id = org AND a.person_id = found_person AND a.kind = 'restricted'
                        AND a.ended_at IS NULL));
            END IF;
            RETURN QUERY SELECT found_case, made;
        END $$
        """
    )
    op.execute("RESET ROLE")


def _create_triggers() -> None:
    # Ended is a row once, by who keeps the file; who used an emergency access may give it back. Reviewed it is once, by
    # one of its reviewers, in their own name.
    op.execute(
        """
        CREATE FUNCTION keep_access() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            reader uuid := public.app_user();
        BEGIN
            IF (NEW.ended_at, NEW.ended_by, NEW.ended_reason)
                    IS DISTINCT FROM (OLD.ended_at, OLD.ended_by, OLD.ended_reason) AND (
                OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR NEW.ended_by <> reader
                OR (OLD.kind = 'restricted' AND OLD.sealed_at IS NOT NULL)
                OR NOT (public.keeps_file(reader, OLD.person_id)
                    OR coalesce(OLD.kind = 'glass' AND OLD.user_id = reader, false))) THEN
                RAISE EXCEPTION 'only who keeps the file ends this' USING ERRCODE = 'insufficient_privilege';
            END IF;
            IF (NEW.reviewed_at, NEW.reviewed_by, NEW.justified, NEW.review)
                    IS DISTINCT FROM (OLD.reviewed_at, OLD.reviewed_by, OLD.justified, OLD.review) AND (
                OLD.reviewed_at IS NOT NULL OR NEW.reviewed_at IS NULL OR NEW.reviewed_by IS DISTINCT FROM reader
                OR coalesce(reader = ANY (public.glass_reviewers(OLD.id)), false) IS FALSE) THEN
                RAISE EXCEPTION 'only a reviewer reviews this, once' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    # A name on the list of a file that nobody restricted would wait there for the restriction.
    op.execute(
        """
        CREATE FUNCTION keep_list() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM public.case_access r WHERE r.org_id = NEW.org_id
                AND r.person_id = NEW.person_id AND r.kind = 'restricted' AND r.ended_at IS NULL
                AND (NEW.user_id <> NEW.granted_by OR r.granted_by = NEW.granted_by)) THEN
                RAISE EXCEPTION 'only a restricted file has a list' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keeps BEFORE UPDATE ON case_access FOR EACH ROW"
        " WHEN (current_user = 'caseflow_app') EXECUTE FUNCTION keep_access()"
    )
    op.execute(
        "CREATE TRIGGER keeps_list AFTER INSERT ON case_access FOR EACH ROW"
        " WHEN (NEW.kind = 'allowed' AND current_user = 'caseflow_app') EXECUTE FUNCTION keep_list()"
    )
    for function in ("keep_access()", "keep_list()"):
        share(function)


def _create_policies() -> None:
    _guarded("id IN (SELECT unnest(app_reviews()))")
    _given(
        "kind <> 'glass' AND granted_by = (SELECT app_user()) AND sealed_at IS NULL"
        " AND may_decide(person_id, kind, user_id)"
    )
    # What was ended before its time is reviewed all the same.
    _over("ended_at IS NULL OR (kind = 'glass' AND reviewed_at IS NULL)")
    # Nobody makes themself a case's worker, who is on every list, out of an emergency.
    other = "user_id IS DISTINCT FROM (SELECT app_user()) OR case_id NOT IN (SELECT unnest(app_borrowed()))"
    for name, command, rule in (("given", "INSERT", other), ("kept", "UPDATE", f"until IS NOT NULL OR {other}")):
        op.execute(
            f"CREATE POLICY {name} ON assignments AS RESTRICTIVE FOR {command} TO caseflow_app"
            f"{' USING (true)' if command == 'UPDATE' else ''} WITH CHECK ({rule})"
        )
    # Auditors, to whom a restriction closes nothing, and jobs, which seal and verify, read on as they did. What somebody
    # does is written whatever is closed to them.
    op.execute(
        "CREATE POLICY guarded ON audit_entries AS RESTRICTIVE TO caseflow_app"
        " USING (case_id IS NULL OR case_id NOT IN (SELECT unnest(app_closed()))) WITH CHECK (true)"
    )


def _guarded(seen: str) -> None:
    unguard("case_access")
    op.execute(
        "CREATE POLICY guarded ON case_access AS RESTRICTIVE TO caseflow_app"
        f" USING (({seen}) OR person_id NOT IN (SELECT unnest(app_closed())))"
    )


def _given(rule: str) -> None:
    op.execute("DROP POLICY given ON case_access")
    op.execute(f"CREATE POLICY given ON case_access AS RESTRICTIVE FOR INSERT TO caseflow_app WITH CHECK ({rule})")


def _over(rule: str) -> None:
    op.execute("DROP POLICY over ON case_access")
    op.execute(
        "CREATE POLICY over ON case_access AS RESTRICTIVE FOR UPDATE TO caseflow_app"
        f" USING ({rule}) WITH CHECK (ended_at IS NOT NULL OR reviewed_at IS NOT NULL)"
    )


def downgrade() -> None:
    unguard("audit_entries")
    for name in ("kept", "given"):
        op.execute(f"DROP POLICY {name} ON assignments")
    _over("ended_at IS NULL")
    _given("kind <> 'glass' AND granted_by = (SELECT app_user())")
    _guarded("sealed_at IS NOT NULL AND kind = 'glass'")
    op.execute("DROP TRIGGER keeps_list ON case_access")
    op.execute("DROP TRIGGER keeps ON case_access")
    _replace_glass("")
    for function in ("keep_list()", "keep_access()", *FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
