"""The demo is whole, its people can sign in, and the same seed tells the same."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from flask import Flask

from caseflow.accounts.permissions import Role
from caseflow.core.db import now, today
from caseflow.core.search import query_keys
from caseflow.demo import chapters
from caseflow.demo.clock import told_at
from caseflow.demo.seed import accounts, seed
from caseflow.people.models import Phase
from caseflow.referrals.models import Status
from caseflow.release.models import HandoverStatus
from caseflow.tenancy.models import OrganisationKind, ReferralKind
from tests.cast import PASSWORD, Browser
from tests.conftest import Stage
from tests.demo.conftest import PEOPLE, Told, demo

DEMO = "SELECT id FROM organisations WHERE slug ~ '^(kz|kg|tj|iq)-'"
CONTENTS = {
    "people": "SELECT o.slug, p.number, p.name, p.latin_name, p.sex, p.birth_date - current_date FROM persons p",
    "cases": "SELECT o.slug, c.number, c.phase, c.release_on - current_date, c.offence_type FROM cases c",
    # Sealed twice, the same words never look the same; they are as long.
    "notes": "SELECT o.slug, length(p.text), p.occurred_at::date - current_date FROM notes p",
    "referrals": "SELECT o.slug, p.kind, p.status, p.outcomes, p.sent_at::date - current_date FROM referrals p",
    "sessions": "SELECT o.slug, p.attendance, length(p.summary), p.starts_at::date - current_date"
    " FROM referral_sessions p",
    "contacts": "SELECT o.slug, p.outcome, p.starts_at::date - current_date FROM contacts p",
}


def contents(told: Told) -> dict[str, list[tuple[object, ...]]]:
    """What the demo holds, without ids."""
    found = {}
    for name, query in CONTENTS.items():
        alias = query.rsplit(" ", 1)[1]
        found[name] = sorted(told.ask(f"{query} JOIN organisations o ON o.id = {alias}.org_id"), key=repr)
    return found


def test_every_phase_status_kind_and_handover_is_shown(told: Told) -> None:
    assert told.values("SELECT phase FROM cases") == set(Phase)
    assert told.values("SELECT status FROM referrals") == set(Status)
    assert told.values("SELECT kind FROM referrals") == set(ReferralKind)
    assert told.values("SELECT status FROM handovers") == set(HandoverStatus)
    assert told.ask("SELECT count(*) FROM referral_drafts") != [(0,)]


def test_there_are_as_many_people_as_asked_for(told: Told) -> None:
    # Whom the probation service took over, both services know.
    again = told.ask("SELECT count(*) FROM handovers WHERE status = 'led'")[0][0]
    [(people,)] = told.ask(f"SELECT count(*) FROM persons WHERE org_id IN ({DEMO})")
    assert people == PEOPLE + int(str(again))


def test_each_country_has_its_services_and_names_in_its_script(told: Told) -> None:
    for country, script in (("KZ", "[а-я]"), ("KG", "[а-я]"), ("TJ", "[а-я]"), ("IQ", "[ا-ي]")):
        kinds = [
            row[0] for row in told.ask(f"SELECT kind FROM organisations WHERE country = '{country}' AND slug ~ '^..-'")
        ]
        assert {OrganisationKind.PRISON_SERVICE, OrganisationKind.PROBATION_SERVICE} <= set(kinds)
        assert kinds.count(OrganisationKind.CSO) >= 3
        services = (
            f"SELECT s.kind FROM services s JOIN organisations o ON o.id = s.org_id WHERE o.country = '{country}'"
        )
        assert told.values(services) == set(ReferralKind)
        [(people, written, latin)] = told.ask(
            f"SELECT count(*), count(*) FILTER (WHERE p.name ~ '{script}'),"
            " count(*) FILTER (WHERE p.latin_name ~ '^[A-Z]')"
            f" FROM persons p JOIN organisations o ON o.id = p.org_id WHERE o.slug ~ '^{country.lower()}-'"
        )
        assert people == written == latin != 0


def test_there_is_work_for_every_day(told: Told) -> None:
    due = told.values(
        "SELECT sign(due_on - (now() AT TIME ZONE 'Asia/Almaty')::date)::int FROM tasks WHERE done_at IS NULL"
    )
    assert due == {-1, 0, 1}
    assert {None, "complied", "unacceptable_absence"} <= told.values("SELECT outcome FROM contacts")
    assert {"yes", "no", None} <= told.values("SELECT attendance FROM referral_sessions")
    assert told.ask("SELECT count(*) FROM consents WHERE withdrawn_at IS NOT NULL") != [(0,)]
    assert told.ask("SELECT count(*) FROM consents WHERE ends_on < current_date") != [(0,)]
    assert told.ask("SELECT count(*) FROM referral_outcomes") != [(0,)]
    assert told.ask("SELECT count(*) FROM referral_messages") != [(0,)]


def test_nothing_is_dated_later_than_now_and_no_news_is_left_over(told: Told) -> None:
    for table in ("cases", "notes", "referrals", "referral_events", "audit_entries", "handovers", "contacts"):
        assert told.ask(f"SELECT count(*) FROM {table} WHERE created_at > now()") == [(0,)], table
    for table in (
        "referral_events",
        "referral_messages",
        "phase_changes",
        "tasks",
        "contacts",
        "goals",
        "notifications",
    ):
        # The tales end yesterday: nothing bears the moment at which it was told.
        assert told.ask(f"SELECT count(*) FROM {table} WHERE created_at > now() - interval '4 hours'") == [(0,)], table
    assert told.ask("SELECT count(*) FROM outbox WHERE delivered_at IS NULL") == [(0,)]
    assert told.ask("SELECT count(*) FROM notifications WHERE read_at IS NULL") != [(0,)]
    assert told.ask("SELECT count(*) FROM referrals WHERE sent_at < now() - interval '30 days'") != [(0,)]


def test_the_end_of_a_referral_reached_the_plan_it_came_from(told: Told) -> None:
    states = told.values(
        "SELECT s.status FROM steps s JOIN referral_origins o ON o.org_id = s.org_id AND o.step_id = s.id"
        " JOIN referrals r ON r.org_id = o.org_id AND r.id = o.id WHERE r.status = 'completed'"
    )
    assert states
    assert "in_progress" not in states


def test_every_role_has_an_account_in_both_directions_of_writing(told: Told) -> None:
    with told.app.app_context():
        found = accounts()
    roles = {country: {one["role"] for one in found if one["slug"].startswith(country)} for country in ("kz", "iq")}
    everywhere = set(Role) - {Role.STEWARD}
    assert roles["kz"] == roles["iq"] == everywhere
    stewards = [one for one in found if one["role"] == Role.STEWARD]
    assert {one["kind"] for one in stewards} == {"steward"}
    locales = told.values("SELECT coalesce(u.locale, o.locale) FROM users u JOIN organisations o ON o.id = u.org_id"
                          " WHERE u.role = 'steward'")  # fmt: skip
    assert locales == {"en", "ar"}


def test_everybody_signs_in_and_sees_their_first_page(told: Told) -> None:
    with told.app.app_context():
        found = accounts()
    assert len(found) == len({one["email"] for one in found}) > 60
    for one in found:
        browser = Browser(told.app.test_client())
        browser.post("/sign-in", {"email": one["email"], "password": one["password"]}, expect=302)
        browser.get("/")


def test_social_worker_opens_every_page_of_their_cases(told: Told) -> None:
    browser = Browser(told.app.test_client())
    with told.app.app_context():
        password = accounts()[0]["password"]
    browser.post("/sign-in", {"email": "aigerim@prison.kz.example", "password": password}, expect=302)
    cases = told.values(
        "SELECT a.case_id FROM assignments a JOIN users u ON u.org_id = a.org_id AND u.id = a.user_id"
        " WHERE u.email = 'aigerim@prison.kz.example'"
    )
    assert len(cases) >= 3
    for case in cases:
        for page in ("", "/timeline", "/notes", "/consents", "/needs", "/plan", "/referrals", "/release"):
            browser.get(f"/cases/{case}{page}")


def test_stranger_of_another_country_sees_none_of_it(told: Told) -> None:
    browser = Browser(told.app.test_client())
    browser.post("/sign-in", {"email": "stranger@example.org", "password": PASSWORD}, expect=302)
    for case in list(told.values("SELECT id FROM cases"))[:10]:
        browser.get(f"/cases/{case}", expect=404)
    for name in told.values(f"SELECT name FROM persons WHERE org_id IN ({DEMO}) LIMIT 5"):
        assert f"{name}</a>" not in browser.get(f"/search?q={name}")


def test_second_time_changes_nothing_and_says_so(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(told)
    with told.app.app_context():
        seed(PEOPLE, None)
    assert "nothing was done to them" in capsys.readouterr().err
    assert contents(told) == before


def test_people_are_found_by_their_name_in_another_script(told: Told) -> None:
    [(name, latin, id)] = told.ask(
        f"SELECT name, latin_name, id FROM persons WHERE org_id IN ({DEMO}) ORDER BY number LIMIT 1"
    )
    assert name != latin
    held = told.values(f"SELECT key FROM name_keys WHERE person_id = '{id}'")
    assert all(keys & held for keys in query_keys(str(latin)))


def test_interrupted_demo_is_told_anew_and_others_keep_theirs(stage: Stage) -> None:
    with demo(stage, "told_half", 7) as told:
        whole, others = contents(told), told.values("SELECT email FROM users WHERE email ~ 'example.org$'")
        with psycopg.connect(told.owner_url) as owner:
            owner.execute("DELETE FROM audit_entries WHERE act = 'demo.tell'")
            owner.execute("DELETE FROM referral_messages")
        with told.app.app_context():
            seed(7, None)
        assert contents(told) == whole
        assert told.values("SELECT email FROM users WHERE email ~ 'example.org$'") == others != set()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # pytest-xdist's own thread does not mind
def test_same_seed_tells_the_same_by_one_or_two(told: Told, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chapters, "WORTH", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with demo(stage, "told_by_two", PEOPLE) as shared:
        assert contents(shared) == contents(told)


def test_without_a_demo_there_are_no_accounts(app: Flask) -> None:
    with app.app_context():
        assert accounts() == []


def test_clock_goes_on_after_a_tale(app: Flask) -> None:
    with app.app_context():
        moment = now() - timedelta(days=1000)
        with told_at(moment):
            assert now() == moment
            assert today() == moment.date()
            with ThreadPoolExecutor(1) as elsewhere:  # a tale is told in its own thread alone
                assert elsewhere.submit(now).result() > moment + timedelta(days=999)
            with told_at(moment - timedelta(days=1)):
                assert now() == moment - timedelta(days=1)
            assert now() == moment
        assert now() > moment + timedelta(days=999)
        with told_at(now() + timedelta(days=1000)):
            assert now() < moment + timedelta(days=1001)
