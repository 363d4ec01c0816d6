"""The wall's shapes, for migrations: which rows of a table an organisation sees and writes.

Each table gets its rule twice, permissive and restrictive: a sloppy policy added later then cannot open it. The
restrictive one asks `app_org()`, which checks the signed context; the permissive one asks `app_claim()`, the same
organisation unchecked, which costs next to nothing.
"""

from collections.abc import Sequence

from alembic import op
from sqlalchemy import text

CLAIM = "app_claim()"
CHECKED = "app_org()"

MINE = "org_id = (SELECT app_org())"
THEIRS = "to_org_id = (SELECT app_org())"
EITHER = "(SELECT app_org()) IN (org_id, to_org_id)"
SIGNED_IN = "(SELECT app_org()) IS NOT NULL"
# What is closed to the user who asks. Not `<> ALL (array)`: a subquery is hashed once a statement, whatever its length.
CLOSED = "(SELECT unnest(app_closed()))"
CLOSED_PACKETS = "(SELECT unnest(app_closed_packets()))"
LENT = "(SELECT unnest(app_lent()))"


def own(table: str, *, update: bool | Sequence[str] = True, delete: bool = False) -> None:
    """Only the organisation's own rows; `update` False for insert-only, or the columns that may change."""
    _force(table)
    _policy(table, "own", "ALL", using=MINE, check=MINE)
    _bound(table, MINE)
    _grant(table, update, delete)


def packet(
    table: str,
    *,
    read: str = EITHER,
    insert: str = MINE,
    update: str | None = None,
    columns: Sequence[str] = (),
    bound: str = EITHER,
) -> None:
    """Rows of two organisations: who reads, who inserts, and who may update which columns."""
    _force(table)
    _policy(table, "read", "SELECT", using=read)
    _policy(table, "insert", "INSERT", check=insert)
    if update:
        _policy(table, "update", "UPDATE", using=update, check=update)
    _bound(table, bound)
    _grant(table, columns if update else False, False)


def directory(table: str, *, delete: bool = False, insert: str = MINE, mine: str = MINE) -> None:
    """Rows that every organisation reads and only their own organisation writes."""
    _force(table)
    _policy(table, "read", "SELECT", using=SIGNED_IN)
    _policy(table, "insert", "INSERT", check=insert)
    _policy(table, "update", "UPDATE", using=mine, check=mine)
    if delete:
        _policy(table, "remove", "DELETE", using=mine)
    _bound(table, SIGNED_IN)
    _grant(table, True, delete)


def guard(table: str, *columns: str, optional: bool = False) -> None:
    """No row of a case or a person that is closed to the user; `columns` hold the ids (NULL too, where `optional`)."""
    _guard(table, " AND ".join(_open(column, CLOSED, optional) for column in columns or ("case_id",)))


def guard_packet(table: str, column: str, *more: str) -> None:
    """The same by the id of a referral or a handover (`column`), and by ids of cases or persons (`more`)."""
    _guard(table, " AND ".join([_open(column, CLOSED_PACKETS), *(_open(one, CLOSED) for one in more)]))


def guard_part(table: str, column: str, whole: str) -> None:
    """No row whose `whole` (of the same organisation, and guarded itself) is not seen."""
    seen = f"SELECT FROM {whole} w WHERE w.org_id = {table}.org_id AND w.id = {table}.{column}"
    _guard(table, f"EXISTS ({seen})")


def unguard(table: str) -> None:
    """Take the guard away."""
    op.execute(f"DROP POLICY guarded ON {table}")


def lend(table: str, *columns: str, rule: str | None = None) -> None:
    """No row is written of a file that the user has open by emergency access alone; `columns` hold the ids, or NULL."""
    open_to_write = rule or " AND ".join(_open(column, LENT, True) for column in columns)
    op.execute(
        f"CREATE POLICY lent ON {table} AS RESTRICTIVE TO caseflow_app USING (true) WITH CHECK ({open_to_write})"
    )


def _open(column: str, closed: str, optional: bool = False) -> str:
    return f"({column} IS NULL OR {column} NOT IN {closed})" if optional else f"{column} NOT IN {closed}"


def _guard(table: str, rule: str) -> None:
    op.execute(f"CREATE POLICY guarded ON {table} AS RESTRICTIVE TO caseflow_app USING ({rule})")


def share(function: str) -> None:
    """Make a definer function (given with its argument types) caseflow_share's, callable by the application alone."""
    # First the rights, then the owner: afterwards the migrator may change them no more.
    op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO caseflow_app, caseflow_share")
    op.execute(f"ALTER FUNCTION {function} OWNER TO caseflow_share")


def _force(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _bound(table: str, rule: str) -> None:
    op.execute(f"CREATE POLICY bound ON {table} AS RESTRICTIVE TO caseflow_app USING ({rule}) WITH CHECK ({rule})")


def _policy(table: str, name: str, command: str, *, using: str | None = None, check: str | None = None) -> None:
    clauses = (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
    # Migrations before 0013 know no claim; 0013 brings their policies into this shape.
    if op.get_bind().execute(text("SELECT to_regproc('app_claim') IS NOT NULL")).scalar():
        clauses = clauses.replace(CHECKED, CLAIM)
    op.execute(f"CREATE POLICY {name} ON {table} AS PERMISSIVE FOR {command} TO caseflow_app{clauses}")


def _grant(table: str, update: bool | Sequence[str], delete: bool) -> None:
    rights = ["SELECT", "INSERT"]
    if update is True:
        rights.append("UPDATE")
    elif update:
        rights.append(f"UPDATE ({', '.join(update)})")
    if delete:
        rights.append("DELETE")
    op.execute(f"GRANT {', '.join(rights)} ON {table} TO caseflow_app")
