"""Organisations, sites, holidays, and agreements on who may refer to whom."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import EITHER, directory, own, packet, share

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STEWARD = "(SELECT app_is_steward())"


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("rest_days", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('prison_service', 'probation_service', 'cso', 'oversight', 'steward')",
            name=op.f("ck_organisations_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organisations_slug")),
    )
    op.create_table(
        "agreements",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kinds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_agreements_org_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["organisations.id"], name=op.f("fk_agreements_to_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_agreements")),
    )
    op.create_table(
        "holidays",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_holidays_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_holidays")),
        sa.UniqueConstraint("org_id", "day", name=op.f("uq_holidays_org_id_day")),
    )
    op.create_table(
        "sites",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('prison', 'office')", name=op.f("ck_sites_kind")),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_sites_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_sites")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_sites_org_id_code")),
    )

    # Who founds organisations and makes agreements: the platform's steward, known by the kind of the organisation.
    op.execute("GRANT SELECT, INSERT ON organisations TO caseflow_share")
    op.execute(
        """
        CREATE FUNCTION app_is_steward() RETURNS boolean LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
            SELECT EXISTS (SELECT FROM public.organisations WHERE id = public.app_org() AND kind = 'steward')
        $$
        """
    )
    share("app_is_steward()")
    # A command is given an organisation's short name, before there is anybody in whose name it could look it up.
    op.execute(
        """
        CREATE FUNCTION organisation_by_slug(wanted text) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
            SELECT id FROM public.organisations WHERE slug = wanted
        $$
        """
    )
    share("organisation_by_slug(text)")
    directory("organisations", insert=STEWARD, mine="id = (SELECT app_org())")
    directory("holidays", delete=True)
    own("sites")
    packet(
        "agreements",
        read=f"{EITHER} OR {STEWARD}",
        insert=STEWARD,
        update=STEWARD,
        columns=("ended_at", "ends_on"),
        bound=f"{EITHER} OR {STEWARD}",
    )


def downgrade() -> None:
    op.drop_table("sites")
    op.drop_table("holidays")
    op.drop_table("agreements")
    op.drop_table("organisations")
    op.execute("DROP FUNCTION app_is_steward()")
    op.execute("DROP FUNCTION organisation_by_slug(text)")
