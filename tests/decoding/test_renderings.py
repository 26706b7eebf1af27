"""What is shown in place of a file has less in it; what is marked bears the viewer's name."""

from __future__ import annotations

import io

import numpy as np
import pytest
from made import bombs
from PIL import Image

from tutela.decoding import Cause, DecoderPool, Limits, Rendered, Rendering, wire
from tutela.decoding.marking import LEAST, marked
from tutela.decoding.renderings import COLOURS

MARK = "mia 2031-05-05 09:00 UTC"


def stored(pixels: np.ndarray, form: str = "PNG", **how) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, form, **how)
    return data.getvalue()


def noise(rows: int, cols: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (rows, cols, 3), np.uint8)


def pixels(made: Rendered | Cause) -> np.ndarray:
    assert isinstance(made, Rendered), made
    return np.frombuffer(made.pixels, np.uint8).reshape(made.height, made.width, 3)


@pytest.mark.parametrize("rendering", [*Rendering])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_each_rendering_is_made_of_each_format(pool: DecoderPool, rendering, form):
    made = pixels(pool.rendered(stored(noise(300, 600), form), rendering, 240))
    assert made.shape == ((40, 80, 3) if rendering == "small" else (120, 240, 3))


def test_reduced_detail_has_few_colours_and_no_texture(pool: DecoderPool, photos):
    data = photos[0].read_bytes()
    plain = pixels(pool.rendered(data, Rendering.MARKED, 224))
    made = pixels(pool.rendered(data, Rendering.STYLISED, 224))
    assert len(np.unique(made.reshape(-1, 3), axis=0)) <= COLOURS

    def rough(one: np.ndarray) -> float:
        return float(np.mean(np.diff(one.astype(int), axis=1) != 0))

    assert rough(made) < rough(plain) / 3


def test_reduced_detail_has_no_more_of_it_where_it_is_shown_larger(pool: DecoderPool):
    lines = np.zeros((900, 900, 3), np.uint8)
    lines[:, ::2] = 255
    made = pixels(pool.rendered(stored(lines), Rendering.STYLISED, 900))
    assert made[20:-20, 20:-20].std() < 8


def test_blurred_and_grey_are_what_they_say(pool: DecoderPool):
    halves = np.zeros((200, 200, 3), np.uint8)
    halves[:, 100:] = (255, 0, 0)
    blurred = pixels(pool.rendered(stored(halves), Rendering.BLURRED, 200))
    assert 60 < blurred[100, 100, 0] < 200 and blurred[100, 190, 0] > 240
    grey = pixels(pool.rendered(stored(halves), Rendering.GREY, 200))
    assert (grey[:, :, 0] == grey[:, :, 1]).all() and (grey[:, :, 1] == grey[:, :, 2]).all()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_it_stands_upright(pool: DecoderPool, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    up = np.zeros((60, 90, 3), np.uint8)
    up[:30] = (250, 10, 10)
    turned = np.rot90(up, {1: 0, 3: 2, 6: 1, 8: 3}[orientation])
    data = stored(np.ascontiguousarray(turned), "PNG", exif=exif)
    made = pixels(pool.rendered(data, Rendering.MARKED, 4096))
    assert made.shape == (60, 90, 3) and (made[:30] == (250, 10, 10)).all()


def test_only_all_pixels_of_the_only_frame_are_the_whole(pool: DecoderPool):
    data = stored(noise(40, 50))
    made = pool.rendered(data, Rendering.MARKED, 4096)
    assert made.whole and (pixels(made) == noise(40, 50)).all()
    assert not pool.rendered(data, Rendering.GREY, 4096).whole
    assert not pool.rendered(data, Rendering.MARKED, 30).whole
    frames = [Image.fromarray(noise(40, 50)), Image.new("RGB", (50, 40))]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    still = pool.rendered(moving.getvalue(), Rendering.MARKED, 4096)
    assert isinstance(still, Rendered) and not still.whole


def test_nothing_is_enlarged_and_no_side_is_longer_than_was_asked_for(pool: DecoderPool):
    for shape in ((3, 9), (1, 40_000), (40_000, 1), (257, 255)):
        data = stored(np.full(shape, 90, np.uint8))
        for rendering in Rendering:
            made = pool.rendered(data, rendering, 64)
            assert isinstance(made, Rendered) and max(made.width, made.height) <= 64
            assert min(made.width, made.height) >= 1
            assert max(made.width, made.height) <= max(shape)


def test_hostile_files_give_a_cause(pool: DecoderPool):
    assert pool.rendered(b"", Rendering.GREY, 64) is Cause.EMPTY
    assert pool.rendered(b"rain on the road", Rendering.GREY, 64) is Cause.NOT_A_PICTURE
    with DecoderPool(limits=Limits(max_bytes=100), size=1) as small:
        assert small.rendered(b"x" * 101, Rendering.GREY, 64) is Cause.TOO_MANY_BYTES
    cut = pool.rendered(stored(noise(200, 200), "JPEG")[:4000], Rendering.MARKED, 4096)
    assert isinstance(cut, Rendered) and not cut.whole


def test_bombs_do_not_end_the_service(pool: DecoderPool):
    claimed = bombs.claimed_png(900_000, 900_000), bombs.claimed_jpeg(60_000, 60_000)
    for given in claimed:
        assert pool.rendered(given, Rendering.MARKED, 64) is Cause.TOO_MANY_PIXELS
    still = pool.rendered(bombs.animation(2000), Rendering.MARKED, 64)
    assert isinstance(still, Rendered) and not still.whole


@pytest.mark.parametrize(
    "changed",
    [
        {"width": 0}, {"width": 5}, {"height": -1}, {"width": True}, {"width": 1 << 60},
        {"cause": "no such"}, {"width": None},
    ],
)  # fmt: skip
def test_a_decoder_that_was_taken_over_gives_no_other_picture(changed):
    answer = {"cause": None, "width": 2, "height": 2, "whole": True}
    assert wire.decode_rendered(answer, bytes(12), 4) == Rendered(2, 2, bytes(12), True)
    with pytest.raises(wire.BadMessage):
        wire.decode_rendered(answer | changed, bytes(12), 4)
    for wrong in (b"", bytes(11), bytes(13), bytes(4)):
        with pytest.raises(wire.BadMessage):
            wire.decode_rendered(answer, wrong, 4)


@pytest.mark.parametrize(("ground", "side"), [(0, 400), (255, 400), (128, 60), (128, 1)])
def test_the_mark_is_all_over_a_picture_and_faint(ground: int, side: int):
    plain = Rendered(side, side, bytes([ground]) * (side * side * 3), True)
    made = pixels(marked(plain, MARK)).astype(int)
    assert made.shape[0] == max(side, LEAST)
    changed = np.abs(made - (ground if side >= LEAST else 128))
    high, wide = made.shape[0] // 2, made.shape[1] // 2
    for part in (changed[:high, :wide], changed[high:, :wide], changed[:high, wide:],
                 changed[high:, wide:]):  # fmt: skip
        assert (part > 8).mean() > 0.005
    assert changed.max() <= 26 and (changed > 8).mean() < 0.3


def test_marks_of_two_people_differ_and_any_name_can_be_one():
    plain = Rendered(300, 300, bytes([128]) * 270_000, True)
    made = {marked(plain, name).pixels for name in ("mia", "ann", "Zoë \N{SNOWMAN}", "")}
    assert len(made) == 4


def test_what_is_made_opens_as_a_picture(pool: DecoderPool):
    made = marked(pool.rendered(stored(noise(300, 200)), Rendering.STYLISED, 200), MARK)
    opened = Image.open(io.BytesIO(made.png()))
    assert opened.mode == "RGB" and opened.size == (made.width, made.height)
    assert np.asarray(opened).tobytes() == made.pixels
