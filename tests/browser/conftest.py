"""A browser for all tests of a process, and a service for those of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from api.service import Desk, serving
from conftest import missing
from playwright.sync_api import Browser

from browser import chromium
from browser.chromium import Visit


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium.where()
    if program is None:
        missing("chromium", "no Chromium is here (TUTELA_CHROMIUM names another place)")
        raise AssertionError
    with chromium.launched(program) as made:
        yield made


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with serving("", tmp_path_factory.mktemp("service")) as made:
        yield made


@pytest.fixture
def visit(browser: Browser, desk: Desk) -> Iterator[Visit]:
    """A window of a stranger."""
    made = Visit(browser, f"http://localhost:{desk.port}")
    yield made
    made.close()
