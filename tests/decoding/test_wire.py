"""A decoder that was taken over by a file can say only what a decoder may say."""

from __future__ import annotations

import io
import json

import pytest

from tutela.decoding import Cause, wire
from tutela.decoding.models import Decoded, Note, Picture
from tutela.signals import Signal
from tutela.signals.registry import signal_type

TYPES = {"pdq": signal_type("pdq")}
HASH = "0f" * 32


PICTURE = {"format": "PNG", "mode": "L", "width": 1, "height": 1, "frames": 1, "frames_hashed": 1}


def answer(**changes):
    signals = [["pdq", HASH, 90, "plain", 0]]
    return {"signals": signals, "picture": None, "notes": [], "cause": None, **changes}


def test_an_answer_comes_back_as_it_was_given():
    given = Decoded(
        (Signal("pdq", HASH, 90, "mirrored", 3), Signal("pdq", HASH)),
        Picture("JPEG", "CMYK", 640, 480, 2, 2),
        frozenset({Note.PARTIAL}),
    )
    assert wire.decode(json.loads(json.dumps(wire.encode(given))), TYPES, 4) == given
    named = Decoded(cause=Cause.DAMAGED)
    assert wire.decode(json.loads(json.dumps(wire.encode(named))), TYPES, 4) == named


@pytest.mark.parametrize(
    "signal",
    [
        ["sha256", HASH, None, "plain", None],  # exact hashes are not a decoder's to give
        ["pdq", "zz" * 32, 90, "plain", 0],
        ["pdq", HASH.upper(), 90, "plain", 0],
        ["pdq", HASH[:-1], 90, "plain", 0],
        ["pdq", None, 90, "plain", 0],
        ["pdq", HASH, 101, "plain", 0],
        ["pdq", HASH, -1, "plain", 0],
        ["pdq", HASH, True, "plain", 0],
        ["pdq", HASH, float("nan"), "plain", 0],
        ["pdq", HASH, 90, "sideways", 0],
        ["pdq", HASH, 90, ["plain"], 0],
        ["pdq", HASH, 90, "plain", -1],
        ["pdq", HASH, 90, "plain", 0.5],
        ["pdq", HASH, 90, "plain", 10**400],
        ["pdq", HASH, 90, "plain"],
        ["pdq", HASH, 90, "plain", 0, 0],
        [["pdq"], HASH, 90, "plain", 0],
        "pdq",
        7,
    ],
)
def test_a_signal_that_no_decoder_gives_is_refused(signal):
    with pytest.raises(wire.BadMessage):
        wire.decode(answer(signals=[signal]), TYPES, 4)


@pytest.mark.parametrize(
    "changes",
    [
        {"signals": None},
        {"signals": {"a": 1}},
        {"signals": []},
        {"signals": [["pdq", HASH, 90, "plain", 0]] * 60},
        {"notes": ["\x1b[31m"]},
        {"notes": 3},
        {"cause": "bored"},
        {"picture": {"format": "JPEG"}},
        {"picture": ["JPEG", "RGB", 1, 1, 1, 1]},
        {"picture": PICTURE | {"format": "\x1b]0;"}},
        {"picture": PICTURE | {"format": "x" * 99}},
        {"picture": PICTURE | {"width": True}},
        {"picture": PICTURE | {"width": -1}},
    ],
)
def test_an_answer_of_another_form_is_refused(changes):
    with pytest.raises(wire.BadMessage):
        wire.decode(answer(**changes), TYPES, 4)


@pytest.mark.parametrize(
    "sent",
    [
        b"\0\0\0",
        b"\xff\xff\xff\xff",
        b"\0\0\0\x02[]",
        b"\0\0\0\x04nope",
        b"\0\0\0\x02{}",
        b"\0\0\0\x10" + b'{"payload": -1} ',
        b"\0\0\0\x12" + b'{"payload": 1e999}',
        b"\0\0\0\x0f" + b'{"payload": 99}',
        b"\0\0\x27\x10" + b"[" * 10_000,
        (200_000).to_bytes(4) + b"9" * 200_000,
        b"\0\0\0\x20" + b'{"payload":0}',
    ],
)
def test_bytes_that_are_no_message_are_refused(sent):
    with pytest.raises(wire.BadMessage):
        wire.receive(io.BytesIO(sent), 50)
