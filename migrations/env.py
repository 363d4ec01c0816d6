"""Alembic: numbered migrations, run as `caseflow_owner`, one transaction each, with short locks."""

from alembic import context
from sqlalchemy import create_engine, text

from caseflow.core.db import Model

MIGRATION_LOCK_TIMEOUT = "4s"  # a migration that cannot get its lock gives way to the running system


def run() -> None:
    """Run the migrations on the connection or address that the caller gives."""
    url = context.config.attributes["url"]
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{MIGRATION_LOCK_TIMEOUT}'"))
        connection.commit()
        context.configure(
            connection=connection, target_metadata=Model.metadata, transaction_per_migration=True, compare_type=True
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
