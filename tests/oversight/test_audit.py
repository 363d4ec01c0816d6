"""The audit page, by URL: newest first, narrowed, for auditors of the own organisation only."""

import ast
from pathlib import Path

from sqlalchemy import select

import caseflow
from caseflow.accounts import queries as accounts
from caseflow.accounts.models import LinkKind
from caseflow.audit.actions import record
from caseflow.audit.models import Entry
from caseflow.core.db import db
from caseflow.oversight.words import NOUNS, VERBS
from caseflow.people.models import AccessKind
from caseflow.people.queries import opened
from tests.cast import Cast
from tests.stories.people import a_case


def audit(cast: Cast, name: str = "auditor", query: str = "") -> str:
    cast.be(name).post("/language", {"locale": "en"})
    return cast.be(name).get(f"/audit{query}")


def test_auditor_reads_who_did_what_newest_first(cast: Cast) -> None:
    for name in ("aigerim", "daniyar"):
        with cast.acting(name) as user:
            record("case.read", by=user, on=user, pages=7)
    page = audit(cast)
    rows = page[page.index("<tbody>") :]
    assert rows.index("Данияр Омаров") < rows.index("Айгерім Сәрсенова")
    assert "case.read" in rows
    assert "pages: 7" in rows


def test_entry_about_a_new_row_names_it(cast: Cast) -> None:
    cast.be("aigerim")
    with cast.acting("aigerim") as user:
        [session_id] = [one.id for one in accounts.sessions(user)]
    with cast.acting("auditor"):
        entry = db.session.scalars(select(Entry).where(Entry.act == "session.begin")).one()
        assert entry.subject_id == session_id


def test_audit_is_narrowed_by_noun_and_by_user(cast: Cast) -> None:
    with cast.acting("aigerim") as user:
        record("plan.agree", by=user)
        record("note.write", by=user)
        who = user.id
    with cast.acting("daniyar") as user:
        record("plan.agree", by=user, goals=3)
    page = audit(cast, query=f"?act=plan&user={who}")
    rows = page[page.index("<tbody>") :]
    assert rows.count("plan.agree") == 1
    assert "note.write" not in rows
    assert "goals: 3" not in rows
    assert f'href="/audit?user={who}"' in page
    assert "No entry fits" in audit(cast, query="?act=nonsense")
    assert "plan.agree" in audit(cast, query="?user=nonsense")


def test_audit_is_paged_by_fifty_and_the_count_is_true(cast: Cast) -> None:
    with cast.acting("aigerim") as user:
        for number in range(60):
            record("task.finish", by=user, number=number)
    first, second = audit(cast, query="?act=task"), audit(cast, query="?act=task&page=2")
    assert "<bdi>60</bdi> entries" in first
    assert first.count("task.finish") == 50
    assert second.count("task.finish") == 10


def test_other_roles_may_not_read_it_and_another_organisation_has_its_own(cast: Cast) -> None:
    with cast.acting("stranger") as user:
        record("case.read", by=user, secret=4711)
    assert "4711" not in audit(cast)
    for name in ("aigerim", "leader", "admin", "coordinator", "stranger", "steward"):
        cast.be(name).get("/audit", expect=403)


def test_no_entry_of_another_organisation_is_listed_by_its_user(cast: Cast) -> None:
    with cast.acting("stranger") as user:
        record("plan.agree", by=user)
        stranger = accounts.user_of(user.org_id, user.id)
        assert stranger is not None
        who = stranger.id
    page = audit(cast, query=f"?act=plan&user={who}")
    assert "No entry fits" in page


def test_every_act_that_the_product_records_has_words() -> None:
    said, done = set(), set()
    for path in Path(caseflow.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("record", "audit") and node.args:
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value:
                        said.add(part.value.partition(".")[0])
                        done.add(part.value.partition(".")[2])
    made_up = {f"end-{kind.value}" for kind in AccessKind} | {kind.value for kind in LinkKind} | {"seal", "unseal"}
    done = {verb for verb in done if verb and not verb.endswith("-")} | made_up
    assert "case" in said
    assert "read" in VERBS
    assert said <= NOUNS.keys(), f"add to oversight/words.py: {sorted(said - NOUNS.keys())}"
    assert done <= VERBS.keys(), f"add to oversight/words.py: {sorted(done - VERBS.keys())}"


def test_entry_about_a_case_leads_to_who_saw_the_person_and_tells_no_number_before(cast: Cast) -> None:
    case = a_case(cast)
    cast.be("leader").get(f"/cases/{case}")
    with cast.acting("leader") as user:
        number = opened(case, user).number
    page = audit(cast, query="?act=case")
    assert "Case: reading" in page
    assert f'href="/audit/person?number={case}"' in page
    assert number not in page
    assert number in audit(cast, query=f"/person?number={case}")
