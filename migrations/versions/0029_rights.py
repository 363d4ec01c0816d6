"""Rights of the person: copies on paper, single rows that are withheld, the seal on a juvenile's file; conflicts that
colleagues declare.

The seal is a restriction (migration 0015) that nobody decides: `settle_seals` puts it on and takes it off by the rule.
"""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import guard, own, share, unguard

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("access_requests", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("access_requests", sa.Column("pdf", sa.Text(), nullable=True))
    op.execute("GRANT UPDATE (pdf) ON access_requests TO caseflow_app")
    op.add_column("access_parts", sa.Column("row_id", sa.Uuid(), nullable=True))
    op.add_column("access_parts", sa.Column("marked_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_access_parts_org_id_marked_by"), "access_parts", "users", ["org_id", "marked_by"], ["org_id", "id"]
    )
    op.create_unique_constraint(
        op.f("uq_access_parts_org_id_request_id_part_row_id"),
        "access_parts",
        ["org_id", "request_id", "part", "row_id"],
        postgresql_nulls_not_distinct=True,
    )
    op.drop_constraint(op.f("uq_access_parts_org_id_request_id_part"), "access_parts")
    # A copy's time is over for both of its forms.
    op.execute("GRANT UPDATE (pdf) ON access_requests TO caseflow_share")
    _replace_removal("content = NULL, pdf = NULL")
    _seal()
    _create_conflicts()


def _create_conflicts() -> None:
    op.create_table(
        "conflicts",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "ground IN ('relative', 'victim', 'conflict', 'threat', 'other')", name=op.f("ck_conflicts_ground")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_conflicts_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_conflicts_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_conflicts")),
    )
    op.create_index("ix_conflicts_user", "conflicts", ["org_id", "user_id"], unique=False)
    own("conflicts", update=("ended_at",))
    op.execute("REVOKE ALL ON conflicts FROM caseflow_eraser")
    _reviewed("'many', 'elsewhere', 'stranger', 'namesake', 'relative', 'night'")


def _reviewed(kinds: str) -> None:
    op.drop_constraint(op.f("ck_audit_reviews_kind"), "audit_reviews")
    op.create_check_constraint(op.f("ck_audit_reviews_kind"), "audit_reviews", f"kind IN ({kinds})")


def _seal() -> None:
    op.add_column("case_access", sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("case_access", "granted_by", nullable=True)  # nobody decides on a seal
    op.add_column("erasures", sa.Column("sealed", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("GRANT SELECT ON erasures, retention_holds, assignments TO caseflow_share")
    op.execute("GRANT UPDATE (ended_at, ended_by, ended_reason, sealed_at) ON case_access TO caseflow_share")
    _create_seals()
    _replace_glass(
        sealed="""
                AND (NOT EXISTS (SELECT FROM public.case_access a WHERE a.org_id = org AND a.person_id = c.person_id
                        AND a.kind = 'restricted' AND a.ended_at IS NULL AND a.sealed_at IS NOT NULL)
                    OR EXISTS (SELECT FROM public.users u WHERE u.org_id = org AND u.id = reader
                        AND u.role = 'team_leader' AND u.active))""",
        columns=", sealed_at",
        values=""", (SELECT a.sealed_at FROM public.case_access a WHERE a.org_id = org
                        AND a.person_id = found_person AND a.kind = 'restricted' AND a.ended_at IS NULL)""",
    )
    # Nobody is on the list of a sealed file, and yet somebody reviews who opened it and decides on its end: these rows
    # name no person, but their ids.
    for table, seen in (("case_access", "sealed_at IS NOT NULL AND kind = 'glass'"), ("erasures", "sealed")):
        unguard(table)
        op.execute(
            f"CREATE POLICY guarded ON {table} AS RESTRICTIVE TO caseflow_app"
            f" USING (({seen}) OR person_id NOT IN (SELECT unnest(app_closed())))"
        )


def _create_seals() -> None:
    # Whose first case began before they were 18, and who is not held any more, has a sealed file: in a prison service
    # from the release on, elsewhere from the closing of the last case. Whoever works on an open case stays on the list
    # until it is closed. Back in custody, the file is one as any other.
    op.execute(
        """
        CREATE FUNCTION settle_seals(one uuid, why text) RETURNS TABLE (org_id uuid, case_id uuid, what text)
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        #variable_conflict use_column
        DECLARE
            org uuid := public.app_org();
            asker uuid := public.app_user();
            file record;
        BEGIN
            FOR file IN
                SELECT p.org_id, p.id AS person_id, of.last_case, of.live, of.open, held.id AS held, held.sealed_at,
                    held.created_at,
                    coalesce((p.birth_date + interval '18 years')::date > of.first_day,
                        p.age_group ~ '[0-9]' AND NOT p.age_group ~ '(1[89]|[2-9][0-9]|[0-9]{3})|[+]'
                        OR p.age_group ~* '^[ ]*(<|under|below|до|младше|моложе|دون|تحت|أقل من)[ ]*18[^0-9]*$',
                        false) AS juvenile
                FROM public.persons p JOIN public.organisations o ON o.id = p.org_id
                JOIN LATERAL (
                    SELECT min(c.opened_on) AS first_day,
                        (array_agg(c.id ORDER BY c.opened_on DESC, c.id DESC))[1] AS last_case,
                        bool_or(c.phase <> 'closed') AS open,
                        bool_or(c.phase <> 'closed' AND (o.kind <> 'prison_service'
                            OR c.phase NOT IN ('released', 'post_release_support'))) AS live
                    FROM public.cases c WHERE c.org_id = p.org_id AND c.person_id = p.id) of ON of.last_case IS NOT NULL
                LEFT JOIN public.case_access held ON held.org_id = p.org_id AND held.person_id = p.id
                    AND held.kind = 'restricted' AND held.ended_at IS NULL
                WHERE p.org_id = org AND (one IS NULL OR p.id = one)
            LOOP
                IF file.live AND file.sealed_at IS NOT NULL THEN
                    IF file.created_at < file.sealed_at THEN  -- it was restricted before, and is again
                        UPDATE public.case_access a SET sealed_at = NULL
                            WHERE a.org_id = file.org_id AND a.id = file.held;
                    ELSE
                        UPDATE public.case_access a SET ended_at = now(), ended_by = asker, ended_reason = why
                            WHERE a.org_id = file.org_id AND a.person_id = file.person_id AND a.ended_at IS NULL
                            AND a.kind IN ('restricted', 'allowed');
                    END IF;
                    RETURN QUERY SELECT file.org_id, file.last_case, 'unseal';
                ELSIF file.juvenile AND NOT file.live THEN
                    IF file.sealed_at IS NULL THEN
                        INSERT INTO public.case_access (org_id, id, created_at, person_id, case_id, kind, user_id,
                                reason, granted_by, sealed_at)
                            SELECT DISTINCT ON (s.user_id) s.org_id, gen_random_uuid(), now(), file.person_id, s.case_id,
                                'allowed', s.user_id, 'juvenile', asker, now()
                            FROM public.assignments s
                            JOIN public.cases c ON c.org_id = s.org_id AND c.id = s.case_id AND c.phase <> 'closed'
                            WHERE c.org_id = file.org_id AND c.person_id = file.person_id AND s.until IS NULL
                            AND NOT EXISTS (SELECT FROM public.case_access x WHERE x.org_id = s.org_id
                                AND x.person_id = file.person_id AND x.user_id = s.user_id AND x.kind = 'excluded'
                                AND x.ended_at IS NULL)
                            ON CONFLICT DO NOTHING;
                        IF file.held IS NULL THEN
                            INSERT INTO public.case_access (org_id, id, created_at, person_id, case_id, kind, reason,
                                    granted_by, sealed_at)
                                VALUES (file.org_id, gen_random_uuid(), now(), file.person_id, file.last_case,
                                    'restricted', 'juvenile', asker, now()) ON CONFLICT DO NOTHING;
                        ELSE
                            UPDATE public.case_access a SET sealed_at = now()
                                WHERE a.org_id = file.org_id AND a.id = file.held;
                        END IF;
                        RETURN QUERY SELECT file.org_id, file.last_case, 'seal';
                    END IF;
                    IF NOT file.open THEN
                        UPDATE public.case_access a SET ended_at = now(), ended_by = asker, ended_reason = why
                            WHERE a.org_id = file.org_id AND a.person_id = file.person_id AND a.kind = 'allowed'
                            AND a.ended_at IS NULL;
                    END IF;
                END IF;
            END LOOP;
        END $$
        """
    )
    share("settle_seals(uuid, text)")
    # What a team leader must know of sealed files in order to end them in time: no name.
    op.execute(
        """
        CREATE FUNCTION sealed_files() RETURNS TABLE (person_id uuid, number text, closed_on date, outcome text,
            held boolean, proposed boolean)
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT DISTINCT ON (a.person_id) a.person_id, c.number, c.closed_on, c.outcome,
                EXISTS (SELECT FROM public.retention_holds h WHERE h.org_id = a.org_id AND h.person_id = a.person_id
                    AND h.ended_at IS NULL),
                EXISTS (SELECT FROM public.erasures e WHERE e.org_id = a.org_id AND e.person_id = a.person_id
                    AND e.state <> 'refused')
            FROM public.case_access a JOIN public.cases c ON c.org_id = a.org_id AND c.person_id = a.person_id
            WHERE a.org_id = public.app_org() AND a.kind = 'restricted' AND a.ended_at IS NULL
                AND a.sealed_at IS NOT NULL
                AND EXISTS (SELECT FROM public.users u WHERE u.org_id = a.org_id AND u.id = public.app_user()
                    AND u.role = 'team_leader' AND u.active)
                AND NOT EXISTS (SELECT FROM public.cases o WHERE o.org_id = a.org_id AND o.person_id = a.person_id
                    AND o.phase <> 'closed')
                AND NOT EXISTS (SELECT FROM public.case_access x WHERE x.org_id = a.org_id
                    AND x.person_id = a.person_id AND x.kind = 'excluded' AND x.user_id = public.app_user()
                    AND x.ended_at IS NULL)
            ORDER BY a.person_id, c.closed_on DESC, c.id DESC
        $$
        """
    )
    share("sealed_files()")


def _replace_glass(sealed: str = "", columns: str = "", values: str = "") -> None:
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
                    AND a.kind = 'excluded' AND a.user_id = reader AND a.ended_at IS NULL){sealed};
            IF NOT FOUND THEN RETURN; END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended(reader::text || found_person::text, 0));
            IF found_person IN (SELECT unnest(public.closed_to(reader))) THEN
                made := gen_random_uuid();
                INSERT INTO public.case_access
                        (org_id, id, created_at, person_id, case_id, kind, user_id, reason, granted_by, until{columns})
                    VALUES (org, made, now(), found_person, found_case, 'glass', reader, why, reader,
                        now() + make_interval(mins => minutes){values});
            END IF;
            RETURN QUERY SELECT found_case, made;
        END $$
        """
    )
    op.execute("RESET ROLE")


def _replace_removal(what: str) -> None:
    op.execute("SET LOCAL ROLE caseflow_share")  # its owner
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION remove_old_files() RETURNS integer LANGUAGE plpgsql VOLATILE SECURITY DEFINER
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
            UPDATE public.access_requests q SET {what} WHERE q.content IS NOT NULL AND q.expires_at < now();
            GET DIAGNOSTICS removed = ROW_COUNT;
            RETURN total + removed;
        END $$
        """
    )
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("DELETE FROM audit_reviews WHERE kind = 'relative'")
    _reviewed("'many', 'elsewhere', 'stranger', 'namesake', 'night'")
    op.drop_table("conflicts")
    # Seals that nobody decided have no place in the older tables: they are taken off.
    for table in ("case_access", "erasures"):
        unguard(table)
        guard(table, "person_id")
    _replace_glass()
    op.execute("DROP FUNCTION sealed_files()")
    op.execute("DROP FUNCTION settle_seals(uuid, text)")
    op.execute("REVOKE SELECT ON erasures, retention_holds, assignments FROM caseflow_share")
    op.execute("REVOKE UPDATE (ended_at, ended_by, ended_reason) ON case_access FROM caseflow_share")
    op.drop_column("erasures", "sealed")
    op.drop_column("case_access", "sealed_at")
    op.execute("UPDATE case_access SET granted_by = coalesce(user_id, ended_by) WHERE granted_by IS NULL")
    op.execute("DELETE FROM case_access WHERE granted_by IS NULL")
    op.alter_column("case_access", "granted_by", nullable=False)
    _replace_removal("content = NULL")
    op.execute("DELETE FROM access_parts WHERE row_id IS NOT NULL")
    op.create_unique_constraint(
        op.f("uq_access_parts_org_id_request_id_part"), "access_parts", ["org_id", "request_id", "part"]
    )
    op.drop_constraint(op.f("uq_access_parts_org_id_request_id_part_row_id"), "access_parts")
    op.drop_column("access_parts", "marked_by")
    op.drop_column("access_parts", "row_id")
    op.drop_column("access_requests", "pdf")
    op.drop_column("access_requests", "language")
