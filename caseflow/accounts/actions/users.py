"""The accounts of an organisation: opening, changing and closing them, and one's own settings."""

import secrets
import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from caseflow.accounts import queries
from caseflow.accounts.models import Password, SignIn, User
from caseflow.accounts.passwords import MINIMUM, hash_password, is_common, is_own, matches
from caseflow.accounts.permissions import OVERSEERS, POWERFUL, Role
from caseflow.audit.actions import record
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Refused
from caseflow.core.i18n import supported
from caseflow.core.jobs import announce
from caseflow.tenancy.models import Organisation, OrganisationKind

PASSWORD_CHANGED = "access.password_changed"  # noqa: S105 -- the name of a topic
POWER_GIVEN = "access.power_given"


def check_password(user: User, password: str) -> None:
    """Refuse a password that would be guessed: too short, a common one, or made of what is known of the user."""
    if len(password) < MINIMUM:
        raise Refused(_("Use at least %(n)s characters.", n=MINIMUM), field="password")
    if is_common(password):
        raise Refused(
            _("This is one of the passwords that are tried first. Choose a few words that do not belong together."),
            field="password",
        )
    if is_own(password, (user.name, user.email, user.organisation.name)):
        raise Refused(
            _("This is made of your name, your e-mail address or your organisation. Choose something else."),
            field="password",
        )


def set_password(user: User, password: str, *, by: User) -> None:
    """Give a user a new password; every other session of theirs ends."""
    check_password(user, password)
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
    announce(PASSWORD_CHANGED, org_id=by.org_id, user=by.id)


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
    """Open an account with a password; gives both."""
    user = new_user(name=name, email=email, role=role, site_id=site_id, by=by)
    password = password or secrets.token_urlsafe(12)
    set_password(user, password, by=by)
    return user, password


def new_user(*, name: str, email: str, role: Role, site_id: Any, by: User) -> User:
    """An account that nobody can sign in to yet."""
    email = email.strip().lower()
    if role not in assignable(by.organisation.kind):
        raise Refused(_("Your organisation has no such role."), field="role")
    if db.session.scalar(select(User.id).where(User.org_id == by.org_id, User.email == email)) is not None:
        raise Refused(_("A user with this e-mail address is here already."), field="email")
    user = User(org_id=by.org_id, name=name.strip(), email=email, role=role, site_id=site_id)
    db.session.add(user)
    db.session.flush()
    record("user.add", by=by, on=user, role=role.value)
    _tell_of_power(user, by)
    return user


def assignable(kind: OrganisationKind) -> list[Role]:
    """The roles that an organisation of this kind gives its users: only the steward's has stewards."""
    return [role for role in Role if role is not Role.STEWARD or kind is OrganisationKind.STEWARD]


def change_user(user: User, *, name: str, role: Role, site_id: uuid.UUID | None, by: User) -> None:
    """Give a user another name, role or site; nobody changes their own role."""
    if user.id == by.id and role is not user.role:
        raise Refused(_("You cannot change your own role; ask another administrator."), field="role")
    if role not in assignable(by.organisation.kind):
        raise Refused(_("Your organisation has no such role."), field="role")
    if role is not user.role:
        refuse_last(user)
    before = (user.role, user.site_id)
    changed: dict[str, Any] = {} if user.role is role else {"role": role.value, "role_before": user.role.value}
    user.name, user.role, user.site_id = name.strip(), role, site_id
    record("user.change", by=by, on=user, site=str(site_id) if site_id else None, **changed)
    if before != (role, site_id):
        _tell_of_power(user, by)


def refuse_last(user: User) -> None:
    """Raise Refused where nobody else of the organisation could look after it, or audit it, without this user."""
    if user.role not in OVERSEERS or not user.active:
        return
    # Locked, so that of two who close each other at the same moment one remains.
    theirs = select(User.id).where(User.org_id == user.org_id, User.role == user.role, User.active).order_by(User.id)
    if set(db.session.scalars(theirs.with_for_update())) <= {user.id}:
        text = _("%(name)s is the only one here with the role “%(role)s”. Give it to somebody else first.")
        raise Refused(text % {"name": user.name, "role": user.role.label})


def reactivate(user: User, *, by: User) -> None:
    """Open a closed account again."""
    user.active = True
    record("user.reactivate", by=by, on=user)
    _tell_of_power(user, by)


def _tell_of_power(user: User, by: User) -> None:
    """Those who could be the second person of an act learn of every account that now could be, too."""
    if user.role in POWERFUL:
        announce(POWER_GIVEN, org_id=user.org_id, author_id=by.id, user=user.id, role=user.role.value)
