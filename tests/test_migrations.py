"""Migrations: they go up and down, and what they make is what the models say."""

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from caseflow.core import installation
from caseflow.core.db import Coded, Model


def _differences(owner_url: str) -> list[object]:
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with engine.connect() as connection:
            found = compare_metadata(MigrationContext.configure(connection), Model.metadata)
    finally:
        engine.dispose()
    return [one for one in found if not (one[0] == "remove_table" and one[1].name == "wall_key")]


def test_models_are_what_migrations_make(environment: dict[str, str]) -> None:
    assert _differences(environment["OWNER_DATABASE_URL"]) == []


def test_codes_of_the_models_are_what_the_database_checks(environment: dict[str, str]) -> None:
    engine = create_engine(environment["OWNER_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        checks = dict(
            connection.execute(
                text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'")
            ).all()
        )
    engine.dispose()
    for table in Model.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Coded):
                definition = checks[f"ck_{table.name}_{column.name}"]
                missing = [code for code in column.type.codes if f"'{code.value}'" not in definition]
                assert not missing, f"{table.name}.{column.name}"


def test_migrations_go_down_and_up_again(environment: dict[str, str]) -> None:
    owner = environment["OWNER_DATABASE_URL"]
    installation.downgrade(owner, "base")
    engine = create_engine(owner.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        left = connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
                " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            )
        ).scalars()
        assert set(left) == {"alembic_version"}
    engine.dispose()
    installation.migrate(owner, wall_key=environment["CASEFLOW_WALL_KEY"])
    assert _differences(owner) == []


def test_news_that_named_the_person_is_gone_and_other_news_stays(environment: dict[str, str]) -> None:
    owner = environment["OWNER_DATABASE_URL"]
    installation.downgrade(owner, "0048")
    titles = ("%(organisation)s now leads the case of %(name)s", "A handover is yours to prepare")
    with psycopg.connect(owner) as connection:
        for title in titles:
            connection.execute(
                "INSERT INTO notifications (org_id, id, created_at, user_id, news_id, title, params, path, urgent)"
                " SELECT org_id, gen_random_uuid(), now(), id, gen_random_uuid(), %s, '{}', '/', false"
                " FROM users LIMIT 1",
                (title,),
            )
    installation.migrate(owner, wall_key=environment["CASEFLOW_WALL_KEY"])
    with psycopg.connect(owner) as connection:
        assert connection.execute("SELECT title FROM notifications").fetchall() == [(titles[1],)]
