"""Each lookup of HMA's clients is asked of another HMA too; what differs is counted and kept."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from api.service import Desk, Reply, serving, until

from migrating.conftest import copied
from tutela.banks import known_contents
from tutela.banks.models import Content
from tutela.exchanges.options import Beside, Hma
from tutela.migrating import comparing
from tutela.testing.hma import Hma as Server

ONE, TWO, FAR = "0f" * 32, "f0" * 32, "3c" * 32


def near(value: str, bits: int) -> str:
    return f"{int(value, 16) ^ ((1 << bits) - 1):064x}"


@pytest.fixture(scope="module")
def there() -> Iterator[Server]:
    with Server(slow=0.2) as server:
        server.bank("RAIN")
        server.bank("PART", 0.5)
        for value in (ONE, near(ONE, 4), TWO):
            server.put("RAIN", {"pdq": value})
        server.put("PART", {"pdq": ONE})
        yield server


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, there: Server) -> Iterator[Desk]:
    beside = Beside(url=there.url, private=True, seconds=3, kept=3, queue=4)
    with serving("", tmp_path_factory.mktemp("beside"), hma=Hma(beside=beside)) as made:
        copied(made.database, there)
        until(lambda: lookup(made, ONE))
        until(lambda: sum(outcomes(made).values()) > 0)
        yield made


def get(desk: Desk, path: str) -> Reply:
    headers = {"authorization": f"Bearer {desk.keys['all']}"}
    return Reply(desk.http.request("GET", path, headers=headers, retries=False))


def lookup(desk: Desk, value: str, route: str = "lookup", **more: str) -> Any:
    query = urlencode({"signal": value, "signal_type": "pdq", **more})
    reply = get(desk, f"/hma/m/{route}?{query}")
    assert reply.status == 200, reply.data
    return reply.json


def outcomes(desk: Desk) -> dict[str, float]:
    text = get(desk, "/metrics").data.decode()
    rows = re.findall(r'^tutela_hma_beside_total\{outcome="(\w+)"\} (\S+)$', text, re.M)
    return {name: float(count) for name, count in rows}


def counted(desk: Desk, do: Any) -> dict[str, float]:
    """What was counted more because of it."""
    before = outcomes(desk)
    do()
    until(lambda: outcomes(desk) != before)
    after = outcomes(desk)
    return {name: after[name] - before.get(name, 0) for name in after
            if after[name] != before.get(name)}  # fmt: skip


def settle(desk: Desk) -> None:
    """Wait until nothing waits to be compared."""

    def still() -> bool:
        before = outcomes(desk)
        time.sleep(0.3)
        return outcomes(desk) == before

    until(still)


def kept(desk: Desk) -> list[tuple[str, str, list[dict[str, Any]]]]:
    with desk.database.reading() as session:
        return [(r.route, r.value, json.loads(r.found)) for r in comparing.listed(session)]


def test_what_both_answer_alike_is_counted_and_nothing_is_kept(desk):
    before = kept(desk)
    for value, more in ((ONE, {"seed": "9"}), (ONE, {}), (near(TWO, 31), {}), (FAR, {})):
        assert counted(desk, lambda v=value, m=more: lookup(desk, v, **m)) == {"alike": 1}
    assert counted(desk, lambda: lookup(desk, ONE, "raw_lookup")) == {"alike": 1}
    assert kept(desk) == before


def test_what_differs_is_kept_with_both_contents(desk, there):
    """Also what is off here alone; and only so many are kept."""
    with desk.database.writing() as session:
        number = {p["old"]: p["new"] for p in comparing.pairs(session, "hma")}[1]
        one = session.get(Content, number)
        known_contents.switch_off(session, desk.database.now(), "anna", one, None)
    until(lambda: all(r["bank_content_id"] != number for r in lookup(desk, ONE)["RAIN"]))
    settle(desk)
    assert counted(desk, lambda: lookup(desk, ONE, banks="RAIN")) == {"unlike": 1}
    route, value, found = kept(desk)[-1]
    assert (route, value) == ("lookup", ONE)
    assert found == [{
        "bank": "RAIN", "what": "only-there", "here": number, "there": 1, "distance": "0"
    }]  # fmt: skip
    for _ in range(5):
        counted(desk, lambda: lookup(desk, ONE, banks="RAIN"))
    assert len(kept(desk)) == 3


def test_an_hma_that_does_not_answer_delays_and_breaks_nothing(desk, there):
    for name in ("unavailable", "truncated", "reset", "index-not-loaded"):
        there.misbehave(name)
        assert counted(desk, lambda: lookup(desk, TWO)) == {"failed": 1}
    there.misbehave("slow", times=100)
    try:
        before = outcomes(desk).get("dropped", 0)
        for _ in range(30):
            assert lookup(desk, TWO)
        until(lambda: outcomes(desk).get("dropped", 0) > before)
    finally:
        there.behave()
