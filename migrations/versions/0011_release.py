"""Pathways and handovers; the function through which an incoming party reads a case."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caseflow.core.policies import EITHER, own, packet, share

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("categories", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("release_on", sa.Date(), nullable=True),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('invited', 'preparing', 'led', 'declined', 'cancelled')", name=op.f("ck_handovers_status")
        ),
        sa.CheckConstraint("org_id <> to_org_id", name=op.f("ck_handovers_two_sides")),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_handovers_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "started_by"], ["users.org_id", "users.id"], name=op.f("fk_handovers_org_id_started_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_handovers_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_handovers_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_handovers")),
        sa.UniqueConstraint("to_org_id", "id", name=op.f("uq_handovers_to_org_id_id")),
    )
    op.create_index("ix_handovers_case", "handovers", ["org_id", "case_id"], unique=False)
    op.create_index("ix_handovers_incoming", "handovers", ["to_org_id", "status", "release_on"], unique=False)
    op.create_index(
        "ux_handovers_open",
        "handovers",
        ["org_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('invited', 'preparing')"),
    )
    op.create_table(
        "pathways",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "area IN ('accommodation', 'attitudes', 'children', 'drugs', 'work', 'finance', 'health')",
            name=op.f("ck_pathways_area"),
        ),
        sa.CheckConstraint(
            "status IN ('not_started', 'in_progress', 'support_required', 'support_not_required', 'support_declined', 'done')",
            name=op.f("ck_pathways_status"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_pathways_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_pathways_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_pathways")),
        sa.UniqueConstraint("org_id", "case_id", "area", name=op.f("uq_pathways_org_id_case_id_area")),
    )
    op.create_table(
        "handover_readings",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handover_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("reader_name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "handover_id"],
            ["handovers.org_id", "handovers.id"],
            name=op.f("fk_handover_readings_org_id_handover_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_handover_readings_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_handover_readings_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_handover_readings")),
    )
    op.create_index("ix_handover_readings_handover", "handover_readings", ["org_id", "handover_id"], unique=False)
    op.create_table(
        "handover_letters",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "id"], ["handovers.org_id", "handovers.id"], name=op.f("fk_handover_letters_org_id_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_handover_letters_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_handover_letters")),
    )
    op.create_table(
        "handovers_received",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("content", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_handovers_received_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "id"], ["handovers.to_org_id", "handovers.id"], name=op.f("fk_handovers_received_org_id_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "officer_id"], ["users.org_id", "users.id"], name=op.f("fk_handovers_received_org_id_officer_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_handovers_received_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_handovers_received")),
    )

    own("pathways")
    packet(
        "handovers",
        update=EITHER,
        columns=(
            "status",
            "status_at",
            "status_by",
            "reason",
            "met_on",
            "released_on",
            "release_on",
            "closes_on",
            "version",
        ),
    )
    # Column grants cannot tell the two sides apart: each moves only what is its own to move, and what has ended is over.
    op.execute(
        """
        CREATE FUNCTION handover_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            move text := OLD.status || ' ' || NEW.status;
            allowed boolean;
        BEGIN
            IF public.app_org() = OLD.org_id THEN
                allowed := move IN ('invited invited', 'preparing preparing', 'invited cancelled', 'preparing cancelled')
                    AND NEW.met_on IS NOT DISTINCT FROM OLD.met_on
                    AND NEW.released_on IS NOT DISTINCT FROM OLD.released_on;
            ELSE
                allowed := move IN ('invited preparing', 'invited declined', 'preparing preparing', 'preparing led')
                    AND NEW.release_on IS NOT DISTINCT FROM OLD.release_on
                    AND NEW.closes_on = OLD.closes_on;
            END IF;
            IF NOT allowed THEN
                RAISE EXCEPTION 'this side may not move a handover so' USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER moves BEFORE UPDATE ON handovers FOR EACH ROW"
        " WHEN (current_user = 'caseflow_app') EXECUTE FUNCTION handover_moves()"
    )
    own("handover_letters", update=False)
    packet("handover_readings", insert="false")
    op.execute("REVOKE INSERT ON handover_readings FROM caseflow_app")
    own("handovers_received", update=("officer_id", "case_id", "content"))
    op.execute("GRANT INSERT ON handover_readings TO caseflow_share")
    op.execute(
        "GRANT SELECT ON handovers, handover_letters, persons, cases, sites, needs, plans, goals, steps, relatives, consents"
        " TO caseflow_share"
    )
    op.execute(
        """
        CREATE FUNCTION incoming_case(handover uuid) RETURNS TABLE (category text, content jsonb)
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            h public.handovers;
            told text[];
            today date;  -- where the case is: the server's own day may be another
        BEGIN
            SELECT * INTO h FROM public.handovers x WHERE x.id = handover AND x.to_org_id = public.app_org()
                AND x.status IN ('invited', 'preparing');
            IF NOT FOUND THEN RETURN; END IF;
            today := (SELECT (now() AT TIME ZONE o.timezone)::date FROM public.organisations o WHERE o.id = h.org_id);
            IF today NOT BETWEEN h.opens_on AND h.closes_on THEN RETURN; END IF;
            told := h.categories;
            IF h.consent_id IS NOT NULL THEN
                SELECT array(SELECT unnest(h.categories) INTERSECT SELECT unnest(k.categories)) INTO told
                    FROM public.consents k WHERE k.org_id = h.org_id AND k.id = h.consent_id AND k.case_id = h.case_id
                    AND k.grantee_org_id = h.to_org_id AND k.withdrawn_at IS NULL
                    AND k.starts_on <= today AND (k.ends_on IS NULL OR k.ends_on >= today);
                IF NOT FOUND THEN RETURN; END IF;
            END IF;
            INSERT INTO public.handover_readings
                    (org_id, id, to_org_id, created_at, handover_id, user_id, reader_name)
                VALUES (h.org_id, gen_random_uuid(), h.to_org_id, now(), h.id, public.app_user(),
                    (SELECT u.name FROM public.users u WHERE u.org_id = h.to_org_id AND u.id = public.app_user()));
            RETURN QUERY SELECT 'letter', jsonb_build_object('text', l.text)
                FROM public.handover_letters l WHERE l.org_id = h.org_id AND l.id = h.id;
            RETURN QUERY
            SELECT part.category, part.content FROM public.cases c
            JOIN public.persons p ON p.org_id = c.org_id AND p.id = c.person_id
            LEFT JOIN public.sites s ON s.org_id = c.org_id AND s.id = c.site_id
            CROSS JOIN LATERAL (VALUES
                ('identity', jsonb_build_object('number', p.number, 'name', p.name, 'latin_name', p.latin_name,
                    'sex', p.sex, 'gender', p.gender, 'birth_date', p.birth_date, 'nationality', p.nationality,
                    'languages', p.languages, 'literacy', p.literacy,
                    'interpreter_language', p.interpreter_language, 'accessibility', p.accessibility)),
                ('contact', jsonb_build_object('phone', p.phone, 'address', p.address, 'safe_to_phone', p.safe_to_phone,
                    'safe_to_text', p.safe_to_text, 'safe_to_write', p.safe_to_write)),
                ('custody_dates', jsonb_build_object('site', s.name, 'legal_status', c.legal_status,
                    'admitted_at', c.admitted_at, 'sentence_months', c.sentence_months, 'release_on', c.release_on,
                    'conditional_release_on', c.conditional_release_on, 'released_on', c.released_on,
                    'release_type', c.release_type)),
                ('offence', jsonb_build_object('class', c.offence_class, 'type', c.offence_type,
                    'subtype', c.offence_subtype)),
                -- A child's name is never handed over: the year of birth is enough to prepare.
                ('family', (SELECT jsonb_build_object('relatives', coalesce(jsonb_agg(jsonb_build_object(
                        'name', CASE WHEN r.child THEN NULL ELSE r.name END, 'relation', r.relation,
                        'birth_year', r.birth_year, 'child', r.child, 'contact_wanted', r.contact_wanted,
                        'restriction', r.restriction) ORDER BY r.created_at), '[]'))
                    FROM public.relatives r WHERE r.org_id = c.org_id AND r.person_id = p.id)),
                ('support_needs', (SELECT jsonb_build_object('needs', coalesce(jsonb_agg(jsonb_build_object(
                        'area', n.area, 'description', n.description, 'priority', n.priority, 'status', n.status)
                        ORDER BY n.created_at), '[]'))
                    FROM public.needs n WHERE n.org_id = c.org_id AND n.case_id = c.id)),
                ('plan', (SELECT jsonb_build_object('goals', coalesce(jsonb_agg(jsonb_build_object(
                        'area', g.area, 'title', g.title, 'target_on', g.target_on, 'status', g.status,
                        'steps', (SELECT coalesce(jsonb_agg(jsonb_build_object('title', t.title, 'actor', t.actor,
                            'due_on', t.due_on, 'status', t.status) ORDER BY t.created_at), '[]')
                            FROM public.steps t WHERE t.org_id = g.org_id AND t.goal_id = g.id))
                        ORDER BY g.created_at), '[]'))
                    FROM public.goals g WHERE g.org_id = c.org_id AND g.case_id = c.id))
            ) AS part (category, content)
            WHERE c.org_id = h.org_id AND c.id = h.case_id AND part.category = ANY (told);
        END $$
        """
    )
    share("incoming_case(uuid)")


def downgrade() -> None:
    op.execute("DROP FUNCTION incoming_case(uuid)")
    op.drop_table("handovers_received")
    op.drop_table("handover_letters")
    op.drop_table("handover_readings")
    op.drop_table("pathways")
    op.drop_table("handovers")
    op.execute("DROP FUNCTION handover_moves()")
