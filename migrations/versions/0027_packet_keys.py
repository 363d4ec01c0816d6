"""Keys of packets: what each side of a referral or a handover wrote is sealed under that side's key.

`caseflow seal-texts` then seals what is there. erase_person() destroys the keys of its side, too.
"""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import packet

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

IN_USE = """
    CREATE OR REPLACE FUNCTION masters_in_use() RETURNS TABLE (master_id text, keys bigint)
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT k.master_id, count(*) FROM {keys} k WHERE k.destroyed_at IS NULL GROUP BY 1 ORDER BY 1
    $$
"""
BOTH = (
    "(SELECT p.master_id, p.destroyed_at FROM public.person_keys p"
    " UNION ALL SELECT q.master_id, q.destroyed_at FROM public.packet_keys q)"
)

# Packets first: erase_person() deletes the rows that lead from the person to their referrals.
BEFORE = "UPDATE public.disclosures d SET content"
CALL = "PERFORM public.erase_packets(e.org_id, theirs);\n            "


def upgrade() -> None:
    op.create_table(
        "packet_keys",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("master_id", sa.Text(), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("packet_id", sa.Uuid(), nullable=False),
        sa.Column("actor_org_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_packet_keys_destroyed")),
        sa.CheckConstraint("actor_org_id IN (org_id, to_org_id)", name=op.f("ck_packet_keys_actor")),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_packet_keys_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_packet_keys_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_packet_keys")),
        sa.UniqueConstraint(
            "packet_id", "org_id", "actor_org_id", name=op.f("uq_packet_keys_packet_id_org_id_actor_org_id")
        ),
    )
    # A text names its key alone, whichever side reads it.
    op.create_index("ix_packet_keys_id", "packet_keys", ["id"], unique=False)
    op.create_index("ix_packet_keys_master", "packet_keys", ["master_id"], unique=False)
    mine = "actor_org_id = (SELECT app_org())"
    packet("packet_keys", insert=mine, update=mine, columns=("wrapped", "destroyed_at"))
    # The language to speak is a code; by it the receiver's inbox is filtered, and the rest of the content is sealed.
    op.add_column("disclosures", sa.Column("language", sa.Text(), nullable=True))
    eraser = _owner_of("erase_person(uuid)")
    op.execute(f"GRANT SELECT ON packet_keys TO {_owner_of('masters_in_use()')}")
    _as_owner("masters_in_use()", IN_USE.format(keys=BOTH))

    # What this side wrote in the packets of these cases becomes unreadable: its keys are destroyed, a packet for which
    # it has none gets a mark, and what was written before there were keys is taken out. No role may call it but
    # erase_person()'s owner.
    op.execute(f"GRANT SELECT, INSERT, UPDATE (wrapped, destroyed_at) ON packet_keys TO {eraser}")
    op.execute(f"GRANT SELECT, UPDATE (text) ON referral_messages, referral_events TO {eraser}")
    op.execute(f"GRANT SELECT, UPDATE (ground, reason) ON handovers TO {eraser}")
    op.execute(f"GRANT SELECT, UPDATE (legal_basis) ON disclosures TO {eraser}")
    op.execute(f"GRANT SELECT ON referrals, referral_origins, handovers_received TO {eraser}")
    op.execute(
        """
        CREATE FUNCTION erase_packets(org uuid, theirs uuid[]) RETURNS void
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            sent uuid[];
            handed uuid[];
        BEGIN
            sent := array(SELECT o.id FROM public.referral_origins o WHERE o.org_id = org AND o.case_id = ANY (theirs));
            handed := array(
                SELECT h.id FROM public.handovers h WHERE h.org_id = org AND h.case_id = ANY (theirs)
                UNION SELECT r.id FROM public.handovers_received r WHERE r.org_id = org AND r.case_id = ANY (theirs));
            INSERT INTO public.packet_keys AS k
                (org_id, id, to_org_id, created_at, wrapped, master_id, destroyed_at, packet_id, actor_org_id)
                SELECT p.org_id, gen_random_uuid(), p.to_org_id, now(), NULL, 'none', now(), p.id, org FROM (
                    SELECT r.org_id, r.to_org_id, r.id FROM public.referrals r WHERE r.org_id = org AND r.id = ANY (sent)
                    UNION ALL SELECT h.org_id, h.to_org_id, h.id FROM public.handovers h
                        WHERE org IN (h.org_id, h.to_org_id) AND h.id = ANY (handed)) p
                ON CONFLICT (packet_id, org_id, actor_org_id) DO UPDATE SET wrapped = NULL,
                    destroyed_at = coalesce(k.destroyed_at, now());
            UPDATE public.referral_messages m SET text = '–' WHERE m.org_id = org AND m.referral_id = ANY (sent)
                AND m.actor_org_id = org AND NOT starts_with(m.text, 'sealed:');
            UPDATE public.referral_events v SET text = NULL WHERE v.org_id = org AND v.referral_id = ANY (sent)
                AND v.actor_org_id = org AND NOT starts_with(v.text, 'sealed:');
            UPDATE public.disclosures d SET legal_basis = 'erased' WHERE d.org_id = org AND d.referral_id = ANY (sent)
                AND NOT starts_with(d.legal_basis, 'sealed:');
            UPDATE public.handovers h SET ground = CASE WHEN starts_with(h.ground, 'sealed:') THEN h.ground ELSE '' END,
                    reason = CASE WHEN starts_with(h.reason, 'sealed:') OR h.status IN ('declined', 'led')
                        THEN h.reason END
                WHERE h.org_id = org AND h.id = ANY (handed);
            UPDATE public.handovers h SET reason = NULL WHERE h.to_org_id = org AND h.id = ANY (handed)
                AND h.status IN ('declined', 'led') AND NOT starts_with(h.reason, 'sealed:');
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION erase_packets(uuid, uuid[]) FROM PUBLIC")
    op.execute(f"ALTER FUNCTION erase_packets(uuid, uuid[]) OWNER TO {eraser}")
    body = _definition("erase_person(uuid)")
    if BEFORE not in body:
        raise RuntimeError("erase_person() is not as this migration knows it: let it call erase_packets()")
    _as_owner("erase_person(uuid)", body.replace(BEFORE, CALL + BEFORE, 1))


def downgrade() -> None:
    # What is sealed stays sealed, and nothing opens it afterwards: this is for tests and for the first minutes.
    eraser = _owner_of("erase_person(uuid)")
    _as_owner("erase_person(uuid)", _definition("erase_person(uuid)").replace(CALL, "", 1))
    op.execute("DROP FUNCTION erase_packets(uuid, uuid[])")
    op.execute(f"REVOKE UPDATE (text) ON referral_messages, referral_events FROM {eraser}")
    op.execute(f"REVOKE UPDATE (ground, reason) ON handovers FROM {eraser}")
    _as_owner("masters_in_use()", IN_USE.format(keys="public.person_keys"))
    op.drop_column("disclosures", "language")
    op.drop_table("packet_keys")


def _owner_of(function: str) -> str:
    query = sa.text("SELECT quote_ident(pg_get_userbyid(proowner)) FROM pg_proc WHERE oid = to_regprocedure(:name)")
    return str(op.get_bind().execute(query, {"name": function}).scalar_one())


def _definition(function: str) -> str:
    query = sa.text("SELECT pg_get_functiondef(to_regprocedure(:name)::oid)")
    return str(op.get_bind().execute(query, {"name": function}).scalar_one())


def _as_owner(function: str, statement: str) -> None:
    op.execute(f"SET LOCAL ROLE {_owner_of(function)}")
    op.get_bind().exec_driver_sql(statement)
    op.execute("RESET ROLE")
