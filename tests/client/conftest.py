"""A real service to ask, and one that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from server.serving import Service, service


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("client")) as made:
        made.secrets["all"] = made.key(
            "all", "screen", "lookup", "match:detail", "intake", "banks:read"
        )
        made.start()
        yield made


@pytest.fixture(scope="session")
def url(served: Service) -> str:
    return f"http://127.0.0.1:{served.port}"
