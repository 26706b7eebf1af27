"""A real service, which all examples and recipes ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from server.serving import Service, service


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("examples")) as made:
        made.start()
        yield made
