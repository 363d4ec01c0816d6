"""Links by which a user sets their password: an invitation, or after the old one was forgotten."""

import secrets
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import update

from caseflow.accounts import queries
from caseflow.accounts.actions.users import PASSWORD_CHANGED, new_user, set_password
from caseflow.accounts.models import AccountLink, LinkKind, User
from caseflow.accounts.permissions import Role
from caseflow.audit.actions import record
from caseflow.config import Config
from caseflow.core.db import db, enter, leave, new_id, now
from caseflow.core.errors import Refused
from caseflow.core.jobs import announce

LINK = "accounts.link"
FORGOTTEN = "accounts.forgotten"
HOURS = {LinkKind.INVITATION: 72, LinkKind.RESET: 2}
PAUSE = timedelta(minutes=5)  # between two letters that anybody may cause


def invite(*, name: str, email: str, role: Role, site_id: object, by: User) -> tuple[User, AccountLink]:
    """Open an account without a password, and a link by which its user sets one."""
    user = new_user(name=name, email=email, role=role, site_id=site_id, by=by)
    return user, send_link(user, LinkKind.INVITATION, by=by)


def send_link(user: User, kind: LinkKind, *, by: User | None) -> AccountLink:
    """A new link; those before are void. The letter is written by a job, where the installation sends e-mails."""
    if not user.active:
        raise Refused(_("This account is closed. Open it again first."))
    if kind is LinkKind.INVITATION and queries.has_password(user):
        kind = LinkKind.RESET
    void_links(user)
    link = AccountLink(
        org_id=user.org_id,
        user_id=user.id,
        kind=kind,
        made_by=by.id if by else None,
        expires_at=now() + timedelta(hours=HOURS[kind]),
    )
    db.session.add(link)
    record(f"user.{kind.value}", by=by or user, on=user)
    db.session.flush()
    if sends_mail():
        announce(LINK, org_id=user.org_id, author_id=by.id if by else None, link=link.id)
    return link


def make_token(link: AccountLink) -> str:
    """The link's secret part: made anew each time it is written down, so that nothing that opens it is kept."""
    token = secrets.token_urlsafe(32)
    link.token_hash = queries.token_hash(token)
    db.session.flush()
    return token


def withdraw_link(user: User, *, by: User) -> None:
    """The links of a user open nothing any more."""
    void_links(user)
    record("user.link_withdrawn", by=by, on=user)


def void_links(user: User) -> None:
    """Withdraw whatever link of the user is still open."""
    db.session.execute(
        update(AccountLink)
        .where(AccountLink.org_id == user.org_id, AccountLink.user_id == user.id)
        .where(AccountLink.used_at.is_(None), AccountLink.withdrawn_at.is_(None))
        .values(withdrawn_at=now())
    )


def forgot(email: str) -> None:
    """Let a job send a link to whoever has this address; whoever asks is never told whether there is somebody.

    For an address that nobody has, the same is written, for a user that there is not: both cost the same time.
    """
    if not sends_mail():
        return
    nobody = (queries.some_organisation(), new_id())
    found = [(candidate.org_id, candidate.user_id) for candidate in queries.candidates(email.strip())]
    for org_id, user_id in found or [nobody]:
        enter(org_id)
        announce(FORGOTTEN, org_id=org_id, user=user_id)
    leave()


def remind(user: User) -> None:
    """Send a link to a user who, somebody says, forgot the password; not again within minutes.

    Anybody may say so: a link that an administrator made, an invitation above all, is not made void by it.
    """
    latest = queries.newest_link(user)
    if latest is not None and latest.made_by is not None and latest.open():
        return
    newest = queries.newest_link(user, LinkKind.RESET)
    if user.active and (newest is None or newest.created_at < now() - PAUSE):
        send_link(user, LinkKind.RESET, by=None)


def use_link(token: str, password: str) -> User:
    """Set the password, once, and end every session there was; raises Refused when the link is spent."""
    found = queries.link_of(token)
    if found is None:
        raise Refused(_("This link has been used, withdrawn, or is too old. Ask for a new one."))
    link, user = found
    used = db.session.execute(
        update(AccountLink)
        .where(AccountLink.org_id == link.org_id, AccountLink.id == link.id, AccountLink.used_at.is_(None))
        .values(used_at=now())
    )
    if not used.rowcount:  # type: ignore[attr-defined]  # an UPDATE's result has it
        raise Refused(_("This link has been used, withdrawn, or is too old. Ask for a new one."))
    set_password(user, password, by=user)
    record("user.link_used", by=user, on=user, kind=link.kind.value)
    if link.kind is LinkKind.RESET:
        announce(PASSWORD_CHANGED, org_id=user.org_id, user=user.id)
    return user


def sends_mail() -> bool:
    """Whether this installation sends e-mails."""
    config: Config = current_app.extensions["caseflow"]
    return config.smtp_url is not None
