"""What comes between somebody who types and the answer: with scripts, too, nothing typed is lost."""

import re

import pytest
from playwright.sync_api import Route
from redis import Redis

from caseflow.core import maintenance
from tests.browser.conftest import Enter
from tests.cast import Cast
from tests.stories.people import a_case

WORDS = "Words that took an hour"

pytestmark = pytest.mark.browser


def test_a_note_stays_where_it_was_typed_while_caseflow_is_looked_after(
    enter: Enter, cast: Cast, redis: "Redis"
) -> None:
    walker = enter("aigerim")
    walker.go(f"/cases/{a_case(cast)}/notes/new")
    walker.fill(kind="contact", text=WORDS)
    maintenance.begin(redis, message="", minutes=5)
    walker.expected_status = 503
    walker.page.get_by_role("button", name="Save").first.click()
    walker.page.get_by_text("What you typed is still here").wait_for()
    assert walker.main.locator("textarea").input_value() == WORDS
    maintenance.end(redis)
    walker.press("Save")
    walker.reads("The note is saved.", WORDS)


def test_no_late_answer_replaces_the_page_that_one_has_gone_on_to(enter: Enter, cast: Cast) -> None:
    walker, held = enter("aigerim"), list[Route]()
    case_id = a_case(cast)
    walker.go(f"/cases/{case_id}/notes/new")
    walker.fill(kind="contact", text=WORDS)
    walker.page.route(re.compile("/notes/new$"), lambda route: held.append(route))  # a slow server
    with walker.page.expect_request(lambda request: request.method == "POST"):
        walker.page.get_by_role("button", name="Save").first.click()
    with walker.page.expect_event("requestfailed", lambda request: request.method == "POST"):
        walker.follow("Timeline")
    assert walker.path == f"/cases/{case_id}/timeline"
