"""The demo's supervision after release: orders, conditions, contacts held, missed, due and planned."""

from caseflow.accounts.models import User
from caseflow.core.db import db
from caseflow.demo.clock import told_at
from caseflow.demo.lives import Tale
from caseflow.people.models import Case, CaseOutcome, Phase
from caseflow.release.models import Received
from caseflow.supervision import actions as supervision
from caseflow.supervision.models import (
    LEVEL_WEEKS,
    ConditionKind,
    Contact,
    ContactForm,
    ContactLevel,
    ContactOutcome,
    Response,
)

BEFORE = 56  # days back, at most, for which contacts are told
FORMS = (ContactForm.IN_PERSON,) * 4 + (ContactForm.PHONE, ContactForm.HOME_VISIT, ContactForm.REMOTE)


def taken_over(tale: Tale, user: User) -> None:
    """Supervision of a case that came by a handover."""
    mine = db.session.get_one(Received, (user.org_id, tale.handover_id))
    if mine.case_id is not None and tale.release is not None:
        case = db.session.get_one(Case, (user.org_id, mine.case_id))
        _supervise(tale, case, tale.release + 1, user)


def from_the_court(tale: Tale, user: User) -> None:
    """Supervision of a case that a court sent."""
    if tale.life.phase is not Phase.INTAKE:
        _supervise(tale, db.session.get_one(Case, tale.key), tale.admitted + 4, user)


def _supervise(tale: Tale, case: Case, begins: int, user: User) -> None:
    words = tale.country.words
    level = tale.pick((ContactLevel.WEEKLY, ContactLevel.TWO_WEEKS, ContactLevel.TWO_WEEKS, ContactLevel.FOUR_WEEKS))
    with told_at(tale.calendar.at(begins, 10)):
        supervision.record_order(
            case,
            order_number=f"{tale.random.randrange(100, 999)}/{tale.calendar.day(begins).year}",
            court=tale.pick(words.courts),
            starts_on=tale.calendar.day(begins),
            ends_on=tale.calendar.day(max(begins, -200) + tale.pick((300, 365, 540))),
            level=level,
            by=user,
        )
        for kind in [ConditionKind.REPORTING, *tale.random.sample(list(words.conditions)[2:], tale.pick((1, 2)))]:
            explained = tale.chance(0.85)
            supervision.add_condition(
                case,
                kind=kind,
                text=tale.pick(words.conditions[kind]),
                starts_on=tale.calendar.day(begins),
                ends_on=None,
                explained_on=tale.calendar.day(begins) if explained else None,
                understood=explained and tale.chance(0.9),
                by=user,
            )
    _contacts(tale, case, begins, LEVEL_WEEKS[level] * 7, user)


def _contacts(tale: Tale, case: Case, begins: int, every: int, user: User) -> None:
    """Contacts at the order's pace up to now, and the next one: waiting for its outcome, today, or to come."""
    day = begins + every
    while day < -BEFORE:
        day += every
    while day <= -4:
        _held(tale, case, day, user)
        day += every
    if tale.life.phase is Phase.CLOSED:
        return
    fate = tale.random.random()
    if fate < 0.1:  # its time has passed, and nobody has said what came of it
        _planned(tale, case, -tale.random.randint(1, 3), told=-9, user=user)
    elif fate < 0.3:
        _planned(tale, case, 0, told=-8, user=user)
    elif fate < 0.9:
        _planned(tale, case, tale.random.randint(1, 6), told=-3, user=user)


def _planned(tale: Tale, case: Case, day: int, *, told: int, user: User) -> Contact:
    moment = tale.calendar.due(day, tale.random.randint(9, 15))
    with told_at(tale.calendar.at(told)):
        return supervision.plan_contact(
            case, starts_at=moment, form=tale.pick(FORMS), place=tale.service.country.words.streets[0], by=user
        )


def _held(tale: Tale, case: Case, day: int, user: User) -> None:
    words = tale.country.words
    outcome, response, reason, note = ContactOutcome.COMPLIED, None, None, tale.pick(words.meetings)
    roll = tale.random.random()
    if roll < 0.08:
        outcome, reason, note = ContactOutcome.ACCEPTABLE_ABSENCE, tale.pick(words.missed[1:]), None
    elif roll < 0.17:
        outcome, reason = ContactOutcome.UNACCEPTABLE_ABSENCE, words.missed[0]
        response = tale.pick((Response.TALK, Response.TALK, Response.FIRST_WARNING))
        note = tale.pick(words.responses)
    elif roll < 0.21:
        outcome, response = ContactOutcome.NOT_COMPLIED, Response.TALK
    starts_at = tale.calendar.at(day, tale.random.randint(9, 14))
    with told_at(tale.calendar.at(day, 16)):
        supervision.record_held(
            case,
            starts_at=starts_at,
            form=tale.pick(FORMS),
            place=words.streets[0],
            outcome=outcome,
            reason=reason,
            response=response,
            note=note,
            by=user,
        )


def end(tale: Tale, user: User) -> None:
    """How a supervised case goes on to support, or ends."""
    case = db.session.get_one(Case, tale.key)
    if tale.life.outcome is None:
        return
    note = tale.pick(tale.country.words.closings[tale.life.outcome])
    with told_at(tale.calendar.at(-tale.random.randint(2, 3))):
        if tale.life.outcome is CaseOutcome.RETURNED:
            supervision.return_to_custody(case, note, by=user)
        else:
            supervision.close_after_supervision(case, tale.life.outcome, note, by=user)
