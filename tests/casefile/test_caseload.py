"""The caseload, by URL: true counts, sorting, filters, pages; and the stranger, who finds nobody."""

import re
import uuid
from datetime import timedelta

from caseflow.core.db import db, today
from caseflow.people import actions as people
from caseflow.people.models import Case, Phase
from caseflow.tenancy import actions as tenancy
from caseflow.tenancy import queries as sites
from caseflow.tenancy.models import SiteKind
from tests.cast import Cast
from tests.stories.people import a_case


def caseload(cast: Cast, name: str = "aigerim", query: str = "") -> str:
    cast.be(name).post("/language", {"locale": "en"})
    return cast.be(name).get(f"/caseload{query}")


def listed(page: str) -> list[str]:
    """The names in the table, in its order."""
    table = page[page.index("<tbody>") :]
    return re.findall(r'<th scope="row"><a href="/cases/[^"]+"><bdi>([^<]+)</bdi>', table)


def test_count_is_true_and_pages_hold_25_without_repeating(cast: Cast) -> None:
    for number in range(27):
        a_case(cast, name=f"Person {number:02d}")
    first, second = caseload(cast), caseload(cast, query="?page=2")
    assert "27 cases that you may open" in first
    assert len(listed(first)) == 25
    assert len(listed(second)) == 2
    assert len({*listed(first), *listed(second)}) == 27
    assert listed(caseload(cast, query="?page=99")) == listed(second)


def test_list_sorts_on_the_server_both_ways(cast: Cast) -> None:
    facts = (("Б", 30, Phase.DELIVERY), ("А", 10, Phase.PLANNING), ("В", 20, Phase.INTAKE))
    for place, (name, days, phase) in enumerate(facts):
        a_case(cast, name=name, number=f"N-{place}", release_on=today() + timedelta(days=days), phase=phase)
    orders = {"name": "АБВ", "number": "БАВ", "phase": "ВАБ", "release": "АВБ"}
    for key, order in orders.items():
        assert "".join(listed(caseload(cast, query=f"?sort={key}"))) == order
        assert "".join(listed(caseload(cast, query=f"?sort=-{key}"))) == order[::-1]
    assert "".join(listed(caseload(cast, query="?sort=nonsense"))) == orders["release"]


def test_second_click_on_a_column_turns_the_order_and_keeps_the_filter(cast: Cast) -> None:
    a_case(cast)
    page = caseload(cast, query="?phase=intake&sort=name")
    assert re.search(r'href="/caseload\?phase=intake&amp;sort=-name"', page)
    assert 'aria-sort="ascending"' in page


def test_filters_narrow_and_each_can_be_removed(cast: Cast) -> None:
    a_case(cast, name="In intake")
    a_case(cast, name="In delivery", phase=Phase.DELIVERY)
    page = caseload(cast, query="?phase=delivery&sort=name")
    assert listed(page) == ["In delivery"]
    assert re.search(r'class="cf-chip" href="/caseload\?sort=name"><bdi>Delivery', page)
    assert listed(caseload(cast, query="?phase=nonsense&site=nonsense&due=x&worker=y")) != []


def test_due_filter_finds_overdue_and_coming_tasks(cast: Cast) -> None:
    late, soon, _calm = (a_case(cast, name=name, phase=Phase.DELIVERY) for name in ("Late", "Soon", "Calm"))
    with cast.acting("aigerim") as user:
        for case_id, days in ((late, -1), (soon, 5)):
            case = db.session.get_one(Case, (user.org_id, case_id))
            people.add_task(case, title="Call", due_on=user.organisation.today() + timedelta(days=days), by=user)
    assert listed(caseload(cast, query="?due=overdue")) == ["Late"]
    assert listed(caseload(cast, query="?due=week")) == ["Soon"]


def test_site_filter_finds_the_cases_of_a_site(cast: Cast) -> None:
    a_case(cast, name="Here")
    with cast.acting("admin") as admin:
        tenancy.add_site(name="Other prison", code="2", kind=SiteKind.PRISON, city="Taraz", by=admin)
        ids = {site.name: site.id for site in sites.sites(admin.org_id)}
    assert listed(caseload(cast, query=f"?site={ids['almaty 1']}")) == ["Here"]
    assert "No case fits" in caseload(cast, query=f"?site={ids['Other prison']}")


def test_leader_finds_the_cases_of_one_worker(cast: Cast) -> None:
    a_case(cast, name="Hers")
    a_case(cast, by="daniyar", name="His")
    with cast.acting("daniyar") as daniyar:
        worker = daniyar.id
    assert listed(caseload(cast, "leader", f"?worker={worker}")) == ["His"]
    assert sorted(listed(caseload(cast, "leader"))) == ["Hers", "His"]
    assert "No case fits" in caseload(cast, "leader", "?worker=nobody")
    assert listed(caseload(cast, "aigerim", f"?worker={worker}")) == ["Hers"]


def test_stranger_finds_nobody_in_the_caseload(cast: Cast) -> None:
    case_id: uuid.UUID = a_case(cast, name="Ермек Сатыбалды")
    for name in ("stranger", "stranger_worker", "officer", "probation_leader"):
        page = caseload(cast, name)
        assert "0 cases that you may open" in page
        assert str(case_id) not in page
        assert "Сатыбалды" not in page
    for name in ("coordinator", "worker", "auditor", "admin", "steward"):
        cast.be(name).get("/caseload", expect=403)
