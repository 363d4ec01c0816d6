"""Who is signed in, and who works here."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Exists, bindparam, exists, func, select, text, update
from sqlalchemy.orm import joinedload

from caseflow.accounts.models import (
    AccountLink,
    ApiToken,
    LinkKind,
    Passkey,
    Password,
    RecoveryCode,
    SignIn,
    SignInRules,
    SingleSignOn,
    TermsAcceptance,
    TermsAddition,
    TotpSecret,
    User,
)
from caseflow.accounts.models.user import Held
from caseflow.accounts.permissions import Permission, Role, may
from caseflow.config import Config
from caseflow.core.db import as_organisation, db, enter, leave, now, one_or_404, speaking_for
from caseflow.core.wall import address_context

TERMS = "1"  # the version of the product's own terms (templates/accounts/terms_text.html)

_FIND = text("SELECT * FROM sign_in_find(:token)")
_FIND_TOKEN = text("SELECT * FROM api_token_find(:token)")
_FIND_LINK = text("SELECT * FROM account_link_find(:token)")


def _accepted() -> Exists:
    addition = select(func.coalesce(func.max(TermsAddition.number), 0)).where(TermsAddition.org_id == bindparam("org"))
    standing = func.concat(TERMS, ".", addition.scalar_subquery())
    mine = (TermsAcceptance.org_id == bindparam("org"), TermsAcceptance.user_id == bindparam("user"))
    return exists().where(*mine, TermsAcceptance.version == standing)


# Made once: every request asks for them.
_ACCEPTED = _accepted()
_WITH_TERMS = (
    select(User, _ACCEPTED)
    .options(joinedload(User.organisation))
    .where(User.org_id == bindparam("org"), User.id == bindparam("user"))
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that an e-mail address may mean, before the password is checked."""

    org_id: uuid.UUID
    user_id: uuid.UUID
    hash: str
    organisation: str


def candidates(email: str) -> list[Candidate]:
    """The accounts with this address, in any organisation; read before anybody is signed in."""
    wanted = email.lower()
    with speaking_for(address_context(wanted)):
        rows = db.session.execute(text("SELECT * FROM sign_in_candidates(:email)"), {"email": wanted}).all()
    return [Candidate(*row) for row in rows]


def some_organisation() -> uuid.UUID:
    """An organisation of this installation, the same each time; read before anybody is signed in."""
    found: uuid.UUID = db.session.execute(text("SELECT id FROM audit_organisations() ORDER BY id LIMIT 1")).scalar_one()
    return found


def token_hash(token: str) -> bytes:
    """What is stored of a session's token."""
    return hashlib.sha256(token.encode()).digest()


def signed_in(token: str) -> User | None:
    """The user whose session this token opens; from here on the transaction speaks for them."""
    found = db.session.execute(_FIND, {"token": token_hash(token)}).one_or_none()
    if found is None or _idle(found.last_seen_at):
        return None
    enter(found.org_id, found.user_id)
    user, accepted = _with_terms(found.org_id, found.user_id)
    if user is None:
        leave()
        return None
    if found.last_seen_at < now() - timedelta(minutes=1):
        db.session.execute(
            text("UPDATE sign_ins SET last_seen_at = now() WHERE org_id = :org AND id = :id"),
            {"org": found.org_id, "id": found.sign_in_id},
        )
    user.token = token
    _keep(user, found, accepted)
    return user


def _with_terms(org_id: uuid.UUID, user_id: uuid.UUID) -> tuple[User | None, bool]:
    """A user of the present context with their organisation, and whether they have accepted the terms as they stand."""
    row = db.session.execute(_WITH_TERMS, {"org": org_id, "user": user_id}).one_or_none()
    return (None, False) if row is None else (row[0], row[1])


def note_session(user: User) -> None:
    """Tell the user what stands in the session that was just opened for them."""
    db.session.flush()
    _keep(user, db.session.execute(_FIND, {"token": token_hash(user.token)}).one(), terms_accepted(user))


def _keep(user: User, found: Any, accepted: bool) -> None:
    user.held = Held(found.sign_in_id, found.verified_at, found.second_factor, found.factor_due, not accepted)


def _idle(last_seen: datetime) -> bool:
    config: Config = current_app.extensions["caseflow"]
    return last_seen < now() - timedelta(minutes=config.session_idle_minutes)


def sessions(user: User) -> list[SignIn]:
    """Where the user is signed in, newest first."""
    query = select(SignIn).where(SignIn.org_id == user.org_id, SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    return list(db.session.scalars(query.where(SignIn.expires_at > now()).order_by(SignIn.last_seen_at.desc())))


def session(id: uuid.UUID, user: User) -> SignIn:
    """One of the user's own sessions, or 404."""
    return one_or_404(select(SignIn).where(SignIn.org_id == user.org_id, SignIn.user_id == user.id, SignIn.id == id))


def by_token(token: str) -> User | None:
    """The user in whose name a program asks with this token; from here on the transaction speaks for them."""
    found = db.session.execute(_FIND_TOKEN, {"token": token_hash(token)}).one_or_none()
    if found is None:
        return None
    enter(found.org_id, found.user_id)
    user, accepted = _with_terms(found.org_id, found.user_id)
    if user is None:
        leave()
        return None
    user.granted, user.owes_terms = frozenset(found.permissions), not accepted
    touched = update(ApiToken).where(ApiToken.org_id == found.org_id, ApiToken.id == found.id)
    lately = now() - timedelta(minutes=1)
    db.session.execute(
        touched.where(ApiToken.last_used_at.is_(None) | (ApiToken.last_used_at < lately)).values(last_used_at=now())
    )
    return user


def api_tokens(user: User) -> list[ApiToken]:
    """The user's tokens for programs, newest first."""
    query = select(ApiToken).where(ApiToken.org_id == user.org_id, ApiToken.user_id == user.id)
    return list(db.session.scalars(query.order_by(ApiToken.created_at.desc())))


def terms_version(org_id: uuid.UUID) -> str:
    """The version of the terms that stands: the product's, and the number of the organisation's addition."""
    addition = db.session.scalar(select(func.max(TermsAddition.number)).where(TermsAddition.org_id == org_id)) or 0
    return f"{TERMS}.{addition}"


def terms_addition(org_id: uuid.UUID) -> TermsAddition | None:
    """What the organisation adds to the terms, where it adds something."""
    query = select(TermsAddition).where(TermsAddition.org_id == org_id).order_by(TermsAddition.number.desc())
    return db.session.scalars(query.limit(1)).one_or_none()


def terms_accepted(user: User) -> bool:
    """Whether the user has accepted the terms as they stand."""
    return bool(db.session.scalar(select(_ACCEPTED), {"org": user.org_id, "user": user.id}))


def link_of(token: str) -> tuple[AccountLink, User] | None:
    """The link that a token opens, and whose it is; from here on the transaction speaks for them."""
    found = db.session.execute(_FIND_LINK, {"token": token_hash(token)}).one_or_none()
    if found is None:
        return None
    enter(found.org_id, found.user_id)
    link = db.session.get_one(AccountLink, (found.org_id, found.id))
    return link, db.session.get_one(User, (found.org_id, found.user_id))


def link_by_id(org_id: uuid.UUID, id: uuid.UUID) -> tuple[AccountLink, User] | None:
    """A link and whose it is, for a job that runs as their organisation."""
    link = db.session.get(AccountLink, (org_id, id))
    return None if link is None else (link, db.session.get_one(User, (org_id, link.user_id)))


def newest_link(user: User, kind: LinkKind | None = None) -> AccountLink | None:
    """The newest link that was made for a user."""
    query = select(AccountLink).where(AccountLink.org_id == user.org_id, AccountLink.user_id == user.id)
    if kind is not None:
        query = query.where(AccountLink.kind == kind)
    return db.session.scalars(query.order_by(AccountLink.created_at.desc()).limit(1)).one_or_none()


def has_password(user: User) -> bool:
    """Whether the user has set a password."""
    query = select(Password.id).where(Password.org_id == user.org_id, Password.id == user.id)
    return db.session.scalar(query) is not None


def present_session(user: User) -> SignIn:
    """The session that the user came with."""
    return one_or_404(select(SignIn).where(SignIn.org_id == user.org_id, SignIn.token_hash == token_hash(user.token)))


def totp(user: User) -> TotpSecret | None:
    """The user's authenticator app, confirmed or not."""
    query = select(TotpSecret).where(TotpSecret.org_id == user.org_id, TotpSecret.user_id == user.id)
    return db.session.scalars(query).one_or_none()


def passkeys(user: User) -> list[Passkey]:
    """The user's passkeys, oldest first."""
    query = select(Passkey).where(Passkey.org_id == user.org_id, Passkey.user_id == user.id)
    return list(db.session.scalars(query.order_by(Passkey.created_at)))


def has_factor(user: User) -> bool:
    """Whether the user has a second factor."""
    app = totp(user)
    return (app is not None and app.confirmed_at is not None) or bool(passkeys(user))


def recovery_codes_left(user: User) -> int:
    """How many recovery codes the user has not used."""
    query = select(func.count()).where(
        RecoveryCode.org_id == user.org_id, RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(query) or 0


def sign_in_rules(org_id: uuid.UUID) -> SignInRules | None:
    """What the organisation asks of its people when they sign in, where it has said something."""
    return db.session.scalars(select(SignInRules).where(SignInRules.org_id == org_id)).one_or_none()


def factor_roles(org_id: uuid.UUID) -> set[Role]:
    """The roles whose users must have a second factor."""
    rules = sign_in_rules(org_id)
    return {Role(role) for role in rules.factor_roles} if rules else set()


def with_factor(org_id: uuid.UUID) -> set[uuid.UUID]:
    """The users of the organisation who have a second factor."""
    apps = select(TotpSecret.user_id).where(TotpSecret.org_id == org_id, TotpSecret.confirmed_at.is_not(None))
    return set(db.session.scalars(apps.union(select(Passkey.user_id).where(Passkey.org_id == org_id))))


def colleagues(user: User, *, permission: Permission | None = None) -> list[User]:
    """The active users of the organisation by name; only those with the permission, where one is given."""
    roles = [role for role in Role if permission is None or may(role, permission)]
    query = select(User).where(User.org_id == user.org_id, User.active, User.role.in_(roles)).order_by(User.name)
    return list(db.session.scalars(query).unique())


def names(user: User, *, permission: Permission) -> list[tuple[uuid.UUID, str]]:
    """Ids and names of the same by name: what a list of choices needs, also of the thousands of a country."""
    roles = [role for role in Role if may(role, permission)]
    query = select(User.id, User.name).where(User.org_id == user.org_id, User.active, User.role.in_(roles))
    return [(row.id, row.name) for row in db.session.execute(query.order_by(User.name))]


def everybody(user: User) -> list[User]:
    """All users of the organisation by name, the inactive ones too."""
    query = select(User).where(User.org_id == user.org_id).order_by(User.active.desc(), User.name)
    return list(db.session.scalars(query).unique())


def colleague(id: uuid.UUID, user: User) -> User:
    """A user of the same organisation, or 404."""
    return one_or_404(select(User).where(User.org_id == user.org_id, User.id == id))


def user_of(org_id: uuid.UUID, user_id: uuid.UUID) -> User | None:
    """A user by ids, for a job that runs as their organisation."""
    return db.session.get(User, (org_id, user_id))


_CLOSED = text("SELECT :id = ANY (closed_to(:user) || packets_closed_to(:user))")


def is_closed(id: uuid.UUID, user: User) -> bool:
    """Whether this person, case, referral or handover is closed to the user: restricted, or they are excluded.

    The wall says the same to whoever asks for themselves. Of a colleague it is asked as a job asks, since the wall
    tells nobody of files that are closed to themselves (migration 0050).
    """
    db.session.flush()  # what waits is written in its author's name
    with as_organisation():
        return db.session.scalar(_CLOSED, {"user": user.id, "id": id}) or False


def holding(org_id: uuid.UUID, *roles: Role) -> list[User]:
    """The active users of an organisation with one of these roles."""
    return list(
        db.session.scalars(select(User).where(User.org_id == org_id, User.active, User.role.in_(roles))).unique()
    )


def single_sign_on(org_id: uuid.UUID) -> SingleSignOn | None:
    """How an organisation signs in by its own provider, where it does."""
    return db.session.scalars(select(SingleSignOn).where(SingleSignOn.org_id == org_id)).one_or_none()


def single_sign_on_begun(org_id: uuid.UUID) -> SingleSignOn | None:
    """The same before anybody is signed in, where it is switched on; the transaction then speaks for it.

    Where it is not, whoever asks may be signed in elsewhere: the transaction goes on in the name it ran in.
    """
    before = db.session().info.get("tenant")
    enter(org_id)
    found = single_sign_on(org_id)
    if found is not None and found.active:
        return found
    if before is None:
        leave()
    else:
        enter(before.org_id, before.user_id)
    return None


def providers(email: str) -> list[tuple[uuid.UUID, str]]:
    """The organisations whose provider speaks for the domain of this address: id and name."""
    domain = email.strip().lower().rpartition("@")[2]
    rows = db.session.execute(text("SELECT org_id, name FROM single_sign_on_of(:domain)"), {"domain": domain})
    return [(row.org_id, row.name) for row in rows]


def active_user(org_id: uuid.UUID, email: str) -> User | None:
    """The open account with this address in an organisation."""
    query = select(User).where(User.org_id == org_id, User.email == email, User.active)
    return db.session.scalars(query).unique().one_or_none()


def user_of_provider(org_id: uuid.UUID, subject: str) -> User | None:
    """The open account that is tied to whom the organisation's provider means."""
    query = select(User).where(User.org_id == org_id, User.provider_subject == subject, User.active)
    return db.session.scalars(query).unique().one_or_none()


def passwords_allowed(user: User) -> bool:
    """Whether the user may sign in by password; an administrator always, in case the provider fails."""
    rules = single_sign_on(user.org_id)
    return rules is None or not rules.active or rules.passwords_allowed or user.role is Role.ADMINISTRATOR
