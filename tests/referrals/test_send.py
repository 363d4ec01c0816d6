"""Sending a referral: the receiver gets it once, sees what was chosen and nothing else; the stranger sees nothing."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from caseflow.audit.models import Entry
from caseflow.core import sealing
from caseflow.core.db import db
from caseflow.core.errors import Refused
from caseflow.directory import actions as directory
from caseflow.directory.models import Service, ServiceStatus
from caseflow.notifications.models import Outgoing
from caseflow.people import queries as people_queries
from caseflow.people.models import Case, Category, Consent, Name, Note, Person
from caseflow.referrals.actions import sending
from caseflow.referrals.models import Disclosure, Draft, Event, Origin, Referral, Status, Urgency
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import Agreement, ReferralKind, add_working_days
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.referrals import a_consent, a_draft, a_referral, details_of, looked_at


def _send(cast: Cast, draft: uuid.UUID, who: str = "aigerim", *, expect: int = 302) -> str:
    browser, path = cast.be(who), f"/referral-drafts/{draft}"
    sent = browser.client.get(path).status_code == 302  # by an earlier click
    seen = {} if sent else looked_at(browser, draft)
    return browser.post(f"{path}/check", seen, expect=expect)


def _all(cast: Cast, who: str, model: Any) -> list[Any]:
    with cast.acting(who):
        rows = list(db.session.scalars(select(model)).unique())
        for row in rows:
            for name in sealing.sealed_columns().get(model, ()):
                getattr(row, name)
        db.session.expunge_all()  # to be read after the unit of work has ended
        return rows


def test_receiver_holds_the_referral_and_what_was_told(cast: Cast) -> None:
    id = a_referral(cast)
    assert [one.id for one in _all(cast, "coordinator", Referral)] == [id]
    assert {one.category for one in _all(cast, "coordinator", Disclosure)} == {
        Category.IDENTITY,
        Category.CONTACT,
        Category.LEGAL,
    }
    assert [one.status for one in _all(cast, "coordinator", Event)] == [Status.SENT]


def test_stranger_sees_neither_referral_nor_disclosure_nor_event(cast: Cast) -> None:
    id = a_referral(cast)
    for who in ("stranger", "stranger_cso", "officer"):
        for model in (Referral, Disclosure, Event, Origin, Draft):
            assert _all(cast, who, model) == []
    cast.be("stranger").get(f"/referrals/{id}", expect=404)
    assert "Free legal advice" not in cast.be("stranger").get("/referrals?status=all")


@pytest.mark.parametrize("kind", list(ReferralKind))
def test_each_kind_is_sent_with_its_details(cast: Cast, kind: ReferralKind) -> None:
    draft = a_draft(cast, kind=kind)
    _send(cast, draft)
    [referral] = _all(cast, "coordinator", Referral)
    assert (referral.kind, referral.status) == (kind, Status.SENT)
    assert _all(cast, "aigerim", Draft) == []


def test_receiver_reads_only_the_chosen_categories_also_by_sql(cast: Cast) -> None:
    a_referral(cast, categories=[Category.IDENTITY, Category.EDUCATION], kind=ReferralKind.EDUCATION)
    told = {one.category: one.content for one in _all(cast, "coordinator", Disclosure)}
    assert set(told) == {Category.IDENTITY, Category.EDUCATION}
    assert told[Category.IDENTITY]["name"] == "Ермек Сатыбалды"
    for model in (Person, Name, Case, Note, Consent, Origin, Draft):
        assert _all(cast, "coordinator", model) == []


def test_offence_and_risk_are_told_only_when_chosen_with_a_reason(cast: Cast) -> None:
    draft = a_draft(cast)
    case = _all(cast, "aigerim", Draft)[0].case_id
    told = ["identity", "contact", "legal", "offence", "risk"]
    consent = a_consent(cast, case, [Category(code) for code in told])
    path, browser = f"/referral-drafts/{draft}/disclosure", cast.be("aigerim")
    version = str(_all(cast, "aigerim", Draft)[0].version)
    form: dict[str, Any] = {"categories": told, "consent": str(consent), "version": version}
    assert "why the offence or the risk must be told" in browser.post(path, form, expect=422)
    form["disclosure_reason"] = "The lawyer needs the sentence."
    assert "needs to know to be safe" in browser.post(path, form, expect=422)
    browser.post(path, form | {"risk_text": "Meet in the visiting room."})
    check = browser.get(f"/referral-drafts/{draft}/check")
    assert "Meet in the visiting room." in check
    _send(cast, draft)
    assert Category.RISK in {one.category for one in _all(cast, "coordinator", Disclosure)}


def test_send_clicked_twice_makes_one_referral(cast: Cast) -> None:
    draft = a_draft(cast)
    browser = cast.be("aigerim")
    for _click in range(2):
        _send(cast, draft)
        assert browser.location == f"/referrals/{draft}"
    assert len(_all(cast, "coordinator", Referral)) == 1
    assert len(_all(cast, "coordinator", Event)) == 1


def test_what_has_changed_since_the_sender_looked_is_not_sent(cast: Cast) -> None:
    case = a_case(cast, address="Abay Avenue 1")
    draft = a_draft(cast, case=case, categories=[Category.IDENTITY, Category.CONTACT, Category.LEGAL])
    browser, path = cast.be("aigerim"), f"/referral-drafts/{draft}"
    before = looked_at(browser, draft)
    with cast.acting("leader") as user:
        people_queries.opened(case, user).person.address = "A shelter that nobody may know"
    page = browser.post(f"{path}/check", before, expect=409)
    assert "has changed since you looked" in page
    assert "A shelter that nobody may know" in page, "the new preview"
    assert _all(cast, "coordinator", Referral) == []
    browser.post(f"{path}/check", expect=409)  # without having looked at all
    _send(cast, draft)
    assert len(_all(cast, "coordinator", Referral)) == 1


def test_two_sends_at_the_same_moment_make_one_referral(cast: Cast) -> None:
    draft = a_draft(cast)

    def send() -> uuid.UUID | str:
        with cast.acting("aigerim") as user:
            row = db.session.get(Draft, (user.org_id, draft))
            return "sent before" if row is None else sending.send(row, by=user).id

    with ThreadPoolExecutor(2) as pool:
        answers = [one.result() for one in [pool.submit(send) for _thread in range(2)]]
    assert set(answers) <= {draft, "sent before"}
    assert draft in answers
    assert len(_all(cast, "coordinator", Event)) == 1
    with cast.acting("coordinator"):
        posted = select(func.count()).select_from(Outgoing).where(Outgoing.topic == "referral.sent")
        assert db.session.scalar(posted) == 1


@pytest.mark.parametrize(("urgency", "days"), [(Urgency.STANDARD, 10), (Urgency.SHORT_NOTICE, 5), (Urgency.URGENT, 1)])
def test_answer_is_due_after_the_working_days_of_the_receiver(cast: Cast, urgency: Urgency, days: int) -> None:
    a_referral(cast, urgency=urgency)
    with cast.acting("coordinator") as user:
        due = add_working_days(user.organisation.today(), days, frozenset(user.organisation.rest_days), frozenset())
        assert db.session.scalars(select(Referral.answer_by)).one() == due


def test_disclosures_end_with_the_consents_last_day(cast: Cast) -> None:
    a_referral(cast)
    [consent] = _all(cast, "aigerim", Consent)
    for one in _all(cast, "aigerim", Disclosure):
        assert one.expires_at is not None
        assert one.expires_at.astimezone(_zone(cast)).date() == consent.ends_on + timedelta(days=1)


def _zone(cast: Cast) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Asia/Almaty")


def test_day_of_admission_is_that_of_the_prison(cast: Cast, environment: dict[str, str]) -> None:
    case_id = a_case(cast)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:  # midnight in Almaty
        owner.execute("UPDATE cases SET admitted_at = '2025-11-03 19:00Z' WHERE id = %s", (case_id,))
    told = [Category.IDENTITY, Category.LEGAL, Category.CUSTODY_DATES]
    draft = a_draft(cast, case=case_id, categories=told)
    day = "4 Nov 2025"
    assert day in cast.be("aigerim").get(f"/cases/{case_id}")
    assert day in cast.be("aigerim").get(f"/referral-drafts/{draft}/check")
    _send(cast, draft)
    assert day in cast.be("coordinator").get(f"/referrals/{draft}")
    cast.be("stranger_cso").get(f"/referrals/{draft}", expect=404)


def test_closed_service_refuses_and_the_draft_stays(cast: Cast) -> None:
    draft = a_draft(cast)
    with cast.acting("coordinator") as user:
        service = db.session.scalars(select(Service)).unique().one()
        directory.set_status(service, ServiceStatus.TEMPORARILY_CLOSED, by=user)
    assert "takes no referrals at the moment" in _send(cast, draft, expect=422)
    assert [one.id for one in _all(cast, "aigerim", Draft)] == [draft]


def test_ended_agreement_refuses(cast: Cast) -> None:
    draft = a_draft(cast)
    almaty = cast.organisation("almaty")
    with cast.acting("steward") as user:
        tenancy.end_agreement(db.session.scalars(select(Agreement).where(Agreement.org_id == almaty)).one(), by=user)
    assert "no live agreement" in _send(cast, draft, expect=422)


def test_consent_withdrawn_meanwhile_refuses(cast: Cast) -> None:
    draft = a_draft(cast)
    [row] = _all(cast, "aigerim", Draft)
    cast.be("aigerim").post(f"/cases/{row.case_id}/consents/{row.consent_id}/withdraw", {"note": "By phone"})
    assert "has ended or was withdrawn" in _send(cast, draft, expect=422)
    assert _all(cast, "coordinator", Referral) == []


def test_missing_parts_are_named(cast: Cast) -> None:
    case = a_case(cast)
    with cast.acting("aigerim") as user:
        from caseflow.people import queries as people
        from caseflow.referrals.actions import drafts

        draft = drafts.start(people.opened(case, user), ReferralKind.EDUCATION, by=user)
        with pytest.raises(Refused, match="details of the referral, service, what is told"):
            sending.send(draft, by=user)


def test_preview_shows_what_the_receiver_will_read_and_no_more(cast: Cast) -> None:
    case = a_case(cast)
    draft = a_draft(
        cast, case=case, details=details_of(cast, ReferralKind.LEGAL_AID, case) | {"limitation_date": "2031-05-04"}
    )
    check = cast.be("aigerim").get(f"/referral-drafts/{draft}/check")
    assert "4 May 2031" in check
    assert "Needs somebody who knows the way." in check
    assert "Order 17/2025" not in check
    _send(cast, draft)
    with cast.acting("coordinator"):
        legal = db.session.scalars(select(Disclosure).where(Disclosure.category == Category.LEGAL)).one().content
    assert legal["details"]["limitation_date"] == date(2031, 5, 4).isoformat()


def test_sending_is_in_the_audit_without_a_name(cast: Cast) -> None:
    id = a_referral(cast)
    entries = [one for one in _all(cast, "auditor", Entry) if one.act == "referral.send"]
    assert [one.subject_id for one in entries] == [id]
    assert "Ермек" not in str(entries[0].detail)


def test_sent_list_counts_only_the_cases_of_the_worker(cast: Cast) -> None:
    a_referral(cast)
    assert "Ермек Сатыбалды" in cast.be("aigerim").get("/referrals")
    assert "Ермек Сатыбалды" in cast.be("leader").get("/referrals?status=unanswered&kind=legal_aid")
    assert "Ермек Сатыбалды" not in cast.be("aigerim").get("/referrals?kind=education")
    assert "Ермек Сатыбалды" not in cast.be("aigerim").get("/referrals?overdue=yes")
    assert "Ермек Сатыбалды" not in cast.be("daniyar").get("/referrals?status=all")
    cast.be("daniyar").get(f"/referrals/{_all(cast, 'aigerim', Referral)[0].id}", expect=404)
