"""What the clamd door survives: it answers the next all the same, and holds nothing for ever."""

from __future__ import annotations

import socket
import time

import pytest
from server.doors import KNOWN, OTHER
from server.serving import until

from clam.conftest import Line, chunks, opened
from tutela.interfaces.clamd.protocol import LONGEST_COMMAND


@pytest.fixture(scope="module")
def hasty(running):
    """A door that waits for nobody."""
    with opened(running, {"body_seconds": 3}, idle_seconds=1, max_stream=8 << 20) as made:
        yield made


@pytest.fixture(autouse=True)
def well(request):
    """Whatever a test did, the next upload is answered, and nothing is left of those before."""
    yield
    for name in {"hasty", "door"} & set(request.fixturenames):
        made = request.getfixturevalue(name)
        assert made.ask(OTHER) == "stream: OK"
        spool = made.running.app.data / "spool"
        until(lambda spool=spool: not [p for p in spool.glob("*") if p.is_file()], "it is kept")


def test_a_stream_that_is_cut_off_is_let_go_of(door):
    before = door.files
    for part in (b"nINSTREAM\n", b"nINSTREAM\n\0\0", b"nINSTREAM\n\0\0\xff\xff" + b"w" * 900):
        with door.line() as line:
            line.send(part)
    with door.line() as line:
        line.send(b"nINSTREAM\n", (1 << 25).to_bytes(4), KNOWN)  # known, but never ended
    assert door.ask(OTHER) == "stream: OK"
    until(lambda: door.files == before, "what was cut off is kept")


def test_a_stream_that_only_stops_sending_is_let_go_of(door):
    with door.line() as line:
        line.send(b"nINSTREAM\n", len(KNOWN).to_bytes(4), KNOWN)
        line.socket.shutdown(socket.SHUT_WR)
        assert line.reply() == b"", "it has no end, and so no verdict"


def test_a_length_that_lies_waits_no_longer_than_it_may(hasty):
    with hasty.line() as line:
        line.send(b"nINSTREAM\n", (5 << 20).to_bytes(4), b"less than that")
        assert line.reply() == b"COMMAND READ TIMED OUT" and line.closed()
    with hasty.line() as line:  # more came than the length says: the rest is no length
        line.send(b"nINSTREAM\n", (4).to_bytes(4), b"rain and fog")
        assert line.reply() == b"INSTREAM size limit exceeded. ERROR"


def test_four_gigabytes_are_refused_at_the_first_length(door):
    with door.line() as line:
        line.send(b"zINSTREAM\0", (2**32 - 1).to_bytes(4), b"w" * 5_000_000)
        assert line.reply(b"\0") == b"INSTREAM size limit exceeded. ERROR"
        assert line.closed()


def test_a_stream_that_never_ends_is_refused_at_the_limit(hasty):
    piece = (1 << 16).to_bytes(4) + b"w" * (1 << 16)
    with hasty.line() as line:
        line.send(b"nINSTREAM\n")
        sent = 0
        try:
            while sent < 256 << 20:
                line.send(piece)
                sent += len(piece)
        except OSError:
            pass
        assert sent < 128 << 20, "it was closed"
        line.socket.settimeout(5)
        assert line.reply() in (b"INSTREAM size limit exceeded. ERROR", b"")


def test_a_stream_that_trickles_has_a_last_second(hasty):
    began = time.monotonic()
    with hasty.line() as line:
        line.send(b"nINSTREAM\n")
        line.socket.settimeout(0.3)
        reply = b""
        while not reply and time.monotonic() - began < 20:
            line.send((1).to_bytes(4), b"w")
            try:
                reply = line.reply()
            except TimeoutError:
                continue
        assert reply == b"COMMAND READ TIMED OUT" and time.monotonic() - began < 10


def test_half_a_command_is_waited_for_and_then_not(hasty):
    for half, end in ((b"nPI", b"\n"), (b"zINSTR", b"\n")):
        with hasty.line() as line:
            line.send(half)
            assert line.reply(end) == b"COMMAND READ TIMED OUT" and line.closed()
    with hasty.line() as line:
        line.send(b"nPI")
        time.sleep(0.2)
        line.send(b"NG\n")
        assert line.reply() == b"PONG"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\0" * 100, b"UNKNOWN COMMAND"), (b"GET / HTTP/1.1\r\n\r\n", b"UNKNOWN COMMAND"),
        (b"z\0", b"UNKNOWN COMMAND"), (b"n" * (LONGEST_COMMAND * 3), b"The command is too long."),
    ],
)  # fmt: skip
def test_bytes_without_a_command_are_refused(door, data, said):
    with door.line() as line:
        line.send(data)
        assert line.reply().startswith(said) and line.closed()


def test_a_thousand_idle_connections_stop_nobody(running):
    with opened(running, idle_seconds=60) as door:
        idle = [Line(door.place) for _ in range(1000)]
        try:
            for line in idle[::100]:
                line.send(b"nIDSESSION\n")
            assert door.ask(OTHER) == "stream: OK"
            assert door.ask(KNOWN).endswith("FOUND")
            idle[-1].send(b"nPING\n")
            assert idle[-1].reply() == b"PONG"
        finally:
            for line in idle:
                line.socket.close()


def test_idle_connections_are_closed_after_a_while(hasty):
    with hasty.line() as line, hasty.line() as session:
        session.send(b"nIDSESSION\n")
        assert line.closed() and session.closed()


def test_connections_past_the_limit_are_closed(running):
    with opened(running, connections=3) as door:
        held = [Line(door.place) for _ in range(3)]
        for line in held:
            line.send(b"nIDSESSION\nnPING\n")
            assert line.reply() == b"1: PONG"
        with door.line() as late:
            assert late.reply() == b""
        for line in held:
            line.socket.close()
        time.sleep(0.2)
        assert door.ask(OTHER) == "stream: OK"


def test_networks_that_are_not_named_are_not_answered(running):
    with opened(running, allow=("10.0.0.0/8",)) as door:
        with door.line() as line:
            assert line.reply() == b""
        with door.line(unix=True) as line:
            line.send(b"nPING\n")
            assert line.reply() == b"PONG"


def test_who_does_not_read_answers_is_let_go_of(door):
    with door.line() as line:
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.send(b"nIDSESSION\n")
        line.socket.settimeout(2)
        try:
            for _ in range(2000):
                line.send(b"nSTATS\n" * 100)
        except (TimeoutError, OSError):
            pass
        assert door.ask(OTHER) == "stream: OK"


def test_a_stream_in_work_is_answered_when_the_service_stops(running):
    with opened(running, {"stop_seconds": 20}) as door:
        line = Line(door.place)
        line.send(b"nINSTREAM\n", *chunks(KNOWN, 1 << 16)[:-1])
        time.sleep(0.3)
        line.send(bytes(4))
    assert line.reply().endswith(b"FOUND")
    line.socket.close()
