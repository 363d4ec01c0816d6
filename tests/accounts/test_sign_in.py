"""Signing in and out, by URL."""

from flask import Flask

from tests.cast import PASSWORD, Browser, Cast


def test_social_worker_signs_in_and_sees_her_account(cast: Cast) -> None:
    page = cast.be("aigerim").get("/account")
    assert "aigerim@example.org" in page
    assert "Айгерім Сәрсенова" in page


def test_wrong_password_and_unknown_address_get_the_same_answer(app: Flask) -> None:
    answers = []
    for email in ("aigerim@example.org", "nobody@example.org"):
        browser = Browser(app.test_client())
        text = browser.post("/sign-in", {"email": email, "password": "wrong"}, expect=422)
        answers.append(text.replace(email, "").count("The e-mail address or the password is wrong."))
    assert answers[0] == answers[1] >= 1


def test_session_ended_on_the_server_is_ended_for_its_cookie(cast: Cast) -> None:
    browser = cast.be("aigerim")
    cookie = browser.client.get_cookie("caseflow")
    assert cookie is not None
    browser.post("/sign-out")
    assert browser.last is not None
    assert browser.last.headers["Clear-Site-Data"] == '"cache", "storage"'
    browser.client.set_cookie("caseflow", cookie.value)
    browser.get("/account", expect=302)
    assert "/sign-in" in browser.location


def test_next_leads_only_into_caseflow(app: Flask) -> None:
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        browser = Browser(app.test_client())
        browser.post("/sign-in", {"email": "aigerim@example.org", "password": PASSWORD, "next": target})
        assert browser.location == "/"


def test_the_language_that_was_chosen_stays_when_one_signs_out(cast: Cast) -> None:
    browser = cast.be("aigerim")
    browser.post("/language", {"locale": "ar"})
    browser.post("/sign-out")
    assert '<html lang="ar" dir="rtl">' in browser.get("/sign-in")
