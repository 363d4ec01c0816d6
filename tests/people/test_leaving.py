"""A leaver's cases are never in limbo: the team leader is told, sees them, and gives them on with a note on each."""

import uuid

from sqlalchemy import select

from caseflow.core.db import db
from caseflow.people.models import Assignment
from tests.cast import Cast
from tests.stories.people import a_case


def _left(cast: Cast, redis: object) -> uuid.UUID:
    with cast.acting("aigerim") as aigerim:
        id = aigerim.id
    cast.be("admin").post(f"/users/{id}/deactivate")
    cast.deliver(redis)
    return id


def _id(cast: Cast, name: str) -> str:
    with cast.acting(name) as user:
        return str(user.id)


def test_leader_is_told_and_gives_the_cases_on(cast: Cast, redis: object) -> None:
    cases = [a_case(cast), a_case(cast)]
    id = _left(cast, redis)
    leader = cast.be("leader")
    assert "still has cases (2)" in leader.get("/notifications")
    assert "Айгерім" in leader.get("/leavers")
    form = {"cases": [str(case) for case in cases], "worker": _id(cast, "daniyar"), "note": "Call the family first."}
    leader.post(f"/leavers/{id}", form)
    assert "Nobody who left" in leader.get("/leavers")
    for case in cases:
        cast.be("daniyar").get(f"/cases/{case}")
        assert "Call the family first." in cast.be("daniyar").get(f"/cases/{case}/timeline")


def test_cases_are_given_on_one_by_one_and_need_a_note_and_a_worker(cast: Cast, redis: object) -> None:
    first, second = a_case(cast), a_case(cast)
    id = _left(cast, redis)
    leader, worker = cast.be("leader"), _id(cast, "daniyar")
    for missing in ({"note": ""}, {"worker": ""}, {"cases": []}, {"worker": _id(cast, "auditor")}):
        form = {"cases": [str(first)], "worker": worker, "note": "x"} | missing
        leader.post(f"/leavers/{id}", form, expect=422)
    leader.post(f"/leavers/{id}", {"cases": [str(first)], "worker": worker, "note": "x"})
    with cast.acting("leader"):
        query = select(Assignment.case_id).where(Assignment.user_id == id, Assignment.until.is_(None))
        assert db.session.scalars(query).all() == [second]


def test_stranger_and_who_does_not_allocate_see_and_give_nothing(cast: Cast, redis: object) -> None:
    case = a_case(cast)
    id = _left(cast, redis)
    form = {"cases": [str(case)], "worker": _id(cast, "stranger_worker"), "note": "x"}
    cast.be("stranger").get(f"/leavers/{id}", expect=404)
    cast.be("stranger").post(f"/leavers/{id}", form, expect=404)
    assert "Айгерім" not in cast.be("stranger").get("/leavers")
    for who in ("daniyar", "admin", "auditor"):
        cast.be(who).get(f"/leavers/{id}", expect=403)
    cast.be("leader").post(f"/leavers/{id}", form, expect=422)


def test_account_that_is_open_has_no_such_page(cast: Cast) -> None:
    cast.be("leader").get(f"/leavers/{_id(cast, 'daniyar')}", expect=404)
