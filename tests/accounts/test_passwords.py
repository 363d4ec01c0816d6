"""Which passwords are refused: those that are tried first, and those made of what is known of the user."""

import pytest

from caseflow.accounts.passwords import is_common, is_own
from tests.cast import PASSWORD, Browser, Cast


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P4ssw0rd!!!!2026",
        "PasswordPassword",
        "qwertyuiop123",
        "iloveyou forever",
        "123456789012",
        "987654321098",
        "aaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "пароль123456",
        "admin-admin-admin",
        "Welcome to... 2026".replace(" to", ""),
        "correcthorsebatterystaple",
        "sonyericsson2026",
        "S0nyEr1css0n",
        "Sonyericsson٢٠٢٦",
        "١٢٣٤٥٦٧٨٩٠١٢",
        "ghbdtnrfrltkf",
    ],
)
def test_common_password_is_refused(cast: Cast, password: str) -> None:
    assert is_common(password)
    page = cast.be("aigerim").post("/account", {"old": PASSWORD, "password": password}, expect=422)
    assert "tried first" in page


@pytest.mark.parametrize("password", ["Айгерім-Сәрсенова-1990", "aigerim@example.org", "PrisonServiceOfAlmaty"])
def test_password_of_ones_own_names_is_refused(cast: Cast, password: str) -> None:
    cast.be("aigerim").post("/account", {"old": PASSWORD, "password": password}, expect=422)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "Try-caseflow-2026", "үш қоян таудан асты", "ثلاث أرانب فوق الجبل", "k7Tq9_mVx2Lp4w"],
)
def test_words_that_do_not_belong_together_are_taken_and_open(cast: Cast, password: str) -> None:
    assert not is_common(password)
    assert not is_own(password, ("Айгерім Сәрсенова", "aigerim@example.org", "Prison Service of Almaty"))
    cast.be("daniyar").post("/account", {"old": PASSWORD, "password": password})
    browser = Browser(cast.app.test_client())
    browser.post("/sign-in", {"email": "daniyar@example.org", "password": password})
    browser.get("/account")
