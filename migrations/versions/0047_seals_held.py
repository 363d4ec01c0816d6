"""A seal comes off by somebody's act alone, never by a row of a register.

`settle_seals` had taken it off in the night's job, too, once a register had brought a case: whoever may import one could
so open a juvenile's file to all colleagues, with no reason and no review. The job now says which files are back in
custody while nobody is on their list, and leaves them sealed.
"""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

TAKEN_OFF = "IF file.live AND file.sealed_at IS NOT NULL THEN"
HELD = """IF file.live AND file.sealed_at IS NOT NULL AND asker IS NULL AND file.created_at >= file.sealed_at THEN
                    IF NOT EXISTS (SELECT FROM public.case_access a JOIN public.users u
                        ON u.org_id = a.org_id AND u.id = a.user_id AND u.active
                        WHERE a.org_id = file.org_id AND a.person_id = file.person_id AND a.kind = 'allowed'
                        AND a.ended_at IS NULL) THEN
                        RETURN QUERY SELECT c.org_id, c.id, 'back' FROM public.cases c
                            WHERE c.org_id = file.org_id AND c.person_id = file.person_id AND c.phase <> 'closed'
                            ORDER BY c.opened_on DESC, c.id DESC LIMIT 1;
                    END IF;
                ELSIF file.live AND file.sealed_at IS NOT NULL THEN"""


def upgrade() -> None:
    _replace(TAKEN_OFF, HELD)


def downgrade() -> None:
    _replace(HELD, TAKEN_OFF)


def _replace(old: str, new: str) -> None:
    """The function as it stands, with one condition changed."""
    bind = op.get_bind()
    body = bind.exec_driver_sql("SELECT pg_get_functiondef('settle_seals(uuid, text)'::regprocedure)").scalar_one()
    assert body.count(old) == 1
    op.execute("SET LOCAL ROLE caseflow_share")  # its owner
    bind.exec_driver_sql(body.replace(old, new))
    op.execute("RESET ROLE")
