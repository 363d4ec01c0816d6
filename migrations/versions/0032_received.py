"""Received referrals are erased at their receiver, by a rule and two persons; the sender keeps its record.

The rows of a referral belong to two organisations, and the policies ask by equality which. An exception to them (a list
of what is closed to a receiver) would grow for ever and be asked in each statement. So the receiver is taken out of the
rows instead: `to_org_id` is emptied in all of them, and no policy, foreign key or CHECK needs to know of it, since what
is unknown equals nothing, keeps no key and breaks no rule. Turned to the sender itself, the same column would have made
the sender the receiver of its own referral: in its inbox, its counts, and by right of the receiver's policies.

What hangs on the referral is read from the catalogue: rows of both organisations, which leave the receiver, and the
receiver's own, which are deleted. A later table of either kind is found there; where the eraser may not change it,
the erasing fails as a whole instead of leaving it behind.

The sender still reads whom it wrote to: `former_org_id`. The keys of the packet are bound to the receiver as well,
so they remember it too, and go on opening what both sides wrote. Neither side's key is destroyed.
"""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import guard_packet, own

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SHARED = (
    "referrals", "referral_events", "referral_messages", "referral_sessions", "referral_reports", "referral_outcomes",
    "disclosures", "packet_keys",
)  # fmt: skip
NAMED = ("referrals", "packet_keys")  # where the receiver of before is remembered
KINDS = ("retention_rules", "erasures")
OPEN_PERSON = "person_id NOT IN (SELECT unnest(app_closed()))"
OPEN_REFERRAL = "referral_id NOT IN (SELECT unnest(app_closed_packets()))"

# erase_person() is not for these, and erase_packets() knows that a packet's receiver may have left it.
OF_PERSON = ("AND x.decided_by <> x.proposed_by FOR UPDATE", "AND x.person_id IS NOT NULL ")
KEYS = (
    ("wrapped, master_id, destroyed_at, packet_id, actor_org_id)", ", former_org_id)"),
    ("p.id, org FROM (", "p.id, org, p.former_org_id FROM ("),
    ("SELECT r.org_id, r.to_org_id, r.id FROM", "SELECT r.org_id, r.to_org_id, r.id, r.former_org_id FROM"),
    ("SELECT h.org_id, h.to_org_id, h.id FROM", "SELECT h.org_id, h.to_org_id, h.id, NULL::uuid FROM"),
)


def upgrade() -> None:
    # No foreign key and no CHECK, which would read whole tables under a lock: the column is written from `to_org_id`
    # alone, and no organisation is ever deleted.
    for table in NAMED:
        op.add_column(table, sa.Column("former_org_id", sa.Uuid(), nullable=True))
    for table in SHARED:
        op.alter_column(table, "to_org_id", existing_type=sa.Uuid(), nullable=True)
        # Nobody begins anything with nobody: only erasing takes the receiver out.
        begun = "to_org_id IS NOT NULL" + (" AND former_org_id IS NULL" if table in NAMED else "")
        op.execute(f"CREATE POLICY addressed ON {table} AS RESTRICTIVE FOR INSERT TO caseflow_app WITH CHECK ({begun})")
    op.add_column("referrals", sa.Column("receiver_erased_at", sa.DateTime(timezone=True), nullable=True))
    _create_holds()
    for table in KINDS:
        _kinds(table, "'adult', 'juvenile', 'received'")
    _open_erasures()
    _let_erase()
    _create_function()
    _change("erase_person(uuid)", [(OF_PERSON[0], OF_PERSON[1] + OF_PERSON[0])])
    _change("erase_packets(uuid, uuid[])", _key_changes())


def _create_holds() -> None:
    op.create_table(
        "received_holds",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('court', 'complaint', 'other')", name=op.f("ck_received_holds_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "referral_id"],
            ["referrals.to_org_id", "referrals.id"],
            name=op.f("fk_received_holds_org_id_referral_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "set_by"], ["users.org_id", "users.id"], name=op.f("fk_received_holds_org_id_set_by")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "ended_by"], ["users.org_id", "users.id"], name=op.f("fk_received_holds_org_id_ended_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_received_holds_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_received_holds")),
    )
    op.create_index("ix_received_holds_referral", "received_holds", ["org_id", "referral_id"], unique=False)
    own("received_holds", update=("ended_at", "ended_by"))
    guard_packet("received_holds", "referral_id")


def _kinds(table: str, kinds: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_kind"), table)
    op.create_check_constraint(op.f(f"ck_{table}_kind"), table, f"kind IN ({kinds})")


def _open_erasures() -> None:
    """An erasure is of a person or of a received referral."""
    op.alter_column("erasures", "person_id", existing_type=sa.Uuid(), nullable=True)
    op.add_column("erasures", sa.Column("referral_id", sa.Uuid(), nullable=True))
    op.create_check_constraint(op.f("ck_erasures_one"), "erasures", "(person_id IS NULL) <> (referral_id IS NULL)")
    op.create_check_constraint(
        op.f("ck_erasures_received"), "erasures", "(kind = 'received') = (referral_id IS NOT NULL)"
    )
    op.create_index(
        "ux_erasures_live_referral",
        "erasures",
        ["org_id", "referral_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'approved')"),
    )
    op.execute(
        "ALTER POLICY guarded ON erasures USING ((sealed OR person_id IS NULL OR "
        f"{OPEN_PERSON}) AND (referral_id IS NULL OR {OPEN_REFERRAL}))"
    )


def _let_erase() -> None:
    for table in SHARED:
        op.execute(f"GRANT SELECT, UPDATE (to_org_id) ON {table} TO caseflow_eraser")
    for table in NAMED:
        op.execute(f"GRANT UPDATE (former_org_id) ON {table} TO caseflow_eraser")
    op.execute("GRANT UPDATE (receiver_erased_at) ON referrals TO caseflow_eraser")
    # News of the referral that the receiver got, or would get: it holds its id.
    op.execute("GRANT SELECT (org_id, id, to_org_id, payload), DELETE ON outbox TO caseflow_eraser")


def _create_function() -> None:
    op.execute(
        """
        CREATE FUNCTION erase_received(erasure uuid) RETURNS integer
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            e public.erasures;
            r public.referrals;
            child record;
            ids uuid[];
            total integer := 0;
            changed integer;
        BEGIN
            SELECT * INTO e FROM public.erasures x
                WHERE x.org_id = public.app_org() AND x.id = erasure AND x.state = 'approved'
                AND x.decided_by <> x.proposed_by AND x.referral_id IS NOT NULL FOR UPDATE;
            IF NOT FOUND THEN RETURN 0; END IF;
            -- Who is about to write to it, or to hold it, waits or was first: a hold asks for this row's key.
            SELECT * INTO r FROM public.referrals x WHERE x.to_org_id = e.org_id AND x.id = e.referral_id FOR UPDATE;
            IF NOT FOUND OR r.status NOT IN ('declined', 'withdrawn', 'completed', 'ended_early')
                OR EXISTS (SELECT FROM public.received_holds h
                    WHERE h.org_id = e.org_id AND h.referral_id = e.referral_id AND h.ended_at IS NULL) THEN
                UPDATE public.erasures x SET state = 'refused' WHERE x.org_id = e.org_id AND x.id = e.id;
                RETURN 0;
            END IF;
            -- What was told is closed, at the same moment: by that the sender's page knows what the receiver saw last.
            UPDATE public.disclosures d SET revoked_at = now()
                WHERE d.org_id = r.org_id AND d.referral_id = r.id AND d.revoked_at IS NULL
                AND (d.expires_at IS NULL OR d.expires_at > now());
            FOR child IN
                SELECT c.conrelid::regclass AS name, key.attname AS key, c.conkey[3] IS NOT NULL AS shared
                FROM pg_constraint c
                JOIN pg_attribute key ON key.attrelid = c.conrelid AND key.attnum = c.conkey[2]
                JOIN pg_attribute side ON side.attrelid = c.confrelid
                    AND side.attnum = c.confkey[CASE WHEN c.conkey[3] IS NULL THEN 1 ELSE 3 END]
                WHERE c.contype = 'f' AND c.confrelid = 'public.referrals'::regclass AND side.attname = 'to_org_id'
                ORDER BY 1
            LOOP
                IF child.shared THEN
                    EXECUTE format('UPDATE %s SET to_org_id = NULL WHERE org_id = $1 AND %I = $2',
                        child.name, child.key) USING r.org_id, r.id;
                    GET DIAGNOSTICS changed = ROW_COUNT;
                    total := total + changed;
                ELSE
                    EXECUTE format('SELECT array_agg(id) FROM %s WHERE org_id = $1 AND %I = $2',
                        child.name, child.key) INTO ids USING e.org_id, r.id;
                    IF ids IS NOT NULL THEN
                        total := total + public.erase_rows(e.org_id, child.name, ids, '{}');
                    END IF;
                END IF;
            END LOOP;
            UPDATE public.packet_keys k SET former_org_id = k.to_org_id, to_org_id = NULL
                WHERE k.org_id = r.org_id AND k.packet_id = r.id AND k.to_org_id = e.org_id;
            UPDATE public.referrals x SET former_org_id = x.to_org_id, to_org_id = NULL, receiver_erased_at = now()
                WHERE x.org_id = r.org_id AND x.id = r.id;
            -- News first: a job that is telling of it now is waited for, and what it told goes with the rest.
            DELETE FROM public.outbox o WHERE o.to_org_id = e.org_id AND o.payload ->> 'referral' = r.id::text;
            DELETE FROM public.notifications n
                WHERE n.org_id = e.org_id AND (n.about = r.id OR starts_with(n.path, '/referrals/' || r.id::text));
            GET DIAGNOSTICS changed = ROW_COUNT;
            total := total + changed + 1;
            UPDATE public.erasures x SET state = 'done', done_at = now(), rows_removed = total
                WHERE x.org_id = e.org_id AND x.id = e.id;
            RETURN total;
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION erase_received(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION erase_received(uuid) TO caseflow_app")
    op.execute("ALTER FUNCTION erase_received(uuid) OWNER TO caseflow_eraser")


def _key_changes() -> list[tuple[str, str]]:
    first, added = KEYS[0]
    return [(first, first[:-1] + added), *KEYS[1:]]


def _change(function: str, changes: list[tuple[str, str]]) -> None:
    """Change a function's body by its owner; a body that is not as this migration knows it stops it."""
    name = sa.text("SELECT pg_get_functiondef(to_regprocedure(:name)::oid)")
    body = str(op.get_bind().execute(name, {"name": function}).scalar_one())
    for before, after in changes:
        if body.count(before) != 1:
            raise RuntimeError(f"{function} is not as this migration knows it: {before}")
        body = body.replace(before, after)
    op.execute("SET LOCAL ROLE caseflow_eraser")
    op.get_bind().exec_driver_sql(body)
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Only where nobody has erased anything received: what a receiver gave up, no downgrade gives back to it."""
    left = op.get_bind().execute(sa.text("SELECT count(*) FROM referrals WHERE to_org_id IS NULL")).scalar_one()
    if left:
        raise RuntimeError(f"{left} received referrals were erased: the version before this one cannot read them")
    _change("erase_packets(uuid, uuid[])", [(after, before) for before, after in _key_changes()])
    _change("erase_person(uuid)", [(OF_PERSON[1] + OF_PERSON[0], OF_PERSON[0])])
    op.execute("DROP FUNCTION erase_received(uuid)")
    op.execute("REVOKE SELECT (org_id, id, to_org_id, payload), DELETE ON outbox FROM caseflow_eraser")
    op.execute("REVOKE UPDATE (receiver_erased_at) ON referrals FROM caseflow_eraser")
    for table in SHARED:
        op.execute(f"REVOKE UPDATE (to_org_id) ON {table} FROM caseflow_eraser")
    # Its other rights it has had since 0025 and 0027.
    op.execute("DELETE FROM erasures WHERE kind = 'received'")
    op.execute("DELETE FROM retention_rules WHERE kind = 'received'")
    op.execute(f"ALTER POLICY guarded ON erasures USING (sealed OR {OPEN_PERSON})")
    op.drop_index("ux_erasures_live_referral", "erasures")
    op.drop_constraint(op.f("ck_erasures_received"), "erasures")
    op.drop_constraint(op.f("ck_erasures_one"), "erasures")
    op.drop_column("erasures", "referral_id")
    op.alter_column("erasures", "person_id", existing_type=sa.Uuid(), nullable=False)
    for table in KINDS:
        _kinds(table, "'adult', 'juvenile'")
    op.drop_table("received_holds")
    op.drop_column("referrals", "receiver_erased_at")
    for table in SHARED:
        op.execute(f"DROP POLICY addressed ON {table}")
        op.alter_column(table, "to_org_id", existing_type=sa.Uuid(), nullable=False)
    for table in NAMED:
        op.drop_column(table, "former_org_id")
