"""Whatever way a picture is stored, its signal is that of its plain copy."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from made.stored_forms import FORMS, saved
from PIL import Image

from tutela.decoding.fingerprinter import Fingerprinter
from tutela.decoding.limits import Limits
from tutela.decoding.options import Options
from tutela.signals import Signal
from tutela.signals.registry import signal_type
from tutela.signals.variants import DEFAULT_VARIANTS
from tutela.testing.photographs import EXIF_ROTATED, folder

PDQ = signal_type("pdq")
PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
WITHIN = 31
PEERS = 3  # photographs of which the worst distance goes into the table


def signals_of(data: bytes, *, variants=DEFAULT_VARIANTS, full_decode=False) -> list[Signal]:
    options = Options(("pdq",), tuple(variants), full_decode)
    decoded = Fingerprinter(options, Limits()).decode(data)
    assert decoded.cause is None, decoded.cause
    return list(decoded.signals)


def nearest(data: bytes, plain: str) -> tuple[int, str]:
    return min((PDQ.distance(s.value, plain), s.variant) for s in signals_of(data))


def plain_of(picture: Image.Image) -> str:
    return signals_of(saved(picture, "PNG"), variants=())[0].value


def peer_distance(data: bytes, plain: str) -> int | None:
    """What threatexchange gives for the same bytes, or None where it raises."""
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

    try:
        return PDQ.distance(PDQ.validate(pdq_from_bytes(data)[0]), plain)
    except Exception:
        return None


@pytest.fixture(scope="module")
def pictures(photos) -> list[Image.Image]:
    made = []
    for name in ("monarch.png", "china.jpg", "astronaut.png"):
        with Image.open(next(p for p in photos if p.name == name)) as image:
            made.append(image.convert("RGB"))
    return made


@pytest.fixture(scope="module")
def plain(pictures) -> Callable[[int, str], str]:
    """The signal of a picture's plain copy, as large as the form holds it."""
    whole = [plain_of(picture) for picture in pictures]
    small = [plain_of(picture.resize((256, 256))) for picture in pictures]
    return lambda number, form: (small if form == "ICO" else whole)[number]


@pytest.fixture(scope="module")
def found(pictures, plain) -> Callable[[str], list[tuple[int, str]]]:
    """Of each picture in a form: its distance, and as what it was found; worked out once."""

    @cache
    def of(form: str) -> list[tuple[int, str]]:
        return [
            nearest(FORMS[form](picture), plain(number, form))
            for number, picture in enumerate(pictures)
        ]

    return of


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_within_31_of_its_plain_copy(found, form):
    for distance, variant in found(form):
        assert distance <= WITHIN, (form, distance, variant)


def test_the_table_in_the_documentation_is_what_was_measured(pictures, plain, found):
    """docs/formats.md holds the worst of three photographs, beside the peer's on the same bytes."""
    writes = os.environ.get("TUTELA_WRITE_DOCS") == "1" and _peer_is_here()
    rows = []
    for form, make in FORMS.items():
        peers = [
            peer_distance(make(picture), plain(number, form)) if writes else None
            for number, picture in enumerate(pictures)
        ]
        peer = "none" if None in peers else str(max(p for p in peers if p is not None))
        variants = sorted({variant for _, variant in found(form)})
        rows.append((form, max(bits for bits, _ in found(form)), ", ".join(variants), peer))
    if writes:
        before = PAGE.read_text().split("| form |", maxsplit=1)[0]
        table = "".join(f"| {f} | {d} | {v} | {p} |\n" for f, d, v, p in rows)
        PAGE.write_text(f"{before}| form | bits | found as | peer |\n|---|---|---|---|\n{table}")
    documented = {
        cells[0]: int(cells[1])
        for line in PAGE.read_text().splitlines()
        if line.startswith("| ")
        and len(cells := [c.strip() for c in line.strip("|").split("|")]) == 4
        and cells[1].isdigit()
    }
    assert list(documented) == list(FORMS)
    for form, distance, *_ in rows:
        # Codecs differ by a bit or two between versions and processors.
        assert abs(documented[form] - distance) <= 4, form


def _peer_is_here() -> bool:
    from importlib.util import find_spec

    return find_spec("threatexchange") is not None and find_spec("pdqhash") is not None


def test_a_picture_turned_by_exif_is_found_upright(photos):
    """Eight files of one scene: each is stored turned, and says how it is meant."""
    upright = signals_of((folder() / EXIF_ROTATED[0]).read_bytes())[0].value
    for name in EXIF_ROTATED[1:]:
        found = signals_of((folder() / name).read_bytes(), variants=["upright"])
        near = {s.variant: PDQ.distance(s.value, upright) for s in found}
        # The scenes carry their own number, so they are near copies, not equal ones.
        assert near["upright"] <= WITHIN < near["plain"], (name, near)


def test_each_frame_has_its_own_signal(photos):
    frames = []
    for path in photos[:5]:
        with Image.open(path) as image:
            frames.append(image.convert("RGB").resize((300, 200)))
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    found = {s.frame: s.value for s in signals_of(data, variants=())}
    assert list(found) == [0, 1, 2, 3, 4]
    for index, picture in enumerate(frames):
        assert PDQ.distance(found[index], plain_of(picture)) == 0


def test_still_frames_give_one_signal(photos):
    with Image.open(photos[0]) as image:
        picture = image.convert("RGB").resize((300, 200))
    turned = picture.rotate(180)
    frames = [picture, turned, picture, turned]
    data = saved(picture, "TIFF", save_all=True, append_images=frames)
    assert [s.frame for s in signals_of(data, variants=())] == [0, 2]


def test_alpha_is_laid_over_white_and_over_black(pictures):
    """A drawing in the alpha channel alone is the picture over one ground, flat over the other."""
    grey = pictures[0].convert("L")
    over_black = Image.new("RGBA", grey.size, (255, 255, 255, 0))
    over_black.putalpha(grey)
    over_white = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    over_white.putalpha(Image.eval(grey, lambda v: 255 - v))
    for drawn, variant in ((over_black, "over-black"), (over_white, "plain")):
        found = {s.variant: s.value for s in signals_of(saved(drawn, "PNG"))}
        assert PDQ.distance(found[variant], plain_of(grey)) <= 4, variant


def test_reduced_decoding_stays_near_the_full_one(photos):
    """Mean within 1 bit, 97 % within 4, none over 8; and none at all when it is not wanted."""
    distances = []
    for path in photos:
        with Image.open(path) as image:
            picture = image.convert("RGB")
        for size in (picture.size, (1920, 1080)):
            data = saved(picture.resize(size, Image.Resampling.LANCZOS), "JPEG", quality=90)
            full = signals_of(data, variants=(), full_decode=True)[0]
            if full.quality is not None and full.quality >= 50:
                reduced = signals_of(data, variants=())[0]
                distances.append(PDQ.distance(full.value, reduced.value))
    assert len(distances) >= 120
    assert sum(distances) / len(distances) <= 1
    assert sum(d <= 4 for d in distances) / len(distances) >= 0.97
    assert max(distances) <= 8


def test_full_decoding_equals_the_reference(photos, pdqhash):
    import io

    import numpy as np

    for path in photos:
        with Image.open(path) as image:
            data = saved(image.convert("RGB"), "JPEG", quality=90)
        pixels = np.asarray(Image.open(io.BytesIO(data)))
        vector, quality = pdqhash.compute(pixels)
        found = signals_of(data, variants=(), full_decode=True)[0]
        expected = np.packbits(vector.astype(np.uint8)).tobytes().hex()
        assert (found.value, found.quality) == (expected, quality), path.name
