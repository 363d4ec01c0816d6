"""(h) What encryption costs: a page with 50 notes whose texts are sealed, and the same page with its texts in clear."""

import time
import uuid
from statistics import median

from caseflow.accounts.models import User
from caseflow.core.db import db, unit_of_work
from caseflow.people import actions, queries
from caseflow.people.models import NoteKind
from tests.bench.figures import Figure
from tests.bench.place import WORKER, Place

TARGET = 1.3
NOTES = 50
RUNS = 150
WORDS = "Спокойно рассказал о семье и о том, чего ждёт после освобождения; договорились о следующем шаге. " * 7


def measure(place: Place) -> list[Figure]:
    """One ratio, of two cases of one worker that differ in nothing else; the runs alternate."""
    org_id, user_id = place.user(WORKER)
    with place.owner() as owner:
        cases: list[uuid.UUID] = [
            id
            for (id,) in owner.execute(
                "SELECT case_id FROM assignments WHERE org_id = %s AND user_id = %s AND until IS NULL LIMIT 2",
                (org_id, user_id),
            )
        ]
        owner.execute("DELETE FROM notes WHERE case_id = ANY (%s)", (cases,))
    texts = [f"{number}. {WORDS}" for number in range(NOTES)]
    with place.app.app_context(), unit_of_work(org_id, user_id):
        user = db.session.get_one(User, (org_id, user_id))
        for case_id in cases:
            case = queries.opened(case_id, user)
            for text in texts:
                actions.write_note(case, kind=NoteKind.CONTACT, text=text, by=user)
    sealed, clear = cases
    with place.owner() as owner:
        rows = owner.execute("SELECT id FROM notes WHERE case_id = %s ORDER BY id", (clear,)).fetchall()
        with owner.cursor() as cursor:
            cursor.executemany(
                "UPDATE notes SET text = %s WHERE id = %s", list(zip(texts, [row[0] for row in rows], strict=True))
            )
    browser = place.browser(WORKER)
    spent: dict[uuid.UUID, list[float]] = {sealed: [], clear: []}
    for _ in range(RUNS):
        for case_id, times in spent.items():
            began = time.perf_counter()
            page = browser.get(f"/cases/{case_id}/timeline")
            times.append(time.perf_counter() - began)
            if page.count(WORDS[:60]) < NOTES - 2:  # phases and workers share the page
                raise RuntimeError("the page does not show the notes")
    on, off = (median(times[10:]) for times in spent.values())
    how = f"{on * 1000:.2f} / {off * 1000:.2f} ms, {RUNS} runs each, {len(WORDS)} letters a note"
    return [Figure("h", f"a page with {NOTES} notes, encryption on ÷ off", on / off, "", TARGET, how)]
