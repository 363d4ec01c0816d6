"""What the actions refuse whoever calls them: a form, a job or the demo; and what the timeline tells."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from caseflow.accounts.models import User
from caseflow.accounts.permissions import Role
from caseflow.core.db import db, today
from caseflow.core.errors import Conflict, Refused
from caseflow.people import actions as people_actions
from caseflow.people import queries as people
from caseflow.people.models import CaseOutcome, Category, Consent, TaskKind
from caseflow.release import actions, queries
from caseflow.release.models import Handover, PathwayArea, PathwayStatus
from caseflow.release.told import sections
from caseflow.tenancy.models import Organisation
from tests.cast import Cast
from tests.release.test_handover import a_consent
from tests.stories.people import a_case
from tests.stories.release import a_handover, accepted, led

FUTURE = today() + timedelta(days=5)


def the_officer(user: User) -> User:
    return next(one for one in people.workers(user) if one.email.startswith("officer@"))


def the_handover() -> Handover:
    return db.session.scalars(select(Handover)).one()


def test_closed_case_is_neither_prepared_nor_handed_over(cast: Cast) -> None:
    case_id, receiver = a_case(cast), cast.organisation("probation")
    with cast.acting("aigerim") as user:
        case = people.opened(case_id, user)
        people_actions.close_case(case, CaseOutcome.DIED, "Died", by=user)
        service = db.session.get_one(Organisation, receiver)
        with pytest.raises(Conflict):
            actions.start_handover(case, service, categories=[Category.IDENTITY], ground="Law", by=user)
        with pytest.raises(Conflict):
            actions.set_pathway(case, PathwayArea.WORK, PathwayStatus.DONE, by=user)


@pytest.mark.parametrize("slug", ["kamqor", "stranger", "almaty"])
def test_case_goes_to_another_countrys_or_another_kind_of_organisation_never(cast: Cast, slug: str) -> None:
    case_id, receiver = a_case(cast), cast.organisation(slug)
    with cast.acting("aigerim") as user:
        service = db.session.get_one(Organisation, receiver)
        with pytest.raises(Refused) as refused:
            actions.start_handover(
                people.opened(case_id, user), service, categories=[Category.IDENTITY], ground="Law", by=user
            )
    assert refused.value.field == "receiver"


def test_probation_service_does_not_hand_over_to_itself(cast: Cast) -> None:
    case_id, own = a_case(cast, "probation_leader"), cast.organisation("probation")
    with cast.acting("probation_leader") as user:
        assert queries.services(user) == []
        with pytest.raises(Refused, match="your own"):
            actions.start_handover(
                people.opened(case_id, user),
                db.session.get_one(Organisation, own),
                categories=[Category.IDENTITY],
                ground="Law",
                by=user,
            )


def test_consent_for_another_organisation_is_no_ground(cast: Cast) -> None:
    case_id, receiver, other = a_case(cast), cast.organisation("probation"), cast.organisation("kamqor")
    consent_id = a_consent(cast, case_id, [Category.IDENTITY])
    with cast.acting("aigerim") as user:
        consent = people_actions.record_consent(
            people.opened(case_id, user),
            grantee_org_id=other,
            purpose="Help",
            categories=[Category.IDENTITY],
            starts_on=today() - timedelta(days=1),
            by=user,
        )
        service = db.session.get_one(Organisation, receiver)
        with pytest.raises(Refused) as refused:
            actions.start_handover(
                people.opened(case_id, user), service, categories=[Category.IDENTITY], consent=consent, by=user
            )
        assert refused.value.field == "consent"
        assert db.session.get(Consent, (user.org_id, consent_id)) is not None


def test_starting_a_handover_finishes_the_task_to_prepare_it(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("aigerim") as user:
        people_actions.add_task(
            people.opened(case_id, user), title="Hand over", due_on=today(), kind=TaskKind.HANDOVER, by=user
        )
    a_handover(cast, case_id)
    with cast.acting("aigerim") as user:
        kinds = [task.kind for task in people.open_tasks(people.opened(case_id, user))]
    assert TaskKind.HANDOVER not in kinds


def test_date_that_did_not_change_is_no_news(cast: Cast) -> None:
    case_id = a_case(cast)
    a_handover(cast, case_id)
    with cast.acting("aigerim") as user:
        before = the_handover().version
        actions.tell_release_date(people.opened(case_id, user), the_handover(), by=user)
        assert the_handover().version == before


def test_nothing_is_recorded_of_a_day_to_come(cast: Cast) -> None:
    case_id = a_case(cast)
    accepted(cast, a_handover(cast, case_id))
    with cast.acting("officer") as user:
        with pytest.raises(Refused) as refused:
            actions.record_meeting(the_handover(), FUTURE, by=user)
        assert refused.value.field == "met_on"
        with pytest.raises(Refused) as refused:
            actions.take_lead(the_handover(), released_on=FUTURE, by=user)
        assert refused.value.field == "released_on"
    with cast.acting("aigerim") as user, pytest.raises(Refused):
        actions.confirm_release(people.opened(case_id, user), FUTURE, by=user)


def test_meeting_told_twice_is_told_once(cast: Cast) -> None:
    accepted(cast, a_handover(cast, a_case(cast)))
    for _time in range(2):
        with cast.acting("officer") as user:
            actions.record_meeting(the_handover(), today(), by=user)
    with cast.acting("officer"):
        assert the_handover().version == 3  # invited, accepted, met


def test_only_somebody_who_supervises_prepares_a_handover(cast: Cast) -> None:
    a_handover(cast, a_case(cast))
    with cast.acting("probation_admin") as admin:
        admin_id = admin.id
    with cast.acting("probation_leader") as user:
        admin = db.session.get_one(User, (user.org_id, admin_id))
        with pytest.raises(Refused) as refused:
            actions.accept_handover(the_handover(), admin, by=user)
    assert refused.value.field == "officer"


def test_officer_without_an_office_takes_the_lead_too(cast: Cast) -> None:
    handover = a_handover(cast, a_case(cast))
    case_id = led(
        cast, accepted(cast, handover, by="probation_leader"), by="probation_leader", released_on=None, reason="Soon"
    )
    with cast.acting("probation_leader") as user:
        assert people.opened(case_id, user).site_id is None


def test_leader_of_a_site_sees_what_its_officers_prepare_and_the_invitations(cast: Cast) -> None:
    mine, theirs = a_handover(cast, a_case(cast)), a_handover(cast, a_case(cast))
    accepted(cast, mine, by="officer")
    accepted(cast, theirs, by="probation_leader")  # who belongs to no site
    a_handover(cast, a_case(cast))
    with cast.acting("officer") as officer:
        site_id = officer.site_id
    with cast.managing("other_officer") as other:
        other.role, other.site_id = Role.TEAM_LEADER, site_id
    with cast.acting("other_officer") as user:
        seen = {handover.id for handover, _mine in queries.arriving(user, None, page=1).items}
        assert mine in seen
        assert theirs not in seen
        assert len(seen) == 2


def test_timeline_tells_pathways_and_the_handover_to_the_sender(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("aigerim") as user:
        actions.set_pathway(
            people.opened(case_id, user), PathwayArea.HEALTH, PathwayStatus.DONE, "Medicine for a week", by=user
        )
    accepted(cast, a_handover(cast, case_id))
    with cast.acting("officer") as user:
        actions.record_meeting(the_handover(), today(), by=user)
    with cast.app.test_request_context(), cast.acting("aigerim") as user:
        told = queries.happenings(people.opened(case_id, user))
        texts = {one.text for one in told}
        titles = " | ".join(one.title for one in told)
    assert "Medicine for a week" in texts
    for words in ("Health: Done", "Handover started", "Incoming party, preparing", "met the person on"):
        assert words in titles


def test_unknown_codes_of_languages_are_shown_as_they_are(cast: Cast) -> None:
    handover = a_handover(
        cast,
        a_case(cast, languages=("kk", "zz-unknown-9999999999"), interpreter_language="kk", nationality="KZ"),
    )
    page = cast.be("officer").get(f"/handovers/{handover}")
    assert "Kazakh" in page
    assert "Kazakhstan" in page
    assert sections({}) == []


def test_user_who_is_kept_is_needed_to_follow_a_handover(cast: Cast) -> None:
    a_handover(cast, a_case(cast))
    with cast.acting("aigerim"):
        handover = the_handover()
        db.session.expunge(handover)
        handover.started_by = uuid.uuid4()
        with pytest.raises(LookupError):
            actions.follow_handover(handover)
