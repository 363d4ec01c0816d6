"""Copies of their records for persons who ask, by URL: two persons decide, all is in it, nobody else gets it."""

import io
import json
import re
import uuid
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from pypdf import PdfReader
from sqlalchemy import any_, select

from caseflow.accounts.models import User
from caseflow.audit.models import Entry
from caseflow.core import installation
from caseflow.core.db import db, now
from caseflow.core.jobs import PERIODIC
from caseflow.people import actions as people
from caseflow.people import queries
from caseflow.people.models import IdentifierKind, NoteKind
from caseflow.referrals.actions import drafts
from caseflow.rights.models import AccessRequest
from caseflow.tenancy.models import ReferralKind
from tests.cast import Browser, Cast
from tests.rights.test_retention import a_second_leader, waiting
from tests.stories.people import a_case
from tests.stories.plans import a_goal, a_step

DAY = {"asked_on-day": "1", "asked_on-month": "6", "asked_on-year": "2026", "language": "ru"}


def a_told_case(cast: Cast) -> uuid.UUID:
    case_id = a_case(cast, phone="+7 701", identifiers={IdentifierKind.NATIONAL: "901231300123"})
    a_step(cast, case_id, a_goal(cast, case_id))
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        people.write_note(case, kind=NoteKind.CONTACT, text="Слова заметки", by=user)
        people.add_relative(case, people.RelativeFields(name="Мать", relation="mother", phone="+7 702"), by=user)
        drafts.start(case, ReferralKind.EMPLOYMENT, by=user).reason = "Слова черновика"
    return case_id


def asked(cast: Cast, case_id: uuid.UUID, language: str = "ru") -> str:
    path = f"/cases/{case_id}/copies"
    cast.be("aigerim").post(path, {**DAY, "language": language})
    with cast.acting("aigerim"):
        return f"{path}/{db.session.scalars(select(AccessRequest.id)).one()}"


def approve(browser: Browser, path: str, *, expect: int = 302) -> str:
    """Decide on the copy as the page shows it."""
    [seen] = re.findall(r'name="seen" value="([^"]+)"', browser.get(f"{path}/approve"))
    return browser.post(f"{path}/approve", {"seen": seen}, expect=expect)


def test_one_marks_another_decides_and_the_person_gets_all_but_that(cast: Cast, redis: Any) -> None:
    case_id = a_told_case(cast)
    a_case(cast, name="Другой", phone="+7 999", number="A-other")
    one, leader, path = cast.be("aigerim"), cast.be("leader"), asked(cast, case_id)
    page = one.get(path)
    for part in ("persons", "notes", "relatives", "referral_drafts", "audit_entries", "goals", "steps", "identifiers"):
        assert f'name="part-{part}"' in page, part
    one.post(path, {"part-relatives": "nonsense"}, expect=400)
    one.post(path, {"part-relatives": "third_party"})
    one.get(f"{path}/approve", expect=403)
    approve(leader, path)
    one.post(path, {"part-notes": "safety"}, expect=409)
    one.post(f"{path}/download", expect=409)  # the job has not run
    cast.deliver(redis)
    copy = one.post(f"{path}/download", expect=200)
    held = json.loads(copy)["parts"]
    assert held["relatives"] == {"withheld": "third_party"}
    assert held["notes"][0]["text"] == "Слова заметки"
    assert held["persons"][0]["phone"] == "+7 701"
    assert held["identifiers"][0]["value"] == "901231300123"
    assert held["referral_drafts"][0]["reason"] == "Слова черновика"
    assert {("changed", "notes"), ("changed", "access_requests")} <= {
        (line["act"], line["about"]) for line in held["audit_entries"]
    }
    for secret in ("+7 702", "+7 999", "Другой", "sealed:", "wrapped"):
        assert secret not in copy
    with cast.acting("auditor"):
        acts = set(db.session.scalars(select(Entry.act)))
    assert {"access.mark", "access.approve", "access.download"} <= acts
    for name in ("stranger", "daniyar", "officer"):
        for page in (path, f"/cases/{case_id}/copies", f"{path}/parts/notes"):
            cast.be(name).get(page, expect=404)
        for act in ("download", "download-pdf", "parts/notes"):
            cast.be(name).post(f"{path}/{act}", expect=404)


def test_nobody_decides_on_what_they_marked(cast: Cast) -> None:
    second = a_second_leader(cast)
    path = asked(cast, a_told_case(cast))
    assert "decided before" in approve(cast.be("leader"), path, expect=409)  # nobody has marked it
    cast.be("leader").post(path, {})
    assert "Nobody decides on what they marked" in approve(cast.be("leader"), path, expect=422)
    approve(cast.be(second), path)


def test_whoever_is_to_decide_is_told_and_finds_what_waits(cast: Cast, redis: Any) -> None:
    second, case_id = a_second_leader(cast), a_told_case(cast)
    path, question = asked(cast, case_id), "it waits for your decision"
    assert "Asked for" in cast.be("leader").get("/retention")
    assert waiting(cast, "leader") == ""
    for part in ("relatives", "goals"):
        cast.be("aigerim").post(path, {f"part-{part}": "safety"})
    cast.deliver(redis)
    for name in ("leader", second):
        assert cast.be(name).get("/notifications").count(question) == 2, "the news and its button, once"
        assert waiting(cast, name) == "1"
        assert f'href="{path}"' in cast.be(name).get("/retention")
    for name in ("aigerim", "daniyar", "stranger", "probation_leader"):
        assert question not in cast.be(name).get("/notifications")
    for name in ("stranger", "probation_leader"):
        assert path not in cast.be(name).get("/retention")
        assert waiting(cast, name) == ""
    cast.be("leader").post(path, {"part-goals": "safety"})
    assert waiting(cast, "leader") == "", "who marks does not decide"
    approve(cast.be(second), path)
    cast.deliver(redis)
    assert waiting(cast, second) == ""
    assert path not in cast.be(second).get("/retention")
    for name, told in (("aigerim", True), ("leader", True), (second, False), ("stranger", False)):
        assert ("is ready to be given" in cast.be(name).get("/notifications")) is told, name


def test_nobody_is_asked_to_decide_on_a_file_that_is_closed_to_them(cast: Cast, redis: Any) -> None:
    second, case_id = a_second_leader(cast), a_told_case(cast)
    path = asked(cast, case_id)
    cast.be("leader").post(f"/cases/{case_id}/access/restrict", {"reason": "A threat"})
    cast.be("aigerim").post(path, {"part-relatives": "safety"})
    cast.deliver(redis)
    assert waiting(cast, "leader") == "1"
    assert "your decision" in cast.be("leader").get("/notifications")
    assert waiting(cast, second) == ""
    assert "your decision" not in cast.be(second).get("/notifications")
    assert path not in cast.be(second).get("/retention")


def test_nobody_is_asked_who_has_the_file_open_in_an_emergency(cast: Cast, redis: Any) -> None:
    second, case_id = a_second_leader(cast), a_told_case(cast)
    path = asked(cast, case_id)
    cast.be("leader").post(f"/cases/{case_id}/access/restrict", {"reason": "A threat"})
    with cast.acting("leader") as user:
        number = queries.opened(case_id, user).number
    cast.be(second).post("/emergency-access", {"number": number, "reason": "A court asks", "minutes": "30"})
    cast.be("aigerim").post(path, {"part-relatives": "safety"})
    cast.deliver(redis)
    assert waiting(cast, "leader") == "1"
    assert waiting(cast, second) == ""
    assert "your decision" not in cast.be(second).get("/notifications")
    assert path not in cast.be(second).get("/retention")
    page = cast.be(second).get(path)
    assert "Save the marks" not in page
    assert f"{path}/approve" not in page
    assert f"{path}/approve" in cast.be("leader").get(path)


def test_who_took_away_what_another_withheld_does_not_decide_either(cast: Cast) -> None:
    second, path = a_second_leader(cast), asked(cast, a_told_case(cast))
    one, leader = cast.be("aigerim"), cast.be("leader")
    [row] = re.findall(r'name="(row-[^"]+)"', one.get(f"{path}/parts/notes"))
    for withheld, given_out in (
        ((path, {"part-relatives": "safety"}), (path, {})),
        ((f"{path}/parts/notes", {row: "third_party"}), (f"{path}/parts/notes", {row: ""})),
    ):
        one.post(*withheld)
        leader.post(*given_out)
    one.post(path, {"part-goals": "safety"})  # the last to mark, and no other mark is left
    assert "Nobody decides on what they marked" in approve(leader, path, expect=422)
    decide = f'href="{path}/approve"'
    assert decide not in leader.get(path)
    for name in ("stranger", "probation_leader"):
        cast.be(name).get(f"{path}/approve", expect=404)
    assert decide in cast.be(second).get(path)
    approve(cast.be(second), path)


def test_who_marked_before_there_was_a_list_stands_on_it(cast: Cast, environment: dict[str, str]) -> None:
    path = asked(cast, a_told_case(cast))
    [row] = re.findall(r'name="(row-[^"]+)"', cast.be("leader").get(f"{path}/parts/notes"))
    cast.be("leader").post(f"{path}/parts/notes", {row: "third_party"})
    cast.be("aigerim").post(path, {"part-goals": "safety"})
    installation.downgrade(environment["OWNER_DATABASE_URL"], "0044")
    installation.migrate(environment["OWNER_DATABASE_URL"], wall_key=environment["CASEFLOW_WALL_KEY"])
    with cast.acting("deputy") as user:
        names = select(User.name).where(User.id == any_(AccessRequest.markers), AccessRequest.org_id == user.org_id)
        assert set(db.session.scalars(names)) == {"Гульнара Ахметова", "Айгерім Сәрсенова"}
    assert "Nobody decides on what they marked" in approve(cast.be("leader"), path, expect=422)


def test_a_copy_is_there_for_a_limited_time_and_sealed(cast: Cast, environment: dict[str, str], redis: Any) -> None:
    path = asked(cast, a_told_case(cast))
    cast.be("aigerim").post(path, {})
    approve(cast.be("leader"), path)
    cast.deliver(redis)
    cast.be("aigerim").post(f"{path}/download", expect=200)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        [(content,)] = owner.execute("SELECT content::text FROM access_requests").fetchall()
        assert "Слова" not in content
        owner.execute("UPDATE access_requests SET expires_at = %s", (now() - timedelta(seconds=1),))
    cast.be("aigerim").post(f"{path}/download", expect=409)
    # The cron takes it away altogether.
    with cast.app.app_context():
        PERIODIC["old-files.remove"].run()
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        assert owner.execute("SELECT content, pdf FROM access_requests").fetchall() == [(None, None)]


def given_out(cast: Cast, redis: Any, path: str, marks: dict[str, str] | None = None) -> PdfReader:
    """The copy on paper, after one has marked and another has decided."""
    cast.be("aigerim").post(path, marks or {})
    approve(cast.be("leader"), path)
    cast.deliver(redis)
    browser = cast.be("aigerim")
    browser.post(f"{path}/download-pdf", expect=200)
    assert browser.last is not None
    assert browser.last.mimetype == "application/pdf"
    assert "attachment" in browser.last.headers["Content-Disposition"]
    return PdfReader(io.BytesIO(browser.last.get_data()))


def read(document: PdfReader) -> str:
    """Its text as a reader copies it, with single blanks."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in document.pages).replace("\u200b", ""))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Copy of your records", "Withheld: It is about somebody else.", "Date of birth 5 Mar 1990", "Notes")),
        ("ru", ("Копия ваших записей", "Не выдаётся: ", "05.03.1990", "Страница 1 из")),
        ("ar", ("سجلاتك", "محجوب", "05/03/1990", "الصفحة")),
    ],
)
def test_the_copy_on_paper_speaks_the_persons_language(
    cast: Cast, redis: Any, language: str, words: tuple[str, ...]
) -> None:
    case_id = a_told_case(cast)
    for fact, typed in (("sex", "Это не так"), ("nationality", "И это не так"), ("birth_date", "И дата")):
        cast.be("aigerim").post(f"/cases/{case_id}/objections", {"fact": fact, "words": typed})
    path = asked(cast, case_id, language)
    document = given_out(cast, redis, path, {"part-relatives": "third_party"})
    text = read(document)
    for word in (*words, "Слова заметки", "901231300123", "+7 701", "Ермек Сатыбалды"):
        assert word in text, word
    codes = ("1990-03-05", " KZ ", *(() if language == "en" else (" male ",)))  # of what stood before an objection
    for secret in ("+7 702", "Мать", "sealed:", "note.write", "None", "Айгерім", *codes):
        assert secret not in text, secret
    assert document.trailer["/Root"]["/Lang"] == language
    assert str(document.trailer["/Root"]["/MarkInfo"]["/Marked"]) == "True"
    assert b"pdfuaid" in document.trailer["/Root"]["/Metadata"].get_data()


def test_nothing_that_somebody_typed_is_markup_and_pages_go_on(cast: Cast, redis: Any) -> None:
    case_id = a_case(cast, name="Имя #panic() $x$ *y*")
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        for number in range(60):
            text = f'#read("/etc/passwd") = {number} @x <y> ' + "слово " * 60 + "д" * 300
            people.write_note(case, kind=NoteKind.CONTACT, text=text, by=user)
    document = given_out(cast, redis, asked(cast, case_id, "en"))
    text = read(document)
    assert len(document.pages) > 5
    assert 'read("/etc/passwd") = 59' in text
    assert "Имя #panic() $x$ *y*" in text
    assert f"Page {len(document.pages)} of {len(document.pages)}" in text
    assert all("Имя #panic()" in page.extract_text() for page in document.pages)  # a header on each


def test_single_rows_are_withheld_and_decided_by_another(cast: Cast, redis: Any) -> None:
    case_id = a_told_case(cast)
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        for number in range(200):
            people.write_note(case, kind=NoteKind.CONTACT, text=f"Запись {number}.", by=user)
        people.write_note(case, kind=NoteKind.CONTACT, text="Сосед Пётр угрожал ему", by=user)
    path, one, leader = asked(cast, case_id, "en"), cast.be("aigerim"), cast.be("leader")
    part = f"{path}/parts/notes"
    page = one.get(part)
    assert page.count('name="row-') == 25
    assert "Запись 100." not in page
    assert "Запись 100." in one.get(f"{part}?page=5")
    found = one.get(f"{part}?words=ПЁТР")
    [row] = re.findall(r'name="(row-[^"]+)"', found)
    one.post(f"{part}?words=пётр", {row: "nonsense"}, expect=400)
    one.post(f"{part}?words=пётр", {row: "third_party"})
    assert "words=" in one.location
    assert "selected" in one.get(f"{part}?words=пётр")
    one.post(part, {row: ""})  # not on that page: it stays as it was
    assert "1 withheld" in one.get(path)
    [other] = re.findall(r'name="(row-[^"]+)"', one.get(f"{part}?words=Запись 7."))
    leader.post(f"{part}?words=Запись 7.", {other: "safety"})
    assert "Nobody decides on what they marked" in approve(leader, path, expect=422)
    second = cast.be(a_second_leader(cast))
    one.post(path, {"part-relatives": "safety"})  # the last to mark; the leader's own mark still counts
    assert "Nobody decides on what they marked" in approve(leader, path, expect=422)
    shown = second.get(f"{path}/approve")
    assert "Сосед Пётр угрожал ему" not in shown
    assert "Withheld: It is about somebody else." in shown
    approve(second, path)
    cast.deliver(redis)
    held = json.loads(one.post(f"{path}/download", expect=200))["parts"]
    assert held["notes"].count({"withheld": "third_party"}) == 1
    assert held["notes"].count({"withheld": "safety"}) == 1
    assert sum("text" in note for note in held["notes"]) == 200
    one.post(f"{path}/download-pdf", expect=200)
    assert one.last is not None
    text = read(PdfReader(io.BytesIO(one.last.get_data())))
    assert "Пётр" not in text
    assert "Запись 7." not in text
    assert "Запись 8." in text
    assert "Withheld: It is about somebody else." in text
    one.post(f"{part}?words=Запись 8.", {}, expect=409)
    one.get(f"{path}/parts/audit_entries", expect=404)
    one.get(f"{path}/parts/nothing", expect=404)
