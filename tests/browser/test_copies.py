"""The pages of a copy in a real browser: marking, deciding on the whole of it, and who may where one may not."""

import pytest

from tests.browser.conftest import Enter
from tests.cast import Cast
from tests.rights.test_copies import asked
from tests.rights.test_giving import a_family, two_cases


@pytest.mark.browser
def test_a_copy_is_marked_decided_on_and_kept_as_a_file(enter: Enter, cast: Cast) -> None:
    old, new = two_cases(cast)
    elsewhere = asked(cast, old, "ar").replace(str(old), str(new))
    worker = enter("daniyar")
    worker.go(elsewhere)
    worker.reads("You may not open all of them. Ask:")
    worker.look("copy_elsewhere")
    worker.look_again_in_arabic()
    path = f"/cases/{a_family(cast)}/copies"
    one, leader = enter("aigerim"), enter("leader")
    one.go(path)
    one.press("Record the request")
    one.page.wait_for_url("**/copies/*-*")
    marking = one.path
    one.look("copy_parts")
    one.go(f"{marking}/parts/relatives")
    one.page.get_by_label("Give out all the same: Telephone").first.check()
    one.look("copy_rows")
    one.press("Save the marks")
    leader.go(f"{marking}/approve")
    leader.look("copy_decision")
    leader.press("Give out this copy")
    leader.reads("Being put together")
    one.go(path)
    one.waits_for("Download (PDF)")
    for button, name in (("Download (PDF)", ".pdf"), ("Download (JSON)", ".json")):
        with one.page.expect_download() as kept:
            one.page.get_by_role("button", name=button).click()
        assert kept.value.suggested_filename.endswith(name)
    one.reads("Copies of the records")
    for walker in (one, leader):
        walker.look_again_in_arabic()
