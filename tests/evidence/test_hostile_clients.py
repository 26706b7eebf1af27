"""The vault, as its enemies meet it: other users, and clients that say nonsense, nothing, or take
nothing, hold up nobody. And a vault that lies is not believed."""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import missing

from evidence.vaults import BICYCLE, intent, listening
from tutela import evidence
from tutela.evidence import client, vault, wire
from tutela.evidence.errors import EvidenceError
from tutela.evidence.vault import Vault
from tutela.storage import Database


def test_a_second_vault_is_refused_and_the_first_goes_on(bare, data, store, sealer):
    with (
        Database.in_folder(data) as database,
        pytest.raises(EvidenceError, match=r"listens on .* already"),
    ):
        Vault(database, store, [], bare, lambda: sealer)
    client.ping(bare)


def test_a_path_that_is_too_long_is_said_so(store, sealer, data):
    with (
        Database.in_folder(data) as database,
        pytest.raises(EvidenceError, match="longer than"),
    ):
        Vault(database, store, [], data / ("x" * 100), lambda: sealer)


def test_the_socket_is_for_its_user_only(bare):
    assert stat.S_IMODE(bare.stat().st_mode) == 0o600
    assert stat.S_ISSOCK(bare.stat().st_mode)


def test_another_user_is_refused_even_if_the_mode_lets_them(store, sealer):
    if os.getuid() != 0:
        missing("root", "only root can be another user")
    with TemporaryDirectory() as folder, Database.in_folder(Path(folder)) as database:
        Path(folder).chmod(0o711)
        with listening(database, store, [], Path(folder, "v"), lambda: sealer) as path:
            path.chmod(0o666)
            assert _heard_as(0, path) == ANSWERED
            assert _heard_as(65534, path) == TURNED_AWAY


ANSWERED, TURNED_AWAY = 1, 2


def _heard_as(user: int, path: Path) -> int:
    """What a process of a user hears when it says ping."""
    child = os.fork()
    if child == 0:
        heard = 99
        try:
            os.setuid(user)
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(30)
                line.connect(str(path))
                heard = 0
                line.sendall(wire.framed(b'{"op": "ping"}'))
                reply = wire.Line(line).receive_json(30)
                heard = ANSWERED if reply["ok"] else TURNED_AWAY if "user" in reply["hint"] else 3
        finally:
            os._exit(heard)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(30)
        line.connect(str(path))
        yield line


def rest(line: socket.socket) -> bytes:
    """All that the vault says until it hangs up."""
    got = b""
    try:
        while part := line.recv(1 << 16):
            got += part
    except ConnectionResetError:
        pass
    return got


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff\xff\xff",
        struct.pack(">I", wire.LARGEST_REQUEST + 1) + b"x" * 10_000,
        wire.framed(b""),
        wire.framed(b"not json"),
        wire.framed(b"[" * 4000),
        wire.framed(b'"open"'),
        wire.framed(b"\xff\xfe"),
        wire.framed(b"1e999"),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_nonsense_is_hung_up_on(bare, said):
    with connected(bare) as line:
        line.sendall(said)
        assert rest(line) == b""
    client.ping(bare)


@pytest.mark.parametrize(
    "request_", [{}, {"op": []}, {"op": "shell"}, {"op": "open", "intent": {}}]
)
def test_what_the_vault_does_not_do_is_refused(bare, request_):
    with connected(bare) as line:
        line.sendall(wire.framed(json.dumps(request_).encode()))
        assert wire.Line(line).receive_json(10)["ok"] is False
    client.ping(bare)


def test_who_says_nothing_or_trickles_is_hung_up_on(bare, monkeypatch):
    monkeypatch.setattr(vault, "REQUEST_SECONDS", 0.3)
    with connected(bare) as silent, connected(bare) as trickling:
        assert rest(silent) == b""
        with pytest.raises(OSError):
            for byte in wire.framed(b" " * 4000):
                trickling.sendall(bytes([byte]))
                time.sleep(0.01)


def test_more_clients_than_places_are_answered_once_the_silent_ones_are_gone(bare, monkeypatch):
    monkeypatch.setattr(vault, "REQUEST_SECONDS", 1.0)
    silent = [socket.socket(socket.AF_UNIX) for _ in range(vault.CLIENTS)]
    try:
        for line in silent:
            line.connect(str(bare))
        monkeypatch.setattr(client, "PING", 30.0)
        client.ping(bare)
    finally:
        for line in silent:
            line.close()


def test_who_takes_nothing_is_hung_up_on(path, database, sealer, monkeypatch):
    monkeypatch.setattr(vault, "PATIENCE", 0.3)
    sealed = sealer.seal(bytes(5_000_000))
    with database.writing() as session:
        large = evidence.record(session, database.now(), sealed)
    name = intent(database, large)
    others = threading.active_count()
    with connected(path) as line:
        line.sendall(wire.framed(json.dumps({"op": "open", "intent": name}).encode()))
        assert line.recv(1)  # it began
        while threading.active_count() > others:
            time.sleep(0.05)
        assert len(rest(line)) < 5_000_000


def test_who_goes_in_the_middle_harms_nobody(path, database, file):
    for _ in range(5):
        with connected(path) as line:
            name = intent(database, file)
            line.sendall(wire.framed(json.dumps({"op": "open", "intent": name}).encode()))
            line.recv(10)
    assert b"".join(client.opened(path, intent(database, file))) == BICYCLE


def test_frames_come_in_parts_of_any_length():
    sent = b"".join(wire.framed(data) for data in (b"", b"x", b"y" * 300))
    for size in (1, 2, 3, 5, 400):
        frames = wire.Frames(300)
        got = []
        for at in range(0, len(sent), size):
            frames.feed(sent[at : at + size])
            while (frame := frames.next()) is not None:
                got.append(frame)
        assert got == [b"", b"x", b"y" * 300]
    frames.feed(struct.pack(">I", 301))
    with pytest.raises(wire.WireError):
        frames.next()


def test_a_vault_that_lies_is_not_believed(data):
    def lying(said: bytes) -> None:
        line, _ = server.accept()
        with line:
            line.recv(1000)
            line.sendall(said)

    ok = wire.framed(b'{"ok": true, "size": 3}')
    for said in (
        b"",
        wire.framed(b"[]"),
        b"\xff\xff\xff\xff",
        ok,
        ok + wire.framed(b"abc"),
        ok + wire.framed(b"abc") + wire.framed(b""),
        ok + wire.framed(b"abc") + wire.framed(b"") + wire.framed(b"{}"),
    ):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(data / "liar"))
            server.listen()
            thread = threading.Thread(target=lying, args=(said,))
            thread.start()
            with pytest.raises(EvidenceError):
                list(client.opened(data / "liar", "int_x"))
            thread.join()
        (data / "liar").unlink()
