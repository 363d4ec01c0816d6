"""Reading changes nothing: whatever page is opened, only who looked at what is written down."""

import pytest

from tests.trust.asking import Asker
from tests.trust.scene import ACCOUNTS, Scene
from tests.trust.tables import hashes
from tests.trust.test_injection import LONG, addresses


@pytest.mark.parametrize("name", ["leader", "coordinator"])
def test_no_page_that_is_read_changes_a_row(attacked: Scene, name: str) -> None:
    asker = Asker(attacked.app, name)
    before, with_readings = hashes(attacked), hashes(attacked, leave_out=())
    shown = []
    for route, path in addresses(attacked, ACCOUNTS[name], most=None if LONG else 2):
        if route.method == "GET":
            answer = asker.ask("GET", path)
            assert answer.status_code < 500, path
            shown += [path] if answer.status_code == 200 else []
    assert len(shown) > (100 if LONG else 50), "too little was opened for this test to mean anything"
    assert hashes(attacked) == before
    assert hashes(attacked, leave_out=()) != with_readings, "readings are kept, or this test could not fail"
