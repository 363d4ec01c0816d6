"""Sessions, by URL: planning, recording once, another time; and what they do to the referral."""

import re
import uuid
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis import Redis
from sqlalchemy import func, select

from caseflow.core import sealing
from caseflow.core.db import db, new_id, now
from caseflow.referrals.models import Asker, Attendance, Origin, Referral, Session, Status
from caseflow.referrals.queries import shared
from caseflow.tenancy import queries as tenancy
from tests.cast import Cast
from tests.stories.received import a_completed, a_planned_session, a_session, an_accepted, parts, past

ALMATY = ZoneInfo("Asia/Almaty")


def planned(
    cast: Cast, referral: uuid.UUID, /, *, hours: float, expect: int = 302, who: str = "worker", **data: Any
) -> str:
    """The worker adds a session so many hours from now."""
    slot = {**parts((now() + timedelta(hours=hours)).astimezone(ALMATY)), "minutes": "45", "way": "in_person"}
    return cast.be(who).post(f"/referrals/{referral}/sessions/new", {**slot, **data}, expect=expect)


def sessions_of(cast: Cast, id: uuid.UUID) -> list[Session]:
    """The sessions as the receiver has them, latest first, free of the database."""
    with cast.acting("coordinator") as user:
        found = shared.sessions(shared.received(id, user))
        for session in found:
            for name in sealing.sealed_columns()[Session]:
                getattr(session, name)
        db.session.expunge_all()
        return found


def referral_of(cast: Cast, id: uuid.UUID) -> Referral:
    """The referral as the receiver has it, free of the database."""
    with cast.acting("coordinator") as user:
        found = shared.received(id, user)
        db.session.expunge_all()
        return found


@pytest.mark.parametrize("minutes", ["", " \t", "soon"])
def test_a_session_without_its_length_is_refused_at_the_field(cast: Cast, minutes: str) -> None:
    referral = an_accepted(cast)
    assert 'href="#minutes"' in planned(cast, referral, hours=24, expect=422, minutes=minutes)
    assert sessions_of(cast, referral) == []


def test_worker_plans_a_session_and_the_sender_sees_it(cast: Cast) -> None:
    id = an_accepted(cast)
    planned(cast, id, hours=50, place="Room 4")
    [session] = sessions_of(cast, id)
    assert session.minutes == 45
    assert "Room 4" in cast.be("aigerim").get(f"/referrals/{id}")
    assert "Room 4" in cast.be("worker").get("/inbox")


def test_form_sent_twice_plans_one_session(cast: Cast) -> None:
    id, key = an_accepted(cast), str(new_id())
    planned(cast, id, hours=50, id=key)
    planned(cast, id, hours=50, id=key)
    assert len(sessions_of(cast, id)) == 1


def test_past_session_asks_its_outcome_at_once(cast: Cast, environment: dict[str, str]) -> None:
    id = an_accepted(cast)
    page = planned(cast, id, hours=-0.02, expect=422)
    assert 'href="#attendance-0"' in page
    assert sessions_of(cast, id) == []
    planned(cast, id, hours=-0.02, attendance="yes", summary="Papers were sorted.")
    assert sessions_of(cast, id)[0].summary == "Papers were sorted."


def test_session_lies_neither_before_the_referral_nor_over_six_months_ahead(cast: Cast) -> None:
    id = an_accepted(cast)
    for hours in (-48, 24 * 200):
        page = planned(cast, id, hours=hours, expect=422, attendance="yes", summary="x")
        assert 'href="#starts_at-day"' in page
    planned(cast, id, hours=5, minutes="601", expect=422)
    planned(cast, id, hours=5, minutes="nonsense", expect=422)
    assert sessions_of(cast, id) == []


def test_clash_with_another_session_of_the_worker_is_told(cast: Cast) -> None:
    first, second = an_accepted(cast), an_accepted(cast)
    planned(cast, first, hours=50)
    planned(cast, second, hours=50.5)
    assert "cf-banner--warn" in cast.be("worker").get(f"/referrals/{second}")
    planned(cast, second, hours=90)
    assert "cf-banner--warn" not in cast.be("worker").get(f"/referrals/{second}")


def test_outcome_is_recorded_once(cast: Cast, environment: dict[str, str]) -> None:
    id = an_accepted(cast)
    session = a_planned_session(cast, id)
    worker, address = cast.be("worker"), f"/sessions/{session}"
    worker.post(address, {"attendance": "yes", "summary": "Too soon."}, expect=422)
    past(environment["OWNER_DATABASE_URL"], session)
    assert worker.get(address).count('type="radio"') >= 3
    worker.post(address, {"attendance": "yes", "summary": "First."})
    worker.post(address, {"attendance": "no", "summary": "Second."}, expect=409)
    [recorded] = sessions_of(cast, id)
    assert (recorded.attendance, recorded.summary, recorded.recorded_by) == (Attendance.YES, "First.", "Олег Ким")
    assert "First." in cast.be("aigerim").get(f"/referrals/{id}")


def test_first_attended_session_begins_the_help_and_the_report_falls_due(cast: Cast) -> None:
    id = an_accepted(cast)
    planned(cast, id, hours=-0.02, attendance="no", absence="acceptable", absence_reason="Court")
    assert referral_of(cast, id).status is Status.ACCEPTED
    planned(cast, id, hours=-0.02, attendance="late", summary="Began.")
    referral = referral_of(cast, id)
    assert referral.status is Status.IN_PROGRESS
    with cast.acting("coordinator") as user:
        assert referral.report_by == tenancy.deadline(user.organisation, 5)
    planned(cast, id, hours=100)
    assert referral_of(cast, id).report_by is None  # the last session is still to come


def test_absence_needs_whose_it_was_and_why_and_attendance_a_line(cast: Cast) -> None:
    id = an_accepted(cast)
    page = planned(cast, id, hours=-0.02, attendance="no", expect=422)
    assert 'href="#absence-0"' in page
    page = planned(cast, id, hours=-0.02, attendance="no", absence="service_side", expect=422)
    assert 'href="#absence_reason"' in page
    page = planned(cast, id, hours=-0.02, attendance="yes", expect=422)
    assert 'href="#summary"' in page
    assert sessions_of(cast, id) == []


def test_another_time_keeps_the_old_one_with_who_asked_and_why(cast: Cast) -> None:
    id = an_accepted(cast)
    old = a_planned_session(cast, id)
    slot = {**parts((now() + timedelta(days=9)).astimezone(ALMATY)), "minutes": "45", "way": "phone"}
    asked = {"asked_by": "sender", "reason": "No escort that day"}
    address = f"/sessions/{old}/another-time"
    cast.be("worker").post(address, slot, expect=422)
    cast.be("worker").post(address, {**slot, **asked})
    new, kept = sessions_of(cast, id)
    assert kept.id == old
    assert (kept.replaced_by_id, kept.rescheduled_for, kept.rescheduled_reason) == (
        new.id,
        Asker.SENDER,
        "No escort that day",
    )
    cast.be("worker").post(address, {**slot, **asked}, expect=409)
    assert "No escort that day" in cast.be("aigerim").get(f"/referrals/{id}")


def test_no_session_while_on_hold_or_after_the_end(cast: Cast) -> None:
    id = an_accepted(cast)
    cast.be("worker").post(f"/referrals/{id}/pause", {"version": referral_of(cast, id).version, "text": "Away."})
    planned(cast, id, hours=20, expect=422)
    with cast.acting("aigerim") as user:
        version = db.session.get_one(Referral, (user.org_id, id)).version
    cast.be("aigerim").post(f"/referrals/{id}/withdraw", {"reason": "moved", "version": version})
    planned(cast, id, hours=20, expect=409)


def test_stranger_second_worker_and_sender_touch_no_session(cast: Cast, environment: dict[str, str]) -> None:
    id = an_accepted(cast)
    session = a_planned_session(cast, id)
    past(environment["OWNER_DATABASE_URL"], session)
    said = {"attendance": "yes", "summary": "Not mine."}
    for name, expect in (("second", 404), ("stranger_cso", 404), ("stranger", 404), ("aigerim", 403)):
        cast.be(name).get(f"/sessions/{session}", expect=expect)
        cast.be(name).post(f"/sessions/{session}", said, expect=expect)
        cast.be(name).post(f"/sessions/{session}/another-time", said, expect=expect)
        planned(cast, id, hours=20, expect=expect, who=name)
    [untouched] = sessions_of(cast, id)
    assert untouched.recorded_at is None
    with cast.acting("stranger_cso"):
        assert db.session.scalar(select(func.count()).select_from(Session)) == 0


def test_worker_sees_sessions_to_record_on_top_of_the_inbox(cast: Cast, environment: dict[str, str]) -> None:
    id = an_accepted(cast)
    session = a_planned_session(cast, id)
    past(environment["OWNER_DATABASE_URL"], session)
    assert f"/sessions/{session}" in cast.be("worker").get("/inbox")
    assert f"/sessions/{session}" not in cast.be("second").get("/inbox")
    a_session(cast, id)
    assert cast.be("worker").get("/inbox").count("/sessions/") == 1


def test_session_called_off_is_kept_with_who_asked_and_why_and_counts_as_no_absence(cast: Cast) -> None:
    id = an_accepted(cast)
    a_session(cast, id)
    session = a_planned_session(cast, id)
    worker, address = cast.be("worker"), f"/sessions/{session}/call-off"
    assert f'href="{address}"' in worker.get(f"/referrals/{id}")
    page = worker.post(address, {"reason": "No escort that day"}, expect=422)
    assert 'href="#asked_by-0"' in page
    assert "No escort that day" in page
    assert 'href="#reason"' in worker.post(address, {"asked_by": "sender"}, expect=422)
    assert referral_of(cast, id).report_by is None  # a session is still to come
    said = {"asked_by": "sender", "reason": "No escort that day"}
    worker.post(address, said)
    kept = next(one for one in sessions_of(cast, id) if one.id == session)
    assert (kept.called_off_by, kept.called_off_for, kept.called_off_reason) == (
        "Олег Ким",
        Asker.SENDER,
        "No escort that day",
    )
    assert (kept.attendance, kept.absence, kept.recorded_at, kept.standing) == (None, None, None, False)
    assert referral_of(cast, id).report_by is not None
    for name in ("worker", "aigerim"):
        page = cast.be(name).get(f"/referrals/{id}")
        assert "Called off" in page
        assert "No escort that day" in page
        assert re.search(
            r"Called off on <bdi><time[^>]*>[^<]*</time></bdi>, asked for by: <bdi>Prison Service of Almaty</bdi>", page
        )
        assert "Outcome missing" not in page
    assert f"/sessions/{session}" not in worker.get("/inbox")
    with cast.acting("aigerim") as user:
        case_id = db.session.get_one(Origin, (user.org_id, id)).case_id
    assert "session called off" in cast.be("aigerim").get(f"/cases/{case_id}/timeline")


def test_session_is_called_off_once_and_only_before_it_begins(cast: Cast, environment: dict[str, str]) -> None:
    id = an_accepted(cast)
    session = a_planned_session(cast, id)
    worker, said = cast.be("worker"), {"asked_by": "person", "reason": "Ill"}
    worker.post(f"/sessions/{session}/call-off", said)
    worker.post(f"/sessions/{session}/call-off", said, expect=409)
    slot = {**parts((now() + timedelta(days=9)).astimezone(ALMATY)), "minutes": "45", "way": "phone"}
    worker.post(f"/sessions/{session}/another-time", {**slot, **said}, expect=409)
    past(environment["OWNER_DATABASE_URL"], session)
    assert "This session was called off." in worker.get(f"/sessions/{session}")
    worker.post(f"/sessions/{session}", {"attendance": "yes", "summary": "x"}, expect=409)
    begun = a_planned_session(cast, id)
    past(environment["OWNER_DATABASE_URL"], begun)
    page = worker.post(f"/sessions/{begun}/call-off", said, expect=422)
    assert "say how it went" in page
    assert [one.called_off_at is None for one in sessions_of(cast, id) if one.id == begun] == [True]


def test_end_report_waits_for_no_session_that_was_called_off(cast: Cast, environment: dict[str, str]) -> None:
    id = an_accepted(cast)
    a_session(cast, id)
    session = a_planned_session(cast, id)
    cast.be("worker").post(f"/sessions/{session}/call-off", {"asked_by": "receiver", "reason": "The teacher is ill"})
    past(environment["OWNER_DATABASE_URL"], session)
    a_completed(cast, id)
    assert referral_of(cast, id).status is Status.COMPLETED


def test_sender_is_told_of_a_session_called_off_and_nobody_else_calls_it_off(cast: Cast, redis: Redis) -> None:
    id = an_accepted(cast)
    session = a_planned_session(cast, id)
    said = {"asked_by": "person", "reason": "Ill"}
    for name, expect in (("second", 404), ("stranger_cso", 404), ("stranger", 404), ("aigerim", 403)):
        cast.be(name).get(f"/sessions/{session}/call-off", expect=expect)
        cast.be(name).post(f"/sessions/{session}/call-off", said, expect=expect)
    assert sessions_of(cast, id)[0].standing
    cast.be("worker").post(f"/sessions/{session}/call-off", said)
    cast.deliver(redis)
    assert "A session is called off" in cast.be("aigerim").get("/notifications")
    for name in ("worker", "stranger", "daniyar"):
        assert "A session is called off" not in cast.be(name).get("/notifications")
