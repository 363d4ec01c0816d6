"""Rules of retention, holds and erasures, the function that erases, and copies for persons who ask."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caseflow.core.policies import guard, own, share

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OUTCOMES = (
    "outcome IN ('completed', 'sentence_ended', 'handed_over', 'moved', 'disengaged', 'returned', 'died', 'recorded')"
)


def _owned(table: str, *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        table,
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f(f"fk_{table}_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f(f"pk_{table}")),
    )


def _key(table: str, column: str, to: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["org_id", column], [f"{to}.org_id", f"{to}.id"], name=op.f(f"fk_{table}_org_id_{column}")
    )


def upgrade() -> None:
    _owned(
        "retention_rules",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('adult', 'juvenile')", name=op.f("ck_retention_rules_kind")),
        sa.CheckConstraint(OUTCOMES, name=op.f("ck_retention_rules_outcome")),
        sa.CheckConstraint("years BETWEEN 0 AND 100", name=op.f("ck_retention_rules_years")),
        sa.UniqueConstraint(
            "org_id",
            "kind",
            "outcome",
            name=op.f("uq_retention_rules_org_id_kind_outcome"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    _owned(
        "retention_holds",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('court', 'complaint', 'other')", name=op.f("ck_retention_holds_kind")),
        _key("retention_holds", "person_id", "persons"),
        _key("retention_holds", "set_by", "users"),
        _key("retention_holds", "ended_by", "users"),
    )
    op.create_index(
        "ix_retention_holds_live",
        "retention_holds",
        ["org_id", "person_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    _owned(
        "erasures",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows_removed", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('adult', 'juvenile')", name=op.f("ck_erasures_kind")),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'refused', 'done')", name=op.f("ck_erasures_state")),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_erasures_second_person")),
        sa.CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name=op.f("ck_erasures_decided")),
        _key("erasures", "proposed_by", "users"),
        _key("erasures", "decided_by", "users"),
    )
    op.create_index(
        "ux_erasures_live",
        "erasures",
        ["org_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'approved')"),
    )
    op.create_index("ix_erasures_newest", "erasures", ["org_id", "created_at"], unique=False)
    _owned(
        "access_requests",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("marked_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'marked', 'approved', 'ready')", name=op.f("ck_access_requests_state")),
        sa.CheckConstraint("decided_by <> marked_by", name=op.f("ck_access_requests_second_person")),
        _key("access_requests", "person_id", "persons"),
        _key("access_requests", "opened_by", "users"),
        _key("access_requests", "marked_by", "users"),
        _key("access_requests", "decided_by", "users"),
    )
    op.create_index("ix_access_requests_person", "access_requests", ["org_id", "person_id"], unique=False)
    _owned(
        "access_parts",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("reason IN ('third_party', 'safety', 'privilege')", name=op.f("ck_access_parts_reason")),
        _key("access_parts", "request_id", "access_requests"),
        sa.UniqueConstraint("org_id", "request_id", "part", name=op.f("uq_access_parts_org_id_request_id_part")),
    )
    _owned(
        "objections",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("stood", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "fact IN ('name', 'birth_date', 'sex', 'nationality', 'languages', 'phone', 'address',"
            " 'case.legal_status', 'case.offence_type', 'case.sentence_months', 'case.release_on', 'other')",
            name=op.f("ck_objections_fact"),
        ),
        sa.CheckConstraint("state IN ('open', 'corrected', 'refused')", name=op.f("ck_objections_state")),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name=op.f("ck_objections_answered")),
        _key("objections", "person_id", "persons"),
        _key("objections", "case_id", "cases"),
        _key("objections", "written_by", "users"),
        _key("objections", "answered_by", "users"),
    )
    op.create_index("ix_objections_case", "objections", ["org_id", "case_id"], unique=False)
    own("objections", update=("state", "answer", "answered_by", "answered_at"))
    own("access_requests", update=("state", "marked_by", "decided_by", "expires_at", "content"))
    own("access_parts", delete=True, update=False)
    own("retention_rules", delete=True, update=False)
    own("retention_holds", update=("ended_at", "ended_by"))
    own("erasures", update=("state", "decided_by", "decided_at"))
    for table in ("retention_holds", "erasures", "access_requests", "objections"):
        guard(table, "person_id")
    let_share_erase()
    create_functions()


def let_share_erase() -> None:
    """caseflow_share's rights until 0025, which has a role of its own for it; its downgrade gives them anew."""
    # Tables that are added later hang on a person as well: the function finds them in the catalogue.
    op.execute("GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA public TO caseflow_share")
    op.execute("REVOKE DELETE ON audit_entries, wall_key, alembic_version, organisations, users FROM caseflow_share")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, DELETE ON TABLES TO caseflow_share")
    op.execute("GRANT UPDATE ON persons, cases, erasures, person_keys, disclosures TO caseflow_share")
    op.execute("GRANT INSERT ON person_keys TO caseflow_share")


def create_functions() -> None:
    """As they were until 0025, which gives them to a role of their own; its downgrade makes them anew."""
    # Rows that hang on these rows, then the rows themselves (unless they are kept), each table by its foreign keys;
    # rows of two organisations are left to erase_person(). No role may call it: its owner does.
    op.execute(
        """
        CREATE FUNCTION erase_rows(org uuid, parent regclass, ids uuid[], keep boolean) RETURNS integer
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            child record;
            found uuid[];
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
                    total := total + public.erase_rows(org, child.name, found, false);
                END IF;
            END LOOP;
            IF NOT keep THEN
                EXECUTE format('DELETE FROM %s WHERE org_id = $1 AND id = ANY ($2)', parent) USING org, ids;
                GET DIAGNOSTICS removed = ROW_COUNT;
                total := total + removed;
            END IF;
            RETURN total;
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION erase_rows(uuid, regclass, uuid[], boolean) FROM PUBLIC")
    op.execute("ALTER FUNCTION erase_rows(uuid, regclass, uuid[], boolean) OWNER TO caseflow_share")
    op.execute(
        """
        CREATE FUNCTION erase_person(erasure uuid) RETURNS integer
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            e public.erasures;
            theirs uuid[];
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
            -- What was told to others closes, and its words go; receivers keep what they wrote themselves.
            UPDATE public.disclosures d SET content = '{}', consent_id = NULL,
                    legal_basis = coalesce(d.legal_basis, 'erased'), revoked_at = coalesce(d.revoked_at, now())
                FROM public.referral_origins o
                WHERE o.org_id = e.org_id AND o.case_id = ANY (theirs)
                AND d.org_id = o.org_id AND d.referral_id = o.id;
            DELETE FROM public.handover_letters l USING public.handovers h
                WHERE h.org_id = e.org_id AND h.case_id = ANY (theirs) AND l.org_id = h.org_id AND l.id = h.id;
            DELETE FROM public.name_keys k WHERE k.org_id = e.org_id AND k.person_id = e.person_id;
            GET DIAGNOSTICS removed = ROW_COUNT;
            total := total + removed;
            DELETE FROM public.notifications n USING unnest(theirs) AS c (id)
                WHERE n.org_id = e.org_id AND starts_with(n.path, '/cases/' || c.id::text);
            DELETE FROM public.notifications n USING public.referral_origins o
                WHERE o.org_id = e.org_id AND o.case_id = ANY (theirs)
                AND n.org_id = e.org_id AND starts_with(n.path, '/referrals/' || o.id::text);
            IF EXISTS (SELECT FROM public.handovers h WHERE h.org_id = e.org_id AND h.case_id = ANY (theirs)) THEN
                -- A handover is the other side's as well: the rows that it names stay, with nothing in them.
                total := total + public.erase_rows(e.org_id, 'public.cases', theirs, true);
                UPDATE public.cases c SET number = 'erased ' || c.id, site_id = NULL, admitted_at = NULL,
                        commitment_order = NULL, authority = NULL, legal_status = 'unknown', offence_class = NULL,
                        offence_type = NULL, offence_subtype = NULL, sentence_months = NULL, release_on = NULL,
                        release_unknown_reason = NULL, conditional_release_on = NULL, released_on = NULL,
                        release_year = NULL, release_type = NULL, closing_note = NULL, register_print = NULL,
                        version = c.version + 1
                    WHERE c.org_id = e.org_id AND c.id = ANY (theirs);
                DELETE FROM public.names n WHERE n.org_id = e.org_id AND n.person_id = e.person_id;
                DELETE FROM public.identifiers i WHERE i.org_id = e.org_id AND i.person_id = e.person_id;
                DELETE FROM public.relatives r WHERE r.org_id = e.org_id AND r.person_id = e.person_id;
                DELETE FROM public.retention_holds h WHERE h.org_id = e.org_id AND h.person_id = e.person_id;
                DELETE FROM public.access_parts a USING public.access_requests q WHERE q.org_id = e.org_id
                    AND q.person_id = e.person_id AND a.org_id = q.org_id AND a.request_id = q.id;
                DELETE FROM public.access_requests q WHERE q.org_id = e.org_id AND q.person_id = e.person_id;
                UPDATE public.persons p SET number = 'erased ' || p.id, name = '–', latin_name = NULL, sex = 'unknown',
                        gender = NULL, birth_date = NULL, birth_estimated = false, age_group = NULL,
                        nationality = NULL, languages = '{}', literacy = 'unknown', interpreter_language = NULL,
                        accessibility = NULL, phone = NULL, address = NULL, safe_to_phone = false,
                        safe_to_text = false, safe_to_write = false, version = p.version + 1
                    WHERE p.org_id = e.org_id AND p.id = e.person_id;
            ELSE
                total := total + public.erase_rows(e.org_id, 'public.persons', ARRAY[e.person_id], false);
            END IF;
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
    share("erase_person(uuid)")


def downgrade() -> None:
    op.execute("DROP FUNCTION erase_person(uuid)")
    op.execute("DROP FUNCTION erase_rows(uuid, regclass, uuid[], boolean)")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT, DELETE ON TABLES FROM caseflow_share")
    op.execute("REVOKE DELETE ON ALL TABLES IN SCHEMA public FROM caseflow_share")
    op.execute("REVOKE UPDATE ON persons, cases, person_keys, disclosures FROM caseflow_share")
    op.execute("REVOKE INSERT ON person_keys FROM caseflow_share")
    op.drop_table("objections")
    op.drop_table("access_parts")
    op.drop_table("access_requests")
    op.drop_table("erasures")
    op.drop_table("retention_holds")
    op.drop_table("retention_rules")
