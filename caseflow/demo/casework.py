"""What the case workers of prison and probation service write in their files, up to the referrals that they send."""

from caseflow.accounts.models import User
from caseflow.assessments import actions as assessments
from caseflow.assessments.actions import IntakeAnswers
from caseflow.assessments.models import Need, NeedArea, NeedPriority, NeedStatus
from caseflow.core.db import db
from caseflow.demo.clock import told_at
from caseflow.demo.inventing import facts, person
from caseflow.demo.lives import Tale
from caseflow.demo.referring import refer
from caseflow.people import actions as people
from caseflow.people.models import Case, NoteKind, Phase
from caseflow.plans import actions as plans
from caseflow.plans.models import Agreement, Goal, GoalStatus, StepActor, StepStatus
from caseflow.tenancy.models import OrganisationKind, Site

AREAS = {
    "education": NeedArea.EDUCATION,
    "legal_aid": NeedArea.LEGAL,
    "employment": NeedArea.EMPLOYMENT,
    "family_contact": NeedArea.FAMILY,
}
DUE = (-6, -3, -1, 0, 0, 1, 2, 4, 5, 7, 12, 20)  # days: overdue, today, this week, later


def open_case(tale: Tale, user: User) -> None:
    """The case from its opening to its referrals, each act on its day."""
    prison = tale.service.body.kind is OrganisationKind.PRISON_SERVICE
    with told_at(tale.calendar.at(tale.admitted, 11)):
        case = people.open_case(
            number=f"{tale.country.code}{tale.calendar.day(tale.admitted).year}-{tale.number + 1:05d}",
            person=person(tale),
            facts=facts(tale),
            site=None if tale.site is None else db.session.get(Site, (user.org_id, tale.site)),
            phase=Phase.INTAKE if prison or tale.life.phase is Phase.INTAKE else Phase.RELEASED,
            opened_on=tale.calendar.day(tale.admitted),
            reason=tale.country.words.allocation if prison else None,
            by=user,
        )
        tale.case_id = case.id
        _relatives(tale, case, user)
    _notes(tale, case, user)
    if tale.life.phase is Phase.INTAKE:
        _begin_intake(tale, case, user)
    else:
        _take_in(tale, case, user, prison)
        needs = _needs(tale, case, user)
        if tale.life.phase is not Phase.ASSESSMENT:
            _plan(tale, case, needs, user)
    for asked in tale.asked:
        refer(asked, case, user)
    if prison and tale.life.phase is Phase.PRE_RELEASE:
        with told_at(tale.calendar.at(min(-2, (tale.release or 0) - 85))):
            people.change_phase(case, Phase.PRE_RELEASE, by=user)
    _tasks(tale, case, user)


def _relatives(tale: Tale, case: Case, user: User) -> None:
    words = tale.country.words
    people_of = next(people for _weight, people in tale.country.peoples if people.label == tale.name.people)
    chosen = tale.random.sample([kin for kin in words.kin if kin.older >= 0], 2)
    chosen += [kin for kin in words.kin if kin.older < -10 and tale.chance(0.25)]
    for place, kin in enumerate(chosen):
        name = people_of.name(tale.random, female=kin.woman, family=tale.name.family)
        child = kin.older < -10
        age = tale.calendar.today.year - 1990
        row = people.add_relative(
            case,
            people.RelativeFields(
                name=name.name,
                relation=kin.relation,
                birth_year=tale.calendar.today.year - max(age + kin.older, 4) if child or tale.chance(0.3) else None,
                child=child,
                cared_for_by=tale.pick(words.carers) if child else None,
                phone=None if child else f"{tale.country.phone} {tale.random.randrange(1000, 9999)}",
                contact_wanted=place == 0 or tale.chance(0.8),
                safe_to_phone=tale.chance(0.7),
                safe_to_write=tale.chance(0.7),
                notify=place == 0,
                restriction=words.restriction if place == 1 and tale.chance(0.06) else None,
            ),
            by=user,
        )
        db.session.flush()
        tale.relatives.append(row.id)


def _notes(tale: Tale, case: Case, user: User) -> None:
    words, last = tale.country.words, -1 if tale.life.phase is not Phase.CLOSED else (tale.release or -20)
    span = last - tale.admitted
    for place in range(min(3, 1 + span // 40)):
        day = tale.admitted + 1 + tale.random.randint(0, max(0, span - 2)) if place else last
        kinds = (NoteKind.CONTACT, words.contacts), (NoteKind.OBSERVATION, words.observations)
        kind, texts = tale.pick((*kinds, kinds[0], (NoteKind.DECISION, words.decisions)))
        sensitive = place == 2 and tale.chance(0.12)
        moment = tale.calendar.at(max(day, tale.admitted))
        with told_at(moment):
            note = people.write_note(
                case,
                kind=kind,
                text=tale.pick(words.sensitive if sensitive else texts),
                occurred_at=moment,
                sensitive=sensitive,
                by=user,
            )
            if place == 1 and tale.chance(0.05):
                people.write_note(case, kind=kind, text=tale.pick(words.amendments), amends=note, by=user)


def _answers(tale: Tale, complete: bool) -> IntakeAnswers:
    words = tale.country.words
    return IntakeAnswers(
        order_seen=True,
        rights_explained=complete,
        family_told=complete or tale.chance(0.5),
        injuries=tale.pick(words.injuries),
        urgent_needs=tale.pick(words.urgent),
        dependants=tale.pick(words.dependants) if complete else None,
        strengths=tale.pick(words.strengths) if complete else None,
        own_words=tale.pick(words.own_words) if complete else None,
    )


def _begin_intake(tale: Tale, case: Case, user: User) -> None:
    if tale.admitted < -4:
        with told_at(tale.calendar.at(tale.admitted + 1)):
            assessments.save_intake(case, _answers(tale, complete=False), by=user)


def _take_in(tale: Tale, case: Case, user: User, prison: bool) -> None:
    with told_at(tale.calendar.at(tale.admitted + 3)):
        answers = _answers(tale, complete=True)
        if prison:
            assessments.complete_intake(case, answers, by=user)
        else:
            assessments.save_intake(case, answers, by=user)


def _needs(tale: Tale, case: Case, user: User) -> list[Need]:
    words = tale.country.words
    areas = [AREAS[asked.kind.value] for asked in tale.asked]
    areas += tale.random.sample(list(NeedArea), 2)
    found = []
    with told_at(tale.calendar.at(tale.admitted + 9)):
        for area in dict.fromkeys(areas):
            need = assessments.record_need(
                case,
                area=area,
                description=tale.pick(words.needs[area]),
                priority=tale.pick((NeedPriority.NOW, NeedPriority.SOON, NeedPriority.SOON, NeedPriority.LATER)),
                by=user,
            )
            found.append(need)
        free = next(area for area in NeedArea if area not in areas)
        assessments.answer_nothing_needed(case, free, note=tale.pick(words.nothing_needed), by=user)
    if len(found) > 2 and tale.admitted < -150 and tale.chance(0.6):
        with told_at(tale.calendar.at(tale.admitted + 90)):
            if tale.chance(0.2):
                assessments.set_need_status(found[-1], NeedStatus.DECLINED, words.need_declined, by=user)
            else:
                assessments.set_need_status(found[-1], NeedStatus.MET, by=user)
    return found


def _plan(tale: Tale, case: Case, needs: list[Need], user: User) -> None:
    words = tale.country.words
    goals: list[Goal] = []
    with told_at(tale.calendar.at(tale.admitted + 20)):
        for place, need in enumerate(needs[: tale.pick((1, 2, 2))]):
            aim = tale.pick(words.aims[need.area])
            last = place == 1 and tale.chance(0.3)
            target = None if last else tale.calendar.day(tale.random.randint(15, 200))
            goal = plans.add_goal(case, area=need.area, title=aim.title, target_on=target, need=need, by=user)
            goals.append(goal)
            for title, actor in aim.steps[: 2 if place else 3]:
                due = tale.calendar.day(max(tale.admitted + 40, tale.random.randint(-12, 75)))
                step = plans.add_step(goal, title=title, actor=actor, due_on=due, by=user)
                if actor is StepActor.CSO or not tale.steps:
                    tale.steps.append(step.id)
        if tale.chance(0.7):
            plans.set_own_words(case, tale.pick(words.own_words), by=user)
    if tale.life.phase is Phase.PLANNING:
        if case.phase is Phase.ASSESSMENT:
            with told_at(tale.calendar.at(tale.admitted + 21)):
                people.change_phase(case, Phase.PLANNING, by=user)
        return
    with told_at(tale.calendar.at(tale.admitted + 28)):
        plans.agree(case, Agreement.AGREED, agreed_on=tale.calendar.day(tale.admitted + 28), by=user)
    if tale.admitted < -150:
        _go_on(tale, goals, user)


def _go_on(tale: Tale, goals: list[Goal], user: User) -> None:
    """What became of the plan after some months."""
    with told_at(tale.calendar.at(tale.admitted + 100)):
        own = [step for goal in goals for step in goal.steps if step.id not in tale.steps]
        for step in own[:1]:
            plans.set_step_status(
                step, tale.pick((StepStatus.COMPLETED, StepStatus.COMPLETED, StepStatus.IN_PROGRESS)), by=user
            )
        if len(goals) > 1 and tale.chance(0.3):
            plans.set_goal_status(goals[1], GoalStatus.ACHIEVED, by=user)


def _tasks(tale: Tale, case: Case, user: User) -> None:
    words = tale.country.words
    for _place in range(tale.pick((0, 1, 1, 1, 2)) if tale.life.phase is not Phase.CLOSED else 0):
        with told_at(tale.calendar.at(max(tale.admitted, -tale.random.randint(7, 20)))):
            due = tale.calendar.day(tale.pick(DUE))
            people.add_task(case, title=tale.pick(words.tasks), due_on=due, by=user)
    if tale.admitted < -40 and tale.chance(0.4):
        with told_at(tale.calendar.at(-30)):
            done = people.add_task(case, title=tale.pick(words.tasks), due_on=tale.calendar.day(-24), by=user)
        with told_at(tale.calendar.at(-25)):
            people.finish_task(done, by=user)
