"""Uniform borders and letterbox bars: where the picture inside them begins and ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tutela.signals.kernels import kernel
from tutela.signals.models import Frame, Pixels

TOLERANCE = 16
"""How far, of 255, a border's pixels may lie from its level: re-encoding a border as JPEG of
quality 40 moves them by up to about 12, and frames often carry faint noise."""

SHARE = 0.97
"""How much of a line must be border: a logo or a speck of noise on the bar does not stop it."""

LAYERS = 3
"""A letterboxed picture inside a frame inside a screenshot: each turn takes one layer off."""

LEAST_PART = 0.25
"""What is left must keep this part of each side: less is a detail on a plain ground."""

LEAST_PIXELS = 32
"""A smaller rest has too little detail for a hash of 64 x 64 samples to mean anything."""


def trim(frame: Frame) -> Frame | None:
    """The frame without its borders, or None if it has none (or is nothing but border).

    From the second layer on, only bars that lie on two opposite sides count, and alike: a picture's
    own sky or ground is on one side.
    """
    whole = frame.pixels
    luma = whole if whole.ndim == 2 else whole[:, :, 1]  # green carries most of the light
    top, left = 0, 0
    bottom, right = luma.shape
    for layer in range(LAYERS):
        inner = luma[top:bottom, left:right]
        above, below = _border_lines(inner, "top"), _border_lines(inner, "bottom")
        before, behind = _border_lines(inner, "left"), _border_lines(inner, "right")
        if above + below >= inner.shape[0] or before + behind >= inner.shape[1]:
            return None
        if layer and not _alike(above, below):
            above = below = 0
        if layer and not _alike(before, behind):
            before = behind = 0
        if not (above or below or before or behind):
            break
        top, bottom, left, right = top + above, bottom - below, left + before, right - behind
    rows, cols = bottom - top, right - left
    if (rows, cols) == luma.shape:
        return None
    if rows < max(LEAST_PART * luma.shape[0], LEAST_PIXELS):
        return None
    if cols < max(LEAST_PART * luma.shape[1], LEAST_PIXELS):
        return None
    return replace(
        frame,
        pixels=whole[top:bottom, left:right],
        full_rows=_full(rows, bottom == luma.shape[0], frame.full_rows, frame.factor),
        full_cols=_full(cols, right == luma.shape[1], frame.full_cols, frame.factor),
    )


def _alike(one: int, other: int) -> bool:
    """Two bars of one frame: within 2 lines or a tenth, since encoders blur where they end."""
    return min(one, other) > 0 and abs(one - other) <= 2 + 0.1 * max(one, other)


def _border_lines(luma: Pixels, edge: str) -> int:
    line = {"top": luma[0], "bottom": luma[-1], "left": luma[:, 0], "right": luma[:, -1]}[edge]
    level = int(np.partition(line, len(line) // 2)[len(line) // 2])
    return kernel.border(luma, edge, level, TOLERANCE, SHARE)


def _full(reduced: int, to_the_end: bool, full: int, factor: int) -> int:
    """The unreduced length of a part: the last reduced pixel may stand for fewer than `factor`."""
    short = -full % factor if to_the_end else 0
    return reduced * factor - short
