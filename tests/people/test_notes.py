"""Notes and tasks by URL."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from caseflow.core.db import db, new_id, now, today
from caseflow.core.errors import Refused
from caseflow.people import actions, queries
from caseflow.people.models import Note, NoteKind, Task
from tests.cast import Cast
from tests.people.test_cases import parts
from tests.stories.people import a_case


def note(**more: Any) -> dict[str, Any]:
    """A note as the form sends it."""
    return {"id": str(new_id()), "kind": "contact", "text": "Поговорили о семье.", **more}


def test_note_is_written_once_and_shown(cast: Cast) -> None:
    case_id = a_case(cast)
    browser, path, form = cast.be("aigerim"), f"/cases/{case_id}/notes", note()
    browser.post(f"{path}/new", form)
    browser.post(f"{path}/new", form)
    assert browser.get(path).count("Поговорили о семье.") == 1
    assert "Поговорили о семье." not in browser.get(f"{path}?kind=decision")
    assert "Поговорили о семье." in browser.get(f"{path}?kind=nonsense")


def test_amendment_stands_beside_the_first_text(cast: Cast) -> None:
    case_id = a_case(cast)
    browser, path, form = cast.be("aigerim"), f"/cases/{case_id}/notes", note()
    browser.post(f"{path}/new", form)
    amend = f"{path}/{form['id']}/amend"
    assert "Поговорили о семье." in browser.get(amend)
    assert 'id="text-error"' in browser.post(amend, {"text": ""}, expect=422)
    browser.post(amend, {"id": str(new_id()), "text": "Мать, а не сестра."})
    page = browser.get(path)
    assert page.index("Поговорили о семье.") < page.index("Мать, а не сестра.")
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        [thread] = queries.threads(case).items
        [later] = thread.amendments
        third = actions.write_note(case, kind=NoteKind.CONTACT, text="И ещё", amends=later, by=user)
        assert third.amends_id == thread.note.id  # one level, however often it is amended
    for other in ("stranger", "daniyar"):
        cast.be(other).get(amend, expect=404)
        cast.be(other).post(amend, {"text": "x"}, expect=404)
    with cast.acting("stranger"):
        assert db.session.scalar(select(func.count(Note.id))) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "  "}, "text"),
        ({"text": "я" * 12_001}, "text"),
        ({"kind": "system"}, "kind"),
        ({"occurred_at-day": "1", "occurred_at-month": "1", "occurred_at-year": "2199", "occurred_at-hour": "9",
          "occurred_at-minute": "0"}, "occurred_at"),
    ],
)  # fmt: skip
def test_note_says_what_is_wrong_and_keeps_the_text(cast: Cast, change: dict[str, str], field: str) -> None:
    case_id = a_case(cast)
    page = cast.be("aigerim").post(f"/cases/{case_id}/notes/new", note(**change), expect=422)
    assert f'id="{field}-error"' in page


def test_longest_note_fits(cast: Cast) -> None:
    case_id = a_case(cast)
    cast.be("aigerim").post(f"/cases/{case_id}/notes/new", note(text="я" * 11_999 + "\r\n" + "й"), expect=422)
    cast.be("aigerim").post(f"/cases/{case_id}/notes/new", note(text="я" * 11_998 + "\r\n" + "й"))


def test_sensitive_note_keeps_its_words_from_the_timeline(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        actions.write_note(case, kind=NoteKind.CONTACT, text="Тайна", sensitive=True, by=user)
        assert len(queries.notes(case, NoteKind.CONTACT)) == 1
    with cast.app.test_request_context(), cast.acting("aigerim") as user:
        assert "Тайна" not in [one.text for one in queries.happenings(queries.opened(case_id, user))]
    assert "Тайна" in cast.be("aigerim").get(f"/cases/{case_id}/notes")


def test_actions_refuse_an_empty_a_long_and_a_future_note(cast: Cast) -> None:
    case_id = a_case(cast)
    wrong: list[dict[str, Any]] = [
        {"text": " "}, {"text": "я" * 12_001}, {"text": "x", "occurred_at": now() + timedelta(hours=1)},
    ]  # fmt: skip
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        for fields in wrong:
            with pytest.raises(Refused):
                actions.write_note(case, kind=NoteKind.CONTACT, by=user, **fields)


def test_task_is_set_finished_and_leads_back(cast: Cast) -> None:
    case_id = a_case(cast)
    with cast.acting("aigerim") as user:
        aigerim = user.id
    browser, path = cast.be("aigerim"), f"/cases/{case_id}/tasks"
    form = {
        "id": str(new_id()),
        "title": "Позвонить адвокату",
        "user": str(aigerim),
        **parts("due_on", today() + timedelta(days=3)),
    }
    browser.post(f"{path}/new", form)
    browser.post(f"{path}/new", form)
    assert browser.get(path).count("Позвонить адвокату") >= 1
    past = {**form, "id": str(new_id()), **parts("due_on", today() - timedelta(days=3))}
    assert 'id="due_on-error"' in browser.post(f"{path}/new", past, expect=422)
    for other in ("stranger", "daniyar"):
        cast.be(other).post(f"/tasks/{form['id']}/finish", expect=404)
    browser.post(f"/tasks/{form['id']}/finish", {"next": "/caseload"})
    assert browser.location == "/caseload"
    for outside in ("//evil.example", "https://evil.example", "/\\evil.example", ""):
        browser.post(f"/tasks/{form['id']}/finish", {"next": outside})
        assert browser.location == path
    with cast.acting("aigerim") as user:
        assert [task.kind.value for task in queries.open_tasks(queries.opened(case_id, user))] == ["intake"]
        assert db.session.scalar(select(func.count(Task.id))) == 2
