"""The receiver's half of the demo's referrals: answers, workers, sessions, end reports."""

from dataclasses import replace

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.db import db
from caseflow.demo.clock import told_at
from caseflow.demo.lives import Asked
from caseflow.referrals.actions import answering, assigning, messages, reports, sessions
from caseflow.referrals.actions.reports import Findings
from caseflow.referrals.actions.sessions import Held, Slot
from caseflow.referrals.models import (
    Absence,
    Achievement,
    Attendance,
    DeclineReason,
    Location,
    Referral,
    SessionForm,
    Status,
)

HELPED = {Status.ACCEPTED, Status.IN_PROGRESS, Status.ON_HOLD, Status.COMPLETED, Status.ENDED_EARLY}
HELD = {Status.COMPLETED: 3, Status.IN_PROGRESS: 3, Status.ON_HOLD: 2, Status.ENDED_EARLY: 2}  # sessions, at most
RECENT = {Status.IN_PROGRESS: -20, Status.ON_HOLD: -17}
QUESTIONED = 3  # of so many referrals that wait for an answer, one was asked about and answered


def answer(asked: Asked, user: User) -> None:
    """What the coordinator does: asks, takes onto the waiting list, declines, or accepts and assigns a worker."""
    tale, words = asked.tale, asked.tale.country.words
    referral = db.session.get_one(Referral, asked.key)
    with told_at(tale.calendar.at(min(-1, asked.sent + 2), 9)):
        if asked.status is Status.INFO_REQUESTED or (asked.status is Status.SENT and _questioned(asked)):
            answering.ask(referral, tale.pick(words.questions), by=user)
        elif asked.status is Status.WAITLISTED:
            answering.waitlist(referral, text=tale.pick(words.waitlisted), by=user)
        elif asked.status is Status.DECLINED:
            reason = tale.pick((DeclineReason.NO_CAPACITY, DeclineReason.OUTSIDE_AREA, DeclineReason.TOO_EARLY))
            answering.decline(referral, reason, text=tale.pick(words.declined), by=user)
        elif asked.status in HELPED:
            answering.accept(referral, text=tale.pick(words.accepted) or None, by=user)
    if asked.status in HELPED:
        _assign(asked, referral, user)


def _questioned(asked: Asked) -> bool:
    return asked.sent < -4 and asked.tale.number % QUESTIONED == 0


def _assign(asked: Asked, referral: Referral, user: User) -> None:
    workers = asked.receiver.holding(Role.WORKER)
    asked.helper = workers[asked.tale.number % len(workers)]
    chosen = {asked.helper.user_id}
    if len(workers) > 1 and asked.tale.chance(0.15):
        chosen.add(workers[(asked.tale.number + 1) % len(workers)].user_id)
    with told_at(asked.tale.calendar.at(min(-1, asked.sent + 3), 10)):
        assigning.assign(referral, chosen, asked.helper.user_id, by=user)


def help_on(asked: Asked, user: User) -> None:
    """What the worker does: sessions with their attendance, a note, a message, and the end report."""
    tale, words = asked.tale, asked.tale.country.words
    referral = db.session.get_one(Referral, asked.key)
    # What is going on has its sessions in these weeks, however long ago it began.
    first = max(asked.sent + tale.random.randint(5, 8), RECENT.get(asked.status, asked.sent) if asked.status else 0)
    if asked.talk is not None:
        with told_at(tale.calendar.at(min(-1, asked.sent + 5))):
            messages.send_message(referral, asked.talk[0], by=user)
    if tale.chance(0.2):
        with told_at(tale.calendar.at(min(-1, asked.sent + 6))):
            messages.write_note(referral, tale.pick(words.own_notes), by=user)
    last = _hold_sessions(asked, referral, first, user)
    match asked.status:
        case Status.ACCEPTED | Status.IN_PROGRESS:
            _plan_next(asked, referral, user)
        case Status.ON_HOLD:
            with told_at(tale.calendar.at(min(-1, last + 4))):
                answering.pause(referral, tale.pick(words.paused), by=user)
        case Status.COMPLETED:
            with told_at(tale.calendar.at(min(-1, last + 4), 15)):
                reports.complete(referral, _findings(asked), by=user)
        case Status.ENDED_EARLY:
            with told_at(tale.calendar.at(min(-1, last + 4), 15)):
                reports.end_early(referral, tale.pick(words.ended), findings=_findings(asked), by=user)


def _hold_sessions(asked: Asked, referral: Referral, first: int, user: User) -> int:
    """The sessions up to now, one a week; gives the day of the last."""
    tale = asked.tale
    most = HELD.get(asked.status, 0) if asked.status else 0
    last = first
    for place in range(most):
        day = tale.calendar.working(first + place * 7)
        if day > -2:
            break
        last = day
        slot = _slot(asked, referral, day)
        with told_at(tale.calendar.at(day, 16, 30)):
            sessions.plan(referral, slot, held=_held(asked, place), by=user)
    return last


def _slot(asked: Asked, referral: Referral, day: int) -> Slot:
    tale = asked.tale
    inside = referral.location is Location.CUSTODY
    form = SessionForm.IN_PERSON if tale.chance(0.8) else tale.pick((SessionForm.PHONE, SessionForm.VIDEO))
    place = (referral.site or None) if inside else asked.receiver.body.offices[0].name
    return Slot(
        starts_at=tale.calendar.at(day, tale.random.randint(10, 14), 0),
        minutes=tale.pick((45, 60, 60, 90)),
        form=form,
        place=place if form is SessionForm.IN_PERSON else None,
        group=tale.chance(0.2),
    )


def _held(asked: Asked, place: int) -> Held:
    tale, words = asked.tale, asked.tale.country.words
    if place and tale.chance(0.15):
        absence = tale.pick((Absence.ACCEPTABLE, Absence.UNACCEPTABLE, Absence.SERVICE_SIDE))
        return Held(Attendance.NO, absence=absence, absence_reason=tale.pick(words.absences))
    return Held(
        Attendance.LATE if tale.chance(0.1) else Attendance.YES,
        summary=tale.pick(words.sessions),
        concern=tale.pick(words.concerns) if tale.chance(0.06) else None,
    )


def _plan_next(asked: Asked, referral: Referral, user: User) -> None:
    """The next session: today for some, within two weeks for most, not planned yet for the rest."""
    tale = asked.tale
    if tale.chance(0.15):
        return
    # Today at ten: a session that waits for its outcome, or soon will.
    day = 0 if tale.number % 5 == 0 else tale.random.randint(1, 12)
    slot = replace(_slot(asked, referral, -1), starts_at=tale.calendar.due(day, tale.pick((10, 11, 14)) if day else 10))
    with told_at(tale.calendar.at(min(-1, max(asked.sent + 4, -6)))):
        sessions.plan(referral, slot, by=user)


def _findings(asked: Asked) -> Findings:
    tale, words = asked.tale, asked.tale.country.words
    levels = [Achievement.ACHIEVED, Achievement.ACHIEVED, Achievement.PARTLY_ACHIEVED]
    if asked.status is Status.ENDED_EARLY:
        levels = [Achievement.PARTLY_ACHIEVED, Achievement.NOT_ACHIEVED]
    outcomes = {}
    for code in asked.outcomes:
        level = tale.pick(levels)
        outcomes[code] = (level, tale.pick(words.achievements[level]))
    return Findings(outcomes, tale.pick(words.reports[asked.kind]), tale.pick(words.next_steps))
