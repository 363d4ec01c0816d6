"""Messages between the two sides and the receiver's own notes, by URL."""

import uuid

from sqlalchemy import func, select

from caseflow.core.db import db, new_id
from caseflow.referrals.models import HelperNote, Message
from tests.cast import Cast
from tests.stories.received import an_accepted
from tests.stories.referrals import a_referral


def write(cast: Cast, name: str, id: uuid.UUID, text: str, *, expect: int = 302, key: str | None = None) -> str:
    """Somebody writes to the other side."""
    data = {"message": text, "message_id": key or str(new_id())}
    return cast.be(name).post(f"/referrals/{id}/messages", data, expect=expect)


def test_both_sides_read_what_either_wrote(cast: Cast) -> None:
    id = an_accepted(cast)
    write(cast, "aigerim", id, "When can you come?")
    write(cast, "worker", id, "On Monday.")
    for name in ("aigerim", "coordinator", "worker"):
        page = cast.be(name).get(f"/referrals/{id}")
        assert page.index("When can you come?") < page.index("On Monday.")


def test_message_sent_twice_is_written_once_and_an_empty_one_not_at_all(cast: Cast) -> None:
    id, key = a_referral(cast), str(new_id())
    write(cast, "aigerim", id, "Once.", key=key)
    write(cast, "aigerim", id, "Once.", key=key)
    write(cast, "aigerim", id, "With a broken key.", key="x")
    assert 'href="#message"' in write(cast, "aigerim", id, "  ", expect=422)
    with cast.acting("coordinator") as user:
        assert db.session.scalar(select(func.count()).where(Message.to_org_id == user.org_id)) == 2


def test_text_that_is_too_long_is_kept_with_what_is_wrong(cast: Cast) -> None:
    page = write(cast, "coordinator", a_referral(cast), "x" * 4001, expect=422)
    assert "x" * 4001 in page


def test_own_note_is_read_by_the_receiver_alone(cast: Cast) -> None:
    id = an_accepted(cast)
    data = {"note": "Privileged.", "note_id": str(new_id())}
    cast.be("worker").post(f"/referrals/{id}/notes", data)
    cast.be("worker").post(f"/referrals/{id}/notes", data)
    assert cast.be("coordinator").get(f"/referrals/{id}").count("Privileged.") == 1
    assert "Privileged." not in cast.be("aigerim").get(f"/referrals/{id}")
    with cast.acting("leader"):
        assert db.session.scalar(select(func.count()).select_from(HelperNote)) == 0
    cast.be("worker").post(f"/referrals/{id}/notes", {"note": ""}, expect=422)
    cast.be("aigerim").post(f"/referrals/{id}/notes", data, expect=403)


def test_stranger_and_second_worker_and_colleague_without_the_case_write_nothing(cast: Cast) -> None:
    id = an_accepted(cast)
    for name in ("second", "stranger", "stranger_cso", "daniyar", "officer", "kamqor_admin", "admin"):
        write(cast, name, id, "Let me in.", expect=404)
    for name, expect in (("second", 404), ("stranger_cso", 404)):
        cast.be(name).post(f"/referrals/{id}/notes", {"note": "x"}, expect=expect)
    with cast.acting("coordinator"):
        assert db.session.scalar(select(func.count()).select_from(Message)) == 0
