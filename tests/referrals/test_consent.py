"""Consent: what it does not cover is not told, and taking it back closes everything at once."""

import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from caseflow.core.db import db
from caseflow.notifications.models import Notification, Outgoing
from caseflow.people.models import Category, Consent
from caseflow.referrals.models import Disclosure, Draft, Origin, Referral
from tests.cast import Browser, Cast
from tests.stories.people import a_case
from tests.stories.referrals import a_consent, a_draft, a_referral, looked_at
from tests.trust.pages import sheets


def _consent_of(cast: Cast, referral: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    with cast.acting("aigerim"):
        case = db.session.scalars(select(Origin.case_id).where(Origin.id == referral)).one()
        consent = db.session.scalars(select(Consent.id).where(Consent.case_id == case)).one()
        return case, consent


def _take_back(cast: Cast, referral: uuid.UUID, *, expect: int = 302, who: str = "aigerim") -> str:
    case, consent = _consent_of(cast, referral)
    path = f"/cases/{case}/consents/{consent}/withdraw"
    return cast.be(who).post(path, {"note": "Said so in the interview"}, expect=expect)


def _live(cast: Cast, who: str) -> int:
    with cast.acting(who):
        return db.session.scalar(select(func.count()).select_from(Disclosure)) or 0


def test_withdrawn_consent_closes_everything_for_the_receiver_at_once(cast: Cast) -> None:
    id = a_referral(cast)
    coordinator = cast.be("coordinator")
    assert "Ермек Сатыбалды" in coordinator.get(f"/referrals/{id}")
    assert "Ермек Сатыбалды" in coordinator.get("/inbox")
    _take_back(cast, id)
    for path in (f"/referrals/{id}", "/inbox"):
        page = coordinator.get(path)
        for words in ("Ермек", "Satybaldy", "Needs somebody who knows the way", "Medeu"):
            assert words not in page
    assert _live(cast, "coordinator") == 0
    with cast.acting("aigerim"):
        assert db.session.scalars(select(Disclosure.revoked_at)).all().count(None) == 0


def test_receiver_is_told_only_that_it_closed(cast: Cast, redis: Any) -> None:
    id = a_referral(cast)
    cast.deliver(redis)
    _take_back(cast, id)
    with cast.acting("coordinator"):
        news = db.session.scalars(select(Outgoing).where(Outgoing.topic == "referral.disclosure-closed")).one()
        assert news.payload == {"referral": str(id)}
    cast.deliver(redis)
    cast.deliver(redis)
    with cast.acting("coordinator"):
        texts = [one.text for one in db.session.scalars(select(Notification).order_by(Notification.created_at))]
    assert len(texts) == 2
    assert "Said so in the interview" not in " ".join(texts)
    assert "Ермек" not in " ".join(texts)


def test_other_consents_stay_open(cast: Cast) -> None:
    first, second = a_referral(cast), a_referral(cast)
    _take_back(cast, first)
    with cast.acting("coordinator"):
        assert set(db.session.scalars(select(Disclosure.referral_id))) == {second}


def test_consent_is_withdrawn_once(cast: Cast) -> None:
    id = a_referral(cast)
    _take_back(cast, id)
    assert "withdrawn before" in _take_back(cast, id, expect=409)


def test_nobody_else_withdraws_it(cast: Cast) -> None:
    id = a_referral(cast)
    for who, status in (("stranger", 404), ("daniyar", 404), ("coordinator", 403)):
        _take_back(cast, id, who=who, expect=status)
    assert _live(cast, "coordinator") == 3


def test_page_says_how_many_referrals_close(cast: Cast) -> None:
    id = a_referral(cast)
    case, consent = _consent_of(cast, id)
    assert "1 referral tells something" in cast.be("aigerim").get(f"/cases/{case}/consents/{consent}/withdraw")


def test_category_that_the_consent_does_not_cover_is_refused_by_name(cast: Cast) -> None:
    case = a_case(cast)
    draft = a_draft(cast, case=case)
    narrow = a_consent(cast, case, [Category.IDENTITY, Category.LEGAL])
    form = _form(cast, consent=str(narrow), categories=["identity", "legal", "contact"])
    page = cast.be("aigerim").post(f"/referral-drafts/{draft}/disclosure", form, expect=422)
    assert "The consent does not cover: Contact details and what is safe." in page
    form["categories"] = ["identity", "legal"]
    cast.be("aigerim").post(f"/referral-drafts/{draft}/disclosure", form)


def test_identity_and_the_kinds_own_category_are_always_told(cast: Cast) -> None:
    draft = a_draft(cast)
    for told in (["legal"], ["identity", "contact"]):
        form = _form(cast, categories=told)
        page = cast.be("aigerim").post(f"/referral-drafts/{draft}/disclosure", form, expect=422)
        assert "is always told" in page


@pytest.mark.parametrize("who", ["aigerim", "leader"])
def test_only_a_team_leader_approves_a_legal_basis(cast: Cast, who: str) -> None:
    draft = a_draft(cast)
    form = _form(cast, categories=["identity", "legal"], consent="", legal_basis="Article 25 of the law on legal aid")
    path, browser = f"/referral-drafts/{draft}/disclosure", cast.be(who)
    if who == "aigerim":
        browser.post(path, form, expect=422)
        return
    browser.post(path, form)
    browser.post(f"/referral-drafts/{draft}/check", looked_at(browser, draft))
    with cast.acting("coordinator"):
        told = db.session.scalars(select(Disclosure)).all()
        assert {one.category for one in told} == {Category.IDENTITY, Category.LEGAL}
        assert all(one.consent_id is None and one.approved_by for one in told)
        assert db.session.scalars(select(Referral.id)).all() == [draft]


def test_approval_of_a_leader_ends_with_the_words_it_was_given_for(cast: Cast) -> None:
    draft = a_draft(cast)
    form = _form(cast, categories=["identity", "legal"], consent="", legal_basis="Article 25 of the law on legal aid")
    cast.be("leader").post(f"/referral-drafts/{draft}/disclosure", form)
    path, browser = f"/referral-drafts/{draft}", cast.be("aigerim")
    details = _shown(browser, f"{path}/details")
    browser.post(f"{path}/details", details | {"reason": "Something else altogether."})
    browser.get(f"{path}/check", expect=302)
    assert browser.location == path
    with cast.acting("aigerim") as user:
        row = db.session.get_one(Draft, (user.org_id, draft))
        assert (row.approved_by, row.legal_basis, row.disclosure_done) == (None, None, False)


def _shown(browser: Browser, path: str) -> dict[str, Any]:
    """What the form on a page holds, as it would be sent untouched."""
    [sheet] = [one for one in sheets(browser.get(path), path) if one.action == path]
    return {name: value for name, value in sheet.filled().items() if name != "csrf_token"}


def _form(cast: Cast, **fields: Any) -> dict[str, Any]:
    with cast.acting("aigerim"):
        draft = db.session.scalars(select(Draft)).one()
        return {"version": str(draft.version), "consent": str(draft.consent_id), **fields}
