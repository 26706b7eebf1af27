"""`kill -9` before any write of a request that matched: nothing is called sealed that is not, no
answer was given without its record, and the same request again is recorded once."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import func, select

from screening.conftest import POLICY
from screening.killed_desk import FILE, settings
from tutela import evidence
from tutela.app import App
from tutela.banks import changes, service
from tutela.banks.changes import New
from tutela.cases.models import Alert, Case
from tutela.events.models import Event
from tutela.evidence import identities
from tutela.evidence.models import File
from tutela.running import Running
from tutela.screening import policies
from tutela.screening.desk import Caller
from tutela.screening.models import Answer, Decided, Item, ItemMatch
from tutela.screening.received import Received
from tutela.webhooks import endpoints
from tutela.webhooks.models import Delivery

TESTS = Path(__file__).parents[1]


class Killed:
    """An installation, and processes that screen there and are killed."""

    def __init__(self, folder: Path, url: str) -> None:
        given = (str(folder / "data"), str(folder / "keys"), url)
        self.app = App(settings(*given))
        self.app.set_up()
        now = self.app.database.now()
        with self.app.database.writing() as session:
            policies.apply(session, now, "shell:ann", POLICY)
            bank = service.create(session, now, "shell:ann", "lanes", "known-csea")
            changes.add(
                session, now, "shell:ann", bank.id, [New("sha256", hashlib.sha256(FILE).digest())]
            )
            endpoints.add(
                session, now, "shell:ann", self.app.webhook_sealing(), "hook",
                "https://platform.example/hook", ["*"],
            )  # fmt: skip
        self.running = Running(self.app, builds=True)
        self.running.index.make_ready()
        self.running.upkeep()
        self.held = identities.read(self.app.identity)
        self.children = subprocess.Popen(
            [sys.executable, "-m", "screening.killed_desk", json.dumps(given)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TESTS,
            env={k: v for k, v in os.environ.items() if not k.startswith("TUTELA_")},
        )  # fmt: skip

    def again(self, key: str) -> dict[str, Any]:
        """The same request, in this process."""
        facts = {"item": {"channel": "public", "id": key}, "creator": {"id": key}}
        self.running.index.refresh()  # however long the children took
        desk = self.running.desk
        received = Received(self.running.pool, self.running.sealer, 64 << 20)
        received.feed(FILE)
        answer = desk.screen(desk.accept(Caller("platform"), "raw", facts, key), received)
        return asdict(answer)

    def screen(self, door: str, key: str, kill: int) -> dict[str, Any]:
        assert self.children.stdin and self.children.stdout
        self.children.stdin.write(json.dumps({"kill": kill, "door": door, "key": key}) + "\n")
        self.children.stdin.flush()
        found: dict[str, Any] = json.loads(self.children.stdout.readline())
        assert not found["failed"]
        return found

    def require_whole(self, key: str, answer: dict[str, Any] | None) -> int:
        """Everything of a request is there or nothing; gives how many records."""
        with self.app.database.reading() as session:
            items = session.scalars(select(Item).where(Item.external_id == key)).all()
            for item in items:
                decided = session.get_one(Decided, item.id)
                file = session.get_one(File, decided.evidence_id)
                assert decided.evidence == "sealed"
                with self.app.store().open(file.name) as sealed:
                    assert pyrage.decrypt(sealed.read(), self.held) == FILE
                assert session.get_one(Case, decided.case_id).subject == key
            counted = [
                session.scalar(select(func.count()).select_from(model))
                for model in (Item, Decided, File, Answer, Alert, Case, Delivery, ItemMatch)
            ]
            assert len(set(counted)) == 1, counted
            assert session.scalar(select(func.count()).select_from(Event)) == 2 * counted[0]
            if answer is not None:
                assert answer["evidence"] == "sealed"
                assert session.get_one(Decided, answer["item_id"]).case_id == answer["case_id"]
        return len(items)

    def close(self) -> None:
        assert self.children.stdin and self.children.stdout
        self.children.stdin.close()
        self.children.stdout.close()
        self.children.wait()
        self.running.close()
        self.app.close()


@pytest.fixture
def killed(database_url: str, tmp_path: Path) -> Iterator[Killed]:
    made = Killed(tmp_path, database_url)
    yield made
    made.close()


def test_a_request_is_recorded_as_a_whole_or_not_at_all(killed):
    door = "memory" if killed.app.database.is_sqlite else "spool"  # each once is enough
    survived = before_the_record = number = 0
    while not survived:
        number += 1
        key = f"{door}-{number}"
        first = killed.screen(door, key, number)
        survived = not first["killed"]
        assert survived == (first["answer"] is not None)
        recorded = killed.require_whole(key, first["answer"])
        before_the_record += not recorded
        again = killed.again(key)
        assert again["repeated"] == bool(recorded)
        assert killed.require_whole(key, again) == 1
        assert not first["answer"] or first["answer"]["item_id"] == again["item_id"]
    assert 20 < before_the_record < number - 1, "it was killed on both sides of the commit"
    stored = [path for path in (killed.app.data / "evidence").rglob("*") if path.is_file()]
    at = killed.app.database.now() + timedelta(hours=2)
    killed.app.database.now = lambda: at
    with killed.app.database.reading() as session:
        named = set(session.scalars(select(File.name)))
    assert len(stored) > len(named), "crashes left strays"
    evidence.sweep(killed.app.database, killed.app.store(), however_many=True)
    killed.app.sealer()  # sweeps the spool, as each start does
    left = {
        str(path.relative_to(killed.app.data / "evidence"))
        for path in (killed.app.data / "evidence").rglob("*")
        if path.is_file()
    }
    assert left == named
    assert not list((killed.app.data / "spool").glob("*"))
