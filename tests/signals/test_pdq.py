"""PDQ equals its reference, on every kernel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tutela.signals import Frame, kernels_numpy
from tutela.signals.types.pdq import nearest, signal_type
from tutela.signals.variants import ORIENTATIONS


def bits_between(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def reference(pdqhash, pixels: np.ndarray) -> tuple[bytes, int]:
    vector, quality = pdqhash.compute(np.ascontiguousarray(pixels))
    return np.packbits(vector.astype(np.uint8)).tobytes(), quality


def kernel_pdq(kernel, pixels: np.ndarray, dihedral: bool = False) -> tuple[bytes, int]:
    return kernel.pdq(pixels, pixels.shape[0], pixels.shape[1], 1, dihedral)


def pixels_of(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    with Image.open(path) as image:
        picture = image.convert("RGB")
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS) if size else picture).copy()


def test_every_photograph_has_the_reference_hash_and_quality(photos, pdqhash, native):
    """0 bits different from PyPI pdqhash on the same pixels, quality included."""
    for path in photos:
        pixels = pixels_of(path)
        assert kernel_pdq(native, pixels) == reference(pdqhash, pixels), path.name


@pytest.mark.parametrize(
    "size", [(512, 384), (1920, 1080), (37, 1000), (129, 65), (64, 64), (128, 128), (5, 5), (7, 90)]
)
def test_any_size_has_the_reference_hash(photos, pdqhash, native, size):
    for path in photos[::9]:
        pixels = pixels_of(path, size)
        assert kernel_pdq(native, pixels) == reference(pdqhash, pixels), path.name


def test_twelve_megapixels_have_the_reference_hash(photos, pdqhash, native):
    pixels = pixels_of(photos[0], (4000, 3000))
    assert kernel_pdq(native, pixels) == reference(pdqhash, pixels)


def test_all_8_orientations_are_those_of_turned_pixels(photos, pdqhash, native):
    """The pixel domain: as if the picture itself had been turned, then hashed."""
    turned = {
        "plain": lambda p: p,
        "mirrored": np.fliplr,
        "flipped": np.flipud,
        "rotated-180": lambda p: np.rot90(p, 2),
        "transposed": lambda p: p.transpose(1, 0, 2),
        "rotated-270": lambda p: np.rot90(p, 1),
        "rotated-90": lambda p: np.rot90(p, -1),
        "transversed": lambda p: np.rot90(p.transpose(1, 0, 2), 2),
    }
    for path in photos[::6]:
        pixels = pixels_of(path)
        hashes, _ = kernel_pdq(native, pixels, dihedral=True)
        for at, name in enumerate(ORIENTATIONS):
            expected, _ = reference(pdqhash, turned[name](pixels))
            assert bits_between(hashes[32 * at : 32 * at + 32], expected) == 0, (path.name, name)


def test_numpy_gives_the_compiled_answer(photos, native):
    for path in photos[::7]:
        pixels = pixels_of(path)
        assert kernel_pdq(kernels_numpy, pixels, True) == kernel_pdq(native, pixels, True), (
            path.name
        )


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 300),
    cols=st.integers(1, 300),
    channels=st.sampled_from([None, 3, 4]),
    seed=st.integers(0, 2**32 - 1),
)
def test_numpy_gives_the_compiled_answer_on_any_pixels(native, rows, cols, channels, seed):
    shape = (rows, cols) if channels is None else (rows, cols, channels)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    assert kernel_pdq(kernels_numpy, pixels, True) == kernel_pdq(native, pixels, True)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(40, 900),
    cols=st.integers(40, 900),
    factor=st.sampled_from([2, 4, 8]),
    seed=st.integers(0, 2**32 - 1),
)
def test_numpy_gives_the_compiled_answer_on_reduced_pixels(native, rows, cols, factor, seed):
    reduced = (-(-rows // factor), -(-cols // factor))
    pixels = np.random.default_rng(seed).integers(0, 256, reduced, np.uint8)
    given_native = native.pdq(pixels, rows, cols, factor, True)
    assert kernels_numpy.pdq(pixels, rows, cols, factor, True) == given_native


def test_every_processor_family_gives_the_same_answer(photos, native):
    """Those this processor can run; the others are compiled from the same source."""
    best, answers = native.family(), {}
    for family in ("baseline", "avx2", "avx512"):
        try:
            native.use(family)
        except ValueError:
            continue
        answers[family] = [kernel_pdq(native, pixels_of(path), True) for path in photos[::5]]
    native.use(best)
    assert "baseline" in answers
    assert all(answer == answers["baseline"] for answer in answers.values())


def test_the_kernel_refuses_what_is_not_a_picture(native):
    fine = np.zeros((10, 10), np.uint8)
    wrong = [
        (fine.astype(float), 10, 10, 1),
        (np.zeros(10, np.uint8), 10, 10, 1),
        (np.zeros((10, 10, 2), np.uint8), 10, 10, 1),
        (np.zeros((0, 10), np.uint8), 0, 10, 1),
        (fine[:, ::2], 10, 5, 1),
        (fine, 20, 10, 1),
        (fine, 10, 10, 0),
        (fine, 100, 100, 9),
        (fine, -10, 10, 1),
    ]
    for pixels, rows, cols, factor in wrong:
        with pytest.raises(ValueError):
            native.pdq(pixels, rows, cols, factor, False)


def test_nearest_512_equals_the_cpp_reference_tool(photos, pdqhash):
    """The C++ tool resizes by nearest neighbour to 512 x 512, then hashes (pdqio.cpp)."""
    checked = 0
    for path in photos:
        pixels = pixels_of(path)
        if max(pixels.shape[:2]) <= 512:
            assert nearest(Frame.of(pixels)) is None
            continue
        rows, cols = (np.arange(512) * n // 512 for n in pixels.shape[:2])
        expected, _ = reference(pdqhash, pixels[np.ix_(rows, cols)])
        given_signals = signal_type.fingerprint(Frame.of(pixels), ["nearest-512"])
        found = next(s for s in given_signals if s.variant == "nearest-512")
        assert found.value == expected.hex(), path.name
        checked += 1
    assert checked > 20


def test_inverted_is_the_hash_of_the_inverted_picture(photos):
    for path in photos[::8]:
        pixels = pixels_of(path)
        variants = {
            s.variant: s.value for s in signal_type.fingerprint(Frame.of(pixels), ["inverted"])
        }
        negative = next(iter(signal_type.fingerprint(Frame.of(255 - pixels), [])))
        assert signal_type.distance(variants["inverted"], negative.value) <= 2, path.name


def test_a_picture_under_5_pixels_has_no_signal():
    for shape in ((4, 100), (100, 4), (1, 1)):
        assert (
            list(signal_type.fingerprint(Frame.of(np.zeros(shape, np.uint8)), ["mirrored"])) == []
        )


def test_the_published_distance_of_two_hashes():
    """bridge-1 and bridge-2 of Meta's conformance set are 120 apart (PDQHasherTest.java)."""
    one = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
    other = "30a10efd71cc3d429013d48d0ffffc52e34e0e17ada952a9d29685211ea9e5af"
    assert signal_type.distance(one, other) == 120
