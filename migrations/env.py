"""Alembic: numbered migrations, run as `caseflow_owner`, one transaction each, beside the running system."""

from typing import Any

from alembic import context
from sqlalchemy import Engine, create_engine, text

from caseflow.core.db import Model

# A migration that waits for a lock makes everybody after it wait too: it gives way, and `installation.migrate` comes
# again. One that moves many rows says `SET LOCAL statement_timeout` itself, and why.
LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "60s"


def run() -> None:
    """Run the migrations on the address that the caller gives."""
    given = context.config.attributes
    engine = create_engine(given["url"].replace("postgresql://", "postgresql+psycopg://", 1), hide_parameters=True)
    try:
        _run(engine, given)
    finally:
        engine.dispose()


def _run(engine: Engine, given: dict[str, Any]) -> None:
    with engine.connect() as connection:
        for name, value in (
            ("lock_timeout", given.get("lock_timeout", LOCK_TIMEOUT)),
            ("statement_timeout", STATEMENT_TIMEOUT),
        ):
            connection.execute(text("SELECT set_config(:name, :value, false)"), {"name": name, "value": value})
        connection.commit()
        context.configure(
            connection=connection, target_metadata=Model.metadata, transaction_per_migration=True, compare_type=True
        )
        with context.begin_transaction():
            context.run_migrations()


run()
