"""A million requests, and the service holds no more memory than after the first of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import missing

from bench import service
from tutela.app import App
from tutela.people import keys
from tutela.settings import Settings

LOOKUPS, UPLOADS = 960_000, 40_000
GROWS = 1.10
"""How much more it may be at the end: allocators round, and counters gain labels."""


@pytest.mark.soak
def test_memory_is_flat_over_a_million_requests(tmp_path: Path, photos):
    if shutil.which("wrk") is None:
        missing("wrk", "wrk is not installed")
    with App(Settings(data=str(tmp_path / "data"), keys=str(tmp_path / "keys"))) as app:
        app.set_up()
        uploads, lookups, _ = service.prepared(app, tmp_path, 100_000)
        with app.database.writing() as session:
            _, secret = keys.create(
                session, app.database.now(), "test", "soak", ["screen", "lookup"], service.RATE
            )
        with service.serving(app) as base:

            def sent(kind: str, some: list[service.Request], count: int) -> None:
                done = 0.0
                while done < count:
                    seconds = 20
                    rate = service.loaded(base, secret, kind, some, seconds, tmp_path)
                    done += rate * seconds

            sent("lookup", lookups, LOOKUPS // 20)
            sent("screen", uploads, UPLOADS // 10)
            before = service.memory(app)
            sent("lookup", lookups, LOOKUPS - LOOKUPS // 20)
            sent("screen", uploads, UPLOADS - UPLOADS // 10)
            after = service.memory(app)
    print(f"{before:.0f} MB after the first requests, {after:.0f} MB after a million")
    assert after <= before * GROWS, (before, after)
