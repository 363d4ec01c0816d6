"""Keeping the order, its conditions and the contacts, and ending supervision."""

from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.audit.actions import record
from caseflow.core.db import db, now
from caseflow.core.errors import Conflict, Refused
from caseflow.core.forms import check_version
from caseflow.people import actions as people
from caseflow.people.models import Case, CaseOutcome
from caseflow.supervision import queries
from caseflow.supervision.models import (
    ABSENCES,
    NEEDS_RESPONSE,
    NEEDS_WHY,
    Condition,
    ConditionKind,
    Contact,
    ContactForm,
    ContactLevel,
    ContactOutcome,
    Response,
    Supervision,
)

AHEAD = timedelta(days=183)  # a contact is not planned further ahead


def record_order(
    case: Case,
    *,
    order_number: str | None,
    court: str | None,
    starts_on: date,
    ends_on: date | None,
    level: ContactLevel,
    by: User,
) -> Supervision:
    """Record the order under which the person is supervised; a case has one."""
    _lock(case)
    _check_dates(starts_on, ends_on)
    if queries.order(case) is not None:
        raise Conflict(_("The order of this case is recorded already."))
    order = Supervision(
        org_id=case.org_id,
        case_id=case.id,
        order_number=order_number,
        court=court,
        starts_on=starts_on,
        ends_on=ends_on,
        level=level,
    )
    db.session.add(order)
    db.session.flush()
    record("supervision.begin", by=by, on=order, case_id=case.id, level=level.value)
    return order


def change_order(
    order: Supervision,
    *,
    order_number: str | None,
    court: str | None,
    starts_on: date,
    ends_on: date | None,
    level: ContactLevel,
    version: int | None,
    by: User,
) -> None:
    """Correct the order, or change how often officer and person meet."""
    check_version(
        order,
        version,
        order_number=order.order_number,
        court=order.court,
        starts_on=order.starts_on,
        ends_on=order.ends_on,
        level=order.level,
    )
    _check_dates(starts_on, ends_on)
    order.order_number, order.court = order_number, court
    order.starts_on, order.ends_on, order.level = starts_on, ends_on, level
    record("supervision.change", by=by, on=order, case_id=order.case_id, level=level.value)


def add_condition(
    case: Case,
    *,
    kind: ConditionKind,
    text: str,
    starts_on: date,
    ends_on: date | None,
    explained_on: date | None,
    understood: bool,
    by: User,
) -> Condition:
    """Add a condition in plain words; the same one sent twice is one."""
    _lock(case)
    order = queries.order(case)
    if order is None or order.ended_at is not None:
        raise Refused(_("There is no order in force: record it first."))
    _check_dates(starts_on, ends_on)
    same = next((c for c in queries.conditions(case) if (c.kind, c.text, c.ended_at) == (kind, text, None)), None)
    if same is not None:
        return same
    condition = Condition(
        org_id=case.org_id,
        supervision_id=order.id,
        case_id=case.id,
        kind=kind,
        text=text,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    if explained_on is not None:
        _explain(condition, explained_on, understood)
    db.session.add(condition)
    db.session.flush()
    record("condition.add", by=by, on=condition, case_id=case.id, kind=kind.value)
    return condition


def explain_condition(condition: Condition, *, explained_on: date, understood: bool, by: User) -> None:
    """Record that the condition was explained, and whether the person understood it."""
    _in_force(condition)
    _explain(condition, explained_on, understood)
    record("condition.explain", by=by, on=condition, case_id=condition.case_id, understood=understood)


def _explain(condition: Condition, explained_on: date, understood: bool) -> None:
    condition.explained_on, condition.understood = explained_on, understood


def end_condition(condition: Condition, *, by: User) -> None:
    """The condition holds no longer."""
    _in_force(condition)
    condition.ended_at = now()
    record("condition.end", by=by, on=condition, case_id=condition.case_id)


def _in_force(condition: Condition) -> None:
    if condition.ended_at is not None:
        raise Conflict(_("This condition has ended already."))


def plan_contact(case: Case, *, starts_at: datetime, form: ContactForm, place: str | None, by: User) -> Contact:
    """Plan a contact; sent twice for the same time it is one."""
    _check_plan(starts_at)
    return _new_contact(case, starts_at=starts_at, form=form, place=place, by=by)


def _check_plan(starts_at: datetime) -> None:
    if starts_at <= now():
        raise Refused(_("This time has passed. Plan a time to come, or record the contact as held."), field="starts_at")
    if starts_at > now() + AHEAD:
        raise Refused(_("Plan no further than six months ahead."), field="starts_at")


def _new_contact(case: Case, *, starts_at: datetime, form: ContactForm, place: str | None, by: User) -> Contact:
    _lock(case)
    same = db.session.scalars(
        select(Contact).where(
            Contact.org_id == case.org_id,
            Contact.case_id == case.id,
            Contact.starts_at == starts_at,
            Contact.called_off_at.is_(None),
        )
    ).first()
    if same is not None:
        return same
    contact = Contact(org_id=case.org_id, case_id=case.id, user_id=by.id, starts_at=starts_at, form=form, place=place)
    db.session.add(contact)
    db.session.flush()
    record("contact.plan", by=by, on=contact, case_id=case.id, form=form.value)
    return contact


def change_contact(
    contact: Contact, *, starts_at: datetime, form: ContactForm, place: str | None, version: int | None, by: User
) -> None:
    """Move a planned contact to another time, place or form."""
    _expected(contact)
    check_version(contact, version, starts_at=contact.starts_at, form=contact.form, place=contact.place)
    _check_plan(starts_at)
    contact.starts_at, contact.form, contact.place = starts_at, form, place
    record("contact.move", by=by, on=contact, case_id=contact.case_id)


def call_off_contact(contact: Contact, reason: str, *, by: User) -> None:
    """The contact will not take place; it stays on record with the reason."""
    _expected(contact)
    contact.called_off_at, contact.reason = now(), reason
    record("contact.call-off", by=by, on=contact, case_id=contact.case_id)


def _expected(contact: Contact) -> None:
    if not contact.open():
        raise Conflict(_("This contact was recorded or called off already."))


def record_outcome(
    contact: Contact,
    *,
    outcome: ContactOutcome,
    reason: str | None,
    response: Response | None,
    note: str | None,
    by: User,
) -> None:
    """Record, once, what came of a contact: an absence needs its reason, a breach its response, a warning its why."""
    _expected(contact)
    if contact.starts_at > now():
        raise Refused(_("This contact is still to come."), field="outcome")
    if outcome in ABSENCES and not reason:
        raise Refused(_("Say why the person did not come."), field="reason")
    if outcome in NEEDS_RESPONSE and response is None:
        raise Refused(_("Choose how you respond; “No response needed” is an answer too."), field="response")
    if response in NEEDS_WHY and not note:
        raise Refused(_("Say in the note why a talk or help will not do here."), field="note")
    contact.outcome, contact.reason, contact.note = outcome, reason, note
    contact.response = response
    contact.recorded_at = now()
    record(
        "contact.record",
        by=by,
        on=contact,
        case_id=contact.case_id,
        outcome=outcome.value,
        response=None if response is None else response.value,
    )


def record_held(
    case: Case,
    *,
    starts_at: datetime,
    form: ContactForm,
    place: str | None,
    outcome: ContactOutcome,
    reason: str | None,
    response: Response | None,
    note: str | None,
    by: User,
) -> Contact:
    """Record a contact that was not planned, with its outcome."""
    if starts_at > now():
        raise Refused(_("This time is still to come: plan the contact instead."), field="starts_at")
    contact = _new_contact(case, starts_at=starts_at, form=form, place=place, by=by)
    record_outcome(contact, outcome=outcome, reason=reason, response=response, note=note, by=by)
    return contact


def end(order: Supervision, *, by: User) -> None:
    """The order is over: its conditions end, and what was planned is called off."""
    if order.ended_at is not None:
        raise Conflict(_("This supervision has ended already."))
    order.ended_at = now()
    for condition in db.session.scalars(
        select(Condition).where(
            Condition.org_id == order.org_id, Condition.supervision_id == order.id, Condition.ended_at.is_(None)
        )
    ):
        condition.ended_at = order.ended_at
    record("supervision.end", by=by, on=order, case_id=order.case_id)


def close_after_supervision(case: Case, outcome: CaseOutcome, note: str, *, by: User) -> None:
    """Close the case with its outcome; the supervision ends with it, and nothing planned stays open."""
    _lock(case)
    order = queries.order(case)
    if order is not None and order.ended_at is None:
        end(order, by=by)
    for contact in queries.contacts(case):
        if not contact.open():
            continue
        if contact.starts_at <= now() and outcome is not CaseOutcome.RETURNED:
            raise Refused(_("A contact has no outcome yet: record it first, then close the case."))
        call_off_contact(contact, _("The case was closed."), by=by)
    people.close_case(case, outcome, note, by=by)


def return_to_custody(case: Case, reason: str, *, by: User) -> None:
    """The person is back in custody: supervision and case end with that outcome, and the history stays."""
    close_after_supervision(case, CaseOutcome.RETURNED, reason, by=by)


def _lock(case: Case) -> None:
    """One writer at a time for what a case has once; a closed case takes nothing new."""
    db.session.execute(select(Case.id).where(Case.org_id == case.org_id, Case.id == case.id).with_for_update())
    if not case.open():
        raise Conflict(_("This case is closed."))


def _check_dates(starts_on: date, ends_on: date | None) -> None:
    if ends_on is not None and ends_on < starts_on:
        raise Refused(_("The end lies before the start."), field="ends_on")
