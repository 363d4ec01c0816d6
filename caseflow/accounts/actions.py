"""Signing in and out, and the accounts of an organisation."""

import secrets
import uuid
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from caseflow.accounts import queries
from caseflow.accounts.models import Password, SignIn, User
from caseflow.accounts.passwords import MINIMUM, hash_password, matches, pretend
from caseflow.accounts.permissions import Role
from caseflow.audit.actions import record
from caseflow.config import Config
from caseflow.core.db import db, enter, leave, new_id, now
from caseflow.core.errors import Refused
from caseflow.core.forms import check_version
from caseflow.core.i18n import supported
from caseflow.tenancy.models import Organisation, OrganisationKind, Site, SiteKind

LARGEST_SITE = 100_000  # places


class SeveralOrganisations(Refused):
    """The address and password open accounts in more than one organisation: one is to be chosen."""

    def __init__(self, choices: list[tuple[str, str]]) -> None:
        super().__init__(_("Choose the organisation you want to work in."), field="organisation")
        self.choices = choices


def sign_in(
    email: str,
    password: str,
    *,
    organisation: str | None = None,
    user_agent: str | None = None,
    address: str | None = None,
) -> User:
    """Open a session and give the user, who carries its `token`; raises Refused with one text for every failure."""
    found = queries.candidates(email)
    if not found:
        pretend(password)
    opened = [candidate for candidate in found if matches(password, candidate.hash)]
    if organisation:
        opened = [candidate for candidate in opened if str(candidate.org_id) == organisation]
    if not opened:
        raise Refused(_("The e-mail address or the password is wrong."))
    if len(opened) > 1:
        raise SeveralOrganisations([(str(one.org_id), one.organisation) for one in opened])
    enter(opened[0].org_id, opened[0].user_id)
    user = db.session.get_one(User, (opened[0].org_id, opened[0].user_id))
    config: Config = current_app.extensions["caseflow"]
    token = secrets.token_urlsafe(32)
    signed_in = SignIn(
        org_id=user.org_id,
        user_id=user.id,
        token_hash=queries.token_hash(token),
        last_seen_at=now(),
        expires_at=now() + timedelta(hours=config.session_hours),
        user_agent=(user_agent or "")[:300] or None,
        address=address,
    )
    db.session.add(signed_in)
    user.last_signed_in_at = now()
    record("session.begin", by=user, on=signed_in)
    user.token = token
    return user


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
    """End one of one's own sessions; ended before, it stays as it is."""
    session.ended_at = session.ended_at or now()
    record("session.end", by=by, on=session)


def set_password(user: User, password: str, *, by: User) -> None:
    """Give a user a new password; every other session of theirs ends."""
    if len(password) < MINIMUM:
        raise Refused(_("Use at least %(n)s characters.", n=MINIMUM), field="password")
    values = {"hash": hash_password(password), "changed_at": now()}
    db.session.execute(
        insert(Password)
        .values(org_id=user.org_id, id=user.id, created_at=now(), **values)
        .on_conflict_do_update(index_elements=["org_id", "id"], set_=values)
    )
    keep = queries.token_hash(by.token) if by.id == user.id and getattr(by, "token", None) else b""
    db.session.execute(
        update(SignIn)
        .where(SignIn.org_id == user.org_id, SignIn.user_id == user.id, SignIn.token_hash != keep)
        .values(ended_at=now())
    )
    record("user.password", by=by, on=user)


def change_password(old: str, new: str, *, by: User) -> None:
    """Change one's own password; the old one must be right."""
    mine = [candidate for candidate in queries.candidates(by.email) if candidate.user_id == by.id]
    if not any(matches(old, candidate.hash) for candidate in mine):
        raise Refused(_("This is not your present password."), field="old")
    set_password(by, new, by=by)


def set_language(code: str, *, by: User) -> None:
    """Keep the user's language."""
    if supported(code) is None:
        raise Refused(_("Choose one of the languages given."), field="lang")
    by.locale = code


def set_mail(wanted: bool, *, by: User) -> None:
    """Whether news also comes by e-mail."""
    by.mail_news = wanted


def appoint_administrator(
    organisation: Organisation, *, name: str, email: str, password: str | None = None, by: User
) -> str:
    """Give a new organisation its first user; possible once, and only for the steward. Gives the first password."""
    password = password or secrets.token_urlsafe(12)
    db.session.execute(
        text("SELECT found_administrator(:org, :id, :email, :name, :hash)"),
        {
            "org": organisation.id,
            "id": new_id(),
            "email": email.strip().lower(),
            "name": name,
            "hash": hash_password(password),
        },
    )
    record("organisation.administrator", by=by, organisation=str(organisation.id))
    return password


def add_user(
    *, name: str, email: str, role: Role, site_id: uuid.UUID | None, password: str | None = None, by: User
) -> tuple[User, str]:
    """Open an account; gives it with its first password, which is shown once to be handed over."""
    email = email.strip().lower()
    if role not in assignable(by.organisation.kind):
        raise Refused(_("Your organisation has no such role."), field="role")
    if db.session.scalar(select(User.id).where(User.org_id == by.org_id, User.email == email)) is not None:
        raise Refused(_("A user with this e-mail address is here already."), field="email")
    user = User(org_id=by.org_id, name=name.strip(), email=email, role=role, site_id=site_id)
    db.session.add(user)
    db.session.flush()
    password = password or secrets.token_urlsafe(12)
    set_password(user, password, by=by)
    record("user.add", by=by, on=user, role=role.value)
    return user, password


def change_site(
    site: Site, *, name: str, kind: SiteKind, city: str | None, capacity: int | None, version: int | None, by: User
) -> None:
    """Change what is said of a site; raises Conflict when somebody else changed it meanwhile."""
    check_version(site, version, name=site.name, kind=site.kind.label, city=site.city, capacity=site.capacity)
    if capacity is not None and not 0 < capacity <= LARGEST_SITE:
        raise Refused(_("Enter a number of places from 1 to %(number)s.", number=LARGEST_SITE), field="capacity")
    site.name, site.kind, site.city, site.capacity = name, kind, city, capacity
    db.session.flush()
    record("site.change", by=by, on=site, name=name, kind=kind.value, capacity=capacity)


def assignable(kind: OrganisationKind) -> list[Role]:
    """The roles that an organisation of this kind gives its users: only the steward's has stewards."""
    return [role for role in Role if role is not Role.STEWARD or kind is OrganisationKind.STEWARD]


def deactivate(user: User, *, by: User) -> None:
    """Close an account: it can sign in nowhere any more, at once."""
    if user.id == by.id:
        raise Refused(_("You cannot close your own account; ask another administrator."))
    user.active = False
    db.session.execute(
        update(SignIn).where(SignIn.org_id == user.org_id, SignIn.user_id == user.id).values(ended_at=now())
    )
    record("user.deactivate", by=by, on=user)


def reactivate(user: User, *, by: User) -> None:
    """Open a closed account again."""
    user.active = True
    record("user.reactivate", by=by, on=user)
