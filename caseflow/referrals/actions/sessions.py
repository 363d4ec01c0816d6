"""Sessions of a referral: planning, recording the outcome once, another time for one that is moved, calling off."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.audit.actions import record as audit
from caseflow.core.db import db, new_id, now
from caseflow.core.errors import Conflict, Refused
from caseflow.notifications.actions import post
from caseflow.referrals.actions.moves import lock, move
from caseflow.referrals.models import (
    END_REPORT_DAYS,
    RUNNING,
    Absence,
    Asker,
    Attendance,
    Referral,
    Session,
    SessionForm,
    Status,
)
from caseflow.referrals.queries.shared import sessions
from caseflow.tenancy import queries as tenancy

AHEAD = timedelta(days=183)  # as far as sessions are planned
LONGEST = 600  # minutes


@dataclass(frozen=True, slots=True)
class Slot:
    """When and how a session is held."""

    starts_at: datetime
    minutes: int = 60
    form: SessionForm = SessionForm.IN_PERSON
    place: str | None = None
    group: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """How a session went."""

    attendance: Attendance
    summary: str | None = None
    absence: Absence | None = None
    absence_reason: str | None = None
    concern: str | None = None  # told to the referrer at once


def plan(referral: Referral, slot: Slot, *, held: Held | None = None, id: uuid.UUID | None = None, by: User) -> Session:
    """Plan a session; one that lies in the past says at once how it went. The same `id` twice plans it once."""
    lock(referral)
    found = db.session.get(Session, (referral.org_id, id)) if id else None
    if found is not None:
        return found
    if referral.status not in RUNNING:
        raise Conflict(_("Sessions belong to an accepted referral that is not ended."))
    if referral.status is Status.ON_HOLD:
        raise Refused(_("The referral is on hold. Resume it to plan a session."))
    _check(slot, referral)
    if slot.starts_at <= now() and held is None:
        raise Refused(_("This session lies in the past: say how it went."), field="attendance")
    session = _add(referral, slot, id or new_id(), by)
    if held is None:
        _set_report_day(referral)
        post("referral.session", by=by, to=referral.org_id, referral=referral.id, session=session.id, what="planned")
    else:
        record(session, referral, held, by=by)
    return session


def record(session: Session, referral: Referral, held: Held, *, by: User) -> None:
    """Record how the session went, once: a second time is a Conflict. The first attended one begins the help."""
    lock(referral)
    db.session.refresh(session, with_for_update=True)
    if session.recorded_at is not None:
        raise Conflict(_("The outcome of this session was already recorded, by %(name)s.", name=session.recorded_by))
    if session.replaced_by_id is not None:
        raise Conflict(_("This session was moved to another time."))
    if session.called_off_at is not None:
        raise Conflict(_("This session was called off."))
    if session.starts_at > now():
        raise Refused(_("This session has not begun yet."))
    if referral.status not in RUNNING and session.starts_at > referral.status_at:
        raise Conflict(_("The referral had ended before this session."))
    came = held.attendance is not Attendance.NO
    _check_held(held, came)
    session.attendance = held.attendance
    session.absence = None if came else held.absence
    session.absence_reason = None if came else held.absence_reason
    session.summary, session.concern = held.summary, held.concern
    session.recorded_at, session.recorded_by = now(), by.name
    audit("session.record", by=by, on=session, referral=str(referral.id), attendance=held.attendance.value)
    db.session.flush()
    _set_report_day(referral)
    if came and referral.status is Status.ACCEPTED:
        move(referral, Status.IN_PROGRESS, by=by)
    post(
        "referral.session",
        by=by,
        to=referral.org_id,
        referral=referral.id,
        session=session.id,
        what="concern" if held.concern else "recorded",
    )


def reschedule(session: Session, referral: Referral, slot: Slot, *, asked_by: Asker, reason: str, by: User) -> Session:
    """Move a session to another time: a new one is planned, and the old one is kept with who asked and why."""
    lock(referral)
    db.session.refresh(session, with_for_update=True)
    if not session.standing:
        raise Conflict(_("This session was already recorded, moved or called off."))
    if referral.status not in RUNNING:
        raise Conflict(_("Sessions belong to an accepted referral that is not ended."))
    _check(slot, referral)
    if slot.starts_at <= now():
        raise Refused(_("Choose a time that is still to come."), field="starts_at")
    if slot.starts_at == session.starts_at:
        raise Refused(_("This is the time it has now."), field="starts_at")
    new = _add(referral, slot, new_id(), by)
    session.replaced_by_id, session.rescheduled_for, session.rescheduled_reason = new.id, asked_by, reason
    audit("session.move", by=by, on=session, referral=str(referral.id), to=str(new.id), asked_by=asked_by.value)
    db.session.flush()
    _set_report_day(referral)
    post("referral.session", by=by, to=referral.org_id, referral=referral.id, session=new.id, what="moved")
    return new


def call_off(session: Session, referral: Referral, *, asked_by: Asker, reason: str, by: User) -> None:
    """Call off a session that has not begun: it is kept, with who asked and why, and is nobody's absence."""
    lock(referral)
    db.session.refresh(session, with_for_update=True)
    if not session.standing:
        raise Conflict(_("This session was already recorded, moved or called off."))
    if session.starts_at <= now():
        raise Refused(_("This session has begun: say how it went."))
    session.called_off_at, session.called_off_by = now(), by.name
    session.called_off_for, session.called_off_reason = asked_by, reason
    audit("session.call-off", by=by, on=session, referral=str(referral.id), asked_by=asked_by.value)
    db.session.flush()
    _set_report_day(referral)
    post("referral.session", by=by, to=referral.org_id, referral=referral.id, session=session.id, what="called_off")


def _check(slot: Slot, referral: Referral) -> None:
    zone = ZoneInfo(referral.receiver.timezone)
    if slot.starts_at.astimezone(zone).date() < referral.sent_at.astimezone(zone).date():
        raise Refused(_("A session cannot lie before the referral."), field="starts_at")
    if slot.starts_at > now() + AHEAD:
        raise Refused(_("A session can be planned for the next six months."), field="starts_at")
    if not 0 < slot.minutes <= LONGEST:
        raise Refused(_("Enter a length from 1 to %(number)s minutes.", number=LONGEST), field="minutes")


def _check_held(held: Held, came: bool) -> None:
    if came and not held.summary:
        raise Refused(_("Write a line about the session."), field="summary")
    if not came and held.absence is None:
        raise Refused(_("Choose whose absence it was."), field="absence")
    if not came and not held.absence_reason:
        raise Refused(_("Write the reason for the absence."), field="absence_reason")


def _add(referral: Referral, slot: Slot, id: uuid.UUID, by: User) -> Session:
    session = Session(
        org_id=referral.org_id,
        id=id,
        to_org_id=referral.to_org_id,
        referral_id=referral.id,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
        form=slot.form,
        place=slot.place,
        group=slot.group,
        planned_by=by.name,
    )
    db.session.add(session)
    db.session.flush()
    audit("session.plan", by=by, on=session, referral=str(referral.id))
    return session


def _set_report_day(referral: Referral) -> None:
    """The end report falls due after the last attended session; while another is planned there is a later one."""
    all_of_them = sessions(referral)
    attended = [one.starts_at for one in all_of_them if one.attendance in (Attendance.YES, Attendance.LATE)]
    if not attended or any(one.standing for one in all_of_them):
        referral.report_by = None
        return
    last = max(attended).astimezone(ZoneInfo(referral.receiver.timezone)).date()
    referral.report_by = tenancy.deadline(referral.receiver, END_REPORT_DAYS, start=last)
