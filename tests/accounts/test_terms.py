"""Terms and code of conduct: before the first case, and again when they change."""

from tests.cast import Cast


def test_everybody_is_asked_again_when_the_organisation_adds_something(cast: Cast) -> None:
    aigerim = cast.be("aigerim")
    aigerim.get("/caseload")
    cast.be("admin").post("/terms/addition", {"text": "Also: the keys stay at the gate."})
    for path in ("/caseload", "/", "/search?q=a"):
        aigerim.get(path, expect=302)
        assert aigerim.location.startswith("/terms"), path
    aigerim.get("/account")
    assert "keys stay at the gate" in aigerim.get("/terms")
    aigerim.post("/terms", {"next": "/caseload"})
    assert aigerim.location == "/caseload"
    aigerim.get("/caseload")


def test_stranger_reads_and_is_asked_nothing_of_it(cast: Cast) -> None:
    cast.be("admin").post("/terms/addition", {"text": "Also: the keys stay at the gate."})
    cast.be("stranger").get("/")
    assert "keys stay" not in cast.be("stranger").get("/terms")


def test_only_administrators_add_to_the_terms(cast: Cast) -> None:
    for who in ("aigerim", "leader", "auditor", "stranger_worker"):
        cast.be(who).get("/terms/addition", expect=403)
