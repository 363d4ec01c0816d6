"""Persons, names, cases and what belongs to them, and the register's imports."""

import sqlalchemy as sa
from alembic import op

from caseflow.core.policies import own

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "persons",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("latin_name", sa.Text(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("birth_estimated", sa.Boolean(), nullable=False),
        sa.Column("age_group", sa.Text(), nullable=True),
        sa.Column("nationality", sa.Text(), nullable=True),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("literacy", sa.Text(), nullable=False),
        sa.Column("interpreter_language", sa.Text(), nullable=True),
        sa.Column("accessibility", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("safe_to_phone", sa.Boolean(), nullable=False),
        sa.Column("safe_to_text", sa.Boolean(), nullable=False),
        sa.Column("safe_to_write", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("literacy IN ('unknown', 'none', 'some', 'full')", name=op.f("ck_persons_literacy")),
        sa.CheckConstraint("sex IN ('female', 'male', 'unknown')", name=op.f("ck_persons_sex")),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_persons_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_persons")),
        sa.UniqueConstraint("org_id", "number", name=op.f("uq_persons_org_id_number")),
    )
    op.create_table(
        "cases",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("commitment_order", sa.Text(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.Column("legal_status", sa.Text(), nullable=False),
        sa.Column("offence_class", sa.Text(), nullable=True),
        sa.Column("offence_type", sa.Text(), nullable=True),
        sa.Column("offence_subtype", sa.Text(), nullable=True),
        sa.Column("sentence_months", sa.Integer(), nullable=True),
        sa.Column("release_on", sa.Date(), nullable=True),
        sa.Column("release_unknown_reason", sa.Text(), nullable=True),
        sa.Column("conditional_release_on", sa.Date(), nullable=True),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("release_year", sa.Integer(), nullable=True),
        sa.Column("release_type", sa.Text(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("closing_note", sa.Text(), nullable=True),
        sa.Column("register_print", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "legal_status IN ('pre_trial', 'sentenced', 'appeal', 'community', 'released', 'unknown')",
            name=op.f("ck_cases_legal_status"),
        ),
        sa.CheckConstraint(
            "outcome IN ('completed', 'sentence_ended', 'handed_over', 'moved', 'disengaged', 'returned', 'died', 'recorded')",
            name=op.f("ck_cases_outcome"),
        ),
        sa.CheckConstraint(
            "phase IN ('intake', 'assessment', 'planning', 'delivery', 'pre_release', 'released', 'post_release_support', 'closed')",
            name=op.f("ck_cases_phase"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "person_id"], ["persons.org_id", "persons.id"], name=op.f("fk_cases_org_id_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "site_id"], ["sites.org_id", "sites.id"], name=op.f("fk_cases_org_id_site_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_cases")),
        sa.UniqueConstraint("org_id", "number", name=op.f("uq_cases_org_id_number")),
    )
    op.create_index("ix_cases_person", "cases", ["org_id", "person_id"], unique=False)
    op.create_index(
        "ix_cases_release",
        "cases",
        ["org_id", "release_on"],
        unique=False,
        postgresql_where=sa.text("phase <> 'closed'"),
    )
    op.create_index("ix_cases_site", "cases", ["org_id", "site_id", "phase"], unique=False)
    op.create_table(
        "identifiers",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('national', 'passport', 'prison', 'other')", name=op.f("ck_identifiers_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "person_id"], ["persons.org_id", "persons.id"], name=op.f("fk_identifiers_org_id_person_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_identifiers")),
        sa.UniqueConstraint("org_id", "kind", "value", name=op.f("uq_identifiers_org_id_kind_value")),
    )
    op.create_index("ix_identifiers_person", "identifiers", ["org_id", "person_id"], unique=False)
    op.create_table(
        "name_keys",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "key", "person_id", name=op.f("pk_name_keys")),
    )
    op.create_table(
        "names",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("full", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=True),
        sa.Column("given", sa.Text(), nullable=True),
        sa.Column("patronymic", sa.Text(), nullable=True),
        sa.Column("of_register", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('official', 'script', 'alias')", name=op.f("ck_names_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "person_id"], ["persons.org_id", "persons.id"], name=op.f("fk_names_org_id_person_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_names")),
    )
    op.create_index("ix_names_person", "names", ["org_id", "person_id"], unique=False)
    op.create_table(
        "relatives",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("child", sa.Boolean(), nullable=False),
        sa.Column("cared_for_by", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("contact_wanted", sa.Boolean(), nullable=False),
        sa.Column("safe_to_phone", sa.Boolean(), nullable=False),
        sa.Column("safe_to_write", sa.Boolean(), nullable=False),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.Column("restriction", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "person_id"], ["persons.org_id", "persons.id"], name=op.f("fk_relatives_org_id_person_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_relatives_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_relatives")),
    )
    op.create_index("ix_relatives_person", "relatives", ["org_id", "person_id"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("role IN ('primary', 'co_worker')", name=op.f("ck_assignments_role")),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_assignments_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_assignments_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_assignments_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_assignments")),
    )
    op.create_index("ix_assignments_case", "assignments", ["org_id", "case_id"], unique=False)
    op.create_index(
        "ix_assignments_caseload",
        "assignments",
        ["org_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "ux_assignments_role",
        "assignments",
        ["org_id", "case_id", "role"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "case_parties",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party_org_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('lead', 'incoming', 'former')", name=op.f("ck_case_parties_role")),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_case_parties_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_case_parties_org_id")),
        sa.ForeignKeyConstraint(["party_org_id"], ["organisations.id"], name=op.f("fk_case_parties_party_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_case_parties")),
    )
    op.create_index("ix_case_parties_case", "case_parties", ["org_id", "case_id"], unique=False)
    op.create_table(
        "case_returns",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("within_years", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("offence_class", sa.Text(), nullable=True),
        sa.Column("offence_type", sa.Text(), nullable=True),
        sa.Column("offence_subtype", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_case_returns_org_id_case_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_case_returns")),
        sa.UniqueConstraint("org_id", "case_id", name=op.f("uq_case_returns_org_id_case_id")),
    )
    op.create_table(
        "consents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grantee_org_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("categories", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("guardian", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("witness", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawal_note", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("form IN ('signed', 'spoken', 'interpreted')", name=op.f("ck_consents_form")),
        sa.CheckConstraint("given_by IN ('person', 'guardian')", name=op.f("ck_consents_given_by")),
        sa.ForeignKeyConstraint(["grantee_org_id"], ["organisations.id"], name=op.f("fk_consents_grantee_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_consents_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "person_id"], ["persons.org_id", "persons.id"], name=op.f("fk_consents_org_id_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "recorded_by"], ["users.org_id", "users.id"], name=op.f("fk_consents_org_id_recorded_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_consents_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_case", "consents", ["org_id", "case_id"], unique=False)
    op.create_table(
        "notes",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("amends_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('contact', 'observation', 'decision', 'system')", name=op.f("ck_notes_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "amends_id"], ["notes.org_id", "notes.id"], name=op.f("fk_notes_org_id_amends_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_notes_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "written_by"], ["users.org_id", "users.id"], name=op.f("fk_notes_org_id_written_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_notes_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_notes")),
    )
    op.create_index("ix_notes_case", "notes", ["org_id", "case_id", "occurred_at"], unique=False)
    op.create_table(
        "phase_changes",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "before IN ('intake', 'assessment', 'planning', 'delivery', 'pre_release', 'released', 'post_release_support', 'closed')",
            name=op.f("ck_phase_changes_before"),
        ),
        sa.CheckConstraint(
            "phase IN ('intake', 'assessment', 'planning', 'delivery', 'pre_release', 'released', 'post_release_support', 'closed')",
            name=op.f("ck_phase_changes_phase"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_phase_changes_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_phase_changes_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_phase_changes_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_phase_changes")),
    )
    op.create_index("ix_phase_changes_case", "phase_changes", ["org_id", "case_id"], unique=False)
    op.create_table(
        "register_imports",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("errors_file", sa.LargeBinary(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('uploaded', 'waiting', 'running', 'done', 'failed')", name=op.f("ck_register_imports_state")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "uploaded_by"], ["users.org_id", "users.id"], name=op.f("fk_register_imports_org_id_uploaded_by")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_register_imports_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_register_imports")),
    )
    op.create_index("ix_register_imports_newest", "register_imports", ["org_id", "created_at"], unique=False)
    op.create_table(
        "stays",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_stays_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "site_id"], ["sites.org_id", "sites.id"], name=op.f("fk_stays_org_id_site_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_stays")),
    )
    op.create_index("ix_stays_case", "stays", ["org_id", "case_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('own', 'intake', 'review', 'handover')", name=op.f("ck_tasks_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "case_id"], ["cases.org_id", "cases.id"], name=op.f("fk_tasks_org_id_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["users.org_id", "users.id"], name=op.f("fk_tasks_org_id_user_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisations.id"], name=op.f("fk_tasks_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_tasks")),
    )
    op.create_index("ix_tasks_case", "tasks", ["org_id", "case_id"], unique=False)
    op.create_index(
        "ix_tasks_open",
        "tasks",
        ["org_id", "user_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )

    for table in ("persons", "cases", "tasks", "stays", "case_parties", "assignments", "relatives"):
        own(table)
    for table in ("names", "name_keys", "identifiers", "case_returns"):
        own(table, delete=True)
    own("register_imports")
    own("consents", update=("withdrawn_at", "withdrawal_note"))
    for table in ("notes", "phase_changes"):
        own(table, update=False)


def downgrade() -> None:
    op.drop_table("tasks")
    op.drop_table("stays")
    op.drop_table("register_imports")
    op.drop_table("phase_changes")
    op.drop_table("notes")
    op.drop_table("consents")
    op.drop_table("case_returns")
    op.drop_table("case_parties")
    op.drop_table("assignments")
    op.drop_table("relatives")
    op.drop_table("names")
    op.drop_table("name_keys")
    op.drop_table("identifiers")
    op.drop_table("cases")
    op.drop_table("persons")
