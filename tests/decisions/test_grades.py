"""Grades: facts entered once, and what authorities call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutela.decisions import grades
from tutela.decisions.errors import GradesRefused


def test_facts_are_checked_and_empty_ones_left_out():
    assert grades.checked({"band": "A", "rank": "", "made": "camera"}) == {
        "band": "A", "made": "camera",
    }  # fmt: skip
    with pytest.raises(GradesRefused, match="is no fact"):
        grades.checked({"colour": "red"})
    with pytest.raises(GradesRefused, match="never"):
        grades.checked({"band": "Z"})


def test_the_worst_are_told_from_others():
    assert grades.worst({"band": "B", "rank": "1"})
    assert not grades.worst({"band": "A", "rank": "2"})
    assert not grades.worst({})


def test_every_table_loads_and_says_where_it_is_from():
    assert {"us-cybertip", "iccam"} <= set(grades.tables())
    for name, table in grades.tables().items():
        assert (table.authority, bool(table.source), bool(table.reviewed)) == (name, True, True)
        assert table.codes


def test_codes_follow_from_facts_and_what_is_lost_is_said():
    table = grades.tables()["us-cybertip"]
    found = grades.translated({"band": "A", "rank": "2", "made": "drawn"}, table)
    assert found is not None and (found.code, found.lost) == ("A2", ("made",))
    assert grades.translated({"band": "A"}, table) is None
    assert grades.translated({"band": "adult", "rank": "none"}, table) is None
    assert table.is_lossy


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("format: '2'", "t.yaml:1:9: format is never"),
        ("- a", "t.yaml:1:1: A table is not written as name: value."),
        ("a: [", "t.yaml:1"),
        ("format: '1'\nauthority: x\nsource: y\nreviewed: z\ncodes:\n  - code: Q\n"
         "    when: {colour: red}", "t.yaml:7:12: colour is no fact."),
        ("format: '1'\nauthority: x\nsource: y\nreviewed: z\ncodes:\n  - code: Q\n"
         "    when: {band: a}", "t.yaml:7:18: band is never"),
        ("format: '1'\nauthority: x\nsource: y\nreviewed: z\nloses: [shape]\ncodes: []",
         "shape is no fact"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_names_the_place(tmp_path: Path, text: str, told: str):
    path = tmp_path / "t.yaml"
    path.write_text(text)
    with pytest.raises(GradesRefused) as error:
        grades.load_table(path)
    assert told in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(GradesRefused, match="cannot be read"):
        grades.load_facts(tmp_path / "none.yaml")


def test_the_codes_of_all_authorities_are_told_together():
    assert grades.codes({"band": "A", "rank": "1"}) == {"A1", "national"}
    assert grades.codes({"made": "drawn"}) == set()
