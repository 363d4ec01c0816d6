"""What the tables hold, as a hash of each, to show that an attack changed nothing."""

from collections.abc import Iterable

import psycopg
from psycopg import sql

from tests.trust.scene import Scene

# What may grow when nothing is done: who looked at what, who is signed in and when they were last seen.
LOOKING = frozenset({"audit_entries", "sign_ins", "handover_readings"})


def hashes(scene: Scene, *, leave_out: Iterable[str] = LOOKING) -> dict[str, str]:
    """A hash of every table, read past the wall."""
    url = scene.superuser_url.rsplit("/", 1)[0] + "/" + scene.environment["DATABASE_URL"].rsplit("/", 1)[1]
    return hashes_at(url, leave_out=leave_out)


def hashes_at(url: str, *, leave_out: Iterable[str] = LOOKING) -> dict[str, str]:
    """The same of the database at an address, whose role is bound by no policy."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        ).fetchall()
        found = {}
        for (name,) in names:
            if name in leave_out:
                continue
            query = sql.SQL("SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t")
            row = connection.execute(query.format(sql.Identifier(name))).fetchone()
            assert row is not None
            found[name] = row[0]
        return found
