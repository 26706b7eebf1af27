"""`kill -9` before every step of sealing, as a power cut meets it: nothing is recorded that is not
sealed and whole, and the sweep removes the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pyrage
import pytest

from evidence.killing import PLAIN
from tutela import evidence
from tutela.evidence import identities


@pytest.mark.parametrize("way", ["memory", "spool"])
def test_killed_before_any_step(
    database, database_url, sealer, store, identity, data, monkeypatch, way
):
    ran = subprocess.run(
        [sys.executable, "-m", "evidence.killing", database_url, data,
         identities.recipient(identity), way],
        capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": "tests"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    runs = [line.split() for line in ran.stdout.splitlines()]
    for step in ("open", "write", "fsync", "link", "unlink", "record", "commit", "done"):
        assert step in runs[-1]
    assert len(runs) == len(runs[-1]), "one was killed before each step, and one was not"
    assert [run for run in runs if "done" in run] == [runs[-1]]

    with database.reading() as session:
        rows = evidence.listed(session)
    assert len(rows) == 1, "none is recorded that was killed before its commit"
    with store.open(rows[0].name) as file:
        assert pyrage.decrypt(file.read(), identities.read(identity)) == PLAIN

    left = [path for path in data.rglob("*") if path.is_file()]
    assert len(left) > 3, "most of them left something"
    assert not any(PLAIN[:16] in path.read_bytes() for path in left)
    moment = database.now() + timedelta(hours=2)
    monkeypatch.setattr(database, "now", lambda: moment)
    sealer.sweep_spool()
    evidence.sweep(database, store, however_many=True)
    files = [path for path in data.rglob("*") if path.is_file()]
    assert files == [store.folder / rows[0].name]
