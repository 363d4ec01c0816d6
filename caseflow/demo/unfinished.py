"""Whether the demo was told to its end, and removing what an interrupted run left."""

import psycopg
from psycopg import sql

from caseflow.core.db import Model
from caseflow.demo.countries import COUNTRIES
from caseflow.demo.founding import STEWARD

ACT = "demo.tell"  # the steward's audit says that it was told


def told(owner_url: str) -> bool:
    """Whether the demo is here, and whole."""
    with psycopg.connect(owner_url) as owner:
        query = "SELECT 1 FROM audit_entries e JOIN organisations o ON o.id = e.org_id WHERE e.act = %s AND o.slug = %s"
        return owner.execute(query, (ACT, STEWARD.slug)).fetchone() is not None


def clear(owner_url: str) -> None:
    """Remove the rows of the demo's own organisations, and of no other."""
    slugs = [STEWARD.slug, *(body.slug for country in COUNTRIES for body in country.bodies)]
    with psycopg.connect(owner_url) as owner:
        found = owner.execute("SELECT id FROM organisations WHERE slug = ANY (%s)", (slugs,)).fetchall()
        ids = [row[0] for row in found]
        if not ids:
            return
        for table in reversed(Model.metadata.sorted_tables):
            for column in ("org_id", "to_org_id"):
                if column in table.columns:
                    delete = sql.SQL("DELETE FROM {} WHERE {} = ANY (%s)")
                    owner.execute(delete.format(sql.Identifier(table.name), sql.Identifier(column)), (ids,))
        owner.execute("DELETE FROM organisations WHERE id = ANY (%s)", (ids,))
