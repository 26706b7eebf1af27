"""A derivative is small, grey and blurred; it comes from the decoder, which is not trusted."""

from __future__ import annotations

import io

import numpy as np
import pytest
from made import bombs
from PIL import Image

from tutela.decoding import Cause, DecoderPool, Derivative, Limits, wire
from tutela.decoding.derivatives import derived


def stored(pixels: np.ndarray, form: str = "PNG", **how) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, form, **how)
    return data.getvalue()


def halves(rows: int, cols: int) -> np.ndarray:
    """Dark on the left, light on the right, red at that."""
    made = np.zeros((rows, cols, 3), np.uint8)
    made[:, cols // 2 :] = (255, 200, 200)
    return made


def pixels(made: Derivative | Cause) -> np.ndarray:
    assert isinstance(made, Derivative)
    return np.frombuffer(made.grey, np.uint8).reshape(made.height, made.width)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "AVIF"])
def test_a_picture_is_given_small_and_grey_in_its_shape(pool: DecoderPool, form: str):
    made = pixels(pool.derivative(stored(halves(600, 1200), form)))
    assert made.shape == (128, 256)
    assert made[:, :100].max() < 60 and made[:, 156:].min() > 180


def test_a_small_picture_is_not_made_larger(pool: DecoderPool):
    assert pixels(pool.derivative(stored(halves(3, 9)))).shape == (3, 9)


def test_no_side_is_longer_than_was_asked_for(pool: DecoderPool):
    for shape in ((1, 40_000), (40_000, 1), (1000, 7), (257, 255)):
        made = pool.derivative(stored(np.full(shape, 90, np.uint8)), 64)
        assert isinstance(made, Derivative)
        assert max(made.width, made.height) == 64 and min(made.width, made.height) >= 1


def test_fine_detail_is_blurred_away(pool: DecoderPool):
    lines = np.zeros((256, 256), np.uint8)
    lines[:, ::2] = 255
    made = pixels(pool.derivative(stored(lines)))[:, 8:-8]
    assert made.min() > 100 and made.max() < 155


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_upright(pool: DecoderPool, orientation: int):
    """Whatever way a camera was held: the light corner is at the top right."""
    upright = np.zeros((120, 200), np.uint8)
    upright[:60, 100:] = 255
    stored_as = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.T, 6: np.rot90(upright), 7: upright.T[::-1, ::-1], 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = stored(np.ascontiguousarray(stored_as), "JPEG", exif=exif, quality=95)
    made = pixels(pool.derivative(data))
    assert made.shape == (120, 200)
    assert made[:50, 110:].min() > 200
    assert made[70:].max() < 55 and made[:, :90].max() < 55


def test_a_transparent_picture_lies_over_white(pool: DecoderPool):
    clear = np.zeros((40, 40, 4), np.uint8)
    assert pixels(pool.derivative(stored(clear))).min() == 255


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", Cause.EMPTY),
        (b"a bicycle by the wall", Cause.NOT_A_PICTURE),
        (b"\x89PNG\r\n\x1a\nand nothing", Cause.DAMAGED),
        (b"%PDF-1.7 the weather", Cause.UNSUPPORTED_FORMAT),
        (bombs.claimed_png(60_000, 60_000), Cause.TOO_MANY_PIXELS),
    ],
)
def test_what_is_no_picture_says_why(pool: DecoderPool, data: bytes, cause: Cause):
    assert pool.derivative(data) is cause


def test_a_file_past_the_limit_is_not_handed_over():
    with DecoderPool(limits=Limits(max_bytes=100), size=1) as pool:
        assert pool.derivative(bombs.real_png(300)) is Cause.TOO_MANY_BYTES


def test_a_pool_gives_signals_and_derivatives_in_turn(pool: DecoderPool):
    data = stored(halves(64, 64))
    assert isinstance(pool.derivative(data), Derivative)
    assert pool.decode(data).cause is None
    assert isinstance(pool.derivative(data), Derivative)


def test_the_png_of_it_is_the_same_picture():
    made = derived(stored(halves(300, 500)), Limits(), 256)
    assert isinstance(made, Derivative)
    with Image.open(io.BytesIO(made.png())) as opened:
        assert (opened.mode, opened.size) == ("L", (256, 154))
        assert (np.asarray(opened) == pixels(made)).all()


@pytest.mark.parametrize(
    ("changes", "grey"),
    [
        ({}, b"\0" * 5), ({}, b""), ({"width": 3}, b"\0" * 6), ({"width": 65}, b"\0" * 130),
        ({"width": 0, "height": 0}, b""), ({"width": -2, "height": -3}, b"\0" * 6),
        ({"width": True}, b"\0" * 2), ({"width": 2.0}, b"\0" * 6), ({"cause": "bored"}, b""),
        ({"cause": 7}, b""), ({"height": None}, b""), ({"width": 10**400}, b""),
    ],
)  # fmt: skip
def test_an_answer_that_no_decoder_gives_is_refused(changes: dict, grey: bytes):
    message = {"cause": None, "width": 2, "height": 3} | changes
    if (changes, grey) == ({"width": 3}, b"\0" * 6):
        message["height"] = 3
    with pytest.raises(wire.BadMessage):
        wire.decode_derivative(message, grey, 64)


def test_an_answer_comes_back_as_it_was_given():
    for given in (Derivative(2, 3, b"bikes!"), Cause.DAMAGED):
        assert wire.decode_derivative(*wire.encode_derivative(given), 64) == given
