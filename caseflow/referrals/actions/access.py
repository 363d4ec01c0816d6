"""Which of the receiver's users may open a received referral: closing it to all but a list, and to who is excluded.

In the shape of `people.actions.access`, without emergency access: whoever leads the list is asked instead.
"""

from collections.abc import Iterable

from flask_babel import gettext as _

from caseflow.accounts import queries as accounts
from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.audit.actions import record
from caseflow.core.db import db, now
from caseflow.core.errors import Conflict, Refused
from caseflow.people.models import ExclusionGround
from caseflow.referrals.actions.moves import lock
from caseflow.referrals.models import ReceiverAccess, Referral, ReferralAccess
from caseflow.referrals.queries import access as queries
from caseflow.referrals.queries.shared import helpers


def restrict(referral: Referral, users: Iterable[User], reason: str, *, by: User) -> None:
    """Close the referral to everybody but `users`, whoever helps with it now, and `by`."""
    _hold(referral, reason)
    if queries.restriction(referral) is not None:
        raise Conflict(_("This referral is restricted already."))
    named = {user.id: user for user in (*users, *(helper.user for helper in helpers(referral)), by)}
    for user in named.values():
        _check_named(referral, user)
        _add(referral, ReceiverAccess.ALLOWED, user, reason, by)
    db.session.flush()  # first the list: `by` goes on seeing what is closed then
    _add(referral, ReceiverAccess.RESTRICTED, None, reason, by)
    db.session.flush()
    record("access.restrict", by=by, on=referral, users=sorted(map(str, named)))


def admit(referral: Referral, user: User, reason: str, *, by: User) -> None:
    """Put a colleague on the list of a restricted referral."""
    _hold(referral, reason)
    if queries.restriction(referral) is None:
        raise Refused(_("This referral is not restricted: whoever's role reads it may open it."))
    if any(one.user_id == user.id for one in queries.live_access(referral, ReceiverAccess.ALLOWED)):
        raise Conflict(_("%(name)s is on the list already.", name=user.name), field="user")
    _check_named(referral, user)
    _add(referral, ReceiverAccess.ALLOWED, user, reason, by)
    db.session.flush()
    record("access.admit", by=by, on=referral, user=str(user.id))


def exclude(referral: Referral, user: User, ground: ExclusionGround, reason: str, *, by: User) -> None:
    """Close the referral to one colleague, who is not told; they leave the list of a restricted one too."""
    _hold(referral, reason)
    if user.org_id != referral.to_org_id:
        raise Refused(_("Choose a colleague."), field="user")
    if user.id == by.id:
        raise Refused(_("Ask another coordinator to exclude you."), field="user")
    if any(one.user_id == user.id for one in queries.live_access(referral, ReceiverAccess.EXCLUDED)):
        raise Conflict(_("%(name)s is excluded already.", name=user.name), field="user")
    if _helps(user, referral):
        raise Refused(_("%(name)s helps with this referral. Assign somebody else first.", name=user.name), field="user")
    for one in queries.live_access(referral, ReceiverAccess.ALLOWED):
        if one.user_id == user.id:
            _end(one, reason, by)
    _add(referral, ReceiverAccess.EXCLUDED, user, reason, by).ground = ground
    db.session.flush()
    record("access.exclude", by=by, on=referral, user=str(user.id), ground=ground.value)


def end_access(access: ReferralAccess, referral: Referral, reason: str, *, by: User) -> None:
    """Take a name off the list, or end an exclusion; whoever helps stays, and somebody who may change the list."""
    _hold(referral, reason)
    db.session.refresh(access, ["ended_at"])
    if access.kind is ReceiverAccess.RESTRICTED:
        raise Refused(_("Lift the restriction instead."))
    if access.ended_at is not None:
        raise Conflict(_("This has ended already."))
    if access.kind is ReceiverAccess.ALLOWED and access.user is not None and _helps(access.user, referral):
        raise Refused(_("Whoever helps with the referral must be able to open it. Assign somebody else first."))
    _end(access, reason, by)
    db.session.flush()
    keepers = accounts.colleagues(by, permission=Permission.GUARD_RECEIVED)
    if all(accounts.is_closed(referral.id, keeper) for keeper in keepers):
        raise Refused(_("Nobody who may change this would be left. Add another coordinator first."))
    record(f"access.end-{access.kind.value}", by=by, on=referral, user=str(access.user_id))


def lift_restriction(referral: Referral, reason: str, *, by: User) -> None:
    """Open the referral again to whoever's role reads it; the list ends, exclusions stay."""
    _hold(referral, reason)
    held = queries.restriction(referral)
    if held is None:
        raise Conflict(_("This referral is not restricted."))
    _end(held, reason, by)
    db.session.flush()  # first the restriction: without it the list's rows are open to `by` to the last
    for one in queries.live_access(referral, ReceiverAccess.ALLOWED):
        _end(one, reason, by)
    db.session.flush()
    record("access.lift", by=by, on=referral)


def _hold(referral: Referral, reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Say why."), field="reason")
    lock(referral)  # nobody is assigned meanwhile


def _helps(user: User, referral: Referral) -> bool:
    return any(helper.user_id == user.id for helper in helpers(referral))


def _check_named(referral: Referral, user: User) -> None:
    if user.org_id != referral.to_org_id or not user.may(Permission.READ_RECEIVED):
        raise Refused(_("Choose colleagues who work with referrals."), field="user")
    if any(one.user_id == user.id for one in queries.live_access(referral, ReceiverAccess.EXCLUDED)):
        raise Refused(_("%(name)s is excluded from this referral.", name=user.name), field="user")


def _add(referral: Referral, kind: ReceiverAccess, user: User | None, reason: str, by: User) -> ReferralAccess:
    made = ReferralAccess(
        org_id=referral.to_org_id,
        referral_id=referral.id,
        kind=kind,
        user_id=None if user is None else user.id,
        reason=reason,
        granted_by=by.id,
    )
    db.session.add(made)
    return made


def _end(access: ReferralAccess, reason: str, by: User) -> None:
    access.ended_at, access.ended_by, access.ended_reason = now(), by.id, reason
