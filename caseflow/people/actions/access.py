"""Who may open a person's file: restricting it to a list, excluding users, and emergency access with its review.

What is decided on one case holds for the person's whole file: a case beside a closed one would show the name.
"""

import uuid
from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission, Role
from caseflow.audit.actions import record
from caseflow.audit.models import Entry
from caseflow.core.db import REFUSALS, db, now
from caseflow.core.errors import Conflict, Refused
from caseflow.core.jobs import announce
from caseflow.core.sealing import seal_values
from caseflow.notifications.actions import post
from caseflow.people import queries
from caseflow.people.actions.once import one_at_a_time
from caseflow.people.models import Access, AccessKind, Case, ExclusionGround

GLASS = "access.glass"  # the news of an emergency access
BACK = "access.back"  # the news of a sealed file whose person is back in custody
MINUTES = 60
MOST_MINUTES = 240  # the database allows no more either

# The policy of migration 0043, on every table of a file.
REFUSALS["lent"] = _l(
    "Emergency access is for reading. To work on this case, ask a team leader to put you on its list."
)

_SETTLE = text("SELECT case_id, what FROM settle_seals(:one, :why)")
# The reason follows: to seal it one must know whose file it is.
_BREAK = text("SELECT case_id, access_id FROM break_glass(:number, '–', :minutes)")
_REASON = text("SELECT glass_reason(:access, :reason)")


def restrict(case: Case, users: Iterable[User], reason: str, *, by: User) -> None:
    """Close the file to everybody but `users`, whoever works on the person's cases now, and `by`."""
    _hold(case, reason)
    if queries.restriction(case) is not None:
        raise Conflict(_("This case is restricted already."))
    _check_keeper(case, by)
    named = {user.id: user for user in (*users, *queries.working(case), by)}
    for user in named.values():
        _check_named(case, user)
    _add(case, AccessKind.RESTRICTED, None, reason, by)
    for user in named.values():
        _add(case, AccessKind.ALLOWED, user, reason, by)
    db.session.flush()
    record("access.restrict", by=by, on=case, case_id=case.id, users=sorted(map(str, named)))


def admit(case: Case, user: User, reason: str, *, by: User) -> None:
    """Put a colleague on the list of a restricted case: never oneself.

    Whoever is in the file by emergency access alone does so only where no team leader keeps it any more.
    """
    _hold(case, reason)
    if user.id == by.id:
        raise Refused(_("Ask another team leader to add you."), field="user")
    held = queries.restriction(case)
    if held is None:
        raise Refused(_("This case is not restricted: whoever's role reaches it may open it."))
    if held.sealed_at is not None and not case.open():
        raise Refused(_("This file is sealed. Who needs it opens it each time, for a reason."))
    if any(one.user_id == user.id for one in queries.live_access(case, AccessKind.ALLOWED)):
        raise Conflict(_("%(name)s is on the list already.", name=user.name), field="user")
    _check_named(case, user)
    if not queries.may_decide(case, AccessKind.ALLOWED, user):
        _check_keeper(case, by)
    _add(case, AccessKind.ALLOWED, user, reason, by)
    db.session.flush()
    record("access.admit", by=by, on=case, case_id=case.id, user=str(user.id))


def exclude(case: Case, user: User, ground: ExclusionGround, reason: str, *, by: User) -> None:
    """Close the file to one colleague, who is not told; they leave the list of a restricted case too.

    Another auditor must remain who sees who read it, and a team leader for each emergency access still to be reviewed.
    """
    _hold(case, reason)
    _check_keeper(case, by)
    if user.org_id != case.org_id:
        raise Refused(_("Choose a colleague."), field="user")
    if user.id == by.id:
        raise Refused(_("Ask another team leader to exclude you."), field="user")
    if any(one.user_id == user.id for one in queries.live_access(case, AccessKind.EXCLUDED)):
        raise Conflict(_("%(name)s is excluded already.", name=user.name), field="user")
    if _works(user.id, case):
        raise Refused(
            _("%(name)s works on a case of this person. Give it to somebody else first.", name=user.name), field="user"
        )
    if not queries.may_decide(case, AccessKind.EXCLUDED, user):
        raise Refused(_last(user), field="user")
    for one in queries.live_access(case, AccessKind.ALLOWED, AccessKind.GLASS):
        if one.user_id == user.id:
            _end(one, reason, by)
    made = _add(case, AccessKind.EXCLUDED, user, reason, by)
    made.ground = ground
    db.session.flush()
    record("access.exclude", by=by, on=case, case_id=case.id, user=str(user.id), ground=ground.value)


def end_access(access: Access, reason: str, *, by: User) -> None:
    """Take a name off the list, end an exclusion, or end an emergency access before its time.

    Whoever works on the case stays on its list, and somebody who may change the list must stay.
    """
    case = access.case
    if case is None:
        raise Refused(_("This case is closed to you."))
    _hold(case, reason)
    if not (access.kind is AccessKind.GLASS and access.user_id == by.id):  # it can be given back
        _check_keeper(case, by)
    db.session.refresh(access, ["ended_at"])
    if access.kind is AccessKind.RESTRICTED:
        raise Refused(_("Lift the restriction instead."))
    if not access.live():
        raise Conflict(_("This has ended already."))
    if access.kind is AccessKind.ALLOWED and _works(access.user_id, case):
        raise Refused(_("Whoever works on the case must be able to open it. Give it to somebody else first."))
    _end(access, reason, by)
    db.session.flush()
    restriction = queries.restriction(case)
    if restriction is None or restriction.sealed_at is None:  # a sealed file is opened without a list
        _keep_a_keeper(case)
    record(f"access.end-{access.kind.value}", by=by, on=case, case_id=case.id, user=str(access.user_id))


def give_back(case: Case, *, by: User) -> None:
    """End one's own emergency access before its time; it is reviewed all the same."""
    one_at_a_time("persons", case.org_id)
    mine = [one for one in queries.live_access(case, AccessKind.GLASS) if one.user_id == by.id]
    if not mine:
        raise Conflict(_("This has ended already."))
    for one in mine:
        _end(one, None, by)
    db.session.flush()
    record("access.end-glass", by=by, on=case, case_id=case.id, user=str(by.id))


def lift_restriction(case: Case, reason: str, *, by: User) -> None:
    """Open the file again to whoever's role reaches it; the list ends, exclusions stay."""
    _hold(case, reason)
    held = queries.restriction(case)
    if held is None:
        raise Conflict(_("This case is not restricted."))
    _check_keeper(case, by)
    if held.sealed_at is not None:
        raise Refused(
            _("This file is sealed, since the person was a juvenile. Only a return to custody opens it again.")
        )
    allowed = queries.live_access(case, AccessKind.ALLOWED)
    _end(held, reason, by)
    db.session.flush()  # before the list: whoever is on none keeps an open file, not a restricted one
    for one in allowed:
        _end(one, reason, by)
    db.session.flush()
    record("access.lift", by=by, on=case, case_id=case.id)


def break_glass(number: str, reason: str, minutes: int, *, by: User) -> uuid.UUID | None:
    """Open a restricted case by its exact number, for so many minutes; gives the case.

    None where there is no such case, and just so where it is closed to an excluded user. Who has access already is
    let through without a further one. Leaders and auditors are told at once.
    """
    if not by.may(Permission.OPEN_CASES):
        raise Refused(_("Your role opens no cases."))
    if not reason.strip():
        raise Refused(_("Say why it cannot wait."), field="reason")
    if not 1 <= minutes <= MOST_MINUTES:
        raise Refused(_("Choose at most %(hours)s hours.", hours=MOST_MINUTES // 60), field="minutes")
    found = db.session.execute(_BREAK, {"number": number, "minutes": minutes}).one_or_none()
    if found is None:
        record("glass.refuse", by=by)
        return None
    case_id: uuid.UUID = found.case_id
    if found.access_id is not None:
        case = db.session.get_one(Case, (by.org_id, case_id))
        [sealed] = seal_values([(case.person_id, reason)], "case_access.reason")
        db.session.execute(_REASON, {"access": found.access_id, "reason": sealed})
        record("glass.break", by=by, case_id=case_id, minutes=minutes)
        post(GLASS, by=by, access=found.access_id)
    return case_id


def settle_seals(case: Case, why: str | None, *, by: User) -> None:
    """Seal a juvenile's file, or take the seal off, by what the person's cases are now; the last step of an act.

    Afterwards the file may be closed to `by`. The rule stands in the database's function of that name.
    """
    db.session.flush()
    if why:
        [why] = seal_values([(case.person_id, why)], "case_access.ended_reason")
    for row in db.session.execute(_SETTLE, {"one": case.person_id, "why": why}):
        record(f"access.{row.what}", by=by, case_id=row.case_id)


def settle_all_seals(org_id: uuid.UUID) -> None:
    """The same for all files of an organisation, for what came otherwise: a register, a corrected date of birth.

    It takes no seal off. Whose file is sealed while they are back in custody, by a register, is news every day until
    somebody is on its list: else nobody would work on the case.
    """
    for row in db.session.execute(_SETTLE, {"one": None, "why": None}):
        if row.what == "back":
            announce(BACK, org_id=org_id, case=row.case_id)
            continue
        act, files = f"access.{row.what}", [row.case_id]
        db.session.add(Entry(org_id=org_id, act=act, case_id=row.case_id, detail={}, about=files))


def review_glass(access: Access, justified: bool, words: str, *, by: User) -> None:
    """Say whether an emergency access was justified; nobody reviews their own, nor what is closed to them."""
    one_at_a_time("persons", access.org_id)
    db.session.refresh(access, ["reviewed_at"])
    if access.kind is not AccessKind.GLASS or access.user_id == by.id:
        raise Refused(_("Somebody else reviews your emergency access."))
    if access.reviewed_at is not None:
        raise Conflict(_("This emergency access was reviewed before."))
    if by.id not in [one.id for one in queries.reviewers(access)]:
        raise Refused(_("This case is closed to you."))
    if not words.strip():
        raise Refused(_("Say what you found."), field="review")
    access.reviewed_at, access.reviewed_by = now(), by.id
    access.justified, access.review = justified, words
    db.session.flush()
    record("glass.review", by=by, on=access, case_id=access.case_id, justified=justified)


def _hold(case: Case, reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Say why."), field="reason")
    one_at_a_time("persons", case.org_id)  # nobody opens a further case of the person meanwhile


def _works(user_id: uuid.UUID | None, case: Case) -> bool:
    return any(one.id == user_id for one in queries.working(case))


def _check_named(case: Case, user: User) -> None:
    if user.org_id != case.org_id or not user.may(Permission.WORK_ON_CASES):
        raise Refused(_("Choose colleagues who work on cases."), field="user")
    if any(one.user_id == user.id for one in queries.live_access(case, AccessKind.EXCLUDED)):
        raise Refused(_("%(name)s is excluded from this case.", name=user.name), field="user")


def _check_keeper(case: Case, by: User) -> None:
    if not queries.keeps(by, case):
        raise Refused(_("You have this case open by emergency access alone: who may open it is decided by its list."))


def _last(user: User) -> str:
    if user.role is Role.AUDITOR:
        return _("No other auditor could see who read this file. Let another auditor be appointed first.")
    return _("Nobody else could review an emergency access to this file. Let it be reviewed first.")


def _keep_a_keeper(case: Case) -> None:
    """Somebody who may decide on the file must be able to open it: else nobody could ever open it again."""
    if not queries.kept(case):
        raise Refused(_("Nobody who may change this would be left. Add another team leader first."))


def _add(case: Case, kind: AccessKind, user: User | None, reason: str, by: User) -> Access:
    made = Access(
        org_id=case.org_id,
        person_id=case.person_id,
        case_id=case.id,
        kind=kind,
        user_id=None if user is None else user.id,
        reason=reason,
        granted_by=by.id,
    )
    db.session.add(made)
    return made


def _end(access: Access, reason: str | None, by: User) -> None:
    access.ended_at, access.ended_by, access.ended_reason = now(), by.id, reason
