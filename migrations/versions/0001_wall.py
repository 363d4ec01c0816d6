"""The signed context: the key, and the functions that check who speaks.

`caseflow.context` is `organisation.user.backend.mac`; the mac is HMAC-SHA256 over the rest (RFC 2104), so a setting
changed by SQL injection, or replayed from another connection, opens nothing.
"""

from alembic import op

from caseflow.core.policies import share

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE wall_key (id smallint PRIMARY KEY CHECK (id = 1), inner_pad bytea NOT NULL, "
        "outer_pad bytea NOT NULL)"
    )
    op.execute("GRANT SELECT ON wall_key TO caseflow_share")
    op.execute("GRANT USAGE ON SCHEMA public TO caseflow_app, caseflow_share")
    # Parallel restricted: a parallel worker has another pid than the backend that the context is signed for.
    op.execute(
        """
        CREATE FUNCTION app_context() RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
            parts text[] := string_to_array(current_setting('caseflow.context', true), '.');
            key public.wall_key;
            mac text;
        BEGIN
            IF parts IS NULL OR array_length(parts, 1) IS DISTINCT FROM 4 THEN RETURN NULL; END IF;
            SELECT * INTO key FROM public.wall_key WHERE id = 1;
            mac := encode(sha256(key.outer_pad || sha256(key.inner_pad ||
                convert_to(parts[1] || '.' || parts[2] || '.' || parts[3], 'UTF8'))), 'hex');
            IF mac IS DISTINCT FROM parts[4] THEN RETURN NULL; END IF;
            IF left(parts[3], 1) = 'x' THEN
                IF substr(parts[3], 2)::bigint < extract(epoch FROM clock_timestamp()) THEN RETURN NULL; END IF;
            ELSIF parts[3]::int <> pg_backend_pid() THEN RETURN NULL;
            END IF;
            RETURN parts;
        END $$
        """
    )
    share("app_context()")
    for name, part in (("app_org", 1), ("app_user", 2)):
        op.execute(
            f"""
            CREATE FUNCTION {name}() RETURNS uuid LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp AS $$ SELECT nullif((public.app_context())[{part}], '')::uuid $$
            """
        )
        share(f"{name}()")


def downgrade() -> None:
    op.execute("DROP FUNCTION app_user()")
    op.execute("DROP FUNCTION app_org()")
    op.execute("DROP FUNCTION app_context()")
    op.execute("DROP TABLE wall_key")
