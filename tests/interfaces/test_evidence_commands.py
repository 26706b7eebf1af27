"""`tutela evidence …`, as who answers for evidence meets it: processes on an installation of their
own, and a vault that runs beside them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from installation import Installation

from tutela import evidence, settings
from tutela.app import App
from tutela.errors import TutelaError
from tutela.evidence import client, identities

BICYCLE = b"A bicycle leans on a wall in the rain. " * 5000


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Path:
    """A folder with a new installation, for copies."""
    folder = tmp_path_factory.mktemp("installation")
    Installation(folder).ok("init")
    return folder


@pytest.fixture
def here(fresh, tmp_path) -> Installation:
    shutil.copytree(fresh, tmp_path / "own")
    return Installation(tmp_path / "own")


def opened(here: Installation) -> App:
    return App.open(settings.load(here.environment()))


def sealed(here: Installation, *contents: bytes) -> list[str]:
    """The ids of files that the service sealed and recorded."""
    with opened(here) as app:
        made = []
        for data in contents:
            one = app.sealer().seal(data)
            with app.database.writing() as session:
                made.append(evidence.record(session, app.database.now(), one).id)
        return made


@contextmanager
def vault(here: Installation, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    with (here.folder / "vault.log").open("ab") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "tutela.interfaces.server.vault"],
            env=here.environment(**environment), stderr=log,
        )  # fmt: skip
    socket = here.data / "run" / "vault.sock"
    try:
        while True:
            try:
                client.ping(socket)
                break
            except TutelaError:
                assert running.poll() is None, (here.folder / "vault.log").read_text()
                time.sleep(0.05)
        yield running
    finally:
        running.terminate()
        assert running.wait(60) in (0, -signal.SIGKILL)


def acts(here: Installation) -> list[str]:
    return [e["action"] for e in here.records("audit", "show", "--limit", "1000")]


def test_what_was_sealed_is_listed_checked_and_exported(here, tmp_path):
    first, second = sealed(here, BICYCLE, b"weather")
    listed = here.records("evidence", "list")
    assert [(f["evidence"], f["size"]) for f in listed] == [(first, len(BICYCLE)), (second, 7)]
    assert [f["evidence"] for f in here.records("evidence", "list", "--after", first)] == [second]
    assert f"--after {first}" in here.run("evidence", "list", "--limit", "1").stderr
    file = tmp_path / "bicycle"
    export = ("evidence", "export", first, file, "--reason", "order 12 of the court")
    assert "vault does not answer" in here.refused(*export, code=3)
    assert "evidence.intend" not in acts(here), "nothing is intended that cannot be done"
    with vault(here):
        assert here.ok("evidence", "check", first) == "1 whole, 0 not.\n"
        assert here.records("evidence", "check", "--all") == [
            {"evidence": first, "whole": True, "size": len(BICYCLE), "fault": None},
            {"evidence": second, "whole": True, "size": 7, "fault": None},
        ]
        assert "not sealed there" in here.ok(*export)
        assert file.read_bytes() == BICYCLE and file.stat().st_mode & 0o777 == 0o600
        assert "there already" in here.refused(*export)
        assert "reason" in here.refused(
            "evidence", "export", first, tmp_path / "other", "--reason", " "
        )
        assert "no folder" in here.refused(
            "evidence", "export", first, tmp_path / "no" / "x", "--reason", "why"
        )
        assert "no evidence" in here.refused("evidence", "check", "ev_none")
        assert "--all" in here.refused("evidence", "check")
        assert "--all" in here.refused("evidence", "check", first, "--all")
    assert [p.name for p in tmp_path.iterdir() if p.name != "own"] == ["bicycle"]
    log = acts(here)
    assert (log.count("evidence.intend"), log.count("evidence.open")) == (4, 1)
    (export,) = [e for e in here.records("audit", "show") if e["action"] == "evidence.open"]
    assert export["subject"] == first and export["actor"].startswith("shell:")


def test_damage_is_found_and_exports_nothing(here, tmp_path):
    whole, hurt, gone = sealed(here, BICYCLE, BICYCLE, BICYCLE)
    names = {f["evidence"]: f["name"] for f in here.records("evidence", "list")}
    path = here.data / "evidence" / names[hurt]
    path.write_bytes(path.read_bytes()[:-70_000])
    (here.data / "evidence" / names[gone]).unlink()
    with vault(here):
        ran = here.run("evidence", "check", "--all")
        assert ran.returncode == 3 and ran.stdout == "1 whole, 2 not.\n"
        assert f"{hurt}: The evidence {hurt} is damaged" in ran.stderr
        assert f"{gone}: The evidence {gone} is not in the store" in ran.stderr
        file = tmp_path / "bicycle"
        assert "damaged" in here.refused(
            "evidence", "export", hurt, file, "--reason", "why", code=3
        )
        assert not file.exists()
        here.ok("evidence", "export", whole, file, "--reason", "why")
    assert [p.name for p in tmp_path.iterdir() if p.name != "own"] == ["bicycle"]


def test_a_second_recipient_can_open_all_once_it_was_sealed_anew(here, tmp_path):
    second = tmp_path / "second"
    recipient = identities.make(second)
    (before,) = sealed(here, BICYCLE)
    assert "1 of the 2 recipients" in here.run("evidence", "recipients", "list").stderr
    production = {"TUTELA_EVIDENCE__PRODUCTION": "true"}
    with vault(here):
        assert "one recipient only" in here.refused(
            "evidence", "reseal", "--all", code=3, **production
        )
    assert "reseal --all" in here.ok("evidence", "recipients", "add", recipient, "--note", "safe")
    assert "already" in here.refused("evidence", "recipients", "add", recipient)
    secret = second.read_text().splitlines()[-1]
    shown = here.refused("evidence", "recipients", "add", secret, code=3)
    assert "Keep it secret" in shown and secret not in shown
    assert recipient in [r["recipient"] for r in here.records("evidence", "recipients", "list")]
    with vault(here, **production):
        assert here.records("evidence", "reseal", "--all", **production) == [
            {"evidence": before, "resealed": True, "fault": None}
        ]
        assert here.records("evidence", "reseal", "--all") == []
        assert here.ok("evidence", "reseal", before) == "0 sealed anew, 0 could not be.\n"
    with vault(here, TUTELA_EVIDENCE_IDENTITY=second.read_text()):
        assert here.ok("evidence", "check", "--all") == "1 whole, 0 not.\n"
    log = here.records("audit", "show")
    (added,) = [e for e in log if e["action"] == "recipient.add"]
    assert recipient in str(added["facts"])
    assert "evidence.reseal" in [e["action"] for e in log]


def test_a_sweep_says_what_is_not_recorded_and_what_is_missing(here):
    kept, gone = sealed(here, BICYCLE, b"weather")
    names = {f["evidence"]: f["name"] for f in here.records("evidence", "list")}
    with opened(here) as app:
        stray = app.sealer().seal(BICYCLE)
    path = here.data / "evidence" / stray.name
    os.utime(path, (0, 0))
    (swept,) = here.records("evidence", "sweep")
    assert swept == {"strays": 1, "deleted": 1, "missing": 0} and not path.exists()
    assert "evidence.sweep" in acts(here)
    assert (here.data / "evidence" / names[kept]).exists()
    assert gone in names


def test_a_vault_that_was_killed_is_started_again_on_its_socket(here):
    (one,) = sealed(here, BICYCLE)
    with vault(here) as first:
        first.kill()
        first.wait()
    assert (here.data / "run" / "vault.sock").exists()
    with vault(here):
        second = subprocess.run(
            [sys.executable, "-m", "tutela.interfaces.server.vault"],
            env=here.environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert second.returncode == 3 and "already" in second.stderr
        assert here.ok("evidence", "check", one) == "1 whole, 0 not.\n"


@pytest.mark.parametrize("how", ["gone", "open to others"])
def test_a_vault_without_its_identity_does_not_start(here, how):
    identity = here.keys / "evidence.identity"
    if how == "gone":
        identity.unlink()
    else:
        identity.chmod(0o644)
    ran = subprocess.run(
        [sys.executable, "-m", "tutela.interfaces.server.vault"],
        env=here.environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 3 and "evidence.identity" in ran.stderr
    assert "AGE-SECRET" not in ran.stderr and "Traceback" not in ran.stderr
