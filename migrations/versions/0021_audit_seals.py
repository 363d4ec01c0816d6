"""What an entry is about, the order in which entries are sealed, and the seals, heads and checks.

`audit_base` is added to the number of the transaction: after a restore into a new server, whose transactions count from
the beginning, `caseflow audit rebase` raises it, so that new entries come after the old ones.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caseflow.core.policies import own, packet, share

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WRITTEN = "org_id, id, created_at, user_id, act, subject, subject_id, case_id, detail, request_id, about"


def upgrade() -> None:
    # Constant defaults: no row is rewritten. Entries from before stand at the beginning of the order, by their ids.
    op.add_column("audit_entries", sa.Column("about", postgresql.ARRAY(sa.Uuid()), nullable=False, server_default="{}"))
    op.add_column("audit_entries", sa.Column("xact", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("CREATE SEQUENCE audit_base MINVALUE 0")
    op.execute("GRANT SELECT ON SEQUENCE audit_base TO caseflow_app")
    op.execute(
        "ALTER TABLE audit_entries ALTER COLUMN xact"
        " SET DEFAULT pg_current_xact_id()::text::bigint + coalesce(pg_sequence_last_value('audit_base'), 0)"
    )
    # The transaction's number is the database's to say: the application cannot write that column.
    op.execute("REVOKE INSERT ON audit_entries FROM caseflow_app")
    op.execute(f"GRANT INSERT ({WRITTEN}) ON audit_entries TO caseflow_app")

    op.create_table(
        "audit_seals",
        *_owned("audit_seals"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=False),
        sa.Column("last_xact", sa.BigInteger(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("org_id", "number", name=op.f("uq_audit_seals_org_id_number")),
    )
    # Hashes do not compress: stored as they are, reading a million of them costs no time.
    op.execute("ALTER TABLE audit_seals ALTER COLUMN leaves SET STORAGE EXTERNAL")
    own("audit_seals", update=False)

    op.create_table(
        "audit_heads",
        *_owned("audit_heads"),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_audit_heads_to_org_id")),
    )
    op.create_index("ix_audit_heads_told", "audit_heads", ["to_org_id", "created_at"], unique=False)
    packet("audit_heads")

    op.create_table(
        "audit_checks",
        *_owned("audit_checks"),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("seals", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("first_fault", sa.Text(), nullable=True),
        sa.Column("first_id", sa.Uuid(), nullable=True),
    )
    op.create_index("ix_audit_checks_newest", "audit_checks", ["org_id", "created_at"], unique=False)
    own("audit_checks", update=False)

    op.create_table(
        "audit_reviews",
        *_owned("audit_reviews"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('many', 'elsewhere', 'stranger', 'namesake', 'night')", name=op.f("ck_audit_reviews_kind")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_audit_reviews_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "reviewed_by"], ["users.org_id", "users.id"], name=op.f("fk_audit_reviews_org_id_reviewed_by")
        ),
        sa.UniqueConstraint("org_id", "kind", "user_id", "day", name=op.f("uq_audit_reviews_org_id_kind_user_id_day")),
    )
    own("audit_reviews", update=False)

    # The cron seals for every organisation and must know which there are, and nothing else of them.
    op.execute(
        """
        CREATE FUNCTION audit_organisations() RETURNS TABLE (id uuid, slug text) LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$ SELECT o.id, o.slug FROM public.organisations o ORDER BY o.slug $$
        """
    )
    share("audit_organisations()")
    # Whether one array shares an element with another is not leakproof, so row security would keep the index from being
    # used: this function asks it for the asker's own organisation. Entries from before 0016 are found by their subject.
    op.execute("GRANT SELECT ON audit_entries TO caseflow_share")
    op.execute(
        """
        CREATE FUNCTION audit_about(files uuid[]) RETURNS TABLE (id uuid)
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT e.id FROM public.audit_entries e WHERE e.org_id = public.app_org() AND e.about && files
            UNION
            SELECT e.id FROM public.audit_entries e WHERE e.org_id = public.app_org() AND e.subject_id = ANY (files)
        $$
        """
    )
    share("audit_about(uuid[])")


def _owned(table: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    return (
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f(f"fk_{table}_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f(f"pk_{table}")),
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION audit_about(uuid[])")
    op.execute("DROP FUNCTION audit_organisations()")
    for table in ("audit_reviews", "audit_checks", "audit_heads", "audit_seals"):
        op.drop_table(table)
    op.execute("REVOKE SELECT ON audit_entries FROM caseflow_share")
    op.execute(f"REVOKE INSERT ({WRITTEN}) ON audit_entries FROM caseflow_app")
    op.execute("GRANT INSERT ON audit_entries TO caseflow_app")
    op.drop_column("audit_entries", "xact")
    op.drop_column("audit_entries", "about")
    op.execute("DROP SEQUENCE audit_base")
