"""Examples beside a pack are its tests: one that no longer holds is told with its line."""

from __future__ import annotations

import pytest

from packs.texts import pack
from tutela.packs import PackError, differences
from tutela.packs.proving import read_examples

GOOD = """format: "1"
examples:
  - name: A bicycle is found
    on: 2026-11-26
    situation: {at: 2026-11-26T10:00:00Z}
    expect:
      duties: ["must office by 2026-11-27T10:00:00Z"]
      keeps: [office evidence at least P1Y from filed]
"""


def test_an_example_that_holds_has_no_difference():
    assert differences(pack(), read_examples(GOOD)) == ()


def test_a_part_that_is_otherwise_is_told():
    (found,) = differences(pack(), read_examples(GOOD.replace("27T10", "28T10")))
    assert (found.example, found.line, found.part) == ("A bicycle is found", 3, "duties")
    assert found.expected == ("must office by 2026-11-28T10:00:00Z",)
    assert found.found == ("must office by 2026-11-27T10:00:00Z",)


def test_a_part_that_an_example_leaves_out_must_not_be_there():
    text = GOOD.replace("      keeps: [office evidence at least P1Y from filed]\n", "")
    (found,) = differences(pack(), read_examples(text))
    assert (found.part, found.expected) == ("keeps", ())


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('format: "1"', 'format: "2"', "e.yaml:1:9: format is never 2."),
        (
            "situation: {at",
            "situation: {wheels: two, at",
            "e.yaml:5:17: A situation has no",
        ),
        ("situation: {at", "situation: {kinds: [bike], at", "e.yaml:5:25: kinds is never bike."),
        ("situation: {at", "situation: {established: UK, at", "e.yaml:5:30: established cannot be"),
        ("situation: {at", "situation: {priority: 4, at", "e.yaml:5:27: priority is not a whole"),
        ("situation: {at", "situation: {reported: {office: now}, at", "e.yaml:5:36: office cannot"),
        ("T10:00:00Z}", "T10:00:00}", "e.yaml:5:21: at cannot be 2026-11-26T10:00:00."),
        ("on: 2026-11-26", "on: today", "e.yaml:4:9: on cannot be today."),
        ("      duties", "      dutys", "e.yaml:7:7: expect has no dutys. Do you mean duties?"),
        ("  - name: A bicycle is found\n", "  -\n", "An example has no name."),
        ("examples:", "examples: [", "e.yaml:3"),
    ],
)
def test_what_is_wrong_with_an_example_is_told_with_its_place(old, new, told):
    with pytest.raises(PackError) as caught:
        read_examples(GOOD.replace(old, new), "e.yaml")
    assert told in str(caught.value)
