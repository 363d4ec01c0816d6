"""Copies of their records for persons who ask, by URL: two persons decide, all is in it, nobody else gets it."""

import json
import uuid
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import select

from caseflow.audit.models import Entry
from caseflow.core.db import db, now
from caseflow.people import actions as people
from caseflow.people import queries
from caseflow.people.models import IdentifierKind, NoteKind
from caseflow.referrals.actions import drafts
from caseflow.rights.models import AccessRequest
from caseflow.tenancy.models import ReferralKind
from tests.cast import Cast
from tests.rights.test_retention import a_second_leader
from tests.stories.people import a_case
from tests.stories.plans import a_goal, a_step

DAY = {"asked_on-day": "1", "asked_on-month": "6", "asked_on-year": "2026"}


def a_told_case(cast: Cast) -> uuid.UUID:
    case_id = a_case(cast, phone="+7 701", identifiers={IdentifierKind.NATIONAL: "901231300123"})
    a_step(cast, case_id, a_goal(cast, case_id))
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        people.write_note(case, kind=NoteKind.CONTACT, text="Слова заметки", by=user)
        people.add_relative(case, people.RelativeFields(name="Мать", relation="mother", phone="+7 702"), by=user)
        drafts.start(case, ReferralKind.EMPLOYMENT, by=user).reason = "Слова черновика"
    return case_id


def asked(cast: Cast, case_id: uuid.UUID) -> str:
    path = f"/cases/{case_id}/copies"
    cast.be("aigerim").post(path, DAY)
    with cast.acting("aigerim"):
        return f"{path}/{db.session.scalars(select(AccessRequest.id)).one()}"


def test_one_marks_another_decides_and_the_person_gets_all_but_that(cast: Cast, redis: Any) -> None:
    case_id = a_told_case(cast)
    a_case(cast, name="Другой", phone="+7 999", number="A-other")
    one, leader, path = cast.be("aigerim"), cast.be("leader"), asked(cast, case_id)
    page = one.get(path)
    for part in ("persons", "notes", "relatives", "referral_drafts", "audit_entries", "goals", "steps", "identifiers"):
        assert f'name="part-{part}"' in page, part
    one.post(path, {"part-relatives": "nonsense"}, expect=400)
    one.post(path, {"part-relatives": "third_party"})
    one.get(f"{path}/approve", expect=403)
    leader.post(f"{path}/approve")
    one.post(path, {"part-notes": "safety"}, expect=409)
    one.post(f"{path}/download", expect=409, page=path)  # the job has not run
    cast.deliver(redis)
    copy = one.post(f"{path}/download", expect=200, page=f"/cases/{case_id}/copies")
    held = json.loads(copy)["parts"]
    assert held["relatives"] == {"withheld": "third_party"}
    assert held["notes"][0]["text"] == "Слова заметки"
    assert held["persons"][0]["phone"] == "+7 701"
    assert held["identifiers"][0]["value"] == "901231300123"
    assert held["referral_drafts"][0]["reason"] == "Слова черновика"
    assert {"note.write", "access.ask"} <= {entry["act"] for entry in held["audit_entries"]}
    for secret in ("+7 702", "+7 999", "Другой", "sealed:", "wrapped"):
        assert secret not in copy
    with cast.acting("aigerim"):
        acts = set(db.session.scalars(select(Entry.act)))
    assert {"access.mark", "access.approve", "access.download"} <= acts
    for name in ("stranger", "daniyar", "officer"):
        for page in (path, f"/cases/{case_id}/copies"):
            cast.be(name).get(page, expect=404)
        cast.be(name).post(f"{path}/download", expect=404)


def test_nobody_decides_on_what_they_marked(cast: Cast) -> None:
    second = a_second_leader(cast)
    path = asked(cast, a_told_case(cast))
    assert "decided before" in cast.be("leader").post(f"{path}/approve", expect=409)  # nobody has marked it
    cast.be("leader").post(path, {})
    assert "Nobody decides on what they marked" in cast.be("leader").post(f"{path}/approve", expect=422)
    cast.be(second).post(f"{path}/approve")


def test_a_copy_is_there_for_a_limited_time_and_sealed(cast: Cast, environment: dict[str, str], redis: Any) -> None:
    path = asked(cast, a_told_case(cast))
    cast.be("aigerim").post(path, {})
    cast.be("leader").post(f"{path}/approve")
    cast.deliver(redis)
    cast.be("aigerim").post(f"{path}/download", expect=200, page=path.rsplit("/", 1)[0])
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as owner:
        [(content,)] = owner.execute("SELECT content::text FROM access_requests").fetchall()
        assert "Слова" not in content
        owner.execute("UPDATE access_requests SET expires_at = %s", (now() - timedelta(seconds=1),))
    cast.be("aigerim").post(f"{path}/download", expect=409, page=path.rsplit("/", 1)[0])
