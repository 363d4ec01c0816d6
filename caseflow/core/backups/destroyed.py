"""The list of destroyed keys, kept beside the backups: so an older backup does not bring an erased person back.

One JSON line for each: organisation, person, when, and the ids of the decision that erased; or, for what one side
wrote in a referral or a handover, the key, the packet and whose it was; or the referral that its receiver erased, and
the decision. Lines are only added.
"""

import json
import os
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from caseflow.core.backups import BackupError
from caseflow.core.wall import sign_context

LIST = "destroyed-keys.jsonl"

_DESTROYED = """
    SELECT k.org_id::text, k.id::text, json_build_object(
        'org', k.org_id, 'person', k.id, 'destroyed_at', k.destroyed_at, 'erasure', (SELECT to_jsonb(e) FROM erasures e
            WHERE e.org_id = k.org_id AND e.person_id = k.id AND e.state = 'done' ORDER BY e.done_at LIMIT 1))::text
    FROM person_keys k WHERE k.destroyed_at IS NOT NULL ORDER BY k.destroyed_at, k.org_id, k.id
"""
_DESTROYED_PACKETS = """
    SELECT k.org_id::text, k.id::text, json_build_object('org', k.org_id, 'packet_key', k.id, 'to_org', k.to_org_id,
        'packet', k.packet_id, 'actor_org', k.actor_org_id, 'destroyed_at', k.destroyed_at)::text
    FROM packet_keys k WHERE k.destroyed_at IS NOT NULL ORDER BY k.destroyed_at, k.org_id, k.id
"""
_ERASED_RECEIVED = """
    SELECT e.org_id::text, e.referral_id::text, json_build_object('org', e.org_id, 'received', e.referral_id,
        'erased_at', e.done_at, 'erasure', to_jsonb(e))::text
    FROM erasures e WHERE e.referral_id IS NOT NULL AND e.state = 'done' ORDER BY e.done_at, e.org_id, e.id
"""

_OWNER = "SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE oid = to_regprocedure(%s)"
_COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = 'erasures'::regclass AND attnum > 0 AND NOT attisdropped"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a restore did with the list: persons erased again, and those of whom only the key could be destroyed."""

    erased: int
    keys_only: int
    packets: int  # keys of referrals and handovers, of which each side has its own
    received: int = 0  # referrals that their receivers had erased, erased again
    came_back: int = 0  # those of which that could not be done


def update(connection: Connection, folder: Path) -> int:
    """Add what was destroyed since; gives how many lines. The file is replaced as a whole, so none is ever torn."""
    path = folder / LIST
    known = set(read(path)) if path.exists() else set()
    fresh = [line for org, key, line in _destroyed(connection) if (org, key) not in known]
    if fresh or not path.exists():
        before = path.read_text() if path.exists() else ""
        handle, name = tempfile.mkstemp(prefix=".being-made-", dir=folder)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(before + "".join(f"{line}\n" for line in fresh))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    return len(fresh)


def _destroyed(connection: Connection) -> list[tuple[str, str, str]]:
    """What this database knows as destroyed: organisation, key, line."""
    found = connection.execute(_DESTROYED).fetchall()
    if _has_packets(connection):
        # Whoever has left a packet is still the one to whom its keys are bound.
        receiver = "coalesce(k.to_org_id, k.former_org_id)" if _knows_received(connection) else "k.to_org_id"
        found += connection.execute(
            _DESTROYED_PACKETS.replace("'to_org', k.to_org_id", f"'to_org', {receiver}")
        ).fetchall()
    return found + (connection.execute(_ERASED_RECEIVED).fetchall() if _knows_received(connection) else [])


def _has_packets(connection: Connection) -> bool:
    """Whether there are keys of packets: an older backup has none, and its packets stand in clear."""
    return connection.execute("SELECT to_regclass('public.packet_keys') IS NOT NULL").fetchone() == (True,)


def _knows_received(connection: Connection) -> bool:
    """Whether a receiver can erase what it received: in an older backup nobody can, and nobody has."""
    return connection.execute("SELECT to_regprocedure('erase_received(uuid)') IS NOT NULL").fetchone() == (True,)


def read(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The list by organisation and key; raises BackupError naming a line that cannot be read."""
    found = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            one = json.loads(line)
            key = next(one[kind] for kind in ("packet_key", "received", "person") if kind in one)
            found[str(uuid.UUID(one["org"])), str(uuid.UUID(key))] = one
        except (ValueError, KeyError, TypeError, StopIteration):
            raise BackupError(f"{path}: line {number} cannot be read") from None
    return found


def apply(connection: Connection, listed: dict[tuple[str, str], dict[str, Any]], wall_key: str) -> Applied:
    """Destroy and erase again, in the transaction of a restore, what was destroyed after the backup.

    Raises BackupError when the list lacks what the backup itself knows: then it is not the list of this installation.
    """
    known = {(org, key) for org, key, _line in _destroyed(connection)}
    if lacking := known - set(listed):
        raise BackupError(f"the list of destroyed keys lacks {len(lacking)} that the backup knows: it is not whole")
    erased = keys_only = packets = received = came_back = 0
    for (org, person), one in listed.items():
        if "packet_key" in one:
            packets += (org, person) not in known and _destroy_packet(connection, one)
        elif "received" in one:
            if (org, person) not in known and _is_received(connection, org, person):
                # A backup of before there was such an erasing has no function for it.
                again = _knows_received(connection) and _erase(connection, one, _RECEIVED, one["erased_at"], wall_key)
                received, came_back = received + again, came_back + (not again)
        elif (org, person) in known or not _is_there(connection, org, person):
            continue
        else:
            if one["erasure"] and _erase(connection, one, _PERSON, one["destroyed_at"], wall_key):
                erased += 1
            else:
                keys_only += 1
            connection.execute(
                "INSERT INTO person_keys AS k (org_id, id, created_at, wrapped, master_id, destroyed_at)"
                " VALUES (%(org)s, %(person)s, now(), NULL, 'none', %(at)s) ON CONFLICT (org_id, id)"
                " DO UPDATE SET wrapped = NULL, destroyed_at = %(at)s",
                {"org": org, "person": person, "at": one["destroyed_at"]},
            )
    return Applied(erased, keys_only, packets, received, came_back)


def _destroy_packet(connection: Connection, one: dict[str, Any]) -> bool:
    """Destroy one side's key of a packet; False where the backup does not know the packet."""
    if not _has_packets(connection):
        return False
    knows = _knows_received(connection)
    sides = sql.SQL("to_org_id, former_org_id" if knows else "to_org_id")
    packets = sql.SQL(
        "SELECT org_id, id, {} FROM referrals UNION ALL SELECT org_id, id, to_org_id{} FROM handovers"
    ).format(sides, sql.SQL(", NULL" if knows else ""))
    done = connection.execute(
        sql.SQL(
            "INSERT INTO packet_keys AS k"
            " (org_id, id, created_at, wrapped, master_id, destroyed_at, packet_id, actor_org_id, {0})"
            " SELECT p.org_id, %(packet_key)s::uuid, now(), NULL, 'none', %(destroyed_at)s::timestamptz, p.id,"
            " %(actor_org)s::uuid, {0} FROM ({1}) p"
            " WHERE p.org_id = %(org)s AND coalesce({0}) = %(to_org)s AND p.id = %(packet)s"
            " ON CONFLICT (packet_id, org_id, actor_org_id) DO UPDATE SET wrapped = NULL,"
            " destroyed_at = %(destroyed_at)s::timestamptz"
        ).format(sides, packets),
        one,
    )
    return done.rowcount > 0


def _is_there(connection: Connection, org: str, person: str) -> bool:
    """Whether the backup knows of this person at all."""
    query = (
        "SELECT EXISTS (SELECT FROM persons WHERE org_id = %(org)s AND id = %(person)s)"
        " OR EXISTS (SELECT FROM person_keys WHERE org_id = %(org)s AND id = %(person)s)"
    )
    return connection.execute(query, {"org": org, "person": person}).fetchone() == (True,)


def _is_received(connection: Connection, org: str, referral: str) -> bool:
    """Whether the receiver holds the referral in the backup."""
    query = "SELECT EXISTS (SELECT FROM referrals WHERE to_org_id = %s AND id = %s)"
    return connection.execute(query, (org, referral)).fetchone() == (True,)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is erased again: by which column the decision names it, by which function, and what held it."""

    column: str
    function: str
    holds: str


_PERSON = _Kind("person_id", "erase_person", "retention_holds")
_RECEIVED = _Kind("referral_id", "erase_received", "received_holds")


def _erase(connection: Connection, one: dict[str, Any], kind: _Kind, at: str, wall_key: str) -> bool:
    """Put the decision back and let the database's own function do it; False where it refuses."""
    decision, org = one["erasure"], one["org"]
    whose = decision[kind.column]
    context = sign_context(wall_key, uuid.UUID(org), None, str(connection.info.backend_pid))
    there = {name for (name,) in connection.execute(_COLUMNS).fetchall()}  # at the backup's revision
    columns = sql.SQL(", ").join(map(sql.Identifier, sorted(there & decision.keys())))
    approved = decision | {"state": "approved", "done_at": None, "rows_removed": None}
    put = sql.SQL("INSERT INTO erasures ({0}) SELECT {0} FROM jsonb_populate_record(NULL::erasures, %s)")
    column = sql.Identifier(kind.column)
    try:
        with connection.transaction():
            connection.execute(
                sql.SQL(
                    "DELETE FROM erasures WHERE org_id = %s AND (id = %s OR {} = %s AND state <> 'refused')"
                ).format(column),
                (org, decision["id"], whose),
            )
            # It was done, so every hold of that time had ended.
            connection.execute(
                sql.SQL(
                    "UPDATE {} SET ended_at = %s, ended_by = %s WHERE org_id = %s AND {} = %s AND ended_at IS NULL"
                ).format(sql.Identifier(kind.holds), column),
                (at, decision["decided_by"], org, whose),
            )
            connection.execute(put.format(columns), (Jsonb(approved),))
            connection.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
            # Whose function it is at the backup's revision.
            [role] = connection.execute(_OWNER, (f"{kind.function}(uuid)",)).fetchone() or ("",)
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            connection.execute(sql.SQL("SELECT {}(%s)").format(sql.Identifier(kind.function)), (decision["id"],))
            connection.execute("RESET ROLE")
            done = connection.execute(
                "SELECT state = 'done' FROM erasures WHERE org_id = %s AND id = %s", (org, decision["id"])
            ).fetchone()
            if done != (True,):
                raise psycopg.Rollback
            return True
    except psycopg.errors.IntegrityError:
        pass  # who decided is not in the backup yet
    return False
