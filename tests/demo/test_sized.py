"""A country's prisons filled by COPY: the figures' shares, and rows that the product's pages can read."""

import pytest

from caseflow.core import resealing
from caseflow.demo.seed import accounts
from caseflow.demo.sized import load
from tests.cast import Browser
from tests.conftest import Stage
from tests.demo.conftest import demo

SCALE = 0.02


@pytest.mark.parametrize(("sized", "women", "untried"), [("kz", 2457 / 35228, 7140 / 35228)])
def test_filled_prisons_have_the_shares_of_the_figures(stage: Stage, sized: str, women: float, untried: float) -> None:
    with demo(stage, "told_sized", 8) as told:
        held = round(35228 * SCALE)
        before = told.ask(
            "SELECT count(*) FROM persons p JOIN organisations o ON o.id = p.org_id WHERE o.slug = 'kz-prison'"
        )
        with told.app.app_context():
            assert load(told.owner_url, sized, scale=SCALE) == {"KZ": held - int(str(before[0][0]))}
        [found] = told.ask(
            "SELECT count(*), count(*) FILTER (WHERE p.sex = 'female'),"
            " count(*) FILTER (WHERE c.legal_status = 'pre_trial'), count(DISTINCT a.user_id)"
            " FROM cases c JOIN persons p ON p.org_id = c.org_id AND p.id = c.person_id"
            " JOIN organisations o ON o.id = c.org_id JOIN assignments a ON a.org_id = c.org_id AND a.case_id = c.id"
            " WHERE o.slug = 'kz-prison'"
        )
        assert found[:3] == (held, round(held * women), round(held * untried))
        assert int(str(found[3])) >= held // 40
        [(referred,)] = told.ask("SELECT count(*) FROM referral_origins")
        assert held * 0.07 < int(str(referred)) < held * 0.1
        with told.app.app_context():
            assert load(told.owner_url, sized, scale=SCALE) == {"KZ": 0}
            assert list(resealing.seal_rest(told.owner_url)) == []  # no text of anybody stands in clear

        with told.app.app_context():
            password = accounts()[0]["password"]
        worker = Browser(told.app.test_client())
        worker.post("/sign-in", {"email": "case1@prison.kz.example", "password": password}, expect=302)
        worker.get("/caseload")
        case = told.ask(
            "SELECT o.case_id, o.id, r.to_org_id FROM referral_origins o JOIN users u ON u.id = o.sent_by"
            " JOIN referrals r ON r.id = o.id WHERE u.email = 'case1@prison.kz.example'"
        )[0]
        worker.get(f"/cases/{case[0]}")
        for page in (f"/cases/{case[0]}/timeline", f"/cases/{case[0]}/notes", f"/referrals/{case[1]}"):
            assert "[cannot be opened]" not in worker.get(page)
        [(email,)] = told.ask(f"SELECT email FROM users WHERE org_id = '{case[2]}' AND role = 'coordinator'")
        coordinator = Browser(told.app.test_client())
        coordinator.post("/sign-in", {"email": email, "password": password}, expect=302)
        coordinator.get("/inbox")
        page = coordinator.get(f"/referrals/{case[1]}")
        assert "<dd" in page
        assert "[cannot be opened]" not in page
