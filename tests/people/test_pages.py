"""Every page of a case opens for its worker, and is 404 for a stranger and for a colleague outside the case."""

import re
import uuid

import pytest

from tests.cast import Cast
from tests.stories.people import a_case
from tests.stories.supervision import a_supervised_case

PAGES = [
    "person", "facts", "transfer", "notes", "notes/new", "tasks", "tasks/new", "consents", "consents/new",
    "relatives", "relatives/new", "phase", "close", "reopen", "new-case",
]  # fmt: skip


def test_worker_opens_every_page_of_her_case(cast: Cast) -> None:
    case = a_case(cast)
    for path in PAGES:
        page = cast.be("aigerim").get(f"/cases/{case}/{path}")
        assert "Ермек Сатыбалды" in page, path
        assert "Ermek Satybaldy" in page, path
    cast.be("aigerim").get(f"/cases/{case}/allocate", expect=403)  # allocating is the team leader's
    assert "Айгерім" in cast.be("leader").get(f"/cases/{case}/allocate")


def test_what_stands_under_no_tab_is_offered_on_every_page_of_the_case(cast: Cast) -> None:
    case = a_case(cast)
    always = {"person", "facts", "tasks", "who-has-seen", "objections", "copies", "holds"}
    open_ = always | {"phase", "transfer", "close"}
    assert _offered(cast, "aigerim", case) == open_
    assert _offered(cast, "aigerim", case, "/notes") == open_
    assert _offered(cast, "leader", case) == open_ | {"access", "allocate"}
    cast.be("aigerim").post(f"/cases/{case}/close", {"outcome": "sentence_ended"})
    assert _offered(cast, "aigerim", case) == always | {"reopen", "new-case"}
    supervised = a_supervised_case(cast)
    assert _offered(cast, "officer", supervised) == always | {"phase", "supervision/close"}


def _offered(cast: Cast, name: str, case: uuid.UUID, page: str = "") -> set[str]:
    menu = re.search(r"cf-menu__more.*?</details>", cast.be(name).get(f"/cases/{case}{page}"), re.DOTALL)
    assert menu
    return set(re.findall(rf'href="/cases/{case}/([^"]+)"', menu[0]))


@pytest.mark.parametrize("who", ["daniyar", "stranger", "officer"])
def test_stranger_cannot_open_any_page_of_the_case(cast: Cast, who: str) -> None:
    case = a_case(cast)
    for path in PAGES:
        cast.be(who).get(f"/cases/{case}/{path}", expect=404)
        cast.be(who).post(f"/cases/{case}/{path}", {"text": "x"}, expect=405 if path in READ_ONLY else 404)


READ_ONLY = {"notes", "tasks", "consents", "relatives"}
