"""The cast of these tests reads English."""

import pytest
from flask import Flask

from tests.cast import Cast
from tests.release.english import EnglishCast


@pytest.fixture
def cast(app: Flask) -> Cast:
    """The cast of `tests/cast.py`, reading English."""
    return EnglishCast(app)
