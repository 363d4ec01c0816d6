"""The cast reads English here, so that the tests can name what a page says."""

import pytest

from caseflow.accounts import actions as accounts
from tests.cast import Cast


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """The cast, with the workers of the sender's side reading English."""
    for name in ("aigerim", "leader"):
        with cast.acting(name) as user:
            accounts.set_language("en", by=user)
    return cast
