"""Keys of persons, and hashes by which sealed identifiers are found; `caseflow seal-texts` then seals what is there."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own, share

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

HELD = """
    CREATE OR REPLACE FUNCTION number_held(what text, number text, but uuid) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT CASE what
            WHEN 'case' THEN EXISTS (SELECT FROM public.cases c
                WHERE c.org_id = public.app_org() AND c.number = $2 AND c.id IS DISTINCT FROM but)
            WHEN 'person' THEN EXISTS (SELECT FROM public.persons p
                WHERE p.org_id = public.app_org() AND p.number = $2 AND p.id IS DISTINCT FROM but)
            ELSE EXISTS (SELECT FROM public.identifiers i WHERE i.org_id = public.app_org()
                AND i.kind = what AND {same} AND i.person_id IS DISTINCT FROM but)
        END
    $$
"""


def upgrade() -> None:
    op.create_table(
        "person_keys",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("master_id", sa.Text(), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_person_keys_destroyed")),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_person_keys_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_person_keys")),
    )
    op.create_index("ix_person_keys_master", "person_keys", ["master_id"], unique=False)
    own("person_keys", update=("wrapped", "destroyed_at"))
    # Columns of text stay as they are: a sealed text is a text, and what is not sealed yet is read as it stands.
    op.add_column("identifiers", sa.Column("value_hash", sa.Text(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_identifiers_org_id_value_hash_kind"), "identifiers", ["org_id", "value_hash", "kind"]
    )
    _replace("$2 IN (i.value, i.value_hash)")
    op.add_column("handovers_received", sa.Column("number_hash", sa.Text(), nullable=True))
    op.execute("GRANT UPDATE (number_hash) ON handovers_received TO caseflow_app")
    op.execute("GRANT SELECT ON person_keys TO caseflow_share")
    # Which master keys are needed: told to everybody who starts a process, since it names no person and no organisation.
    op.execute(
        """
        CREATE FUNCTION masters_in_use() RETURNS TABLE (master_id text, keys bigint)
        LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT k.master_id, count(*) FROM public.person_keys k WHERE k.destroyed_at IS NULL GROUP BY 1 ORDER BY 1
        $$
        """
    )
    share("masters_in_use()")
    # A handover's receiver needs the sender's key of the person in order to read what incoming_case() gave: it gets the
    # key in the transaction in which it has read the case, and so been written down, and never without that.
    op.execute(
        """
        CREATE FUNCTION incoming_key(handover uuid) RETURNS TABLE (org_id uuid, id uuid, wrapped bytea)
        LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT k.org_id, k.id, k.wrapped FROM public.handovers h
            JOIN public.cases c ON c.org_id = h.org_id AND c.id = h.case_id
            JOIN public.person_keys k ON k.org_id = c.org_id AND k.id = c.person_id
            WHERE h.id = handover AND h.to_org_id = public.app_org() AND EXISTS (
                SELECT FROM public.handover_readings r WHERE r.org_id = h.org_id AND r.handover_id = h.id
                AND r.to_org_id = h.to_org_id AND r.created_at = now()
                AND r.user_id IS NOT DISTINCT FROM public.app_user())
        $$
        """
    )
    op.execute("GRANT SELECT ON handover_readings TO caseflow_share")
    share("incoming_key(uuid)")


def downgrade() -> None:
    # What is sealed stays sealed, and nothing opens it afterwards: this is for tests and for the first minutes.
    op.execute("DROP FUNCTION incoming_key(uuid)")
    op.execute("DROP FUNCTION masters_in_use()")
    op.execute("REVOKE SELECT ON handover_readings FROM caseflow_share")
    op.drop_column("handovers_received", "number_hash")
    _replace("i.value = $2")
    op.drop_constraint(op.f("uq_identifiers_org_id_value_hash_kind"), "identifiers")
    op.drop_column("identifiers", "value_hash")
    op.drop_table("person_keys")


def _replace(same: str) -> None:
    op.execute("SET LOCAL ROLE caseflow_share")  # its owner
    op.execute(HELD.format(same=same))
    op.execute("RESET ROLE")
