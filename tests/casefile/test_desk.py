"""The homes of coordinators, workers and officers, what senders wait for, and the navigation, by URL."""

import re
import uuid
from datetime import date, timedelta

import psycopg

from caseflow.core.db import today
from caseflow.referrals.actions import answering
from caseflow.referrals.queries import shared
from caseflow.tenancy.models import ReferralKind
from tests.casefile.test_home import ROLES, english, figure
from tests.cast import Cast
from tests.conftest import Stage
from tests.stories.people import a_case
from tests.stories.received import a_planned_session, a_session, an_accepted, past, sent_days_ago
from tests.stories.referrals import a_draft, a_referral
from tests.stories.release import a_handover
from tests.stories.supervision import a_contact, a_supervised_case


def navigation(page: str) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", page[page.index('<nav class="cf-nav"') : page.index("</header>")])


def test_coordinator_sees_unanswered_referrals_and_the_navigation_counts_them(cast: Cast) -> None:
    a_referral(cast)
    a_referral(cast, kind=ReferralKind.EDUCATION)
    page = english(cast, "coordinator")
    assert figure(page, "unanswered") == 2
    assert "Ермек Сатыбалды" in page
    assert re.search(r"Inbox\s+2\b", navigation(page))
    assert not re.search(r"Inbox\s+\d", navigation(english(cast, "worker")))
    assert figure(english(cast, "stranger_cso"), "unanswered") == 0


def test_coordinator_sees_what_is_overdue_and_what_nobody_helps_with(cast: Cast, environment: dict[str, str]) -> None:
    late = a_referral(cast)
    sent_days_ago(environment["OWNER_DATABASE_URL"], late, 30)
    an_accepted(cast, workers=(), kind=ReferralKind.EDUCATION)
    page = english(cast, "coordinator")
    assert figure(page, "overdue") == 1
    assert figure(page, "accepted, without a worker") == 1
    assert 'id="unassigned"' in page


def test_worker_sees_sessions_to_record_first_then_the_coming_ones(cast: Cast, environment: dict[str, str]) -> None:
    referral = an_accepted(cast)
    held, coming = a_planned_session(cast, referral, days=1), a_planned_session(cast, referral, days=3)
    past(environment["OWNER_DATABASE_URL"], held)
    page = english(cast, "worker")
    assert page.index(f"/sessions/{held}") < page.index(f"/sessions/{coming}")
    assert "1 person you help" in page
    for other in ("second", "stranger_cso"):
        page = english(cast, other)
        assert str(held) not in page
        assert "Сатыбалды" not in page


def test_recorded_session_no_longer_waits(cast: Cast) -> None:
    referral = an_accepted(cast)
    session = a_session(cast, referral)
    assert f"/sessions/{session}" not in english(cast, "worker")


def test_sender_is_told_of_overdue_answers_questions_and_drafts(cast: Cast, environment: dict[str, str]) -> None:
    case_id = a_case(cast)
    late, asked = a_referral(cast, case=case_id), a_referral(cast, case=case_id, kind=ReferralKind.EDUCATION)
    draft = a_draft(cast, case=case_id, kind=ReferralKind.EMPLOYMENT)
    sent_days_ago(environment["OWNER_DATABASE_URL"], late, 30)
    with cast.acting("coordinator") as user:
        answering.ask(shared.received(asked, user), "Which school did he leave?", by=user)
    page = english(cast, "aigerim")
    assert "Kamqor Foundation is late: Answer" in page
    assert "Kamqor Foundation asks for information" in page
    assert f"/referral-drafts/{draft}" in page
    assert figure(page, "to finish") == 2
    assert figure(english(cast, "leader"), "referrals overdue at the receiver") == 1
    for other in ("daniyar", "stranger", "officer"):
        assert "Kamqor Foundation" not in english(cast, other)


def test_officer_sees_contacts_of_the_week_and_those_without_outcome(cast: Cast) -> None:
    case_id = a_supervised_case(cast)
    held, coming = a_contact(cast, case_id, days=-2), a_contact(cast, case_id, days=2)
    far = a_contact(cast, case_id, days=40)
    page = english(cast, "officer")
    assert page.index(f"/contacts/{held}/outcome") < page.index(f"/contacts/{coming}/outcome")
    assert str(far) not in page
    assert str(held) not in english(cast, "other_officer")


def test_release_soon_without_handover_is_counted_for_the_prison_only(cast: Cast) -> None:
    soon: date = today() + timedelta(days=30)
    case_id: uuid.UUID = a_case(cast, release_on=soon)
    assert figure(english(cast, "aigerim"), "released within 12 weeks, no handover yet") == 1
    assert str(case_id) in english(cast, "aigerim")
    assert "no handover yet" not in english(cast, "daniyar")


def test_navigation_shows_each_role_its_own_doors_and_where_one_is(cast: Cast) -> None:
    doors = {
        "aigerim": ("Caseload", "Referrals sent", "Release list", "Directory"),
        "officer": ("Caseload", "Referrals sent", "Handovers", "This week", "Directory"),
        "coordinator": ("Inbox", "Directory", "Our services", "Retention", "Access"),
        "worker": ("Inbox", "Directory"),
        "auditor": ("Audit", "Access"),
        "steward": ("Directory", "Organisations", "Agreements"),
    }
    for name, labels in doors.items():
        shown = navigation(english(cast, name)).split("  ")
        assert [one.strip() for one in shown if one.strip() and not one.strip().isdigit()] == ["Home", *labels]
    case_id = a_case(cast)
    page = cast.be("aigerim").get(f"/cases/{case_id}/notes")
    assert re.search(r'<a href="/caseload" aria-current="page">', page)


def test_handovers_imports_and_sites_belong_to_their_own_doors(cast: Cast) -> None:
    handover = a_handover(cast, a_case(cast))
    for name, path, door in (
        ("officer", f"/handovers/{handover}", "/handovers"),
        ("officer", f"/handovers/{handover}/accept", "/handovers"),
        ("leader", "/register-imports", "/register-imports"),
        ("admin", "/register-imports", "/register-imports"),
    ):
        page = cast.be(name).get(path)
        assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == [door], path


def test_search_is_offered_to_those_alone_whose_role_opens_files(cast: Cast) -> None:
    for name in ROLES:
        offered = 'id="site-search"' in english(cast, name)
        assert offered is (name not in ("admin", "auditor", "steward")), name


def test_every_door_of_the_navigation_opens(cast: Cast) -> None:
    for name in ROLES:
        page = english(cast, name)
        doors = page[page.index('<nav class="cf-nav"') : page.index("</nav>")]
        addresses = re.findall(r'<li><a href="([^"]+)"', doors)
        assert len(addresses) >= 3, name
        for address in addresses:
            cast.be(name).get(address)


def test_error_page_comes_even_when_the_database_does_not_answer(
    cast: Cast, stage: Stage, environment: dict[str, str]
) -> None:
    browser = cast.be("aigerim")
    browser.get("/")
    name = environment["DATABASE_URL"].rsplit("/", 1)[1]
    with psycopg.connect(stage.servers.superuser_url, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        page = browser.get("/", expect=503)
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert "cf-error" in page
    assert "Айгерім" not in page
    browser.get("/")
