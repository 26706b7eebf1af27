"""The vault as a process of its own, and clients as bad as they come: it answers the others all the
while."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pyrage
import pytest
from conftest import missing

from tutela.evidence import client, opening, wire
from tutela.evidence.errors import EvidenceError, IntentRefused, NotOpened
from tutela.testing import bucket

from .conftest import Installed, bicycles, in_bucket, installed_in


def connected(installed: Installed) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(60)
    while True:
        try:
            line.connect(str(installed.socket))
            return line
        except BlockingIOError:  # more wait than the system lets wait
            time.sleep(0.02)


def asked(line: socket.socket, **request: object) -> None:
    line.sendall(wire.framed(json.dumps(request).encode()))


def replied(line: socket.socket) -> bytes:
    """All that the vault says until it ends."""
    found = b""
    try:
        while part := line.recv(1 << 16):
            found += part
    except ConnectionResetError:
        pass
    return found


def test_files_of_any_size_are_opened_and_checked(installed):
    with installed.vault():
        for size in (0, 1, 65_536, 200_000, 20_000_000):
            file = installed.seal(bicycles(size))
            assert installed.open(file) == bicycles(size)
            assert installed.check(file) == client.Checked(whole=True, size=size)


GARBAGE = {
    "nothing": b"",
    "half a length": b"\0\0",
    "an end in the middle": struct.pack(">I", 100) + b"{",
    "a length of 4 GiB": b"\xff\xff\xff\xff",
    "a request of 5 KB": wire.framed(b" " * 5000),
    "no JSON": wire.framed(b"rain"),
    "no UTF-8": wire.framed(b"\xff\xfe{}"),
    "no object": wire.framed(b"[1]"),
    "nested": wire.framed(b"[" * 4000),
    "a number of 4000 digits": wire.framed(b'{"op": ' + b"9" * 4000 + b"}"),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "random": bytes(range(256)) * 50,
    "no act": wire.framed(b"{}"),
    "another act": wire.framed(b'{"op": "keys"}'),
    "an act that is no text": wire.framed(b'{"op": ["open"], "intent": {}}'),
    "no intent": wire.framed(b'{"op": "open"}'),
    "an intent with a zero": wire.framed(b'{"op": "open", "intent": "int_\\u0000"}'),
    "an intent that is no text": wire.framed(b'{"op": "open", "intent": "\\ud800"}'),
    "a long intent": wire.framed(b'{"op": "open", "intent": "' + b"a" * 3900 + b'"}'),
    "two requests": wire.framed(b'{"op": "ping"}') * 2,
}


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_garbage_is_refused_or_hung_up_on(engine, request, tmp_path):
    installed = one_on(engine, request)
    file = installed.seal(b"rain")
    with installed.vault() as process:
        for what, given in GARBAGE.items():
            with connected(installed) as line:
                line.sendall(given)
                line.shutdown(socket.SHUT_WR)
                said = replied(line)
            if said:
                (length,) = wire.LENGTH.unpack(said[:4])
                reply = json.loads(said[4 : 4 + length])
                assert reply["ok"] is (what == "two requests"), what
                assert reply["ok"] or reply["error"], what
            client.ping(installed.socket)
        assert installed.open(file) == b"rain"
        assert process.poll() is None
    assert "Traceback" not in installed.log and "fault of" not in installed.log


def one_on(engine: str, request: pytest.FixtureRequest) -> Installed:
    """An installation on a database of this kind."""
    if engine == "sqlite":
        return request.getfixturevalue("installed")
    return request.getfixturevalue("installed_on_postgres")


def test_clients_that_say_nothing_or_trickle_keep_nobody_out_for_long(installed):
    """More of them than the vault takes at a time."""
    file = installed.seal(b"rain")
    with installed.vault():
        slow = [connected(installed) for _ in range(40)]
        stop = threading.Event()

        def trickle() -> None:
            frame = wire.framed(json.dumps({"op": "ping", "rain": "x" * 3000}).encode())
            for at in range(len(frame)):
                if stop.wait(0.5):
                    return
                for line in slow[20:]:
                    with suppress(OSError):
                        line.send(frame[at : at + 1])

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            assert installed.open(file) == b"rain"
        finally:
            stop.set()
            thread.join()
            for line in slow:
                line.close()
        client.ping(installed.socket)


def test_clients_that_go_in_the_middle(installed):
    file = installed.seal(bicycles(30_000_000))
    with installed.vault() as process:
        before = descriptors(process)
        for number in range(40):
            with connected(installed) as line:
                asked(line, op="open", intent=installed.intend(file))
                line.recv(1 + number * 1000)
        client.ping(installed.socket)
        assert installed.open(file) == bicycles(30_000_000)
        until = time.monotonic() + 30
        while descriptors(process) > before + 3:
            assert time.monotonic() < until, "what was open for who went is open still"
            time.sleep(0.05)
    assert "Traceback" not in installed.log


def descriptors(process: subprocess.Popen) -> int:
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def test_a_client_that_does_not_read_delays_no_other(installed):
    file = installed.seal(bicycles(30_000_000))
    with installed.vault():
        stuck = []
        for _ in range(8):
            line = connected(installed)
            asked(line, op="open", intent=installed.intend(file))
            stuck.append(line)
        assert installed.open(file) == bicycles(30_000_000)
        for line in stuck:
            line.close()


def test_forty_clients_at_once(installed):
    files = [installed.seal(bicycles(100_000 + n)) for n in range(40)]
    with installed.vault(), ThreadPoolExecutor(40) as threads:
        for number, data in enumerate(threads.map(installed.open, files)):
            assert data == bicycles(100_000 + number)


class Failing(io.BytesIO):
    """A file whose disk fails after some bytes."""

    def read(self, count: int | None = -1) -> bytes:
        if self.tell() > 100_000:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(count)


def test_a_disk_that_does_not_answer_is_not_called_damage(identity, installed):
    """Custody: what could not be read for a while was not changed."""
    file = installed.seal(bicycles(300_000))
    sealed = pyrage.encrypt(bicycles(300_000), [identity.to_public()])
    into = opening.Compared(file)
    with pytest.raises(NotOpened, match=r"cannot be read: Input/output error.*try again"):
        opening.decrypt(file.id, Failing(sealed), into, [identity])
    assert not into.whole
    opening.decrypt(file.id, io.BytesIO(sealed), whole := opening.Compared(file), [identity])
    assert whole.whole


def test_a_bucket_that_fails_in_the_middle_is_said(tmp_path, monkeypatch):
    pytest.importorskip("obstore", reason="tutela[s3] is not installed")
    with bucket.running() as running:
        in_bucket(running, monkeypatch)
        for installed in installed_in(tmp_path, evidence_url="s3://evidence"):
            file = installed.seal(bicycles(300_000))
            with installed.vault():
                assert installed.open(file) == bicycles(300_000)
                intent = installed.intend(file)
                running.failing = 503
                with pytest.raises(EvidenceError, match="The bucket cannot be used"):
                    b"".join(client.opened(installed.socket, intent))
                running.failing = 0
                assert b"".join(client.opened(installed.socket, intent)) == bicycles(300_000)
                with pytest.raises(IntentRefused):
                    b"".join(client.opened(installed.socket, intent))


def test_only_its_own_user_is_answered(installed, tmp_path):
    if os.getuid() != 0:
        missing("root", "only root can become another user")
    file = installed.seal(b"rain")
    intent = installed.intend(file)
    code = (
        "import os, sys; from tutela.evidence import client; from pathlib import Path;"
        "from tutela.errors import TutelaError\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: print(b''.join(client.opened(Path(sys.argv[1]), sys.argv[2])))\n"
        "except TutelaError as error: print('REFUSED', error)"
    )
    with installed.vault():
        assert installed.socket.stat().st_mode & 0o777 == 0o600
        assert installed.socket.parent.stat().st_mode & 0o777 == 0o700
        for mode in (0o600, 0o666):  # the second time nothing keeps it out but the vault
            if mode == 0o666:
                for folder in (installed.socket.parent, *installed.socket.parents[1:6]):
                    if folder.is_relative_to("/tmp") and folder != folder.parent:
                        folder.chmod(folder.stat().st_mode | 0o711)
            installed.socket.chmod(mode)
            ran = subprocess.run(
                [sys.executable, "-c", code, str(installed.socket), intent],
                capture_output=True, text=True, check=False, env=os.environ | {"HOME": "/"},
            )  # fmt: skip
            assert ran.stdout.startswith("REFUSED"), ran
        assert "Permission denied" not in ran.stdout, "the vault itself was not reached"
        assert b"".join(client.opened(installed.socket, intent)) == b"rain", "nor was it used up"


def test_it_stops_when_told_also_with_clients(installed):
    file = installed.seal(bicycles(30_000_000))
    with installed.vault() as process:
        lines = [connected(installed) for _ in range(40)]
        asked(lines[0], op="open", intent=installed.intend(file))
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not installed.socket.exists()
        for line in lines:
            line.close()


def test_killed_it_starts_again_and_a_second_does_not(installed):
    file = installed.seal(b"rain")
    with installed.vault() as process:
        second = installed.start()
        assert second.wait(60) == 3
        assert "already" in installed.log
        assert installed.open(file) == b"rain", "the second took the first one's socket"
        process.kill()
        process.wait()
    with pytest.raises(EvidenceError, match="does not answer: Connection refused"):
        client.ping(installed.socket)
    with installed.vault():
        assert installed.open(file) == b"rain"


def test_killed_in_the_middle_of_a_file_its_client_says_so(installed):
    file = installed.seal(bicycles(60_000_000))
    with installed.vault() as process:
        pieces = client.opened(installed.socket, installed.intend(file))
        next(pieces)
        process.kill()
        with pytest.raises(EvidenceError, match=r"ended in the middle|does not answer"):
            for _ in pieces:
                pass
