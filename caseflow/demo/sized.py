"""x"""

from typing import Any


def load(owner_url: str, organisations: Any, countries: Any, *, seed: int, scale: float = 1.0) -> None:
    """x"""
