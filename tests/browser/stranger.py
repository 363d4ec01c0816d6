"""The stranger in a browser and at the database: at each step of the walk they see what they saw before, nothing."""

import re
import uuid
from collections.abc import Iterable
from urllib.parse import quote

import psycopg
from psycopg import sql

from caseflow.core.db import Model
from caseflow.core.wall import sign_context
from tests.browser.walker import Walker

OPEN_TO_ALL = {"organisations", "holidays", "services"}  # the directory
# What their own looking writes, and what the cron writes about that.
OF_THEIR_OWN = {"sign_ins", "devices", "audit_entries", "audit_seals", "audit_heads", "audit_checks"}


def _made_up(path: str) -> str:
    """The same address with an id that nobody has."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", str(uuid.uuid4()), path)


class Stranger:
    """An organisation's user who tries every address, the search, the lists and the database itself."""

    def __init__(self, walker: Walker, environment: dict[str, str], org_id: uuid.UUID) -> None:
        self.walker = walker
        self.environment = environment
        self.org_id = org_id
        self.before = self._counts()

    def sees_nothing(self, paths: Iterable[str], names: Iterable[str], lists: Iterable[str]) -> None:
        """Addresses are as if they were made up; no search or list has the names; no table has more rows."""
        request = self.walker.context.request
        for path in paths:
            answer, other = (request.get(self.walker.address + one).status for one in (path, _made_up(path)))
            # 403 is said to a role that opens no such page at all, whatever the id: it tells nothing of this one.
            assert answer == 404 or answer == other == 403, f"{self.walker.name} gets {answer} at {path}"
        for name in names:
            found = request.get(f"{self.walker.address}/search?q={quote(name)}").text()
            assert "/cases/" not in found, f"{self.walker.name} finds {name}"
            assert "/referrals/" not in found, f"{self.walker.name} finds {name}"
            for path in lists:
                answer = request.get(self.walker.address + path)
                assert answer.status == 200, f"{self.walker.name} gets {answer.status} at {path}"
                assert name not in answer.text(), f"{self.walker.name} reads {name} at {path}"
        more = {table: count for table, count in self._counts().items() if count != self.before[table]}
        assert not more, f"{self.walker.name}'s organisation sees rows of others: {more}"

    def _counts(self) -> dict[str, int]:
        """How many rows of each table the app's role sees in this organisation's name."""
        tables = {table.name for table in Model.metadata.sorted_tables} - OPEN_TO_ALL - OF_THEIR_OWN
        counted: dict[str, int] = {}
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            backend = str(connection.info.backend_pid)
            context = sign_context(self.environment["CASEFLOW_WALL_KEY"], self.org_id, None, backend)
            connection.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
            for table in sorted(tables):
                row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
                assert row is not None
                counted[table] = row[0]
            connection.rollback()
        return counted
