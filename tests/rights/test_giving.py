"""What a copy gives out was decided for every table and column, and what could hurt somebody is in none, by URL."""

import io
import json
import re
import uuid
from typing import Any

import psycopg
from pypdf import PdfReader
from sqlalchemy import select
from wtforms.fields.core import UnboundField

from caseflow.accounts import actions as accounts
from caseflow.accounts.queries import colleagues
from caseflow.core.db import Model, db
from caseflow.people import actions as people
from caseflow.people import queries
from caseflow.people.models import ExclusionGround, NoteKind
from caseflow.referrals.kinds import KINDS
from caseflow.referrals.kinds.form import DetailsForm
from caseflow.rights.giving import ASKS, DECIDED, EVERYWHERE, INSIDE, NEVER, Giving, decided, without_others
from caseflow.rights.models import AccessRequest
from caseflow.rights.queries.gathering import way
from caseflow.rights.words import FACTS, MARKS, PARTS
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy.models import Site, SiteKind
from tests.cast import Cast
from tests.rights.test_copies import approve, asked, read
from tests.rights.test_retention import waiting
from tests.stories.access import colleague, excluded, restricted
from tests.stories.people import a_case
from tests.stories.referrals import a_referral

# In the JSON of details, what is about somebody else: held back whatever it says.
OF_OTHERS = {"relative", "agrees", "restriction_checked", "children", "opposing_party"}


def of_person() -> list[Any]:
    """Every kind of row that is in a person's records."""
    found = [model for mapper in Model.registry.mappers if way(model := mapper.class_)]
    assert len(found) > 30
    return found


def test_every_table_and_column_of_a_person_was_decided_on_once() -> None:
    for model in of_person():
        table = model.__tablename__
        assert (table in DECIDED) != (table in NEVER), f"{table}: decide in rights/giving.py what a copy gives of it"
        for column in model.__table__.columns if table in DECIDED else []:
            lists = [one for one in Giving if column.name in getattr(DECIDED[table], one.value).split()]
            lists += [] if (found := EVERYWHERE.of(column.name)) is None else [found]
            assert len(lists) == 1, f"{table}.{column.name}: decide in rights/giving.py whether a copy gives it"


def test_nothing_was_decided_on_that_is_not_there() -> None:
    tables = {model.__tablename__: set(model.__table__.columns.keys()) for model in of_person()}
    for table, columns in DECIDED.items():
        named = {name for one in Giving for name in getattr(columns, one.value).split()}
        assert named <= tables[table], table
    assert set(ASKS) <= set(DECIDED)


def test_what_nobody_decided_on_is_given_to_nobody() -> None:
    assert decided("a_new_table", "text") is Giving.NEVER
    assert decided("notes", "a_new_column") is Giving.NEVER
    told = {"family": {"relatives": [{"name": "Мать", "phone": "+7 702"}]}, "contact": {"phone": "+7 701", "new": 1}}
    assert without_others(told) == {"family": {}, "contact": {"phone": "+7 701"}}


def _asked(form: type[DetailsForm]) -> set[str]:
    """The names of a form's questions."""
    return {name for name in dir(form) if isinstance(getattr(form, name), UnboundField)}


def test_every_question_of_a_referral_was_decided_on() -> None:
    for kind in KINDS.values():
        for name in _asked(kind.form) - _asked(DetailsForm):  # those are columns of the draft
            assert (name in INSIDE) != (name in OF_OTHERS), f"{kind.form.__name__}.{name}"


def test_every_column_that_may_go_out_has_a_name_on_paper() -> None:
    for table, columns in DECIDED.items():
        assert table in PARTS, table
        for name in f"{columns.role} {columns.others} {columns.mixed}".split():
            assert name in FACTS, f"{table}.{name}"
        for name in columns.given.split():
            assert name in FACTS or name in MARKS or name.endswith("_id"), f"{table}.{name}"


def a_guarded_case(cast: Cast) -> uuid.UUID:
    """A file from which one declared themself, one was excluded as the victim, and that is restricted besides."""
    case_id = a_case(cast)
    with cast.acting("deputy") as user:
        conflict_id = people.declare_conflict("Ермек Сатыбалды", ExclusionGround.VICTIM, by=user).id
    with cast.acting("leader") as user:
        conflict = queries.conflict(conflict_id, user)
        people.exclude_declared(conflict, queries.opened(case_id, user), by=user)
    excluded(cast, case_id, "daniyar")
    restricted(cast, case_id, "aigerim", "leader")
    return case_id


def both(cast: Cast, redis: Any, path: str) -> tuple[str, str]:
    """The copy for programs and on paper, after it was marked and decided on."""
    one = cast.be("aigerim")
    approve(cast.be("leader"), path)
    cast.deliver(redis)
    copy = one.post(f"{path}/download", expect=200)
    one.post(f"{path}/download-pdf", expect=200)
    assert one.last is not None
    return copy, read(PdfReader(io.BytesIO(one.last.get_data())))


def test_who_may_open_the_file_and_why_is_in_no_copy_and_on_no_page_of_it(cast: Cast, redis: Any) -> None:
    case_id = a_guarded_case(cast)
    path = asked(cast, case_id, "en")
    cast.be("aigerim").get(f"/cases/{case_id}/access", expect=403)
    shown = cast.be("aigerim").get(path)
    for part in ("case_access", "referral_access", "conflicts", "person_keys"):
        assert f"part-{part}" not in shown
        for name in ("aigerim", "leader"):
            cast.be(name).get(f"{path}/parts/{part}", expect=404)
        cast.be("stranger").get(f"{path}/parts/{part}", expect=404)
    cast.be("aigerim").post(path, {"part-case_access": "nonsense"})  # there is no such part to mark
    page = cast.be("leader").get(f"{path}/approve")
    copy, paper = both(cast, redis, path)
    staff = [str(colleague(cast, name)) for name in ("aigerim", "leader", "deputy", "daniyar")]
    for text in (page.split("<article")[1].split("</article>")[0], copy, paper):
        for secret in (
            "Declared by themself", "A cousin", "A witness in another trial", "case_access", "Who may open this case",
            "victim", "Victim", "granted_by", "guarded", "access.exclude", *staff,
        ):  # fmt: skip
            assert secret not in text, secret
    assert "who may open your file and who may not" in paper
    assert {line["role"] for line in json.loads(copy)["parts"]["audit_entries"]} >= {"social_worker", "team_leader"}
    for name in ("stranger", "daniyar", "deputy", "officer"):
        cast.be(name).get(path, expect=404)
        cast.be(name).post(f"{path}/download", expect=404)


def a_family(cast: Cast) -> uuid.UUID:
    case_id = a_case(cast, phone="+7 701")
    with cast.acting("aigerim") as user:
        case = queries.opened(case_id, user)
        mother = people.RelativeFields(name="Мать Зоя", relation="mother", phone="+7 702", address="ул. Мира 5")
        people.add_relative(case, mother, by=user)
        wife = people.RelativeFields(
            name="Жена Анна", relation="wife", phone="+7 703", contact_wanted=False, restriction="Охранный ордер"
        )
        people.add_relative(case, wife, by=user)
        people.write_note(case, kind=NoteKind.CONTACT, text="Слова заметки", by=user)
    return case_id


def test_what_is_about_somebody_else_is_held_back_and_given_by_two_on_purpose(cast: Cast, redis: Any) -> None:
    path, one, leader = asked(cast, a_family(cast), "en"), cast.be("aigerim"), cast.be("leader")
    part = f"{path}/parts/relatives"
    page = one.get(part)
    assert "About somebody else: held back" in page
    boxes = re.findall(r'name="(give-[^"]+)"', page)
    assert not re.findall(r"<input[^>]*give-[^>]*checked", page)
    [phone] = re.findall(r'name="(give-[^"]+-phone)"', one.get(f"{part}?words=702"))
    assert len(boxes) == 10
    one.post(part, {phone: "yes", phone.replace("phone", "nothing"): "yes"})
    assert len(re.findall(r"<input[^>]*give-[^>]*checked", one.get(part))) == 1
    assert "1 fact about somebody else is given out" in one.get(path)
    shown = leader.get(f"{path}/approve")
    assert "About somebody else, given out on purpose" in shown
    assert "Слова заметки" in shown  # the whole of it, not the marks alone
    copy, paper = both(cast, redis, path)
    for text in (shown, copy, paper):
        for given in ("Мать Зоя", "Жена Анна", "+7 701", "+7 702", "Слова заметки"):
            assert given in text, given
    for text in (shown.split("<article")[1], copy, paper):
        for held_back in ("+7 703", "ул. Мира 5", "Охранный ордер"):
            assert held_back not in text, held_back
    notes = json.loads(copy)["parts"]["notes"]
    assert notes[0]["written_by"] == "social_worker"
    assert str(colleague(cast, "aigerim")) not in copy
    assert "Written by Social worker" in paper


def test_whoever_gives_something_out_on_purpose_does_not_decide(cast: Cast) -> None:
    path, leader = asked(cast, a_family(cast), "en"), cast.be("leader")
    [box] = re.findall(r'name="(give-[^"]+-address)"', leader.get(f"{path}/parts/relatives"))
    leader.post(f"{path}/parts/relatives", {box: "yes"})
    cast.be("aigerim").post(path, {})
    assert "Nobody decides on what they marked" in approve(leader, path, expect=422)


def test_the_names_of_staff_on_referrals_are_held_back(cast: Cast, redis: Any) -> None:
    case_id = a_case(cast)
    a_referral(cast, case=case_id)
    path = asked(cast, case_id, "en")
    cast.be("aigerim").post(path, {})
    copy, paper = both(cast, redis, path)
    assert "referrals" in json.loads(copy)["parts"]
    for text in (copy, paper):
        assert "Айгерім" not in text
        assert "aigerim@" not in text


def test_what_goes_out_is_what_was_seen(cast: Cast, redis: Any) -> None:
    case_id = a_family(cast)
    path, one, leader = asked(cast, case_id, "en"), cast.be("aigerim"), cast.be("leader")
    one.post(path, {})
    [seen] = re.findall(r'name="seen" value="([^"]+)"', leader.get(f"{path}/approve"))
    with cast.acting("aigerim") as user:
        people.write_note(queries.opened(case_id, user), kind=NoteKind.CONTACT, text="Адрес жены", by=user)
    assert "Read the copy again" in leader.post(f"{path}/approve", {"seen": seen}, expect=409)
    leader.post(f"{path}/approve", {}, expect=409)
    assert "Адрес жены" in leader.get(f"{path}/approve")
    approve(leader, path)
    with cast.acting("aigerim") as user:
        people.write_note(queries.opened(case_id, user), kind=NoteKind.CONTACT, text="Позже", by=user)
    cast.deliver(redis)
    copy = one.post(f"{path}/download", expect=200)
    assert "Адрес жены" in copy
    assert "Позже" not in copy


def two_cases(cast: Cast) -> tuple[uuid.UUID, uuid.UUID]:
    """A person's case with Aigerim, and their new one with Daniyar."""
    old = a_case(cast)
    with cast.acting("aigerim") as user:
        people.write_note(queries.opened(old, user), kind=NoteKind.CONTACT, text="Секрет старого дела", by=user)
    with cast.acting("leader") as user:
        person = queries.opened(old, user).person
        daniyar = next(one for one in queries.workers(user) if one.name == "Данияр Омаров")
        return old, people.open_case(number="A-new", person=person, worker=daniyar, by=user).id


def test_the_worker_of_one_case_reads_nothing_of_another_by_a_copy(cast: Cast, redis: Any) -> None:
    old, new = two_cases(cast)
    asked(cast, old)
    worker, leader = cast.be("daniyar"), cast.be("leader")
    worker.get(f"/cases/{old}/notes", expect=404)
    [path] = set(re.findall(rf"/cases/{new}/copies/[0-9a-f-]+", worker.get(f"/cases/{new}/copies")))
    for address in (path, f"/cases/{new}/copies"):
        assert "Секрет" not in worker.get(address)
    page = worker.get(path)
    assert 'name="part-' not in page
    assert "Гульнара Ахметова" in page  # who may
    for part in ("notes", "cases", "persons"):
        worker.get(f"{path}/parts/{part}", expect=404)
        worker.post(f"{path}/parts/{part}", {}, expect=404)
    assert "Only who may open all of them" in worker.post(path, {"part-notes": "safety"}, expect=422)
    assert "decided before" in approve(leader, path, expect=409)  # so that nothing was marked
    cast.be("deputy").post(path, {})
    assert "Секрет старого дела" in leader.get(f"{path}/approve")
    approve(leader, path)
    cast.deliver(redis)
    assert "/download" not in worker.get(f"/cases/{new}/copies")
    for form in ("download", "download-pdf"):
        worker.post(f"{path}/{form}", expect=422)
    assert "Секрет старого дела" in leader.post(f"{path}/download", expect=200)
    for name in ("stranger", "officer"):
        cast.be(name).get(path, expect=404)
        cast.be(name).post(f"{path}/download", expect=404)


def test_who_is_given_every_case_of_the_person_marks(cast: Cast) -> None:
    old, new = two_cases(cast)
    path = asked(cast, old).replace(str(old), str(new))
    with cast.acting("leader") as user:
        daniyar = next(one for one in queries.workers(user) if one.name == "Данияр Омаров")
        people.allocate(queries.opened(old, user), daniyar, by=user)
    assert "Секрет старого дела" in cast.be("daniyar").get(f"{path}/parts/notes")
    cast.be("daniyar").post(path, {})
    approve(cast.be("leader"), path)


def test_a_leader_of_one_site_decides_on_no_copy_of_two(cast: Cast, redis: Any) -> None:
    old = a_case(cast)
    with cast.acting("admin") as admin:
        other = tenancy.add_site(name="almaty 2", kind=SiteKind.PRISON, by=admin)
        deputy = next(one for one in colleagues(admin) if one.name == "Марат Заманов")
        first = next(one for one in colleagues(admin) if one.name == "Данияр Омаров").site_id
        accounts.change_user(deputy, name=deputy.name, role=deputy.role, site_id=first, by=admin)
        other_id = other.id
    with cast.acting("leader") as user:
        site = db.session.get_one(Site, (user.org_id, other_id))
        people.open_case(number="A-new", person=queries.opened(old, user).person, site=site, by=user)
    path = asked(cast, old)
    cast.be("leader").post(path, {})
    page = cast.be("deputy").get(path)
    assert 'name="part-' not in page
    assert "<li><bdi>Гульнара Ахметова</bdi>" in page
    assert "<li><bdi>Марат Заманов</bdi>" not in page
    cast.be("deputy").get(f"{path}/approve", expect=404)
    cast.be("deputy").post(f"{path}/approve", {"seen": ""}, expect=404)
    cast.deliver(redis)
    assert "your decision" not in cast.be("deputy").get("/notifications")
    assert waiting(cast, "deputy") == ""
    assert path not in cast.be("deputy").get("/retention")


def test_a_copy_that_an_earlier_version_made_goes_out_no_more(
    cast: Cast, environment: dict[str, str], redis: Any
) -> None:
    path, leader = asked(cast, a_family(cast)), cast.be("leader")
    cast.be("aigerim").post(path, {})
    approve(leader, path)
    with psycopg.connect(environment["OWNER_DATABASE_URL"], autocommit=True) as owner:
        owner.execute("UPDATE access_requests SET content = NULL")
        cast.deliver(redis)
        assert owner.execute("SELECT state FROM access_requests").fetchall() == [("marked",)]
        approve(leader, path)
        cast.deliver(redis)
        cast.be("aigerim").post(f"{path}/download-pdf", expect=200)
    with cast.acting("leader"):
        request = db.session.scalars(select(AccessRequest)).one()
        request.content = {name: part for name, part in (request.content or {}).items() if name != "document"}
    for form in ("download", "download-pdf"):
        cast.be("aigerim").post(f"{path}/{form}", expect=409)
