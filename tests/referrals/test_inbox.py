"""The inbox, by URL: who sees what, in which order, narrowed by filters, with counts that are true."""

import re
import uuid

import psycopg
from sqlalchemy import select

from caseflow.core.db import db
from caseflow.people import queries as people
from caseflow.people.models import Consent
from caseflow.referrals.actions import answering
from caseflow.referrals.actions.consents import withdraw_consent
from caseflow.referrals.models import Location, Urgency
from caseflow.referrals.queries import shared
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.received import an_accepted, sent_days_ago
from tests.stories.referrals import a_referral


def listed(page: str) -> list[uuid.UUID]:
    """The referrals of the table, in their order."""
    return [uuid.UUID(found) for found in re.findall(r'<th scope="row"><a href="/referrals/([0-9a-f-]+)"', page)]


def test_inbox_goes_by_deadline_and_overdue_stands_out(cast: Cast, environment: dict[str, str]) -> None:
    standard = a_referral(cast)
    urgent = a_referral(cast, urgency=Urgency.URGENT)
    late = a_referral(cast)
    sent_days_ago(environment["OWNER_DATABASE_URL"], late, 30)
    page = cast.be("coordinator").get("/inbox")
    assert listed(page) == [late, urgent, standard]
    assert page.count("cf-tag--bad") >= 2  # overdue, and urgent
    assert listed(cast.be("coordinator").get("/inbox?status=all&overdue=yes")) == [late]


def test_information_asked_for_after_the_last_day_there_is_overdue_and_on_it_not(
    cast: Cast, environment: dict[str, str]
) -> None:
    late, in_time = a_referral(cast), a_referral(cast)
    with cast.acting("coordinator") as user:
        for id in (late, in_time):
            answering.ask(shared.received(id, user), "Which court?", by=user)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        for id, asked in ((late, "20:00Z"), (in_time, "18:00Z")):  # in Almaty one in the morning, and eleven at night
            owner.execute(
                "UPDATE referrals SET answer_by = '2026-03-10', status_at = %s, sent_at = '2026-03-01' WHERE id = %s",
                (f"2026-03-10 {asked}", id),
            )
    for name, page in (("coordinator", "/inbox?status=all&overdue=yes"), ("aigerim", "/referrals?overdue=yes")):
        browser = cast.be(name)
        assert listed(browser.get(page)) == [late], name
        for id, overdue in ((late, True), (in_time, False)):
            assert ("working days overdue" in browser.get(f"/referrals/{id}")) is overdue, name
    assert listed(cast.be("stranger").get("/referrals?overdue=yes")) == []
    assert listed(cast.be("stranger_cso").get("/inbox?status=all&overdue=yes")) == []


def test_unanswered_is_the_default_and_answered_ones_leave_it(cast: Cast) -> None:
    waiting, taken = a_referral(cast), an_accepted(cast, workers=())
    page = cast.be("coordinator").get("/inbox")
    assert listed(page) == [waiting]
    assert listed(cast.be("coordinator").get("/inbox?status=running")) == [taken]
    assert set(listed(cast.be("coordinator").get("/inbox?status=all"))) == {waiting, taken}
    assert listed(cast.be("coordinator").get("/inbox?status=declined")) == []


def test_filters_narrow_by_kind_service_place_and_language(cast: Cast) -> None:
    school = a_referral(cast, kind=ReferralKind.EDUCATION, location=Location.COMMUNITY)
    law = a_referral(cast)
    with cast.acting("coordinator") as user:
        service = shared.received(law, user).service_id
    browser = cast.be("coordinator")
    assert listed(browser.get("/inbox?kind=education")) == [school]
    assert listed(browser.get(f"/inbox?service={service}")) == [law]
    assert listed(browser.get("/inbox?place=community")) == [school]
    assert listed(browser.get("/inbox?language=ar")) == []
    assert set(listed(browser.get("/inbox?kind=nonsense&service=x&place=y&status=z&page=w"))) == {school, law}


def test_twenty_five_a_page_with_a_true_count(cast: Cast) -> None:
    case = a_case(cast)
    for _number in range(26):
        a_referral(cast, case=case)
    browser = cast.be("coordinator")
    first, second = listed(browser.get("/inbox")), listed(browser.get("/inbox?page=2"))
    assert (len(first), len(second)) == (25, 1)
    assert not set(first) & set(second)
    assert '<span class="cf-figure__number"><bdi>26</bdi>' in browser.get("/inbox")


def test_worker_sees_only_the_referrals_they_help_with(cast: Cast) -> None:
    mine, other = an_accepted(cast), an_accepted(cast, workers=("second",))
    assert listed(cast.be("worker").get("/inbox?status=all")) == [mine]
    assert listed(cast.be("second").get("/inbox?status=all")) == [other]
    assert '<span class="cf-figure__number"><bdi>1</bdi>' in cast.be("worker").get("/inbox")


def test_name_is_gone_with_the_consent(cast: Cast) -> None:
    id = a_referral(cast)
    assert "Ермек Сатыбалды" in cast.be("coordinator").get("/inbox")
    with cast.acting("aigerim") as user:
        consent = db.session.scalars(select(Consent).where(Consent.org_id == user.org_id)).one()
        people.opened(consent.case_id, user)
        withdraw_consent(consent, None, by=user)
    page = cast.be("coordinator").get("/inbox")
    assert listed(page) == [id]
    assert "Сатыбалды" not in page
    assert "Сатыбалды" not in cast.be("coordinator").get(f"/referrals/{id}")


def test_stranger_finds_nothing_in_lists_and_counts(cast: Cast) -> None:
    a_referral(cast)
    for name in ("stranger_cso", "stranger", "probation_leader"):
        page = cast.be(name).get("/inbox?status=all")
        assert listed(page) == []
        assert "Сатыбалды" not in page
        assert page.count('<span class="cf-figure__number"><bdi>0</bdi>') == 3
    cast.be("aigerim").get("/inbox", expect=403)


def test_question_hides_no_overdue_answer_and_its_answer_begins_the_time_anew(
    cast: Cast, environment: dict[str, str]
) -> None:
    asked, late = a_referral(cast), a_referral(cast)
    sent_days_ago(environment["OWNER_DATABASE_URL"], late, 30)
    for id in (asked, late):
        with cast.acting("coordinator") as user:
            answering.ask(shared.received(id, user), "Which court?", by=user)
    assert listed(cast.be("coordinator").get("/inbox?status=all&overdue=yes")) == [late]
