"""A service for the tests of a file, on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import fresh_postgres

from api.service import Desk, serving


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("service")
    if request.param == "sqlite":
        with serving("", folder) as made:
            yield made
        return
    with fresh_postgres() as url, serving(url, folder) as made:
        yield made
