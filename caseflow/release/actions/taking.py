"""The side that takes over: answering an invitation, preparing, and becoming lead."""

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Permission
from caseflow.assessments import actions as assessments
from caseflow.assessments.models import NeedArea, NeedPriority, NeedStatus
from caseflow.audit.actions import record
from caseflow.core.db import db
from caseflow.core.errors import Refused
from caseflow.notifications.actions import post
from caseflow.people import actions as people
from caseflow.people import queries as cases
from caseflow.people.models import Case, Category, LegalStatus, Literacy, PartyRole, Person, Phase, Sex
from caseflow.plans import actions as plans
from caseflow.plans.models import GoalStatus, StepActor, StepStatus
from caseflow.release import queries
from caseflow.release.actions.custody import add_party
from caseflow.release.actions.moves import lock, lock_for, move, moved_on
from caseflow.release.models import Handover, HandoverStatus, Received
from caseflow.tenancy import queries as tenancy

Content = dict[str, dict[str, Any]]
GOALS_THAT_GO_ON = {GoalStatus.ACTIVE.value, GoalStatus.FUTURE.value}


def accept_handover(handover: Handover, officer: User, *, by: User) -> Received:
    """Become the incoming party: this officer prepares the release with the other side."""
    lock_for(handover, HandoverStatus.PREPARING)
    _may_prepare(officer, by)
    _move(handover, HandoverStatus.PREPARING, by)
    mine = Received(org_id=handover.to_org_id, id=handover.id, officer_id=officer.id)
    db.session.add(mine)
    db.session.flush()
    record("handover.accept", by=by, on=handover, officer=str(officer.id))
    _tell_officer(handover, officer, by)
    return mine


def decline_handover(handover: Handover, reason: str, *, by: User) -> None:
    """Refuse the invitation, with the reason; the case stays closed to this side."""
    lock_for(handover, HandoverStatus.DECLINED)
    handover.reason = reason
    _move(handover, HandoverStatus.DECLINED, by)
    record("handover.decline", by=by, on=handover)


def change_officer(handover: Handover, officer: User, *, by: User) -> None:
    """Let another officer prepare it."""
    _prepared(handover)
    _may_prepare(officer, by)
    mine = _own_row(handover)
    if mine.officer_id == officer.id:
        raise Refused(_("%(name)s prepares this handover already.", name=officer.name), field="officer")
    mine.officer_id = officer.id
    db.session.flush()
    db.session.expire(mine, ["officer"])
    record("handover.officer", by=by, on=handover, officer=str(officer.id))
    _tell_officer(handover, officer, by)


def _tell_officer(handover: Handover, officer: User, by: User) -> None:
    if officer.id != by.id:
        post("handover.given", by=by, handover=handover.id, officer=officer.id)


def record_meeting(handover: Handover, met_on: date, *, by: User) -> None:
    """The incoming officer met the person before the release; the sender sees it."""
    _prepared(handover)
    if met_on > by.organisation.today():
        raise Refused(_("The date must be today or in the past."), field="met_on")
    if handover.met_on == met_on:
        return
    handover.met_on = met_on
    db.session.flush()
    record("handover.meet", by=by, on=handover)
    post("handover.moved", by=by, to=handover.org_id, handover=handover.id, what="met")


def take_lead(handover: Handover, *, released_on: date | None, reason: str | None = None, by: User) -> Case:
    """Become lead: open this side's own case from what was agreed, given to the officer who prepared it.

    `released_on` is the day on which the person was released; without it the lead changes before, for a reason.
    """
    lock_for(handover, HandoverStatus.LED)
    if released_on is None and not reason:
        raise Refused(_("Enter the day of the release, or say why you take the lead before it."), field="reason")
    if released_on is not None and released_on > by.organisation.today():
        raise Refused(_("The date must be today or in the past."), field="released_on")
    told = queries.read(handover)
    if Category.IDENTITY not in told:
        raise Refused(_("What you need of this case is not open to you any more. Ask the organisation that sent it."))
    if queries.closed_before(handover, told, by):
        raise Refused(_("This case is closed to you."))
    mine = _own_row(handover)
    officer = db.session.get_one(User, (mine.org_id, mine.officer_id))
    handover.released_on, handover.reason = released_on, reason
    _move(handover, HandoverStatus.LED, by)
    case = _open(handover, told, officer, by)
    mine.case_id, mine.content = case.id, told
    add_party(case, handover.org_id, PartyRole.FORMER)
    _carry_on(case, told, by)
    record("handover.lead", by=by, on=handover, case_id=case.id)
    return case


def _open(handover: Handover, told: Content, officer: User, by: User) -> Case:
    released = handover.released_on is not None
    sender = tenancy.organisation(handover.org_id)
    identity = told[Category.IDENTITY]
    known = _known(handover, told)
    office = officer.site
    case = people.open_case(
        number=_free_number(identity["number"], handover, known),
        person=known or _person(identity, told.get(Category.CONTACT, {}), handover),
        facts=_facts(handover, told),
        # An office holds nobody: before the release there is no stay to record there.
        site=office if released else None,
        phase=Phase.RELEASED if released else Phase.PRE_RELEASE,
        worker=officer,
        reason=_("Taken over from %(organisation)s.", organisation=sender.name),
        by=by,
    )
    if not released and office is not None:
        case.site_id = office.id
    for one in told.get(Category.FAMILY, {}).get("relatives", []) if known is None else []:
        people.add_relative(
            case,
            people.RelativeFields(
                name=one["name"] or one["relation"],
                relation=one["relation"],
                birth_year=one["birth_year"],
                child=one["child"],
                contact_wanted=one["contact_wanted"],
                restriction=one["restriction"],
            ),
            by=by,
        )
    return case


def _known(handover: Handover, told: Content) -> Person | None:
    before = queries.person_before(handover, told)
    return None if before is None else db.session.get(Person, (handover.to_org_id, before))


def _free_number(number: str, handover: Handover, known: Person | None) -> str:
    taken = cases.number_taken(number) or (known is None and cases.number_taken(number, "person"))
    return f"{number}/{handover.reference}" if taken else number


def _person(identity: dict[str, Any], contact: dict[str, Any], handover: Handover) -> people.PersonFields:
    born = identity["birth_date"]
    return people.PersonFields(
        number=_free_number(identity["number"], handover, None),
        name=identity["name"],
        latin_name=identity["latin_name"],
        sex=Sex(identity["sex"]),
        gender=identity["gender"],
        birth_date=date.fromisoformat(born) if born else None,
        nationality=identity["nationality"],
        languages=tuple(identity["languages"]),
        literacy=Literacy(identity["literacy"]),
        interpreter_language=identity["interpreter_language"],
        accessibility=identity["accessibility"],
        phone=contact.get("phone"),
        address=contact.get("address"),
        safe_to_phone=contact.get("safe_to_phone", False),
        safe_to_text=contact.get("safe_to_text", False),
        safe_to_write=contact.get("safe_to_write", False),
    )


def _facts(handover: Handover, told: Content) -> people.CaseFields:
    custody, offence = told.get(Category.CUSTODY_DATES, {}), told.get(Category.OFFENCE, {})
    released = handover.released_on is not None
    admitted, conditional = custody.get("admitted_at"), custody.get("conditional_release_on")
    return people.CaseFields(
        admitted_at=datetime.fromisoformat(admitted) if admitted else None,
        legal_status=LegalStatus.RELEASED if released else LegalStatus(custody.get("legal_status", "unknown")),
        offence_class=offence.get("class"),
        offence_type=offence.get("type"),
        offence_subtype=offence.get("subtype"),
        sentence_months=custody.get("sentence_months"),
        release_on=handover.release_on,
        conditional_release_on=date.fromisoformat(conditional) if conditional else None,
        released_on=handover.released_on,
    )


def _carry_on(case: Case, told: Content, by: User) -> None:
    """The plan goes on, and so do the needs that are still open, as far as they were agreed."""
    for one in told.get(Category.SUPPORT_NEEDS, {}).get("needs", []):
        if one["status"] == NeedStatus.OPEN:
            area, priority = NeedArea(one["area"]), NeedPriority(one["priority"])
            assessments.record_need(case, area=area, description=one["description"], priority=priority, by=by)
    for one in told.get(Category.PLAN, {}).get("goals", []):
        if one["status"] not in GOALS_THAT_GO_ON:
            continue
        target = date.fromisoformat(one["target_on"]) if one["target_on"] else None
        goal = plans.add_goal(case, area=NeedArea(one["area"]), title=one["title"], target_on=target, by=by)
        for told_step in one["steps"]:
            due = date.fromisoformat(told_step["due_on"]) if told_step["due_on"] else None
            step = plans.add_step(
                goal, title=told_step["title"], actor=StepActor(told_step["actor"]), due_on=due, by=by
            )
            status = StepStatus(told_step["status"])
            if status is not StepStatus.NOT_STARTED:
                plans.set_step_status(step, status, _("As it stood at the handover."), by=by)


def _prepared(handover: Handover) -> None:
    """Hold the handover for an act that moves it nowhere; raises Conflict where nobody prepares it now."""
    lock(handover)
    if handover.status is not HandoverStatus.PREPARING:
        raise moved_on(handover)


def _move(handover: Handover, status: HandoverStatus, by: User) -> None:
    move(handover, status, by=by)
    post("handover.moved", by=by, to=handover.org_id, handover=handover.id, what=status.value)


def _may_prepare(officer: User, by: User) -> None:
    if officer.org_id != by.org_id or not (officer.may(Permission.SUPERVISE) and officer.may(Permission.WORK_ON_CASES)):
        raise Refused(_("Choose a colleague who supervises people after release."), field="officer")


def _own_row(handover: Handover) -> Received:
    return db.session.get_one(Received, (handover.to_org_id, handover.id))
