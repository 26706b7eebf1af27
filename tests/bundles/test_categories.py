"""Numbers of categories come from a receiver's table, or there are none."""

from __future__ import annotations

import pytest

from tutela.bundles import categories
from tutela.bundles.errors import BundleRefused

KNOWN = {"age": ("a", "b"), "act": ("c", "d")}
TEXT = b"""
format: "1"
country: UK
version: "2"
source: A letter of 1 May.
reviewed: 2031-05-01
by: Jo
loses: [age]
codes:
  - {code: 3, when: {age: a, act: c}}
  - {code: 0, when: {act: d}}
"""


def test_the_first_code_that_fits_counts() -> None:
    """What none fits has none; nought is a number too."""
    table = categories.read(TEXT, KNOWN)
    assert (table.country, table.version, table.by, table.loses) == ("UK", "2", "Jo", ("age",))
    assert table.category({"age": "a", "act": "c"}) == 3
    assert table.category({"act": "d"}) == 0
    assert table.category({"age": "a"}) is None
    assert table.category({}) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"country: UK", b"country: U/K"), (b"country: UK\n", b""), (b'"1"', b'"2"'),
        (b"code: 3", b"code: 100"), (b"code: 3", b"code: x"), (b"age: a", b"age: z"),
        (b"age: a", b"shape: a"), (b"when: {act: d}", b"when: {}"), (b"[age]", b"[shape]"),
        (b"by: Jo\n", b""), (b"- {code: 0, when: {act: d}}", b"- 1"), (b"loses", b"loses: ["),
    ],
)  # fmt: skip
def test_a_text_that_is_no_table_is_refused_with_the_place(before: bytes, after: bytes) -> None:
    """Line and column."""
    assert before in TEXT
    with pytest.raises(BundleRefused, match=r"\d+:\d+: "):
        categories.read(TEXT.replace(before, after), KNOWN)
