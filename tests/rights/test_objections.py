"""Correction and contest by URL: what stood is kept, and the person's words stand beside what is not corrected."""

import re
from typing import Any

from caseflow.people import actions as people
from caseflow.people import queries
from tests.cast import Cast
from tests.people.test_sealing import dumped
from tests.stories.people import a_case


def test_a_fact_is_corrected_and_what_stood_is_kept(cast: Cast) -> None:
    case_id = a_case(cast, phone="+7 701")
    browser, path = cast.be("aigerim"), f"/cases/{case_id}/objections"
    assert "words-error" in browser.post(path, {"fact": "phone"}, expect=422)
    browser.post(path, {"fact": "phone", "words": "Номер старый"})
    [answer] = re.findall(rf"{path}/[^\"]+/answer", browser.get(path))
    assert "correct it first" in browser.post(answer, {"standing": "corrected"}, expect=422)
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        fields = people.PersonFields(number=case.person.number, name=case.person.name, phone="+7 702")
        people.edit_person(case, fields, by=user)
    browser.post(answer, {"standing": "corrected"})
    page = browser.get(path)
    assert "+7 701" in page
    assert "Corrected" in page
    assert "answered before" in browser.post(answer, {"standing": "corrected"}, expect=409)
    for name in ("stranger", "daniyar", "officer"):
        cast.be(name).get(path, expect=404)
        cast.be(name).post(answer, {"standing": "refused", "answer": "x"}, expect=404)


def test_what_is_not_corrected_has_the_persons_words_beside_it(cast: Cast, environment: dict[str, Any]) -> None:
    case_id = a_case(cast)
    browser, path = cast.be("aigerim"), f"/cases/{case_id}/objections"
    browser.post(path, {"fact": "case.legal_status", "words": "Меня уже оправдали"})
    [answer] = re.findall(rf"{path}/[^\"]+/answer", browser.get(path))
    assert "It stood there: <bdi>Sentenced</bdi>" in browser.get(answer)
    assert "answer-error" in browser.post(answer, {"standing": "refused"}, expect=422)
    browser.post(answer, {"standing": "refused", "answer": "Приговор в силе"})
    for page in (browser.get(path), browser.get(f"/cases/{case_id}/timeline")):
        assert "Меня уже оправдали" in page
        assert "Приговор в силе" in page
    assert "оправдали" not in dumped(environment)["objections"]


def test_who_is_responsible_is_told_and_who_wrote_it_of_the_answer(cast: Cast, redis: Any) -> None:
    case_id = a_case(cast)
    path, said, answered = f"/cases/{case_id}/objections", "says that something in their records is wrong", "tell them."
    cast.be("leader").post(path, {"fact": "case.legal_status", "words": "Меня уже оправдали"})
    cast.deliver(redis)
    assert said in cast.be("aigerim").get("/notifications")
    [answer] = re.findall(rf"{path}/[^\"]+/answer", cast.be("aigerim").get(path))
    cast.be("aigerim").post(answer, {"standing": "refused", "answer": "Приговор в силе"})
    cast.deliver(redis)
    assert answered in cast.be("leader").get("/notifications")
    for name in ("daniyar", "stranger", "officer"):
        page = cast.be(name).get("/notifications")
        assert said not in page
        assert answered not in page
