"""A desk where people decide, on each database."""

from __future__ import annotations

import pytest
from screening.conftest import Office, installation, office

from decisions.bench import Bench

__all__ = ["installation", "office"]


@pytest.fixture
def bench(office: Office) -> Bench:
    return Bench(office)
