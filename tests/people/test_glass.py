"""Emergency access is for reading: what it does not decide, who reviews it, and what the excluded do not see."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from caseflow.accounts.permissions import Role
from caseflow.audit.actions import record
from caseflow.audit.checking import verify
from caseflow.audit.sealing import seal_new
from caseflow.core.db import unit_of_work
from caseflow.core.wall import sign_context
from caseflow.people import queries
from caseflow.people.models import AccessKind
from tests.cast import Cast
from tests.people.test_access import _live
from tests.people.test_seals import NAME, a_juvenile, close, glass, release
from tests.stories.access import colleague, excluded, hired, restricted
from tests.stories.people import a_case

NUMBER = "J-77"  # as the sealed file's, so that `glass` opens it
ADDED = (
    "INSERT INTO case_access (org_id, id, created_at, person_id, case_id, kind, user_id, reason, granted_by)"
    " SELECT org_id, gen_random_uuid(), now(), person_id, id, %s, %s, 'x', %s FROM cases WHERE number = %s"
)
REVIEWED = (
    "UPDATE case_access SET reviewed_at = now(), reviewed_by = %s, justified = true, review = 'x' WHERE kind = 'glass'"
)


class Sql:
    """Statements as the application's role, each in a transaction of its own in somebody's signed name."""

    def __init__(self, cast: Cast, environment: dict[str, str]) -> None:
        self.cast, self.environment = cast, environment
        self.org = cast.organisation("almaty")

    @contextmanager
    def _speaking(self, name: str) -> Iterator[Any]:
        user = colleague(self.cast, name)
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            key, backend = self.environment["CASEFLOW_WALL_KEY"], str(connection.info.backend_pid)
            context = sign_context(key, self.org, user, backend)
            connection.execute("SELECT set_config('caseflow.context', %s, true)", (context,))
            yield connection

    def rows(self, name: str, query: str, *values: object) -> list[Any]:
        with self._speaking(name) as connection:
            return list(connection.execute(query, values).fetchall())

    def does(self, name: str, statement: str, *values: object) -> int:
        """How many rows it changed; none where it was refused."""
        try:
            with self._speaking(name) as connection:
                return int(connection.execute(statement, values).rowcount)
        except InsufficientPrivilege:
            return 0


@pytest.fixture
def sql(cast: Cast, environment: dict[str, str]) -> Sql:
    """See `Sql`."""
    return Sql(cast, environment)


def _decides(cast: Cast, name: str, case_id: uuid.UUID, act: str, expect: int = 422, **typed: str) -> str:
    page = f"/cases/{case_id}/access/{act}"
    return cast.be(name).post(page, {"reason": "It must be so", "ground": "conflict", **typed}, expect=expect)


def _review(cast: Cast, name: str, access: uuid.UUID, expect: int) -> None:
    typed = {"justified": "yes", "review": "Right"}
    cast.be(name).post(f"/restricted-cases/{access}/review", typed, expect=expect)


def test_emergency_access_decides_nothing_about_the_file(cast: Cast, sql: Sql) -> None:
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    glass(cast, "deputy")
    access = cast.be("deputy").get(f"/cases/{case_id}/access")
    for act in ("Add a colleague", "Lift the restriction", "Exclude a colleague"):
        assert act not in access
    ids = {name: colleague(cast, name) for name in ("deputy", "daniyar", "leader", "auditor", "aigerim")}
    for name in ("deputy", "daniyar"):
        _decides(cast, "deputy", case_id, "admit", user=str(ids[name]))
    for name in ("leader", "auditor", "daniyar"):
        assert "by emergency access alone" in _decides(cast, "deputy", case_id, "exclude", user=str(ids[name]))
    _decides(cast, "deputy", case_id, "lift")
    _decides(cast, "deputy", case_id, f"{_live(cast, 'leader')}/end")
    typed = {"worker": str(ids["deputy"]), "role": "co_worker", "reason": "Cover"}
    assert "may not open this case" in cast.be("deputy").post(f"/cases/{case_id}/allocate", typed, expect=422)
    for kind, name in (("allowed", "deputy"), ("allowed", "daniyar"), ("excluded", "leader"), ("excluded", "auditor")):
        assert sql.does("deputy", ADDED, kind, ids[name], ids["deputy"], NUMBER) == 0, (kind, name)
    for kind in ("restricted", "allowed"):
        assert sql.does("deputy", "UPDATE case_access SET ended_at = now() WHERE kind = %s", kind) == 0, kind
    given = (
        "INSERT INTO assignments (org_id, id, created_at, case_id, user_id, role, since)"
        " SELECT org_id, gen_random_uuid(), now(), id, %s, 'co_worker', now() FROM cases WHERE number = %s"
    )
    assert sql.does("deputy", given, ids["deputy"], NUMBER) == 0
    assert sql.does("deputy", "UPDATE assignments SET user_id = %s", ids["deputy"]) == 0
    # Nothing has changed for the others; who keeps the file decides all this, and so it could fail above.
    assert "Emergency access until" in cast.be("leader").get("/restricted-cases"), "beside the list, which names them"
    assert "Марат Заманов" in cast.be("leader").get("/restricted-cases")
    assert "Nobody has this number" not in cast.be("auditor").get(f"/audit/person?number={NUMBER}")
    cast.be("stranger").get(f"/cases/{case_id}/access", expect=404)
    assert sql.does("leader", ADDED, "excluded", ids["daniyar"], ids["leader"], NUMBER) == 1
    assert sql.does("leader", ADDED, "allowed", ids["deputy"], ids["leader"], NUMBER) == 1


def test_nobody_admits_or_excludes_themself_nor_waits_on_a_list_that_is_none(cast: Cast, sql: Sql) -> None:
    case_id = a_case(cast, number=NUMBER)
    ids = {name: colleague(cast, name) for name in ("leader", "deputy", "aigerim")}
    for name in ("leader", "aigerim"):  # a worker is no leader
        for kind in ("allowed", "excluded"):
            assert sql.does(name, ADDED, kind, ids[name], ids[name], NUMBER) == 0, (name, kind)
    assert sql.does("leader", ADDED, "allowed", ids["deputy"], ids["leader"], NUMBER) == 0
    assert sql.does("aigerim", ADDED, "restricted", None, ids["aigerim"], NUMBER) == 0
    restricted(cast, case_id)
    assert "Ask another team leader" in _decides(cast, "leader", case_id, "admit", user=str(ids["leader"]))


def test_an_emergency_access_that_was_given_back_or_ended_is_reviewed_all_the_same(cast: Cast) -> None:
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    glass(cast, "deputy")
    own = _live(cast, "deputy", AccessKind.GLASS)
    _decides(cast, "deputy", case_id, f"{own}/end", expect=302)
    cast.be("deputy").get(f"/cases/{case_id}", expect=404)
    _review(cast, "stranger", own, 404)
    _review(cast, "leader", own, 302)


def test_whoever_used_it_gives_it_back_by_a_button_and_is_offered_nothing_new_to_write(cast: Cast, sql: Sql) -> None:
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    glass(cast, "daniyar")
    daniyar = cast.be("daniyar")
    offered = {
        "": ("New task", "New note", "Complete the intake"),
        "/notes": ("Write a note",),
        "/tasks": ("New task",),
        "/consents": ("Record a consent",),
        "/relatives": ("Add a relative",),
    }
    for page, texts in offered.items():
        alone, worker = daniyar.get(f"/cases/{case_id}{page}"), cast.be("aigerim").get(f"/cases/{case_id}{page}")
        assert "Give it back now" in alone
        assert "Give it back now" not in worker
        assert [text for text in texts if text in alone or text not in worker] == [], page
    give_back = f"/cases/{case_id}/emergency-access/give-back"
    cast.be("stranger").post(give_back, expect=404)
    assert "has ended already" in cast.be("leader").post(give_back, expect=409)
    assert "Give it back now" in daniyar.get("/emergency-access")
    daniyar.post(give_back)
    daniyar.get(f"/cases/{case_id}", expect=404)
    daniyar.post(give_back, expect=404)
    assert "Give it back now" not in daniyar.get("/emergency-access")
    assert sql.rows("leader", "SELECT count(*) FROM case_access WHERE kind = 'glass' AND ended_at < until") == [(1,)]
    assert "to be reviewed" in cast.be("leader").get(f"/cases/{case_id}/access")
    told = sql.rows("auditor", "SELECT detail ->> 'user' FROM audit_entries WHERE act = 'access.end-glass'")
    assert told == [(str(colleague(cast, "daniyar")),)]


def test_who_used_it_cannot_exclude_the_last_who_reviews(cast: Cast, sql: Sql) -> None:
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    glass(cast, "deputy")
    access = _live(cast, "deputy", AccessKind.GLASS)
    deputy, leader = colleague(cast, "deputy"), colleague(cast, "leader")
    _decides(cast, "leader", case_id, "admit", expect=302, user=str(deputy))
    assert "Nobody else could review" in _decides(cast, "deputy", case_id, "exclude", user=str(leader))
    assert sql.does("deputy", ADDED, "excluded", leader, deputy, NUMBER) == 0
    # Off the list she can be taken; where nobody else keeps the file, she reviews it without its name.
    _decides(cast, "deputy", case_id, f"{_live(cast, 'leader')}/end", expect=302)
    page = cast.be("leader").get(f"/restricted-cases/{access}/review")
    assert "A restricted case" in page
    assert NUMBER not in page
    _review(cast, "deputy", access, 404)
    _review(cast, "leader", access, 302)
    _decides(cast, "deputy", case_id, "exclude", expect=302, user=str(leader))


def test_emergency_access_reviews_no_other_and_nobody_reviews_in_anothers_name(cast: Cast, sql: Sql) -> None:
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    for name in ("daniyar", "deputy"):
        glass(cast, name)
    of_daniyar = _live(cast, "daniyar", AccessKind.GLASS)
    assert "to review" not in cast.be("deputy").get("/restricted-cases")
    _review(cast, "deputy", of_daniyar, 404)
    leader = colleague(cast, "leader")
    for name in ("deputy", "daniyar", "auditor", "aigerim"):
        for reviewer in (colleague(cast, name), leader):
            assert sql.does(name, REVIEWED + " AND user_id <> %s", reviewer, reviewer) == 0, name
    assert sql.does("leader", REVIEWED, leader) == 2
    assert sql.does("leader", REVIEWED, leader) == 0


def test_the_last_auditor_is_not_excluded_and_another_is_appointed_where_one_is_a_party(cast: Cast, sql: Sql) -> None:
    case_id = a_case(cast, number=NUMBER)
    auditor, leader = colleague(cast, "auditor"), colleague(cast, "leader")
    assert "Let another auditor be appointed" in _decides(cast, "leader", case_id, "exclude", user=str(auditor))
    assert sql.does("leader", ADDED, "excluded", auditor, leader, NUMBER) == 0
    hired(cast, "second_auditor", Role.AUDITOR, by="admin")
    _decides(cast, "leader", case_id, "exclude", expect=302, user=str(auditor))
    second = colleague(cast, "second_auditor")
    _decides(cast, "leader", case_id, "exclude", user=str(second))
    assert sql.does("leader", ADDED, "excluded", second, leader, NUMBER) == 0
    assert "Nobody has this number" in cast.be("auditor").get(f"/audit/person?number={NUMBER}")
    assert "Nobody has this number" not in cast.be("second_auditor").get(f"/audit/person?number={NUMBER}")


def test_where_no_leader_keeps_a_file_another_is_let_in_and_never_oneself(cast: Cast, sql: Sql) -> None:
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    hired(cast, "third", Role.TEAM_LEADER, by="admin")
    cast.be("admin").post(f"/users/{colleague(cast, 'leader')}/deactivate")
    glass(cast, "deputy")
    deputy, third, daniyar = (colleague(cast, name) for name in ("deputy", "third", "daniyar"))
    _decides(cast, "deputy", case_id, "admit", user=str(deputy))
    assert sql.does("deputy", ADDED, "allowed", deputy, deputy, NUMBER) == 0
    _decides(cast, "deputy", case_id, "exclude", user=str(third))
    _decides(cast, "deputy", case_id, "lift")
    _decides(cast, "deputy", case_id, "admit", expect=302, user=str(third))
    _decides(cast, "deputy", case_id, "admit", user=str(daniyar))  # from here on the third keeps it
    _review(cast, "third", _live(cast, "deputy", AccessKind.GLASS), 302)


def test_a_sealed_file_is_not_opened_where_nobody_could_see_that_it_was(
    cast: Cast, environment: dict[str, str]
) -> None:
    case_id = a_juvenile(cast)
    excluded(cast, case_id, "deputy")
    release(cast, case_id)
    close(cast, case_id)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:  # a small service, which never had an auditor
        owner.execute("UPDATE users SET active = false WHERE id = %s", (colleague(cast, "auditor"),))
    assert "no restricted case with this number" in glass(cast, "leader", expect=422)
    hired(cast, "third", Role.TEAM_LEADER, by="admin")
    glass(cast, "leader")


def test_an_excluded_leader_neither_sees_nor_reviews_who_opened_a_sealed_file(cast: Cast, sql: Sql, redis: Any) -> None:
    hired(cast, "third", Role.TEAM_LEADER, by="admin")
    case_id = a_juvenile(cast)
    excluded(cast, case_id, "deputy")
    release(cast, case_id)
    close(cast, case_id)
    glass(cast, "leader")
    cast.deliver(redis)
    access = _live_by(sql)
    news = "opened the sealed file of a juvenile"
    assert news in cast.be("third").get("/notifications")
    for name in ("deputy", "leader", "daniyar", "stranger"):
        assert news not in cast.be(name).get("/notifications"), name
    assert "to review" in cast.be("third").get("/restricted-cases")
    assert "to review" not in cast.be("deputy").get("/restricted-cases")
    cast.be("deputy").get(f"/restricted-cases/{access}/review", expect=404)
    _review(cast, "deputy", access, 404)
    seen = {
        name: len(sql.rows(name, "SELECT id FROM case_access WHERE kind = 'glass'"))
        for name in ("third", "auditor", "deputy", "daniyar", "aigerim")
    }
    assert seen == {"third": 1, "auditor": 1, "deputy": 0, "daniyar": 0, "aigerim": 0}
    assert sql.does("deputy", REVIEWED, colleague(cast, "deputy")) == 0
    _review(cast, "third", access, 302)


def _live_by(sql: Sql) -> uuid.UUID:
    [(id,)] = sql.rows("auditor", "SELECT id FROM case_access WHERE kind = 'glass'")
    return uuid.UUID(str(id))


def test_the_exception_for_sealed_files_ends_with_the_seal(cast: Cast, sql: Sql) -> None:
    case_id = a_juvenile(cast)
    restricted(cast, case_id)  # and so it is again after the recall
    hired(cast, "third", Role.TEAM_LEADER, by="admin")
    release(cast, case_id)
    glass(cast, "third")
    access = _live_by(sql)
    assert NAME not in cast.be("deputy").get(f"/restricted-cases/{access}/review")
    cast.be("aigerim").post(f"/cases/{case_id}/phase", {"phase": "delivery", "reason": "Arrested again"})
    assert sql.rows("deputy", "SELECT id FROM case_access") == []
    cast.be("deputy").get(f"/restricted-cases/{access}/review", expect=404)
    assert NAME in cast.be("leader").get(f"/restricted-cases/{access}/review")


def test_an_excluded_auditor_is_not_told_either(cast: Cast, redis: Any) -> None:
    hired(cast, "second_auditor", Role.AUDITOR, by="admin")
    case_id = a_case(cast, number=NUMBER)
    restricted(cast, case_id)
    excluded(cast, case_id, "auditor")
    glass(cast, "daniyar")
    cast.deliver(redis)
    assert "in an emergency" not in cast.be("auditor").get("/notifications")
    assert "in an emergency" in cast.be("second_auditor").get("/notifications")


@pytest.mark.parametrize("how", ["restricted", "excluded"])
def test_a_declared_name_is_hidden_from_whom_the_file_is_closed_to(cast: Cast, how: str) -> None:
    name = "Ермек Сатыбалды"
    case_id = a_case(cast, name=name, number=NUMBER)
    cast.be("daniyar").post("/account/conflicts", {"name": "Сатыбалды Ермек", "ground": "victim"})
    cast.be("daniyar").post("/account/conflicts", {"name": "Иван Петров", "ground": "relative"})
    assert "Сатыбалды" in cast.be("deputy").get("/declared-conflicts")
    restricted(cast, case_id) if how == "restricted" else excluded(cast, case_id, "deputy")
    page = cast.be("deputy").get("/declared-conflicts")
    assert "Сатыбалды" not in page
    assert "Иван Петров" in page
    assert "Сатыбалды" in cast.be("leader").get("/declared-conflicts")
    assert "Сатыбалды" in cast.be("daniyar").get("/account/conflicts")
    assert "Сатыбалды" not in cast.be("stranger").get("/declared-conflicts")
    with cast.acting("leader") as user:
        hidden = next(one.id for one in queries.conflicts(user) if "Ермек" in one.name)
    act = f"/declared-conflicts/{hidden}/exclude"
    cast.be("deputy").post(act, {"case": str(case_id)}, expect=404)
    cast.be("deputy").post("/account/conflicts", {"name": name, "ground": "relative"})
    assert name in cast.be("deputy").get("/declared-conflicts")  # their own word tells them nothing


def test_the_news_of_a_leaver_counts_no_closed_file(cast: Cast, redis: Any) -> None:
    a_case(cast)
    restricted(cast, a_case(cast, name="Асан"))
    excluded(cast, a_case(cast, name="Иван"), "deputy")
    cast.be("admin").post(f"/users/{colleague(cast, 'aigerim')}/deactivate")
    cast.deliver(redis)
    assert "still has cases (3)" in cast.be("leader").get("/notifications")
    assert "still has cases (1)" in cast.be("deputy").get("/notifications")
    assert "still has cases" not in cast.be("stranger").get("/notifications")


def test_audit_entries_of_a_closed_file_are_read_by_auditors_and_sealed_whole(cast: Cast, sql: Sql) -> None:
    case_id = a_case(cast, number=NUMBER)
    excluded(cast, case_id, "deputy")
    cast.be("leader").get(f"/cases/{case_id}")
    of_file = "SELECT count(*) FROM audit_of(ARRAY[%s]::uuid[]) WHERE case_id IS NOT NULL"
    counts = {name: sql.rows(name, of_file, case_id)[0][0] for name in ("leader", "auditor", "deputy")}
    assert counts["deputy"] == 0
    assert counts["leader"] == counts["auditor"] > 0
    query = "SELECT count(*) FROM audit_entries WHERE case_id = %s"
    hired(cast, "second_auditor", Role.AUDITOR, by="admin")
    excluded(cast, case_id, "second_auditor")
    assert sql.rows("second_auditor", query, case_id)[0][0] == 0
    assert sql.rows("second_auditor", "SELECT count(*) FROM audit_entries WHERE case_id IS NULL")[0][0] > 0
    counts = {"auditor": sql.rows("auditor", query, case_id)[0][0]}
    # What they do is written nevertheless, and who seals and verifies reads all.
    with cast.acting("deputy") as user:
        record("glass.refuse", by=user, case_id=case_id)
    assert sql.rows("auditor", query, case_id)[0][0] > counts["auditor"]
    with cast.app.app_context(), unit_of_work(sql.org):
        assert seal_new(sql.org) is not None
        verdict = verify(sql.org)
    assert verdict.faults == []
    assert verdict.entries == sql.rows("auditor", "SELECT count(*) FROM audit_entries")[0][0]
    assert "Гульнара" in cast.be("auditor").get(f"/audit/person?number={NUMBER}")
