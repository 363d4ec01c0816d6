"""The same act twice at one moment, and two acts that exclude each other: one is done, once; the other is told so."""

import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.stories.people import a_case
from tests.stories.received import a_planned_session, an_accepted, past
from tests.stories.referrals import a_draft, a_referral, looked_at
from tests.stories.release import a_handover
from tests.stories.supervision import a_contact, a_supervised_case
from tests.trust.asking import Asker
from tests.trust.scene import Scene

ROUNDS = 12 if os.environ.get("ATTACKS") == "long" else 2
Count = Callable[[str, object], None]

HELD = {"attendance": "yes", "summary": "We met."}


@dataclass(frozen=True)
class Race:
    """Two requests at once (who, address, form), and how the rows are counted that say it was done."""

    first: tuple[str, str, dict[str, Any]]
    second: tuple[str, str, dict[str, Any]]
    counted: str
    done: int = 1
    both_may_say_done: bool = False  # a double click is answered twice and done once


def _answer(scene: Scene) -> Race:
    id = a_referral(scene.cast)
    accept = ("coordinator", f"/referrals/{id}/answer", {"answer": "accept", "version": _version(scene, id)})
    return Race(
        accept, accept, f"SELECT count(*) FROM referral_events WHERE referral_id = '{id}' AND status = 'accepted'"
    )


def _answer_both_ways(scene: Scene) -> Race:
    id = a_referral(scene.cast)
    version = _version(scene, id)
    accept = ("coordinator", f"/referrals/{id}/answer", {"answer": "accept", "version": version})
    decline = (
        "kamqor_leader",
        f"/referrals/{id}/answer",
        {"answer": "decline", "reason": "no_capacity", "version": version},
    )
    return Race(
        accept,
        decline,
        f"SELECT count(*) FROM referral_events WHERE referral_id = '{id}' AND status IN ('accepted', 'declined')",
    )


def _accept_and_withdraw(scene: Scene) -> Race:
    id = a_referral(scene.cast)
    version = _version(scene, id)
    accept = ("coordinator", f"/referrals/{id}/answer", {"answer": "accept", "version": version})
    withdraw = ("aigerim", f"/referrals/{id}/withdraw", {"reason": "sent_in_error", "version": version})
    return Race(
        accept,
        withdraw,
        f"SELECT count(*) FROM referral_events WHERE referral_id = '{id}' AND status IN ('accepted', 'withdrawn')",
    )


def _send(scene: Scene) -> Race:
    id = a_draft(scene.cast)
    send = ("aigerim", f"/referral-drafts/{id}/check", looked_at(scene.cast.be("aigerim"), id))
    counted = f"SELECT count(*) FROM referral_events WHERE referral_id = '{id}' AND status = 'sent'"
    return Race(send, send, counted, both_may_say_done=True)


def _outcome(scene: Scene) -> Race:
    referral = an_accepted(scene.cast, workers=("worker",))
    id = a_planned_session(scene.cast, referral)
    past(scene.environment["OWNER_DATABASE_URL"], id)
    record = ("worker", f"/sessions/{id}", HELD)
    counted = f"SELECT count(*) FROM audit_entries WHERE act = 'session.record' AND subject_id = '{id}'"
    return Race(record, record, counted)


def _handover(scene: Scene) -> Race:
    case = a_case(scene.cast)
    id = a_handover(scene.cast, case)
    with scene.cast.acting("officer") as officer:
        chosen = str(officer.id)
    accept = ("officer", f"/handovers/{id}/accept", {"officer": chosen})
    cancel = ("aigerim", f"/cases/{case}/release/handovers/{id}/cancel", {"reason": "Too early"})
    # Cancelling is open until the lead changes: accepted first, it may be cancelled after; cancelled, it stays so.
    counted = f"SELECT count(*) FROM handovers WHERE id = '{id}' AND status IN ('preparing', 'cancelled')"
    return Race(accept, cancel, counted, both_may_say_done=True)


def _handover_twice(scene: Scene) -> Race:
    id = a_handover(scene.cast, a_case(scene.cast))
    accepts = []
    for name in ("officer", "other_officer"):
        with scene.cast.acting(name) as user:
            accepts.append((name, f"/handovers/{id}/accept", {"officer": str(user.id)}))
    return Race(accepts[0], accepts[1], f"SELECT count(*) FROM handovers_received WHERE id = '{id}'")


def _contact(scene: Scene) -> Race:
    case = a_supervised_case(scene.cast)
    id = a_contact(scene.cast, case, days=-1)
    record = ("officer", f"/cases/{case}/supervision/contacts/{id}/outcome", {"outcome": "complied"})
    counted = f"SELECT count(*) FROM audit_entries WHERE act = 'contact.record' AND subject_id = '{id}'"
    return Race(record, record, counted)


def _close(scene: Scene) -> Race:
    case = a_case(scene.cast)
    close = ("aigerim", f"/cases/{case}/close", {"outcome": "moved", "note": "Gone."})
    return Race(close, close, f"SELECT count(*) FROM phase_changes WHERE case_id = '{case}' AND phase = 'closed'")


RACES = {
    "accept twice": _answer,
    "accept and decline": _answer_both_ways,
    "accept and withdraw": _accept_and_withdraw,
    "send twice": _send,
    "outcome twice": _outcome,
    "handover accept and cancel": _handover,
    "handover accept twice": _handover_twice,
    "contact's outcome twice": _contact,
    "close twice": _close,
}


@pytest.mark.parametrize("what", list(RACES))
def test_of_two_acts_at_once_one_is_done_and_once(attacked: Scene, what: str, record_property: Count) -> None:
    answers = Counter[tuple[int, ...]]()
    for _ in range(ROUNDS):
        race = RACES[what](attacked)
        statuses = _run(attacked, race)
        answers[tuple(sorted(statuses))] += 1
        with psycopg.connect(attacked.environment["OWNER_DATABASE_URL"]) as owner:
            assert owner.execute(race.counted).fetchone() == (race.done,), f"{what}: {statuses}"  # type: ignore[arg-type]
    allowed = {(302, late) for late in (404, 409, 422)} | ({(302, 302)} if race.both_may_say_done else set())
    record_property(f"probes:races:{what}", 2 * ROUNDS)
    assert set(answers) <= allowed, answers


def _run(scene: Scene, race: Race) -> list[int]:
    askers = [Asker(scene.app, name) for name, *_ in (race.first, race.second)]
    barrier, statuses = threading.Barrier(2), [0, 0]

    def act(place: int, path: str, data: dict[str, Any]) -> None:
        barrier.wait()
        statuses[place] = askers[place].ask("POST", path, data).status_code

    threads = [
        threading.Thread(target=act, args=(place, path, data))
        for place, (_, path, data) in enumerate((race.first, race.second))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def _version(scene: Scene, id: object) -> str:
    with psycopg.connect(scene.environment["OWNER_DATABASE_URL"]) as owner:
        row = owner.execute("SELECT version FROM referrals WHERE id = %s", (id,)).fetchone()
    assert row is not None
    return str(row[0])
