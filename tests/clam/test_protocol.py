"""clamd's protocol without a socket: what bytes mean, however they are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.interfaces.clamd.protocol import (
    LONGEST_COMMAND,
    Asked,
    Conversation,
    Ended,
    Piece,
    Refused,
)

MOST = 1000


def chunk(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def said(*packets: bytes, most: int = MOST) -> tuple[list[object], Conversation]:
    talk = Conversation(most)
    return [event for packet in packets for event in talk.receive(packet)], talk


def refusal(*packets: bytes) -> bytes:
    events, _ = said(*packets)
    (last,) = [event for event in events if isinstance(event, Refused)]
    return last.reply


@pytest.mark.parametrize("name", ["PING", "VERSION", "VERSIONCOMMANDS", "STATS"])
@pytest.mark.parametrize(("prefix", "end"), [("n", b"\n"), ("z", b"\0")])
def test_a_command_is_answered_with_the_end_it_came_with(name, prefix, end):
    (asked,), talk = said(prefix.encode() + name.encode() + end)
    assert isinstance(asked, Asked) and asked.name == name and talk.over
    assert asked.reply("PONG") == b"PONG" + end


def test_a_command_without_prefix_is_one_packet():
    for packet in (b"PING", b"PING\n", b"PING\r\n"):
        (asked,), talk = said(packet)
        assert asked == Asked("PING", 0, b"\n") and talk.over
    assert refusal(b"PI", b"NG") == b"UNKNOWN COMMAND\n"


@pytest.mark.parametrize("name", ["STATS", "INSTREAM", "IDSESSION", "END"])
def test_what_clamd_takes_only_with_a_prefix_is_unknown_without(name):
    assert refusal(name.encode() + b"\n") == b"UNKNOWN COMMAND\n"


@pytest.mark.parametrize("command", ["nonsense", "PINGS", "ping", "PING now", "", "END"])
def test_what_is_no_command_is_unknown_and_ends_the_conversation(command):
    events, talk = said(f"z{command}\0".encode())
    assert events == [Refused(b"UNKNOWN COMMAND\0")] and talk.over


@pytest.mark.parametrize(
    "command", ["SCAN /etc/weather", "CONTSCAN /etc", "MULTISCAN /", "ALLMATCHSCAN /", "FILDES"]
)
def test_files_of_this_machine_are_refused_without_naming_them(command):
    reply = refusal(f"n{command}\n".encode())
    assert reply.endswith(b"ERROR\n") and b"INSTREAM" in reply and b"/" not in reply


def test_the_service_is_not_steered_from_here():
    assert refusal(b"nSHUTDOWN\n") == refusal(b"nRELOAD\n") == b"COMMAND UNAVAILABLE\n"


def test_a_session_numbers_its_commands_and_ends_with_end():
    events, talk = said(
        b"zIDSESSION\0zPING\0zINSTREAM\0", chunk(b"rain") + bytes(4), b"zSCAN /a\0nVERSION\n"
    )
    ping, stream, piece, ended, scan, version = events
    assert ping == Asked("PING", 1, b"\0") and stream == Asked("INSTREAM", 2, b"\0")
    assert piece == Piece(b"rain") and ended == Ended(stream)
    assert ended.asked.reply("stream: OK") == b"2: stream: OK\0"
    assert isinstance(scan, Refused) and scan.reply.startswith(b"3: ") and not talk.over
    assert version == Asked("VERSION", 4, b"\n")
    assert list(talk.receive(b"nEND\n")) == [] and talk.over


def test_a_session_in_a_session_is_invalid():
    assert refusal(b"nIDSESSION\nnIDSESSION\n") == b"1: Command invalid inside IDSESSION. ERROR\n"


def test_after_one_stream_outside_a_session_nothing_is_looked_at():
    events, talk = said(b"nINSTREAM\n" + chunk(b"fog") + bytes(4) + b"nPING\n", b"nPING\n")
    assert [type(event) for event in events] == [Asked, Piece, Ended] and talk.over


@pytest.mark.parametrize("length", [MOST + 1, 2**31, 2**32 - 1])
def test_a_length_past_the_limit_is_refused_before_a_byte_of_it(length):
    assert refusal(b"nINSTREAM\n" + length.to_bytes(4)) == b"INSTREAM size limit exceeded. ERROR\n"


def test_a_stream_of_many_chunks_past_the_limit_is_refused():
    events, talk = said(b"zINSTREAM\0", *[chunk(b"w" * 400)] * 3)
    assert events[-1] == Refused(b"INSTREAM size limit exceeded. ERROR\0") and talk.over
    assert sum(len(e.data) for e in events if isinstance(e, Piece)) == 800
    events, _ = said(b"zINSTREAM\0", chunk(b"w" * MOST), bytes(4))
    assert isinstance(events[-1], Ended), "the limit itself is allowed"


def test_a_command_without_end_is_not_held_for_ever():
    events, talk = said(*[b"n" + b"w" * 500] + [b"w" * 500] * 10)
    assert len(events) == 1 and talk.over
    assert events[0] == Refused(b"The command is too long. ERROR\n")
    assert refusal(b"S" * (LONGEST_COMMAND + 1)) == b"The command is too long. ERROR\n"


def test_who_stops_in_the_middle_is_told_so():
    for packet, end in ((b"nPI", b"\n"), (b"zINSTREAM\0\0\0", b"\0"), (b"nINSTREAM\n", b"\n")):
        _, talk = said(packet)
        assert talk.unfinished
        assert talk.late() == b"COMMAND READ TIMED OUT" + end and talk.over
    _, talk = said(b"nIDSESSION\n")
    assert not talk.unfinished, "an idle session owes nothing"


PARTS = st.lists(
    st.one_of(
        st.just(b"nPING\n"), st.just(b"zVERSION\0"), st.just(b"nSCAN /a\n"), st.just(b"zNO\0"),
        st.lists(st.binary(min_size=1, max_size=40), max_size=4).map(
            lambda pieces: b"nINSTREAM\n" + b"".join(map(chunk, pieces)) + bytes(4)
        ),
    ),
    max_size=6,
)  # fmt: skip


def joined(events: list[object]) -> list[object]:
    """The events, with what came of a stream in one piece."""
    made: list[object] = []
    for event in events:
        if isinstance(event, Piece) and made and isinstance(made[-1], Piece):
            made[-1] = Piece(made[-1].data + event.data)
        else:
            made.append(event)
    return made


@given(PARTS, st.lists(st.integers(0, 400), max_size=12))
def test_the_same_bytes_mean_the_same_however_they_are_cut(parts, cuts):
    whole = b"zIDSESSION\0" + b"".join(parts)
    at = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    packets = [whole[a:b] for a, b in itertools.pairwise(at)]
    assert joined(said(*packets)[0]) == joined(said(whole)[0])


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_break_it_or_make_it_hold_more_than_a_command(packets):
    talk = Conversation(MOST)
    for packet in packets:
        for event in talk.receive(packet):
            assert isinstance(event, Asked | Piece | Ended | Refused)
        assert len(talk._held) <= LONGEST_COMMAND
