"""What the documentation promises of altered copies, on a third of the photographs. No timing."""

from __future__ import annotations

import io
from collections import defaultdict

import numpy as np
import pytest

from bench import ours, pictures
from bench.edits import BORDERS, EDITS, RIGHT_ANGLES
from tutela.signals.registry import signal_type

FAMILIES = (RIGHT_ANGLES, BORDERS)
WITHIN = signal_type("pdq").match_distance


@pytest.fixture(scope="module")
def distances(photos) -> dict[str, np.ndarray]:
    """Of each family: the nearest signal of each copy to each original, copies x originals."""
    chosen = photos[::3]
    known = [int(ours.plain(path.read_bytes())[0].hex(), 16) for path in chosen]
    found = defaultdict(list)
    for at, path in enumerate(chosen):
        with pictures.opened(path) as picture:
            for edit in (e for e in EDITS if e.family in FAMILIES):
                copy = edit.apply(picture)
                data = copy if isinstance(copy, bytes) else saved(copy)
                values = [int(s.value, 16) for s in ours.every_variant(data)]
                row = [min((v ^ k).bit_count() for v in values) for k in known]
                found[edit.family].append((at, row))
    return dict(found)


def saved(picture) -> bytes:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=85)
    return data.getvalue()


def recall(rows) -> float:
    return float(np.mean([row[at] <= WITHIN for at, row in rows]))


def test_every_right_angle_and_mirror_is_found(distances):
    assert recall(distances[RIGHT_ANGLES]) == 1.0


def test_borders_and_letterboxes_are_found(distances):
    assert recall(distances[BORDERS]) >= 0.95


def test_no_unrelated_photographs_match(distances):
    nearest = min(
        d for rows in distances.values() for at, row in rows for n, d in enumerate(row) if n != at
    )
    assert nearest > WITHIN
