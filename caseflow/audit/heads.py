"""The heads of the chains, told outside: whoever keeps one can show that what stood before it was not rewritten.

A head is one JSON line: organisation (short name), org_id, number, total (entries sealed so far), hash, sealed_at. It
goes to a file that is only ever appended to, by e-mail, and to the oversight bodies of the organisation's country.
"""

import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from flask_babel import gettext as _
from sqlalchemy import func, select, text

from caseflow.audit.models import Head, Seal
from caseflow.audit.sealing import newest
from caseflow.config import Config
from caseflow.core.db import db, unit_of_work
from caseflow.core.errors import Refused
from caseflow.core.mail import deliver
from caseflow.tenancy import queries as tenancy
from caseflow.tenancy.models import OrganisationKind


@dataclass(frozen=True, slots=True)
class Told:
    """A head as it leaves the installation."""

    organisation: str
    org_id: str
    number: int
    total: int
    hash: str
    sealed_at: str

    @classmethod
    def of(cls, slug: str, seal: Seal, total: int) -> Self:
        """The head that a seal makes."""
        return cls(slug, str(seal.org_id), seal.number, total, seal.hash.hex(), seal.created_at.isoformat())

    def line(self) -> str:
        """The head as a line of the file."""
        return json.dumps(asdict(self), separators=(",", ":"))


def organisations() -> list[tuple[uuid.UUID, str]]:
    """The ids and short names of all organisations; only the database's own function tells them."""
    with unit_of_work() as session:
        return [(row[0], row[1]) for row in session.execute(text("SELECT id, slug FROM audit_organisations()"))]


def head(org_id: uuid.UUID, slug: str) -> Told | None:
    """The newest head of an organisation's chain, in a transaction that speaks for it."""
    seal = newest(org_id)
    if seal is None:
        return None
    total = db.session.scalar(select(func.sum(Seal.entries)).where(Seal.org_id == org_id)) or 0
    return Told.of(slug, seal, total)


def tell_oversight(org_id: uuid.UUID, told: Told) -> None:
    """Give the head to the oversight bodies of the organisation's country."""
    country = tenancy.organisation(org_id).country
    for body in tenancy.organisations(OrganisationKind.OVERSIGHT, country=country):
        if body.id != org_id:
            db.session.add(
                Head(
                    org_id=org_id,
                    to_org_id=body.id,
                    number=told.number,
                    total=told.total,
                    hash=bytes.fromhex(told.hash),
                )
            )


def append(config: Config, heads: Iterable[Told]) -> None:
    """Add the heads to the file, if one is set; one write a line, so that two writers do not mix."""
    if config.audit_heads is None:
        return
    file = os.open(config.audit_heads, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        for one in heads:
            os.write(file, one.line().encode() + b"\n")
        os.fsync(file)
    finally:
        os.close(file)


def send(config: Config, heads: Iterable[Told]) -> bool:
    """Send the heads by e-mail, if an address and a server are set; gives whether it did."""
    lines = [one.line() for one in heads]
    if config.audit_mail is None or config.smtp_url is None or not lines:
        return False
    message = EmailMessage()
    message["Subject"] = _("Heads of the audit")
    message["From"] = config.mail_from
    message["To"] = config.audit_mail
    message.set_content(
        _("Keep this message. `caseflow audit verify --heads FILE` compares these lines with the audit as it stands.")
        + "\n\n"
        + "\n".join(lines)
        + "\n"
    )
    deliver(config.smtp_url, message)
    return True


def read(file: Path) -> dict[uuid.UUID, dict[int, bytes]]:
    """The hashes by organisation and number that a file tells; lines that are no head (of a letter, say) are passed by.

    Raises Refused when a line that begins as a head cannot be read, or when there is none.
    """
    found: dict[uuid.UUID, dict[int, bytes]] = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not line.startswith("{"):
            continue
        try:
            held = json.loads(line)
            org_id, at, digest = uuid.UUID(held["org_id"]), int(held["number"]), bytes.fromhex(held["hash"])
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Refused(_("Line %(number)s of %(file)s is no head.", number=number, file=file.name)) from None
        if found.setdefault(org_id, {}).setdefault(at, digest) != digest:
            raise Refused(_("Line %(number)s of %(file)s contradicts a line before.", number=number, file=file.name))
    if not found:
        raise Refused(_("There is no head in %(file)s.", file=file.name))
    return found
