"""What decoder and parent say to each other over pipes: JSON, and the bytes of the file.

The parent trusts nothing that comes back: a decoder may have been taken over by the file it read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

from tutela.decoding.models import Cause, Decoded, Derivative, Note, Picture, Rendered
from tutela.signals import Signal, SignalError, SignalType
from tutela.signals.variants import VARIANTS

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes of an answer: 32 frames of 12 variants need about 100 KiB; a third party's types may need
more; what is larger is not an answer."""


LONGEST_VALUE = 4096
"""Characters of a value, as the contract test of signal types has it."""


LARGEST = 2**47
"""No count or size in an answer is larger."""


class BadMessage(Exception):
    """The other side did not speak this protocol."""


def send(pipe: BinaryIO, message: dict[str, Any], payload: bytes | memoryview = b"") -> None:
    """A message: length, JSON with the length of the payload, payload."""
    body = json.dumps({**message, "payload": len(payload)}).encode()
    pipe.write(len(body).to_bytes(4) + body)
    if payload:
        pipe.write(payload)
    pipe.flush()


def receive(pipe: BinaryIO, max_payload: int) -> tuple[dict[str, Any], bytes] | None:
    """The next message and its payload, or None at the end; raises `BadMessage`."""
    prefix = pipe.read(4)
    if not prefix:
        return None
    length = int.from_bytes(prefix)
    if len(prefix) < 4 or length > MAX_MESSAGE:
        raise BadMessage("length")
    body = pipe.read(length)
    if len(body) < length:
        raise BadMessage("cut off")
    try:
        message = json.loads(body)
        size = _whole(message.pop("payload"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadMessage("not JSON of this form") from None
    if not 0 <= size <= max_payload:
        raise BadMessage("payload")
    payload = pipe.read(size) if size else b""
    if len(payload) < size:
        raise BadMessage("cut off")
    return message, payload


def encode(decoded: Decoded) -> dict[str, Any]:
    return {
        "signals": [[s.type, s.value, s.quality, s.variant, s.frame] for s in decoded.signals],
        "picture": asdict(decoded.picture) if decoded.picture else None,
        "notes": sorted(decoded.notes),
        "cause": decoded.cause,
    }


def decode(message: dict[str, Any], types: Mapping[str, SignalType], max_frames: int) -> Decoded:
    """The answer, each part checked; raises `BadMessage`.

    Only signals of `types` are taken, and only canonical values, no more than `max_frames` frames
    can have: a decoder has no say in the exact hashes, which decide the most.
    """
    try:
        if len(message["signals"]) > len(types) * len(VARIANTS) * max_frames:
            raise ValueError("signals")
        picture = message["picture"]
        decoded = Decoded(
            signals=tuple(_signal(types, *parts) for parts in message["signals"]),
            picture=_picture(picture) if picture is not None else None,
            notes=frozenset(Note(n) for n in message["notes"]),
            cause=Cause(message["cause"]) if message["cause"] is not None else None,
        )
        if decoded.cause is None and not decoded.signals:
            raise ValueError("neither a signal nor a cause")
        return decoded
    except (KeyError, TypeError, ValueError, SignalError):
        raise BadMessage("answer") from None


def encode_derivative(made: Derivative | Cause) -> tuple[dict[str, Any], bytes]:
    if isinstance(made, Cause):
        return {"cause": made, "width": 0, "height": 0}, b""
    return {"cause": None, "width": made.width, "height": made.height}, made.grey


def decode_derivative(message: dict[str, Any], grey: bytes, longest: int) -> Derivative | Cause:
    """The picture, checked: no side is longer than was asked for; raises `BadMessage`."""
    try:
        if message["cause"] is not None:
            return Cause(message["cause"])
        width, height = _whole(message["width"]), _whole(message["height"])
        if not (1 <= width <= longest and 1 <= height <= longest and len(grey) == width * height):
            raise ValueError("size")
        return Derivative(width, height, grey)
    except (KeyError, TypeError, ValueError):
        raise BadMessage("answer") from None


def encode_rendered(made: Rendered | Cause) -> tuple[dict[str, Any], bytes]:
    if isinstance(made, Cause):
        return {"cause": made, "width": 0, "height": 0, "whole": False}, b""
    return {
        "cause": None, "width": made.width, "height": made.height, "whole": made.whole,
    }, made.pixels  # fmt: skip


def decode_rendered(message: dict[str, Any], pixels: bytes, longest: int) -> Rendered | Cause:
    """The picture, checked likewise; raises `BadMessage`."""
    try:
        if message["cause"] is not None:
            return Cause(message["cause"])
        width, height = _whole(message["width"]), _whole(message["height"])
        fits = 1 <= width <= longest and 1 <= height <= longest
        if not fits or len(pixels) != width * height * 3:
            raise ValueError("size")
        return Rendered(width, height, pixels, message["whole"] is True)
    except (KeyError, TypeError, ValueError):
        raise BadMessage("answer") from None


def _signal(
    types: Mapping[str, SignalType],
    name: str,
    value: str,
    quality: int | None,
    variant: str,
    frame: int | None,
) -> Signal:
    if not isinstance(value, str) or len(value) > LONGEST_VALUE:
        raise ValueError("value")
    if types[name].validate(value) != value or variant not in VARIANTS:
        raise ValueError("signal")
    if quality is not None and not 0 <= _whole(quality) <= 100:
        raise ValueError("quality")
    if frame is not None and _whole(frame) < 0:
        raise ValueError("frame")
    return Signal(name, value, quality, variant, frame)


def _whole(number: object) -> int:
    if type(number) is not int or number > LARGEST:  # neither a float nor a bool
        raise ValueError("number")
    return number


def _picture(fields: dict[str, Any]) -> Picture:
    picture = Picture(**fields)
    for text in (picture.format, picture.mode):
        if not (isinstance(text, str) and len(text) <= 16 and text.isprintable()):
            raise ValueError("picture")
    for number in (picture.width, picture.height, picture.frames, picture.frames_hashed):
        if _whole(number) < 0:
            raise ValueError("picture")
    return picture
