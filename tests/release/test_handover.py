"""A handover from the invitation to the lead, by URL: the prison, the probation service, the stranger."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from caseflow.assessments import actions as assessments
from caseflow.assessments import queries as needs
from caseflow.assessments.models import NeedArea, NeedPriority
from caseflow.core.db import db, today
from caseflow.people import actions as people_actions
from caseflow.people import queries as people
from caseflow.people.models import Case, CaseParty, Category, Consent, PartyRole, Person, Phase
from caseflow.plans import actions as plan_actions
from caseflow.plans import queries as plans
from caseflow.plans.models import StepActor, StepStatus
from caseflow.release import actions, queries
from caseflow.release.models import MOVES, Handover, HandoverStatus, Received
from tests.cast import Cast
from tests.people.test_cases import parts
from tests.stories.access import colleague, excluded
from tests.stories.people import a_case
from tests.stories.release import a_handover, accepted, led

NAME = "Ермек Сатыбалды"
USUAL = ["identity", "contact", "custody_dates", "support_needs", "plan"]


def day(name: str, value: date) -> dict[str, str]:
    return {f"{name}-day": str(value.day), f"{name}-month": str(value.month), f"{name}-year": str(value.year)}


def a_full_case(cast: Cast, **fields: Any) -> uuid.UUID:
    """A case with a need, a goal with two steps, and a child."""
    case_id = a_case(cast, phone="+7 700 000", address="Abay 1", **fields)
    with cast.acting("aigerim") as user:
        case = people.opened(case_id, user)
        assessments.record_need(
            case, area=NeedArea.EMPLOYMENT, description="Wants to weld", priority=NeedPriority.NOW, by=user
        )
        goal = plan_actions.add_goal(
            case, area=NeedArea.EMPLOYMENT, title="Work as a welder", target_on=today() + timedelta(days=200), by=user
        )
        plan_actions.add_step(goal, title="Find a course", actor=StepActor.WORKER, by=user)
        step = plan_actions.add_step(goal, title="Get papers", actor=StepActor.PERSON, by=user)
        plan_actions.set_step_status(step, StepStatus.COMPLETED, by=user)
        people_actions.add_relative(
            case, people_actions.RelativeFields(name="Айлин", relation="daughter", child=True), by=user
        )
    return case_id


def a_consent(cast: Cast, case_id: uuid.UUID, categories: list[Category], *, ends_on: date | None = None) -> uuid.UUID:
    receiver = cast.organisation("probation")
    with cast.acting("aigerim") as user:
        consent = people_actions.record_consent(
            people.opened(case_id, user),
            grantee_org_id=receiver,
            purpose="Handover",
            categories=categories,
            starts_on=today() - timedelta(days=1),
            ends_on=ends_on,
            by=user,
        )
        return consent.id


def started(cast: Cast, case_id: uuid.UUID, **changes: Any) -> Handover:
    """Start it by URL, as the worker does; gives the row."""
    form = {"receiver": str(cast.organisation("probation")), "categories": USUAL, "ground": "Law 7", **changes}
    cast.be("aigerim").post(f"/cases/{case_id}/release/handovers/new", form)
    with cast.acting("aigerim"):
        return db.session.scalars(select(Handover)).one()


def parties(cast: Cast, who: str, case_id: uuid.UUID) -> dict[PartyRole, set[uuid.UUID]]:
    found: dict[PartyRole, set[uuid.UUID]] = {}
    with cast.acting(who) as user:
        query = select(CaseParty).where(CaseParty.org_id == user.org_id, CaseParty.case_id == case_id)
        for one in db.session.scalars(query.where(CaseParty.until.is_(None))):
            found.setdefault(one.role, set()).add(one.party_org_id)
    return found


def test_whole_handover_from_the_invitation_to_the_lead(cast: Cast, redis: Any) -> None:
    released = today() - timedelta(days=1)
    case_id = a_full_case(cast, release_on=released)
    prison, probation = cast.organisation("almaty"), cast.organisation("probation")
    started(cast, case_id, letter="He likes to be called Ere")
    cast.deliver(redis)
    leader = cast.be("probation_leader")
    assert "invites you to take over a case" in leader.get("/notifications")

    officer = cast.be("officer")
    listed = officer.get("/handovers")
    assert "Prison Service of Almaty" in listed
    assert NAME not in listed
    with cast.acting("officer"):
        handover_id = db.session.scalars(select(Handover.id)).one()
    page = f"/handovers/{handover_id}"
    text = officer.get(page)
    for words in (NAME, "Abay 1", "Wants to weld", "Work as a welder", "Get papers", "He likes to be called Ere"):
        assert words in text
    assert "Айлин" not in text  # the family was not agreed

    with cast.acting("officer") as user:
        me = str(user.id)
    officer.post(f"{page}/accept", {"officer": me})
    officer.post(f"{page}/accept", {"officer": me}, expect=409)
    officer.post(f"{page}/meeting", day("met_on", today()))
    cast.deliver(redis)
    assert parties(cast, "aigerim", case_id) == {PartyRole.LEAD: {prison}, PartyRole.INCOMING: {probation}}
    own = cast.be("aigerim").get(f"/cases/{case_id}/release")
    assert "Read by <bdi>Тимур Бек</bdi>" in own
    news = cast.be("aigerim").get("/notifications")
    assert "prepares to take over a case (H-" in news
    assert "has met the person" in news
    assert NAME not in news  # it lies in clear

    officer.post(f"{page}/lead", day("released_on", released))
    taken = uuid.UUID(officer.location.rsplit("/", 1)[1])
    officer.post(f"{page}/lead", day("released_on", released), expect=409)
    cast.deliver(redis)

    with cast.acting("officer") as user:
        case = people.opened(taken, user)
        assert (case.phase, case.released_on) == (Phase.RELEASED, released)
        assert case.primary_worker is not None
        assert case.primary_worker.id == user.id
        assert (case.person.name, case.person.phone) == (NAME, "+7 700 000")
        assert [one.full for one in people.names(case.person)] == [NAME, "Ermek Satybaldy"]
        [need] = needs.open_needs(case)
        assert (need.description, need.priority) == ("Wants to weld", NeedPriority.NOW)
        plan = plans.plan(case)
        assert plan is not None
        [goal] = plan.goals
        assert {step.title: step.status for step in goal.steps} == {
            "Find a course": StepStatus.NOT_STARTED,
            "Get papers": StepStatus.COMPLETED,
        }
        mine = db.session.scalars(select(Received)).one()
        assert mine.content is not None
        assert mine.content["letter"] == {"text": "He likes to be called Ere"}
        assert people.relatives(case.person) == []
    assert parties(cast, "officer", taken) == {PartyRole.LEAD: {probation}, PartyRole.FORMER: {prison}}
    assert parties(cast, "aigerim", case_id) == {PartyRole.LEAD: {probation}, PartyRole.FORMER: {prison}}
    with cast.acting("aigerim") as user:
        case = people.opened(case_id, user)
        assert (case.phase, case.released_on) == (Phase.RELEASED, released)
    assert "now leads a case" in cast.be("aigerim").get("/notifications")
    with cast.app.test_request_context(), cast.acting("officer") as user:
        assert "Taken over from Prison Service of Almaty" in [
            one.title for one in queries.happenings(people.opened(taken, user))
        ]
    assert "He likes to be called Ere" in officer.get(page)  # the copy stays on this side
    assert "Ermek" in officer.get("/search?q=Ermek")


def test_double_click_on_start_makes_one_handover(cast: Cast) -> None:
    case_id = a_case(cast)
    started(cast, case_id)
    form = {"receiver": str(cast.organisation("probation")), "categories": USUAL, "ground": "Law 7"}
    text = cast.be("aigerim").post(f"/cases/{case_id}/release/handovers/new", form, expect=409)
    assert "on its way already" in text
    with cast.acting("aigerim"):
        assert db.session.scalar(select(func.count()).select_from(Handover)) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ground": ""}, "Name the law that allows it"),
        ({"categories": ["plan"]}, "choose the identity"),
        ({"categories": []}, "What they may read"),
        ({"receiver": str(uuid.uuid4())}, "Probation service"),
    ],
)
def test_incomplete_handover_is_refused_and_what_was_typed_is_kept(
    cast: Cast, changes: dict[str, Any], words: str
) -> None:
    case_id = a_case(cast)
    form = {
        "receiver": str(cast.organisation("probation")),
        "categories": USUAL,
        "ground": "Law 7",
        "letter": "Typed with care",
        **changes,
    }
    text = cast.be("aigerim").post(f"/cases/{case_id}/release/handovers/new", form, expect=422)
    assert words in text
    assert "Typed with care" in text


def test_consent_must_hold_and_cover_what_is_opened(cast: Cast) -> None:
    case_id = a_case(cast)
    narrow = a_consent(cast, case_id, [Category.IDENTITY])
    form = {"receiver": str(cast.organisation("probation")), "categories": USUAL, "consent": str(narrow)}
    text = cast.be("aigerim").post(f"/cases/{case_id}/release/handovers/new", form, expect=422)
    assert "The consent does not cover" in text
    over = a_consent(cast, case_id, [Category.IDENTITY], ends_on=today() - timedelta(days=1))
    cast.be("aigerim").post(f"/cases/{case_id}/release/handovers/new", {**form, "consent": str(over)}, expect=422)
    cast.be("aigerim").post(f"/cases/{case_id}/release/handovers/new", {**form, "categories": ["identity"]})


def test_declined_handover_closes_the_case_and_tells_the_prison_why(cast: Cast, redis: Any) -> None:
    case_id = a_case(cast)
    handover = a_handover(cast, case_id)
    officer = cast.be("officer")
    officer.post(f"/handovers/{handover}/decline", {}, expect=422)
    officer.post(f"/handovers/{handover}/decline", {"reason": "Lives in another region"})
    officer.post(f"/handovers/{handover}/decline", {"reason": "Again"}, expect=409)
    assert NAME not in officer.get(f"/handovers/{handover}")
    cast.deliver(redis)
    text = cast.be("aigerim").get(f"/cases/{case_id}/release")
    assert "Lives in another region" in text
    assert "declines to take over" in cast.be("aigerim").get("/notifications")
    a_handover(cast, case_id)  # and it can be tried again
    assert "Lives in another region" in cast.be("aigerim").get(f"/cases/{case_id}/release")


def test_cancelled_handover_shows_nothing_more_and_is_told(cast: Cast, redis: Any) -> None:
    case_id = a_case(cast)
    handover = accepted(cast, a_handover(cast, case_id))
    cast.deliver(redis)
    assert NAME in cast.be("officer").get(f"/handovers/{handover}")
    page = f"/cases/{case_id}/release/handovers/{handover}/cancel"
    cast.be("aigerim").post(page, {"reason": "Sentence extended"})
    cast.be("aigerim").post(page, {"reason": "Sentence extended"}, expect=409)
    text = cast.be("officer").get(f"/handovers/{handover}")
    assert NAME not in text
    assert "Sentence extended" in text
    cast.deliver(redis)
    assert "has cancelled a handover" in cast.be("officer").get("/notifications")
    assert PartyRole.INCOMING not in parties(cast, "aigerim", case_id)
    cast.be("officer").post(f"/handovers/{handover}/lead", {"reason": "Late"}, expect=409)


def test_new_release_date_is_told(cast: Cast, redis: Any) -> None:
    case_id = a_case(cast)
    handover = accepted(cast, a_handover(cast, case_id))
    with cast.acting("aigerim") as user:
        people.opened(case_id, user).release_on = today() + timedelta(days=99)
    page = f"/cases/{case_id}/release"
    assert "has changed since they were told" in cast.be("aigerim").get(page)
    cast.be("aigerim").post(f"{page}/handovers/{handover}/date")
    assert "has changed since they were told" not in cast.be("aigerim").get(page)
    with cast.acting("officer"):
        row = db.session.scalars(select(Handover)).one()
        assert row.release_on == today() + timedelta(days=99)
        assert row.closes_on == today() + timedelta(days=159)
    cast.deliver(redis)
    assert "has changed the release date" in cast.be("officer").get("/notifications")


def test_missing_date_and_a_late_handover_are_said_to_both(cast: Cast) -> None:
    late = a_case(cast, release_on=today() + timedelta(days=3))
    a_handover(cast, late)
    assert "Late" in cast.be("officer").get("/handovers")
    assert "Late" in cast.be("aigerim").get(f"/cases/{late}/release")
    unknown = a_case(cast)
    with cast.acting("aigerim") as user:
        people.opened(unknown, user).release_on = None
    handover = a_handover(cast, unknown)
    assert "Date missing" in cast.be("officer").get("/handovers")
    assert "Date missing" in cast.be("officer").get(f"/handovers/{handover}")


def test_lead_before_the_release_needs_a_reason_and_leaves_the_prisons_case_in_custody(cast: Cast, redis: Any) -> None:
    case_id = a_case(cast)
    handover = accepted(cast, a_handover(cast, case_id))
    page = f"/handovers/{handover}/lead"
    officer = cast.be("officer")
    assert "say why you take the lead before it" in officer.post(page, {}, expect=422)
    officer.post(page, day("released_on", today() + timedelta(days=3)), expect=422)
    officer.post(page, {"reason": "Leaves on home release next week"})
    cast.deliver(redis)
    with cast.acting("officer"):
        assert db.session.scalars(select(Case)).one().phase is Phase.PRE_RELEASE
    with cast.acting("aigerim") as user:
        assert people.opened(case_id, user).phase is Phase.INTAKE
    assert PartyRole.FORMER in parties(cast, "aigerim", case_id)


def test_lead_is_not_taken_of_an_invitation_that_nobody_accepted(cast: Cast) -> None:
    handover = a_handover(cast, a_case(cast))
    cast.be("officer").post(f"/handovers/{handover}/lead", {"reason": "Soon"}, expect=409)


@pytest.mark.parametrize("status", HandoverStatus)
def test_a_step_that_the_table_of_moves_does_not_have_is_a_conflict(cast: Cast, status: HandoverStatus) -> None:
    case_id = a_case(cast)
    handover = a_handover(cast, case_id)
    with cast.acting("officer") as user:
        officer = str(user.id)
    cancel = f"/cases/{case_id}/release/handovers/{handover}/cancel"
    steps: dict[HandoverStatus, tuple[str, str, dict[str, str]]] = {
        HandoverStatus.PREPARING: ("officer", f"/handovers/{handover}/accept", {"officer": officer}),
        HandoverStatus.DECLINED: ("officer", f"/handovers/{handover}/decline", {"reason": "Lives elsewhere"}),
        HandoverStatus.LED: ("officer", f"/handovers/{handover}/lead", {"reason": "Leaves soon"}),
        HandoverStatus.CANCELLED: ("aigerim", cancel, {"reason": "Sentence extended"}),
    }
    way = {HandoverStatus.INVITED: [], HandoverStatus.LED: [HandoverStatus.PREPARING, status]}.get(status, [status])
    for to in way:
        name, path, said = steps[to]
        cast.be("stranger").post(path, said, expect=404)
        cast.be(name).post(path, said)
    forbidden = steps.keys() - MOVES[status]
    assert forbidden
    for to in forbidden:
        name, path, said = steps[to]
        assert "This handover has moved on" in cast.be(name).post(path, said, expect=409), to
    with cast.acting("officer"):
        assert db.session.get_one(Handover, (cast.organisation("almaty"), handover)).status is status


def test_leader_gives_a_handover_to_an_officer_who_then_sees_it(cast: Cast, redis: Any) -> None:
    handover = a_handover(cast, a_case(cast))
    with cast.acting("other_officer") as user:
        other = str(user.id)
    with cast.acting("officer") as user:
        first = str(user.id)
    leader = cast.be("probation_leader")
    leader.post(f"/handovers/{handover}/accept", {"officer": first})
    cast.be("officer").get(f"/handovers/{handover}")
    cast.be("other_officer").get(f"/handovers/{handover}", expect=404)
    leader.post(f"/handovers/{handover}/officer", {"officer": first}, expect=422)
    leader.post(f"/handovers/{handover}/officer", {"officer": other})
    cast.be("other_officer").get(f"/handovers/{handover}")
    cast.be("officer").get(f"/handovers/{handover}", expect=404)
    cast.deliver(redis)
    assert "A handover is yours to prepare" in cast.be("other_officer").get("/notifications")


def test_officer_who_gives_it_away_comes_back_to_the_list(cast: Cast) -> None:
    handover = accepted(cast, a_handover(cast, a_case(cast)))
    with cast.acting("other_officer") as user:
        other = str(user.id)
    cast.be("officer").post(f"/handovers/{handover}/officer", {"officer": other})
    assert cast.be("officer").location == "/handovers"


def test_person_who_comes_again_from_the_same_prison_is_one_person(cast: Cast) -> None:
    first = led(cast, accepted(cast, a_handover(cast, a_case(cast, number="77"))), released_on=today())
    with cast.acting("officer") as user:
        person_id, number = people.opened(first, user).person_id, people.opened(first, user).person.number
    with cast.acting("aigerim") as user:
        person = db.session.scalars(select(Person).where(Person.org_id == user.org_id, Person.number == number)).one()
        again = people_actions.open_case(number="78", person=person, by=user).id
    second = led(cast, accepted(cast, a_handover(cast, again)), released_on=today())
    with cast.acting("officer") as user:
        assert people.opened(second, user).person_id == person_id
        assert people.opened(second, user).number != people.opened(first, user).number


def test_a_second_handover_leads_nobody_round_the_file_that_is_closed_to_them(cast: Cast) -> None:
    first = led(cast, accepted(cast, a_handover(cast, a_case(cast, number="77"))), released_on=today())
    excluded(cast, first, "other_officer", by="probation_leader")
    with cast.acting("officer") as user:
        person_id, number = people.opened(first, user).person_id, people.opened(first, user).person.number
    with cast.acting("aigerim") as user:
        person = db.session.scalars(select(Person).where(Person.org_id == user.org_id, Person.number == number)).one()
        again = people_actions.open_case(number="78", person=person, by=user).id
    handover = a_handover(cast, again)
    other = cast.be("other_officer")
    other.get(f"/handovers/{handover}", expect=404)
    accepted(cast, handover, by="other_officer")  # by its number: whose it is they do not know
    other.get(f"/handovers/{handover}", expect=404)
    page = other.post(f"/handovers/{handover}/lead", parts("released_on", today()), expect=422)
    assert "This case is closed to you." in page
    leader = cast.be("probation_leader")
    assert NAME in leader.get(f"/handovers/{handover}")
    page = leader.post(f"/handovers/{handover}/lead", parts("released_on", today()), expect=422)
    assert "may not open this case" in page
    leader.post(f"/handovers/{handover}/officer", {"officer": str(colleague(cast, "officer"))})
    second = led(cast, handover, released_on=today())
    with cast.acting("officer") as user:
        assert people.opened(second, user).person_id == person_id
    other.get(f"/cases/{second}", expect=404)


def test_number_that_another_person_has_does_not_stop_a_handover(cast: Cast) -> None:
    a_case(cast, "officer", number="P-88", name="Somebody Else")
    case_id = led(cast, accepted(cast, a_handover(cast, a_case(cast, number="88"))), released_on=today())
    with cast.acting("officer") as user:
        case = people.opened(case_id, user)
        assert case.person.name == NAME
        assert case.number.startswith("P-88/")


def test_relatives_go_along_where_the_family_was_agreed_and_a_childs_name_stays(cast: Cast) -> None:
    handover = a_handover(cast, a_full_case(cast), categories=[Category.IDENTITY, Category.FAMILY])
    text = cast.be("officer").get(f"/handovers/{handover}")
    assert "daughter" in text
    assert "Айлин" not in text
    case_id = led(cast, accepted(cast, handover), released_on=today())
    with cast.acting("officer") as user:
        case = people.opened(case_id, user)
        [relative] = people.relatives(case.person)
        assert (relative.name, relative.child) == ("daughter", True)
        assert needs.needs(case) == []
        assert plans.plan(case) is None


def test_news_that_comes_twice_changes_nothing_the_second_time(cast: Cast, redis: Any) -> None:
    case_id = a_case(cast)
    led(cast, accepted(cast, a_handover(cast, case_id)), released_on=today())
    cast.deliver(redis)
    with cast.acting("aigerim") as user:
        before = db.session.scalar(select(func.count()).select_from(CaseParty))
        handover = db.session.scalars(select(Handover)).one()
        actions.follow_handover(handover)
        assert db.session.scalar(select(func.count()).select_from(CaseParty)) == before
        assert people.opened(case_id, user).phase is Phase.RELEASED


def test_invitations_are_counted_for_the_invited_only(cast: Cast) -> None:
    a_handover(cast, a_case(cast))
    counts = {}
    for name in ("officer", "probation_leader", "leader", "stranger"):
        with cast.acting(name) as user:
            counts[name] = (queries.invited(user), queries.arriving(user, None, page=1).total)
    assert counts == {"officer": (1, 1), "probation_leader": (1, 1), "leader": (0, 0), "stranger": (0, 0)}
    assert "H-" in cast.be("officer").get("/handovers?status=invited")
    assert "H-" not in cast.be("officer").get("/handovers?status=led")


def test_stranger_finds_no_handover_on_either_side(cast: Cast) -> None:
    case_id = a_case(cast)
    handover = accepted(cast, a_handover(cast, case_id, letter="Secret"))
    for path in ("", "/accept", "/decline", "/meeting", "/officer", "/lead"):
        cast.be("stranger").get(f"/handovers/{handover}{path}", expect=404)
        cast.be("leader").get(f"/handovers/{handover}{path}", expect=404)  # the sender's side is the release page
    cast.be("stranger").get(f"/cases/{case_id}/release/handovers/{handover}/cancel", expect=404)
    cast.be("officer").get(f"/cases/{case_id}/release/handovers/{handover}/cancel", expect=403)
    assert "H-" not in cast.be("stranger").get("/handovers")
    cast.be("coordinator").get("/handovers", expect=403)
    with cast.acting("stranger"):
        assert db.session.scalar(select(func.count()).select_from(Handover)) == 0
        assert db.session.scalar(select(func.count()).select_from(Consent)) == 0


def test_status_that_does_not_exist_shows_what_is_on_its_way(cast: Cast) -> None:
    a_handover(cast, a_case(cast))
    assert "H-" in cast.be("officer").get("/handovers?status=nonsense")
