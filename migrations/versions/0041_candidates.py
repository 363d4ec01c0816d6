"""The accounts of an address are looked up in that address's own context, which only the application can sign.

Any SQL of the application could ask for them, and they come with the hashes of passwords, from any organisation. The
version before finds no account from here on: for the moments until it is replaced, nobody signs in with a password, and
whoever is signed in goes on working.
"""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

LOOKED_UP = """
    CREATE OR REPLACE FUNCTION sign_in_candidates(wanted text)
    RETURNS TABLE (org_id uuid, user_id uuid, hash text, organisation text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT u.org_id, u.id, p.hash, o.name FROM public.users u
        JOIN public.passwords p ON p.org_id = u.org_id AND p.id = u.id
        JOIN public.organisations o ON o.id = u.org_id
        WHERE u.email = wanted AND u.active{} ORDER BY o.name LIMIT 10
    $$
"""
# As `caseflow.core.wall.address_context` makes it.
IN_ITS_CONTEXT = (
    " AND public.app_org() = left(encode(sha256(convert_to('sign-in ' || wanted, 'UTF8')), 'hex'), 32)::uuid"
)


def upgrade() -> None:
    _replace(IN_ITS_CONTEXT)


def downgrade() -> None:
    _replace("")


def _replace(condition: str) -> None:
    op.execute("SET LOCAL ROLE caseflow_share")  # its owner
    op.execute(LOOKED_UP.format(condition))
    op.execute("RESET ROLE")
