"""Declared conflicts of interest by URL: who sees them, the exclusion in one act, and what the auditor is shown."""

import re
import uuid

from sqlalchemy import select

from caseflow.audit.models import Entry
from caseflow.core.db import db
from caseflow.people import actions, queries
from tests.cast import Cast
from tests.oversight.test_watching import _found
from tests.stories.people import a_case

NAME = "Ермек Сатыбалды"
THEIRS = {"name": "Сатыбалды Ермек", "ground": "relative"}


def declared(cast: Cast, by: str = "daniyar", **typed: str) -> uuid.UUID:
    cast.be(by).post("/account/conflicts", {**THEIRS, **typed})
    with cast.acting(by) as user:
        return queries.declared(user)[0].id


def test_a_conflict_is_seen_by_who_declared_it_by_leaders_and_auditors(cast: Cast) -> None:
    daniyar = cast.be("daniyar")
    assert "name-error" in daniyar.post("/account/conflicts", {**THEIRS, "name": "Сатыбалды"}, expect=422)
    assert "ground-error" in daniyar.post("/account/conflicts", {"name": NAME}, expect=422)
    conflict_id = declared(cast)
    assert THEIRS["name"] in daniyar.get("/account/conflicts")
    assert THEIRS["name"] in cast.be("leader").get("/declared-conflicts")
    assert THEIRS["name"] in cast.be("auditor").get("/audit/unusual?kind=relative")
    for name in ("aigerim", "leader", "stranger", "coordinator", "admin"):
        assert THEIRS["name"] not in cast.be(name).get("/account/conflicts"), name
        cast.be(name).post(f"/account/conflicts/{conflict_id}/end", expect=404)
    assert THEIRS["name"] not in cast.be("stranger").get("/declared-conflicts")
    cast.be("aigerim").get("/declared-conflicts", expect=403)
    daniyar.post(f"/account/conflicts/{conflict_id}/end")
    daniyar.post(f"/account/conflicts/{conflict_id}/end", expect=404)
    assert THEIRS["name"] not in cast.be("leader").get("/declared-conflicts")
    with cast.acting("auditor"):
        assert {"conflict.declare", "conflict.end"} <= set(db.session.scalars(select(Entry.act)))


def test_a_declaration_that_was_taken_back_hides_no_reading_from_the_auditor(cast: Cast) -> None:
    case_id = a_case(cast, "daniyar", name=NAME)
    conflict_id = declared(cast)
    cast.be("daniyar").get(f"/cases/{case_id}")
    assert "Nothing of this kind" not in _found(cast, "relative")
    cast.be("daniyar").post(f"/account/conflicts/{conflict_id}/end")
    assert "Nothing of this kind" not in _found(cast, "relative")


def test_a_leader_excludes_who_declared_it_in_one_act(cast: Cast) -> None:
    case_id = a_case(cast, name=NAME)
    a_case(cast, name="Ермек Нурланов", latin_name="Ermek Nurlanov", number="OTHER")
    conflict_id = declared(cast)
    page = cast.be("leader").get("/declared-conflicts")
    assert NAME in page
    assert "OTHER" not in page  # one word is shared
    act = f"/declared-conflicts/{conflict_id}/exclude"
    for name, expect in (("stranger", 404), ("aigerim", 403)):
        cast.be(name).post(act, {"case": str(case_id)}, expect=expect)
    cast.be("leader").post(act, {"case": "x"})
    assert "Choose a case" in cast.be("leader").get("/declared-conflicts")
    cast.be("leader").post(act, {"case": str(case_id)})
    page = cast.be("leader").get(f"/cases/{case_id}/access")
    assert "Данияр Омаров" in page
    assert "Declared by themself" in page
    cast.be("daniyar").get(f"/cases/{case_id}", expect=404)
    cast.be("leader").post(act, {"case": str(case_id)})  # twice
    assert "excluded already" in cast.be("leader").get("/declared-conflicts")


def test_whoever_works_on_the_case_gives_it_on_first(cast: Cast) -> None:
    case_id = a_case(cast, name=NAME)
    conflict_id = declared(cast, by="aigerim")
    cast.be("leader").post(f"/declared-conflicts/{conflict_id}/exclude", {"case": str(case_id)})
    assert "Give it to somebody else first" in cast.be("leader").get("/declared-conflicts")
    cast.be("aigerim").get(f"/cases/{case_id}")


def test_reading_of_a_colleagues_relative_is_shown_to_the_auditor(cast: Cast) -> None:
    declared_one, recorded, nobody = (
        a_case(cast, name=name, latin_name=None) for name in (NAME, "Асан Болатов", "Иван Петров")
    )
    own = a_case(cast, name="Гүлнар Омарова", latin_name="Gulnar Omarova")
    declared(cast)
    declared(cast, by="aigerim", name="Омарова Гүлнар")
    with cast.acting("aigerim") as user:
        fields = actions.RelativeFields(name="Гульнара Ахметова", relation="sister")  # the leader's name
        actions.add_relative(queries.opened(recorded, user), fields, by=user)
    cast.be("deputy").get(f"/cases/{nobody}")
    cast.be("aigerim").get(f"/cases/{declared_one}")  # who was given the case reads it rightly
    assert "Nothing of this kind" in _found(cast, "relative")
    cast.be("deputy").get(f"/cases/{declared_one}")
    cast.be("aigerim").get(f"/cases/{own}")  # given to her, and her own relative
    page = _found(cast, "relative")
    assert "Марат Заманов" in page
    assert "Айгерім Сәрсенова" in re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
    cast.be("leader").get(f"/cases/{recorded}")
    found = re.sub(r"<details.*?</details>", "", _found(cast, "relative"), flags=re.DOTALL)
    assert "Гульнара Ахметова" in found
    assert "Данияр Омаров" not in found
    assert "Nothing of this kind" in cast.be("auditor").get("/audit/unusual?kind=relative&until=2020-01-01")
