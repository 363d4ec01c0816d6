"""The cast reads English here, so that the tests can name what a page says."""

import pytest

from caseflow.accounts import actions as accounts
from tests.cast import Cast

READERS = ("aigerim", "coordinator", "kamqor_admin", "stranger", "stranger_cso", "steward")


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """The cast, with everybody who reads the directory reading English."""
    for name in READERS:
        with cast.acting(name) as user:
            accounts.set_language("en", by=user)
    return cast
