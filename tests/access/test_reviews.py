"""The periodic review of who has access: looked at, decided, signed, kept, and seen when overdue."""

import re

import psycopg

from tests.cast import Browser, Cast
from tests.people.test_seals import glass
from tests.stories.access import colleague, restricted
from tests.stories.people import a_case


def _form(browser: Browser, **changes: str) -> dict[str, str]:
    """The review's form with every account kept, and these decisions by name."""
    page = browser.get("/access-reviews/new")
    ids = re.findall(r'name="decision-([0-9a-f-]{36})"', page)
    form = {f"decision-{id}": "keep" for id in ids} | {"signed": "y"}
    for name, decision in changes.items():
        found = re.search(rf'for="decision-([0-9a-f-]{{36}})">Decision {name}<', page)
        assert found is not None, name
        form[f"decision-{found[1]}"] = decision
        form[f"note-{found[1]}"] = "to site 2" if decision == "change" else ""
    return form


def test_review_is_signed_kept_and_closes_at_once(cast: Cast, redis: object) -> None:
    cast.be("daniyar").get("/account")
    leader = cast.be("leader")
    form = _form(leader, **{"Данияр Омаров": "close", "Айгерім Сәрсенова": "change"})
    leader.post("/access-reviews/new", form)
    cast.be("daniyar").get("/account", expect=302)
    cast.be("aigerim").get("/account")
    [path] = set(re.findall(r"/access-reviews/[0-9a-f-]{36}", leader.get("/access-reviews")))
    page = cast.be("auditor").get(path)
    assert "Гульнара Ахметова" in page
    assert "to site 2" in page
    assert "Close now" in page
    cast.deliver(redis)
    assert "review of access was signed" in cast.be("admin").get("/notifications")
    for stranger in ("stranger", "stranger_admin", "coordinator"):
        cast.be(stranger).get(path, expect=404)
        assert path not in cast.be(stranger).get("/access-reviews")


def test_review_is_not_signed_without_every_line_the_signature_and_what_to_change(cast: Cast) -> None:
    leader = cast.be("leader")
    form = _form(leader, **{"Айгерім Сәрсенова": "change"})
    leader.post("/access-reviews/new", {key: value for key, value in form.items() if key != "signed"}, expect=422)
    leader.post("/access-reviews/new", {key: "" if "note" in key else form[key] for key in form}, expect=422)
    missing = next(key for key in form if key.startswith("decision"))
    leader.post("/access-reviews/new", {key: form[key] for key in form if key != missing}, expect=409)
    leader.post("/access-reviews/new", form | {missing: "promote"}, expect=409)
    assert "No review has been signed yet." in leader.get("/access-reviews")


def test_review_closes_nobody_who_has_power(cast: Cast, redis: object) -> None:
    leader = cast.be("leader")
    for name in ("Айжан Админ", "Ерлан Аудитор", "Марат Заманов"):
        form = _form(leader, **{name: "close"})
        page = leader.post("/access-reviews/new", form, expect=422)
        assert f"Only an administrator closes the account of {name}" in page
    cast.be("auditor").get("/audit")
    leader.post("/access-reviews/new", _form(leader, **{"Ерлан Аудитор": "change"}))
    cast.deliver(redis)
    for who in ("admin", "auditor"):
        assert "review of access was signed" in cast.be(who).get("/notifications")


def test_closing_is_offered_only_for_those_who_have_no_power(cast: Cast) -> None:
    page = cast.be("leader").get("/access-reviews/new")
    for name, offered in (("Марат Заманов", False), ("Ерлан Аудитор", False), ("Данияр Омаров", True)):
        choices = page.split(f">Decision {name}<")[1].split("</select>")[0]
        assert ('value="change"' in choices, 'value="close"' in choices) == (True, offered), name


def test_whose_emergency_access_is_reviewed_does_not_close_the_reviewer(cast: Cast) -> None:
    case_id = a_case(cast, number="J-77")
    restricted(cast, case_id)
    glass(cast, "deputy")
    deputy = cast.be("deputy")
    form = _form(deputy, **{"Гульнара Ахметова": "close"})
    page = deputy.post("/access-reviews/new", form, expect=422)
    assert "Only an administrator closes the account of Гульнара Ахметова" in page
    cast.be("leader").get(f"/cases/{case_id}")
    admitted = {"user": str(colleague(cast, "daniyar")), "reason": "x"}
    deputy.post(f"/cases/{case_id}/access/admit", admitted, expect=422)


def test_only_who_leads_signs(cast: Cast) -> None:
    for who in ("admin", "auditor", "aigerim", "worker"):
        cast.be(who).get("/access-reviews/new", expect=403)
    cast.be("aigerim").get("/access-reviews", expect=403)
    cast.be("coordinator").get("/access-reviews/new")


def test_overdue_review_shows_to_administrator_and_auditor(cast: Cast, environment: dict[str, str]) -> None:
    for who in ("admin", "auditor"):
        assert "overdue since" not in cast.be(who).get("/access-reviews")
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        owner.execute("UPDATE organisations SET created_at = now() - interval '91 days'")
    for who in ("admin", "auditor", "leader"):
        assert "overdue since" in cast.be(who).get("/access-reviews")
    leader = cast.be("leader")
    leader.post("/access-reviews/new", _form(leader))
    assert "overdue since" not in cast.be("auditor").get("/access-reviews")


def test_what_was_signed_is_not_rewritten(cast: Cast, environment: dict[str, str]) -> None:
    with psycopg.connect(environment["DATABASE_URL"]) as app:
        for table in ("access_reviews", "access_review_lines"):
            rights = app.execute(
                "SELECT has_table_privilege(%s, 'UPDATE') OR has_table_privilege(%s, 'DELETE')", (table, table)
            ).fetchone()
            assert rights == (False,)


def test_where_nobody_can_sign_it_is_said(cast: Cast) -> None:
    admin, told = cast.be("stranger_cso_admin"), "Nobody here can sign a review"
    assert told not in admin.get("/access-reviews")
    admin.post(f"/users/{colleague(cast, 'stranger_cso')}/deactivate")
    assert told in admin.get("/access-reviews")
    assert told not in cast.be("auditor").get("/access-reviews")
