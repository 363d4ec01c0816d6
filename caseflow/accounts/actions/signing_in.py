"""Signing in and out, and the sessions held on the server."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from caseflow.accounts import devices, queries, throttle
from caseflow.accounts.devices import KnownDevice
from caseflow.accounts.models import Device, SignIn, User
from caseflow.accounts.passwords import matches, pretend
from caseflow.audit.actions import record
from caseflow.config import Config
from caseflow.core.db import db, enter, leave, now
from caseflow.core.errors import Refused
from caseflow.core.jobs import announce

PENDING_MINUTES = 10  # between the password and the second factor
NEW_DEVICE = "access.new_device"


@dataclass(frozen=True, slots=True)
class Visit:
    """From where somebody comes."""

    address: str | None = None
    user_agent: str | None = None
    device: KnownDevice = field(default_factory=KnownDevice)


class SeveralOrganisations(Refused):
    """The address and password open accounts in more than one organisation: one is to be chosen."""

    def __init__(self, choices: list[tuple[str, str]]) -> None:
        super().__init__(_("Choose the organisation you want to work in."), field="organisation")
        self.choices = choices


def sign_in(email: str, password: str, *, organisation: str | None = None, visit: Visit | None = None) -> User:
    """Open a session and give the user, who carries its `token`; raises Refused with one text for every failure.

    With a second factor the session is pending: it opens nothing until `verify` or a passkey completes it.
    """
    visit = visit or Visit()
    origin = devices.origin(visit.device, email, visit.address)
    throttle.check(origin, email)
    found = queries.candidates(email)
    if not found:
        pretend(password)
    opened = [candidate for candidate in found if matches(password, candidate.hash)]
    if organisation:
        opened = [candidate for candidate in opened if str(candidate.org_id) == organisation]
    if not opened:
        throttle.failed(origin, email)
        raise Refused(_("The e-mail address or the password is wrong."))
    if len(opened) > 1:
        raise SeveralOrganisations([(str(one.org_id), one.organisation) for one in opened])
    enter(opened[0].org_id, opened[0].user_id)
    user = db.session.get_one(User, (opened[0].org_id, opened[0].user_id))
    if not queries.passwords_allowed(user):
        leave()
        raise Refused(_("Your organisation signs in by its own provider: choose that below."))
    return begin_session(user, visit)


def begin_session(user: User, visit: Visit, *, shown_at: datetime | None = None) -> User:
    """A session for a user who has shown the first factor (now, if not at `shown_at`); the transaction is theirs."""
    pending = queries.has_factor(user)
    config: Config = current_app.extensions["caseflow"]
    lasts = timedelta(minutes=PENDING_MINUTES) if pending else timedelta(hours=config.session_hours)
    token = secrets.token_urlsafe(32)
    signed_in = SignIn(
        org_id=user.org_id,
        user_id=user.id,
        token_hash=queries.token_hash(token),
        last_seen_at=now(),
        expires_at=now() + lasts,
        verified_at=None if pending else shown_at or now(),
        user_agent=(visit.user_agent or "")[:300] or None,
        address=visit.address,
    )
    db.session.add(signed_in)
    user.token = token
    if not pending:
        _arrive(user, signed_in, visit)
    return user


def complete(user: User, visit: Visit) -> None:
    """The factor was right: a pending session becomes a whole one under a new token; a whole one is fresh again."""
    signed_in = queries.present_session(user)
    pending = signed_in.verified_at is None
    signed_in.verified_at, signed_in.challenge = now(), None
    if pending:
        config: Config = current_app.extensions["caseflow"]
        user.token = secrets.token_urlsafe(32)
        signed_in.token_hash = queries.token_hash(user.token)
        signed_in.expires_at = now() + timedelta(hours=config.session_hours)
        _arrive(user, signed_in, visit)
    else:
        record("session.confirm", by=user, on=signed_in)


def _arrive(user: User, signed_in: SignIn, visit: Visit) -> None:
    """The user is in: remember the device, and tell them of one they were never seen on."""
    throttle.passed(devices.origin(visit.device, user.email, visit.address), user.email)
    visit.device.learn(user.email)
    user.last_signed_in_at = now()
    record("session.begin", by=user, on=signed_in)
    token = queries.token_hash(visit.device.token)
    mine = (Device.org_id == user.org_id, Device.user_id == user.id)
    first = db.session.scalar(select(Device.id).where(*mine).limit(1)) is None
    seen = db.session.execute(
        update(Device).where(*mine, Device.token_hash == token).values(last_seen_at=now(), address=visit.address)
    )
    if seen.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE's result has it
        new = Device(org_id=user.org_id, user_id=user.id, token_hash=token, address=visit.address, last_seen_at=now())
        db.session.add(new)
        if not first:
            db.session.flush()
            announce(NEW_DEVICE, org_id=user.org_id, user=user.id, sign_in=signed_in.id)


def sign_out(*, by: User) -> None:
    """End the session that the user came with."""
    db.session.execute(
        update(SignIn)
        .where(SignIn.org_id == by.org_id, SignIn.token_hash == queries.token_hash(by.token))
        .values(ended_at=now())
    )
    record("session.end", by=by)
    db.session.flush()
    leave()


def end_session(session: SignIn, *, by: User) -> None:
    """End one session, one's own or another user's; ended before, it stays as it is."""
    session.ended_at = session.ended_at or now()
    record("session.end", by=by, on=session)


def end_sessions(user: User, *, by: User) -> None:
    """End every session of a user; of one's own all but the present one."""
    keep = queries.token_hash(by.token) if by.id == user.id else b""
    db.session.execute(
        update(SignIn)
        .where(SignIn.org_id == by.org_id, SignIn.user_id == user.id, SignIn.token_hash != keep)
        .where(SignIn.ended_at.is_(None))
        .values(ended_at=now())
    )
    record("session.end_all", by=by, on=user)
