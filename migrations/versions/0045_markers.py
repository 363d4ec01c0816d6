"""Whoever ever touched what a copy withholds or gives out on purpose is kept, and does not decide on it.

Until here the last one who marked was known, and the makers of the marks that are left: whoever took a mark away was
forgotten as soon as another marked something else. The database keeps the list, whatever SQL touches the marks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

ANOTHER = "decided_by <> marked_by"
CHECK = "ck_access_requests_second_person"


def upgrade() -> None:
    op.add_column(
        "access_requests",
        sa.Column("markers", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.execute("GRANT UPDATE (markers) ON access_requests TO caseflow_app")
    op.execute(
        "CREATE POLICY marked ON access_requests AS RESTRICTIVE FOR INSERT TO caseflow_app WITH CHECK (markers = '{}')"
    )
    # The version before names the last one alone: it is added for it.
    op.execute(
        """
        CREATE FUNCTION keep_markers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF NEW.marked_by <> ALL (NEW.markers) THEN
                NEW.markers := NEW.markers || NEW.marked_by;
            END IF;
            IF NOT NEW.markers @> OLD.markers
                OR NOT NEW.markers <@ (OLD.markers || NEW.marked_by || public.app_user()) THEN
                RAISE EXCEPTION 'who marked stays, and nobody marks in another''s name'
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keeps_markers BEFORE UPDATE ON access_requests FOR EACH ROW WHEN (current_user = 'caseflow_app'"
        " AND (NEW.markers IS DISTINCT FROM OLD.markers OR NEW.marked_by IS DISTINCT FROM OLD.marked_by))"
        " EXECUTE FUNCTION keep_markers()"
    )
    op.execute(
        """
        CREATE FUNCTION note_marker() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            marker uuid := public.app_user();
            part public.access_parts := coalesce(NEW, OLD);
        BEGIN
            UPDATE public.access_requests q SET markers = q.markers || marker
                WHERE q.org_id = part.org_id AND q.id = part.request_id AND marker <> ALL (q.markers);
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER notes_marker AFTER INSERT OR DELETE ON access_parts FOR EACH ROW"
        " WHEN (current_user = 'caseflow_app') EXECUTE FUNCTION note_marker()"
    )
    # What an earlier version let somebody decide stays decided: they are left out.
    op.execute(
        """
        UPDATE access_requests q SET markers = array(
            SELECT m.one FROM (
                SELECT q.marked_by AS one
                UNION SELECT p.marked_by FROM access_parts p WHERE p.org_id = q.org_id AND p.request_id = q.id) m
            WHERE m.one IS NOT NULL AND m.one IS DISTINCT FROM q.decided_by)
        """
    )
    _check(f"{ANOTHER} AND decided_by <> ALL (markers)")


def _check(rule: str) -> None:
    op.drop_constraint(op.f(CHECK), "access_requests")
    op.execute(f"ALTER TABLE access_requests ADD CONSTRAINT {CHECK} CHECK ({rule}) NOT VALID")
    op.execute(f"ALTER TABLE access_requests VALIDATE CONSTRAINT {CHECK}")


def downgrade() -> None:
    _check(ANOTHER)
    op.execute("DROP TRIGGER notes_marker ON access_parts")
    op.execute("DROP FUNCTION note_marker()")
    op.execute("DROP TRIGGER keeps_markers ON access_requests")
    op.execute("DROP FUNCTION keep_markers()")
    op.execute("DROP POLICY marked ON access_requests")
    op.drop_column("access_requests", "markers")
