"""Single sign-on of an organisation, and by which domain of an e-mail address it is found."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own, share

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "single_sign_on",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("domains", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("passwords_allowed", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_single_sign_on_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_single_sign_on")),
        sa.UniqueConstraint("org_id", name=op.f("uq_single_sign_on_org_id")),
    )
    own(
        "single_sign_on",
        update=("issuer", "client_id", "sealed_secret", "domains", "passwords_allowed", "active"),
    )
    op.execute("GRANT SELECT ON single_sign_on TO caseflow_share")
    op.execute(
        """
        CREATE FUNCTION single_sign_on_of(domain text) RETURNS TABLE (org_id uuid, name text)
        LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            SELECT s.org_id, o.name FROM public.single_sign_on s JOIN public.organisations o ON o.id = s.org_id
            WHERE s.active AND domain = ANY (s.domains) ORDER BY o.name LIMIT 20
        $$
        """
    )
    share("single_sign_on_of(text)")


def downgrade() -> None:
    op.execute("DROP FUNCTION single_sign_on_of(text)")
    op.drop_table("single_sign_on")
