"""Against what loses evidence, or leaves it open: each was possible once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pyrage
import pytest

from tutela.evidence import client, identities, recipients
from tutela.evidence.errors import EvidenceError
from tutela.evidence.models import Purpose
from tutela.interfaces.cli.evidence import write

from .conftest import LINES, bicycles
from .test_stores import mounted


def test_who_changes_the_recipients_locks_nobody_out_of_what_there_is(installed):
    file = installed.seal(b"rain")
    path = installed.app.data / recipients.FILE
    before = path.read_text()
    stranger = str(pyrage.x25519.Identity.generate().to_public())
    with installed.vault():
        path.write_text(f"{stranger}\n")
        intent = installed.intend(file, Purpose.RESEAL)
        with pytest.raises(EvidenceError, match="identity is no recipient's"):
            client.reseal(installed.socket, intent)
        assert installed.open(file) == b"rain"
        path.write_text(f"{before}{stranger}\n")
        assert client.reseal(installed.socket, intent), "a refusal used the intent up"
        assert installed.open(file) == b"rain"


EXPORT = """
import sys, time
from pathlib import Path
from tutela.interfaces.cli.evidence import write
def pieces():
    yield sys.argv[2].encode() * 100_000
    print("written", flush=True)
    time.sleep(600)
write(Path(sys.argv[1]), pieces())
"""


def test_an_export_that_is_killed_leaves_nothing_in_clear(tmp_path):
    exporter = subprocess.Popen(
        [sys.executable, "-c", EXPORT, tmp_path / "file", LINES.decode()], stdout=subprocess.PIPE
    )
    with exporter:
        assert exporter.stdout.readline() == b"written\n"
        assert not (tmp_path / "file").exists()
        exporter.send_signal(signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("without", ["nothing", "nameless", "links"])
def test_an_export_is_whole_and_new_whatever_the_disk_can(tmp_path, monkeypatch, without):
    if without != "nothing":
        monkeypatch.setattr(os, "O_TMPFILE", 0)
    if without == "links":

        def link(*_: object, **__: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", link)
    file = tmp_path / "file"
    assert write(file, iter([LINES, LINES])) == 2 * len(LINES)
    assert file.read_bytes() == LINES * 2 and file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write(file, iter([b"snow"]))

    def fails():
        yield LINES
        raise EvidenceError("The vault ended in the middle.")

    with pytest.raises(EvidenceError):
        write(tmp_path / "other", fails())
    assert list(tmp_path.iterdir()) == [file] and file.read_bytes() == LINES * 2


def test_it_is_not_well_while_only_the_spool_is_full(installed, tmp_path):
    with mounted(tmp_path / "data" / "spool", "size=64k") as spool:
        sealer = installed.app.sealer()
        assert sealer.probe() is None and list(spool.iterdir()) == []
        subprocess.run(["mount", "-o", "remount,ro", spool], check=True)
        assert sealer.store.probe() is None
        assert "spool cannot be written to: Read-only" in str(sealer.probe())


def test_an_identity_is_there_whole_or_not_at_all(tmp_path):
    def fsync(_: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    path = tmp_path / "keys" / "evidence.identity"
    child = os.fork()
    if child == 0:
        os.fsync = fsync
        identities.make(path)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert not path.exists(), "half an identity is refused ever after"
    made = identities.make(path)
    assert identities.recipient(path) == made


def test_setting_up_goes_on_where_it_was_cut_off(installed):
    """Between the identity and its recipient."""
    (installed.app.data / recipients.FILE).unlink()
    assert installed.app.set_up() == []
    assert installed.app.recipients() == [identities.recipient(installed.app.identity)]


def test_a_vault_whose_places_are_all_taken_lets_others_wait(installed):
    """More than the system queues, which refuses at once what a Unix socket cannot queue."""
    file = installed.seal(bicycles(1000))
    with installed.vault() as process:
        process.send_signal(signal.SIGSTOP)
        waiting = [subprocess.Popen(
            [sys.executable, "-c", "import sys, time, socket\n"
             "held = []\n"
             "for _ in range(200):\n"
             "    line = socket.socket(socket.AF_UNIX); line.setblocking(False)\n"
             "    try: line.connect(sys.argv[1])\n"
             "    except BlockingIOError: break\n"
             "    held.append(line)\n"
             "print(len(held), flush=True); sys.stdin.read()", installed.socket],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )]  # fmt: skip
        try:
            assert 0 < int(waiting[0].stdout.readline()) < 200
            began = time.monotonic()
            with pytest.raises(EvidenceError, match="too many others"):
                client.ping(installed.socket)
            assert time.monotonic() - began >= client.PING, "it did not wait at all"
        finally:
            process.send_signal(signal.SIGCONT)
            waiting[0].communicate()
        assert installed.open(file) == bicycles(1000)
