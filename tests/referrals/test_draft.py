"""Writing a referral: by URL from the choice of help to the check, left and resumed, and seen by nobody else."""

import re
import uuid

from sqlalchemy import func, select

from caseflow.core.db import db
from caseflow.people import actions as people
from caseflow.people import queries as cases
from caseflow.people.models import Category
from caseflow.referrals.models import Draft, Referral
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.plans import an_agreed_plan
from tests.stories.referrals import a_consent, a_draft, a_referral, a_service, looked_at

DETAILS = {
    "reason": "The identity card was lost at the arrest.",
    "outcomes": ["advice", "papers"],
    "urgency": "urgent",
    "location": "custody",
    "matter": "identity_papers",
    "court": "Medeu district court",
    "limitation_date-day": "",
    "limitation_date-month": "",
    "limitation_date-year": "",
    "opposing_party": "Nobody",
    "language": "kk",
    "interpreter": "y",
}


def _begin(cast: Cast, case: uuid.UUID, kind: str = "legal_aid", who: str = "aigerim") -> str:
    browser = cast.be(who)
    browser.post(f"/cases/{case}/referrals/new", {"kind": kind})
    return browser.location


def _version(cast: Cast, page: str, who: str = "aigerim") -> str:
    """The version that the form on this page carries."""
    found = re.search(r'name="version"[^>]*value="(\d+)"', cast.be(who).get(page))
    assert found is not None
    return found[1]


def _save(cast: Cast, page: str, data: dict[str, object], *, expect: int = 302) -> str:
    """Send the form of this page with the version it was shown with."""
    return cast.be("aigerim").post(page, {**data, "version": _version(cast, page)}, expect=expect)


def _count(cast: Cast, who: str, model: type) -> int:
    with cast.acting(who):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_worker_writes_a_referral_from_the_first_choice_to_the_send_button(cast: Cast) -> None:
    case, service = a_case(cast), a_service(cast)
    browser = cast.be("aigerim")
    draft = _begin(cast, case)
    assert "Choose the service first." in browser.get(draft)
    _save(cast, f"{draft}/details", DETAILS)
    assert "Free legal advice" in browser.get(f"{draft}/service")
    browser.post(f"{draft}/service", {"service": str(service)})
    assert "no consent for this organisation" in browser.get(f"{draft}/disclosure")
    told = ["identity", "contact", "legal"]
    browser.post(
        f"{draft}/consent", {"purpose": "Legal aid", "categories": told, "given_by": "person", "way": "signed"}
    )
    assert browser.location.endswith("/disclosure")
    consent = re.search(r'name="consent" value="([0-9a-f-]{36})"', browser.get(f"{draft}/disclosure"))
    assert consent is not None
    _save(cast, f"{draft}/disclosure", {"categories": told, "consent": consent[1]})
    check = browser.get(f"{draft}/check")
    for words in ("The identity card was lost", "Medeu district court", "Identity papers", "Ермек Сатыбалды", "Kazakh"):
        assert words in check
    browser.post(f"{draft}/check", looked_at(browser, draft.split("/")[-1]), expect=302)
    assert _count(cast, "coordinator", Referral) == 1


def test_draft_is_left_resumed_and_listed(cast: Cast) -> None:
    case = a_case(cast)
    draft = _begin(cast, case)
    browser = cast.be("aigerim")
    _save(cast, f"{draft}/details", DETAILS)
    assert draft in browser.get(f"/cases/{case}/referrals")
    page = browser.get(f"{draft}/details")
    assert "The identity card was lost at the arrest." in page
    assert 'value="Medeu district court"' in page


def test_draft_is_invisible_to_the_receiver_the_colleague_and_the_stranger(cast: Cast) -> None:
    draft = a_draft(cast)
    for who in ("coordinator", "worker", "daniyar", "stranger", "stranger_cso"):
        browser = cast.be(who)
        for path in ("", "/details", "/service", "/disclosure", "/check", "/consent"):
            browser.get(
                f"/referral-drafts/{draft}{path}",
                expect=403 if who in ("coordinator", "worker", "stranger_cso") else 404,
            )
    for who in ("coordinator", "stranger"):
        assert _count(cast, who, Draft) == 0


def test_draft_of_a_strangers_case_cannot_be_begun(cast: Cast) -> None:
    case = a_case(cast)
    cast.be("stranger").post(f"/cases/{case}/referrals/new", {"kind": "legal_aid"}, expect=404)
    cast.be("daniyar").post(f"/cases/{case}/referrals/new", {"kind": "legal_aid"}, expect=404)
    assert _count(cast, "aigerim", Draft) == 0


def test_begin_clicked_twice_makes_one_draft(cast: Cast) -> None:
    case = a_case(cast)
    browser = cast.be("aigerim")
    id = str(uuid.uuid4())
    for _click in range(2):
        browser.post(f"/cases/{case}/referrals/new", {"kind": "education", "draft": id})
        assert browser.location == f"/referral-drafts/{id}"
    assert _count(cast, "aigerim", Draft) == 1


def test_begin_sent_again_after_sending_is_a_conflict(cast: Cast) -> None:
    case = a_case(cast)
    sent = a_referral(cast, case=case)
    cast.be("aigerim").post(f"/cases/{case}/referrals/new", {"kind": "education", "draft": str(sent)}, expect=409)


def test_step_of_another_case_or_of_a_stranger_is_not_found(cast: Cast) -> None:
    case, other = a_case(cast), a_case(cast)
    theirs = a_case(cast, by="stranger_worker")
    steps = [an_agreed_plan(cast, other)[1], an_agreed_plan(cast, theirs, "stranger_worker")[1]]
    for step in steps:
        form = {"kind": "education", "step": str(step)}
        cast.be("aigerim").post(f"/cases/{case}/referrals/new", form, expect=404)
    assert _count(cast, "aigerim", Draft) == 0


def test_draft_is_deleted_by_its_writer_and_not_by_a_stranger(cast: Cast) -> None:
    draft = a_draft(cast)
    cast.be("stranger").post(f"/referral-drafts/{draft}/delete", expect=404)
    cast.be("aigerim").post(f"/referral-drafts/{draft}/delete")
    assert _count(cast, "aigerim", Draft) == 0


def test_missing_details_are_named_and_what_was_typed_is_kept(cast: Cast) -> None:
    draft = _begin(cast, a_case(cast))
    page = _save(cast, f"{draft}/details", {**DETAILS, "outcomes": [], "matter": ""}, expect=422)
    assert "Choose at least one outcome." in page
    assert "The identity card was lost at the arrest." in page


def test_second_writer_of_a_draft_sees_both_versions(cast: Cast) -> None:
    draft = _begin(cast, a_case(cast))
    browser = cast.be("aigerim")
    version = _version(cast, f"{draft}/details")
    browser.post(f"{draft}/details", {**DETAILS, "version": version})
    page = browser.post(f"{draft}/details", {**DETAILS, "reason": "Another reason.", "version": version}, expect=409)
    assert "Another reason." in page
    assert "The identity card was lost at the arrest." in page


def test_near_limitation_date_alarms_and_a_missing_opponent_is_told(cast: Cast) -> None:
    draft = _begin(cast, a_case(cast))
    browser = cast.be("aigerim")
    past = {
        "limitation_date-day": "1",
        "limitation_date-month": "2",
        "limitation_date-year": "2020",
        "opposing_party": "",
    }
    _save(cast, f"{draft}/details", DETAILS | past)
    page = browser.get(draft)
    assert "has passed" in page
    assert "No opposing party is named" in page


def test_open_referral_of_the_same_kind_warns(cast: Cast) -> None:
    case = a_case(cast)
    a_referral(cast, case=case)
    browser = cast.be("aigerim")
    assert "Open referrals of this case" in browser.get(f"/cases/{case}/referrals/new")
    assert "An open referral for the same kind of help exists" in browser.get(_begin(cast, case))
    assert "An open referral for the same kind" not in browser.get(_begin(cast, case, "education"))


def test_step_of_the_plan_goes_along_and_is_in_progress_once_sent(cast: Cast) -> None:
    case = a_case(cast)
    _goal, step = an_agreed_plan(cast, case)
    browser = cast.be("aigerim")
    page = browser.get(f"/cases/{case}/referrals/new?step={step}")
    assert str(step) in page
    a_referral(cast, case=case, step_id=step)
    assert "In progress" in browser.get(f"/cases/{case}/plan")


def test_restricted_relative_refuses_unless_it_is_explained(cast: Cast) -> None:
    case = a_case(cast)
    with cast.acting("aigerim") as user:
        fields = people.RelativeFields(name="Айжан", relation="wife", restriction="Protection order 2024")
        relative = people.add_relative(cases.opened(case, user), fields, by=user).id
    draft = _begin(cast, case, "family_contact")
    browser = cast.be("aigerim")
    details = {
        "reason": "Contact with the children.",
        "outcomes": ["resumed"],
        "urgency": "standard",
        "location": "custody",
        "relative": str(relative),
        "agrees": "yes",
        "contact": "letter",
    }
    page = _save(cast, f"{draft}/details", details, expect=422)
    assert "Protection order 2024" in page
    _save(cast, f"{draft}/details", {**details, "restriction_checked": "The court allowed letters on 3 March."})
    assert "Contact with this relative is restricted" in browser.get(draft)


def test_changing_the_organisation_asks_anew_what_is_told(cast: Cast) -> None:
    draft = a_draft(cast)
    with cast.acting("aigerim"):
        assert db.session.scalars(select(Draft.disclosure_done)).one()
    with cast.acting("steward") as steward:
        from caseflow.tenancy import actions as tenancy
        from caseflow.tenancy import queries as organisations

        sender, receiver = organisations.by_slug("almaty"), organisations.by_slug("stranger-cso")
        assert sender is not None
        assert receiver is not None
        tenancy.agree(sender, receiver, list(ReferralKind), starts_on=steward.organisation.today(), by=steward)
    other = a_service(cast, by="stranger_cso")
    cast.be("aigerim").post(f"/referral-drafts/{draft}/service", {"service": str(other)})
    with cast.acting("aigerim"):
        row = db.session.scalars(select(Draft)).one()
        assert (row.disclosure_done, row.consent_id) == (False, None)


def test_service_without_agreement_or_closed_cannot_be_chosen(cast: Cast) -> None:
    service = a_service(cast, by="stranger_cso")
    draft = _begin(cast, a_case(cast))
    browser = cast.be("aigerim")
    assert str(service) not in browser.get(f"{draft}/service")
    browser.post(f"{draft}/service", {"service": str(service)}, expect=422)


def test_old_drafts_are_deleted_across_organisations_and_new_ones_stay(cast: Cast, environment: dict[str, str]) -> None:
    import psycopg

    from caseflow.core.jobs import run_periodic

    old, young = a_draft(cast), a_draft(cast)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE referral_drafts SET created_at = now() - interval '91 days' WHERE id = %s", (old,))
    with cast.app.app_context():
        run_periodic("drafts.purge")
    with cast.acting("aigerim"):
        assert db.session.scalars(select(Draft.id)).all() == [young]


def test_consent_recorded_for_somebody_else_is_not_offered(cast: Cast) -> None:
    case, service = a_case(cast), a_service(cast)
    consent = a_consent(cast, case, [Category.IDENTITY, Category.LEGAL], to="probation")
    browser = cast.be("aigerim")
    draft = _begin(cast, case)
    browser.post(f"{draft}/service", {"service": str(service)})
    assert str(consent) not in browser.get(f"{draft}/disclosure")
    page = browser.post(
        f"{draft}/disclosure", {"categories": ["identity", "legal"], "consent": str(consent)}, expect=422
    )
    assert "Not a valid choice" in page or "Choose" in page
