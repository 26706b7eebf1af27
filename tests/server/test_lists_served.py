"""From a partner's new entry to a blocked upload, and on to another's opinion of it: real
processes, real servers."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from screening.conftest import picture

from server.serving import Service, service, until
from tutela.banks import changes
from tutela.banks import service as banks
from tutela.banks.changes import New
from tutela.exchanges import secrets
from tutela.exchanges import service as exchanges
from tutela.testing.hash_sharing import Arachnid, Ncmec

EVERY = 10
"""Seconds between two polls: the least there is."""


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture(scope="module")
def ncmec() -> Iterator[Ncmec]:
    with Ncmec(clock=an_hour_ago) as server:
        server.put("42", "first", sha1="03" * 20)
        yield server


@pytest.fixture(scope="module")
def shield() -> Iterator[Arachnid]:
    with Arachnid() as server:
        yield server


@pytest.fixture(scope="module")
def served(tmp_path_factory, ncmec, shield) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("lists")) as made:
        with made.app() as app, app.database.writing() as session:
            for name, partner, url in (
                ("list", "ncmec", ncmec.url), ("shield", "arachnid", shield.url),
            ):  # fmt: skip
                row = exchanges.add(
                    session, app.database.now(), "shell:ann", name, partner,
                    {"url": url, "user": "bicycle"}, EVERY,
                )  # fmt: skip
                secrets.put(
                    session, app.database.now(), "shell:ann", app.exchanges_sealing(), row,
                    {"password": "rain"},
                )  # fmt: skip
        made.secrets["clerk"] = made.key("clerk", "cases")
        made.secrets["senior"] = made.key("senior", "cases", "match:detail")
        made.start()
        yield made


def row(served: Service, name: str) -> Any:
    with served.app() as app, app.database.reading() as session:
        return exchanges.get(session, name)


def polls(ncmec: Ncmec) -> int:
    """How often a range was asked for from its start."""
    return sum("start=" not in path for _, path, _ in ncmec.calls)


def test_a_new_entry_blocks_after_one_poll_and_another_is_asked_what_it_is(
    served, ncmec, shield, capsys
):
    until(lambda: row(served, "list").complete_at, "the list was not fetched")
    data = picture(77_001)
    assert served.verdict(data) == "allow"
    assert shield.calls == [], "what matched nothing is nobody's business"
    sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    before, began = polls(ncmec), time.monotonic()
    ncmec.put("42", "second", sha1=sha1)
    told = until(lambda: blocked(served, data), "the new entry blocks nothing")
    with capsys.disabled():
        print(f"\nnew entry to blocked upload: {time.monotonic() - began:.1f} s, a poll each"
              f" {EVERY} s; polls meanwhile: {polls(ncmec) - before}")  # fmt: skip
    assert polls(ncmec) > before, "it was asked for after it was there"
    found = until(lambda: opinion(served, told["case_id"]), "nobody said what it is")
    assert (found["exchange"], found["partner"]) == ("shield", "arachnid")
    assert (found["found"], found["match"]) == ("unknown", "")
    assert shield.calls == [("POST", "/v1/pdq/", 200)]
    _, case = served.get(f"/api/v1/cases/{told['case_id']}", "clerk")
    assert case["alerts"]["items"][0]["opinions"] == [], "not without match:detail"


def test_wrong_credentials_sound_an_alarm_and_nothing_more_is_asked(served, shield):
    calls = len(shield.calls)
    shield.password = "snow"
    data = picture(77_002)
    with served.app() as app, app.database.writing() as session:
        bank = banks.create(session, app.database.now(), "shell:ann", "own", "known-csea").id
        value = hashlib.sha256(data).digest()
        changes.add(session, app.database.now(), "shell:ann", bank, [New("sha256", value)])
    told = until(lambda: blocked(served, data))
    until(lambda: row(served, "shield").refused_at, "nobody saw that it refuses")
    assert len(shield.calls) == calls + 1
    ran = served.run("alarm", "list", "--json")
    assert "exchange.refused" in ran.stdout and "exchange:shield" in ran.stdout
    _, case = served.get(f"/api/v1/cases/{told['case_id']}", "senior")
    (said,) = case["alerts"]["items"][0]["opinions"]
    assert (said["state"], said["found"]) == ("waiting", ""), "never that it knows none"


def blocked(served: Service, data: bytes) -> Any:
    status, told = served.screen(data)
    return told if status == 200 and told["verdict"] == "block" else None


def opinion(served: Service, case_id: str) -> Any:
    _, case = served.get(f"/api/v1/cases/{case_id}", "senior")
    (said,) = case["alerts"]["items"][0]["opinions"]
    return said if said["state"] == "given" else None
