"""`tutela serve --workers 2` on Postgres: two web processes answer as one, and all end when their
supervisor is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from conftest import POSTGRES, fresh_postgres
from sqlalchemy import func, select

from server.doors import KNOWN, OTHER, Door, Line
from server.serving import Service, alive, service, until
from tutela.screening.models import Decided


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Service]:
    with fresh_postgres() as url, service(tmp_path_factory.mktemp("two"), url) as made:
        made.start("--workers", "2")
        yield made


def both(served: Service) -> set[int]:
    """Web processes that have measured something: each writes a file of its own."""
    found = (served.data / "run" / "metrics").glob("counter_*.db")
    return {int(path.stem.partition("_")[2]) for path in found} & set(served.roles("web"))


def test_both_answer_and_are_measured_together(served):
    before = served.measured("tutela_screened_total")
    asked = 0
    with ThreadPoolExecutor(8) as threads:
        while asked < 24 or len(both(served)) < 2:
            assert asked < 2000, "only one of them answers"
            for status, _ in threads.map(lambda _: served.screen(OTHER), range(8)):
                assert status == 200
            asked += 8
    assert served.measured("tutela_screened_total") == before + asked


def test_a_repeated_request_is_recorded_once_whoever_gets_it(served):
    door = Door(None, served.port, served.secrets)
    with ThreadPoolExecutor(8) as threads:
        replies = list(
            threads.map(lambda _: door.ask(KNOWN, idempotency_key="of both").json, range(16))
        )
    assert len({reply["item_id"] for reply in replies}) == 1
    with served.app() as app, app.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decided)) == 1


def test_what_a_killed_one_had_in_work_is_not_in_work_any_more(served):
    door = Door(None, served.port, served.secrets)
    line = Line(served.port)
    line.send(door.head(len(OTHER)) + OTHER[:1000])
    until(lambda: served.measured("tutela_requests_in_work") == 1)
    for pid in served.roles("web"):
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(served.roles("web")) == 2 and served.measured("tutela_ready") > 0)
    assert served.measured("tutela_requests_in_work") == 0
    served.until_ready()
    line.close()


def test_a_database_that_is_gone_stops_verdicts_and_nothing_else(served):
    name = served.url.rpartition("/")[2]
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                      [name])  # fmt: skip
        for data in (KNOWN, OTHER):
            until(lambda some=data: served.screen(some)[0] == 503)
        for _ in range(20):
            status, told = served.screen(KNOWN)
            assert status == 503, told
        assert "worker" in served.missing()
        assert served.get("/healthz/live")[0] == 200
        admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    served.until_ready()
    assert served.verdict() == "block"


def test_all_end_with_their_supervisor(served):
    everyone = served.everyone()
    assert len(everyone) >= 6, "vault, worker, two web processes, their decoders"
    os.kill(served.pid, signal.SIGKILL)
    served.process.wait()
    until(lambda: not any(alive(pid) for pid in everyone), "some are there still")
    assert "a fault of Tutela" not in served.log.read_text(), served.said()
