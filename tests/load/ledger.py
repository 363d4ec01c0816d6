"""What users were told against what the database holds: acts, news, and the chain of the audit."""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask import Flask

from caseflow.audit import heads
from caseflow.audit.checking import verify
from caseflow.audit.jobs import seal_all
from caseflow.core.db import unit_of_work
from tests.load.crowd import Asked

TABLES = {"note": "notes", "message": "referral_messages", "helper's note": "referral_notes"}
NEWS = "referral.message"


@dataclass
class Count:
    """The acts of one kind of fault: what was told, what is there."""

    acknowledged: int = 0
    unacknowledged: int = 0
    found: int = 0
    lost: int = 0
    doubled: int = 0


@dataclass
class Balance:
    """The whole: by fault, and the rows that no act accounts for."""

    by_fault: dict[str, Count] = field(default_factory=dict)
    unexplained: int = 0

    def all(self) -> Count:
        """Over all faults; what nobody did counts as doubled."""
        total = Count(doubled=self.unexplained)
        for one in self.by_fault.values():
            for name in ("acknowledged", "unacknowledged", "found", "lost", "doubled"):
                setattr(total, name, getattr(total, name) + getattr(one, name))
        return total


class Ledger:
    """Begins with what is there already."""

    def __init__(self, owner: "psycopg.Connection[Any]") -> None:
        self.before = {what: _rows(owner, table) for what, table in TABLES.items()}

    def balance(self, owner: "psycopg.Connection[Any]", acts: Iterable[tuple[str, Asked]]) -> Balance:
        """Compare acts, each with the fault it fell under, with the rows that are there now."""
        there = {what: Counter(_rows(owner, table)) - Counter(self.before[what]) for what, table in TABLES.items()}
        found = Balance()
        for fault, act in acts:
            if act.row is None:
                continue
            count = found.by_fault.setdefault(fault, Count())
            copies = there[act.what].pop(act.row, 0)
            count.acknowledged += act.acknowledged
            count.unacknowledged += not act.acknowledged
            count.found += copies > 0
            count.lost += act.acknowledged and not copies
            count.doubled += max(0, copies - 1)
        found.unexplained = sum(sum(rest.values()) for rest in there.values())
        return found


def _rows(owner: "psycopg.Connection[Any]", table: str) -> list[uuid.UUID]:
    return [id for (id,) in owner.execute(f"SELECT id FROM {table}".encode())]


@dataclass
class News:
    """What was told at bells: pieces of news, lines at bells, and what is wrong with them."""

    messages: int
    pieces: int
    waiting: int
    given_up: int
    lines: int
    lost: int  # lines that are missing at somebody's bell
    doubled: int  # lines that stand there twice

    @property
    def right(self) -> bool:
        """Whether each message was told once to each of those who are told."""
        return self.messages == self.pieces and not (self.waiting or self.given_up or self.lost or self.doubled)


def news(owner: "psycopg.Connection[Any]") -> News:
    """Each message is one piece of news; all pieces on a referral to one side ring at the same bells, once at each."""
    [(messages, pieces, waiting, given_up)] = owner.execute(
        "SELECT (SELECT count(*) FROM referral_messages), count(*) FILTER (WHERE topic = %s),"
        " count(*) FILTER (WHERE delivered_at IS NULL AND given_up_at IS NULL),"
        " count(*) FILTER (WHERE given_up_at IS NOT NULL) FROM outbox",
        (NEWS,),
    ).fetchall()
    told = owner.execute(
        "SELECT o.id, o.payload ->> 'referral', o.to_org_id, array_remove(array_agg(n.user_id), NULL)"
        " FROM outbox o LEFT JOIN notifications n ON n.org_id = o.to_org_id AND n.news_id = o.id"
        " WHERE o.topic = %s GROUP BY o.org_id, o.id",
        (NEWS,),
    ).fetchall()
    bells: dict[Any, set[uuid.UUID]] = {}
    for _id, referral, side, users in told:
        bells.setdefault((referral, side), set()).update(users)
    lines = sum(len(users) for *_, users in told)
    lost = sum(
        len(bells[referral, side] - set(users)) or not bells[referral, side] for _, referral, side, users in told
    )
    doubled = sum(len(users) - len(set(users)) for *_, users in told)
    return News(messages, pieces, waiting, given_up, lines, lost, doubled)


def chain(app: Flask) -> tuple[int, list[str]]:
    """Seal what is new and read every organisation's chain; how many entries, and what is wrong."""
    entries, wrong = 0, []
    with app.app_context():
        seal_all()
        for org_id, slug in heads.organisations():
            with unit_of_work(org_id):
                verdict = verify(org_id, None)
            entries += verdict.entries
            wrong += [f"{slug}: {fault}" for fault in verdict.faults]
    return entries, wrong
