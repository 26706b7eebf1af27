"""The benchmarks say what the contract asks for, and measure a fixed list of edits. No timing."""

from __future__ import annotations

import io
import json
from importlib import import_module

import numpy as np
import pytest
from PIL import Image

import bench
from bench import fidelity, kernel, peers, pictures, robustness, showing
from bench.__main__ import main, run
from bench.edits import BORDERS, EDITS, FAMILIES, Edit
from bench.record import Goal, Record, faster
from bench.surroundings import Surroundings

CONTRACT = {"name", "ours", "unit", "peer", "ratio", "same_answer", "cpu_flags", "load"}
TINY = kernel.Size(48, 40, photographs=1, repeats=1, goal=1)
QUIET = Surroundings(load=0.1, cpu_flags=("avx2",), kernel="avx2")
BUSY = Surroundings(load=2.5, cpu_flags=("avx2",), kernel="avx2")


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    """A picture made by code, with detail at every place and no symmetry."""
    y, x = np.mgrid[0:120, 0:160]
    waves = 127 + 60 * np.sin(x / 9 + y / 17) + 60 * np.cos(y / 5 - x * y / 900)
    planes = [np.clip(waves + shift, 0, 255) for shift in (0, 15, -15)]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def as_bytes(copy: Image.Image | bytes) -> bytes:
    return copy if isinstance(copy, bytes) else copy.tobytes() + repr(copy.size).encode()


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_edits_are_83_with_names_of_their_own_in_10_families():
    """The survey that the list comes from speaks of 80; its table has 83 rows."""
    assert len(EDITS) == 83
    assert len({edit.name for edit in EDITS}) == 83
    assert list(dict.fromkeys(edit.family for edit in EDITS)) == list(FAMILIES)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_gives_the_same_changed_picture_each_time(scene: Image.Image, edit: Edit):
    before = scene.tobytes()
    copy = edit.apply(scene)
    assert as_bytes(edit.apply(scene)) == as_bytes(copy)
    assert as_bytes(copy) != as_bytes(scene)
    assert scene.tobytes() == before, "the original was changed"
    if isinstance(copy, bytes):
        Image.open(io.BytesIO(copy)).load()
    else:
        assert min(copy.size) > 20


def test_borders_and_letterboxes_hold_the_whole_picture(scene: Image.Image):
    for edit in EDITS:
        if edit.family == BORDERS and not isinstance(copy := edit.apply(scene), bytes):
            left, top = (copy.width - scene.width) // 2, (copy.height - scene.height) // 2
            inner = copy.crop((left, top, left + scene.width, top + scene.height))
            assert inner.tobytes() == scene.tobytes(), edit.name


def test_a_json_line_has_the_keys_of_the_contract(photos, monkeypatch, capsys):
    monkeypatch.setattr(kernel, "SIZES", (TINY,))
    assert main(["kernel", "--json"]) == 0
    (row,) = lines(capsys.readouterr().out)
    assert set(row) >= CONTRACT | {"goal", "met"}
    assert row["name"] == "kernel/48x40"
    assert row["ours"] > 0


def test_every_bench_has_a_title_and_can_be_run():
    for name in bench.BENCHES:
        module = import_module(f"bench.{name}")
        assert module.TITLE
        assert module.HOW
        assert callable(module.run)


def test_a_missing_peer_is_named_and_null(photos, monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    row = kernel.measured(TINY, photos[:1]).as_json()
    assert row["note"] == (
        "The peer pdqhash (PyPI) is not installed: it needs a compiler (make oracles)."
    )
    assert row["peer"] is row["ratio"] is row["same_answer"] is row["met"] is None
    assert row["ours"] > 0


def test_the_kernel_gives_the_answer_of_its_peer(photos, pdqhash):
    record = kernel.measured(TINY, photos[:1])
    assert record.same_answer is True
    assert record.more["bits_most"] == 0


def test_an_answer_that_differs_is_the_only_reason_to_fail(monkeypatch, capsys):
    def of(same: bool | None) -> int:
        slow = faster("variants/x", 9, 1, same_answer=same, goal=10, more={})
        monkeypatch.setattr(import_module("bench.variants"), "run", lambda: iter([slow]))
        return run(["variants"], as_json=True)

    assert [of(True), of(None), of(False)] == [0, 0, 1]
    assert {row["verdict"] for row in lines(capsys.readouterr().out)} == {"MISSED"}


@pytest.mark.parametrize(
    ("goal", "reached", "verdict"),
    [
        (Goal(8), 8, "met"),
        (Goal(8), 6, "note"),
        (Goal(8), 5.9, "MISSED"),
        (Goal(1, "most"), 1, "met"),
        (Goal(1, "most"), 1.25, "note"),
        (Goal(1, "most"), 1.3, "MISSED"),
        (Goal(0, "most"), 0, "met"),
        (Goal(0, "most"), 1, "MISSED"),
    ],
)
def test_a_miss_within_a_quarter_is_a_note(goal: Goal, reached: float, verdict: str):
    assert goal.verdict(reached) == verdict


@pytest.mark.parametrize("show", [showing.Tables, showing.Json])
def test_a_busy_machine_is_warned_of_and_a_quiet_one_is_not(show, capsys):
    show(QUIET).begin()
    assert "warning" not in "".join(capsys.readouterr())
    show(BUSY).begin()
    assert "load average is 2.5" in "".join(capsys.readouterr())


def test_a_table_shows_goal_and_whether_it_is_met(capsys):
    show = showing.Tables(QUIET)
    show.title("hashing", "bytes to hash", "how")
    show.record(faster("hashing/JPEG", 1, 7, same_answer=True, goal=8, more={"note": "why"}))
    show.record(Record("hashing/all", 2, "ms"))
    show.end(1)
    shown = capsys.readouterr().out
    for text in ("hashing: bytes to hash", "JPEG", "7x", "ratio >= 8", "note", "yes", "why"):
        assert text in shown


def test_fidelity_compares_with_the_reference(photos, pdqhash):
    files = [pictures.encoded(pictures.opened(p), "JPEG", quality=90) for p in photos[:2]]
    records = {r.name.partition(": ")[2]: r for r in fidelity.compared("own size", files)}
    assert records["full decoding, most"].ours == 0
    assert all(record.same_answer is True for record in records.values())


def test_copies_are_found_by_variant_and_counted_by_family(photos):
    """Of a photograph of its own, mirrored copies are found, and by plain PDQ they are not."""
    signals = robustness.signals_of_copies(photos[40])
    assert {edit for edit, _, _ in signals} == set(range(len(EDITS)))
    bank = robustness.words([value for edit, variant, value in signals[:1]])
    copies = copies_of([(0, *signal) for signal in signals])
    own = robustness.distances(copies.hashes, bank[copies.photograph])
    records = {r.name.partition("/")[2]: r for r in robustness.recalls(copies, own, 1)}
    mirrors = records["right angles and mirrors"]
    assert (mirrors.ours, mirrors.peer, mirrors.verdict) == (100, 0, "met")
    assert len(records) == len(FAMILIES) + 1


def copies_of(rows: list[tuple[int, int, str, bytes]]) -> robustness.Copies:
    photograph, edit, variant, values = (list(column) for column in zip(*rows, strict=True))
    names = np.array(variant)
    return robustness.Copies(
        np.array(photograph),
        np.array(edit),
        names == "plain",
        names,
        robustness.words(values),
    )


def test_a_false_pair_is_counted_but_not_between_near_copies():
    """Photograph 0's copy has the hash of photograph 1; 2 and 3 are nearly the same picture."""
    zero, one, two = bytes(32), b"\xff" * 32, b"\x0f" * 32
    three = b"\x0e" + two[1:]
    bank = robustness.words([zero, one, two, three])
    copies = copies_of(
        [(0, 0, "plain", zero), (0, 1, "mirrored", one), (2, 0, "plain", two), (3, 0, "plain", two)]
    )
    record = robustness.false_pairs(copies, bank)
    assert record.ours == 1
    assert record.verdict == "MISSED"
    assert record.more["comparisons"] == 2 * 3 + 2 + 2
    assert record.more["near_copies_left_out"] == 1
    assert record.more["nearest_by"] == f"{EDITS[1].name}, mirrored"


def test_the_bound_of_what_was_not_seen_is_the_rule_of_three():
    """Poisson, one-sided 95 %: tables give 3.00, 4.74 and 15.7 for 0, 1 and 9 events."""
    assert robustness.upper_bound(0) == pytest.approx(2.996, abs=1e-3)
    assert robustness.upper_bound(1) == pytest.approx(4.744, abs=1e-3)
    assert robustness.upper_bound(9) == pytest.approx(15.705, abs=1e-3)
