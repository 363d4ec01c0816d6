"""Copies on paper in the person's language, and single rows of a part that are withheld."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0025"
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
