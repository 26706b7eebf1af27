"""A desk that reports to the stand-in too, or by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from reporting.desks import Desk
from reporting.nca.reports import REPORTER
from tutela.testing.nca import Server


@pytest.fixture
def stand_in() -> Iterator[Server]:
    with Server() as made:
        yield made


@pytest.fixture
def by_hand(desk: Desk) -> Desk:
    """No server of one's own is set for the agency."""
    desk.set(replace(desk.options, reporter=REPORTER, environment="test"))
    return desk
