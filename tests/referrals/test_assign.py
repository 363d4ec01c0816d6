"""Assigning workers, by URL: one to five, one responsible, history kept."""

import uuid

from caseflow.referrals.queries import shared
from tests.cast import Cast
from tests.stories.received import an_accepted, user_id
from tests.stories.referrals import a_referral


def assign(cast: Cast, id: uuid.UUID, *names: str, primary: str = "", expect: int = 302) -> str:
    """The coordinator chooses these workers."""
    workers = [str(user_id(cast, name)) for name in names]
    chosen = str(user_id(cast, primary)) if primary else ""
    return cast.be("coordinator").post(
        f"/referrals/{id}/workers", {"workers": workers, "primary": chosen}, expect=expect
    )


def helping(cast: Cast, id: uuid.UUID, *, live: bool = True) -> list[tuple[str, bool]]:
    """Who helps (or helped), and whether as the responsible one."""
    with cast.acting("coordinator") as user:
        return [(one.user.name, one.primary) for one in shared.helpers(shared.received(id, user), live=live)]


def test_assigned_worker_opens_the_referral_and_the_other_does_not(cast: Cast) -> None:
    id = an_accepted(cast, workers=())
    cast.be("worker").get(f"/referrals/{id}", expect=404)
    assign(cast, id, "worker")
    assert "Ермек Сатыбалды" in cast.be("worker").get(f"/referrals/{id}")
    cast.be("second").get(f"/referrals/{id}", expect=404)
    assert helping(cast, id) == [("Олег Ким", True)]


def test_handing_over_keeps_the_history(cast: Cast) -> None:
    id = an_accepted(cast)
    assign(cast, id, "worker", "second", primary="second")
    assert helping(cast, id) == [("Жанна Ли", True), ("Олег Ким", False)]
    assert helping(cast, id, live=False) == [("Олег Ким", True)]
    assign(cast, id, "second")
    assert helping(cast, id) == [("Жанна Ли", True)]
    assert "Олег Ким" in cast.be("coordinator").get(f"/referrals/{id}")
    cast.be("worker").get(f"/referrals/{id}", expect=404)


def test_assigning_the_same_twice_changes_nothing(cast: Cast) -> None:
    id = an_accepted(cast)
    assign(cast, id, "worker")
    assert helping(cast, id, live=False) == []


def test_nobody_two_without_a_responsible_one_or_an_outsider_is_refused(cast: Cast) -> None:
    id = an_accepted(cast, workers=())
    assert 'href="#workers' in assign(cast, id, expect=422)
    assert 'href="#primary"' in assign(cast, id, "worker", "second", expect=422)
    assert 'href="#primary"' in assign(cast, id, "worker", primary="second", expect=422)
    assign(cast, id, "aigerim", expect=422)
    assign(cast, id, "kamqor_admin", expect=422)
    assert helping(cast, id) == []


def test_workers_are_assigned_only_to_an_accepted_referral(cast: Cast) -> None:
    assign(cast, a_referral(cast), "worker", expect=409)


def test_stranger_and_worker_assign_nobody(cast: Cast) -> None:
    id = an_accepted(cast)
    for name, expect in (("stranger_cso", 404), ("stranger", 404), ("worker", 403), ("aigerim", 403)):
        cast.be(name).get(f"/referrals/{id}/workers", expect=expect)
        cast.be(name).post(f"/referrals/{id}/workers", {"workers": [str(uuid.uuid4())]}, expect=expect)
    assert helping(cast, id) == [("Олег Ким", True)]
