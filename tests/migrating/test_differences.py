"""What two answers do not have in common."""

from __future__ import annotations

from tutela.migrating.differences import Unlike, between


def test_what_was_copied_is_the_same_content():
    assert between({"RAIN": [(70, "0")]}, {"RAIN": [(3, "0")]}, {3: 70}) == []
    assert between({"RAIN": [(70, "0"), (71, "0")]}, {"RAIN": [(3, "0")]}, {3: 70}) == [
        Unlike("RAIN", "only-here", 71, None, "0")
    ]


def test_another_copied_content_at_the_same_distance_is_a_difference():
    found = between({"RAIN": [(70, "8")]}, {"RAIN": [(4, "8")]}, {3: 70, 4: 90})
    assert found == [
        Unlike("RAIN", "only-there", 90, 4, "8"), Unlike("RAIN", "only-here", 70, 3, "8")
    ]  # fmt: skip


def test_a_copied_content_is_no_stand_in_for_one_that_was_not():
    """What it became must be found: another content at the same distance does not do."""
    found = between({"RAIN": [(5, "8")]}, {"RAIN": [(3, "8")]}, {3: 70})
    assert [(one.what, one.here, one.there) for one in found] == [
        ("only-there", 70, 3), ("only-here", 5, None)
    ]  # fmt: skip


def test_what_was_not_copied_is_compared_by_bank_and_distance():
    assert between({"RAIN": [(1, "8"), (2, "8")]}, {"RAIN": [(7, "8"), (9, "8")]}, {}) == []
    assert between({"RAIN": [(1, "8")]}, {"HAIL": [(7, "8")]}, {}) == [
        Unlike("HAIL", "only-there", None, 7, "8"), Unlike("RAIN", "only-here", 1, None, "8")
    ]  # fmt: skip
    assert len(between({"RAIN": [(1, "8")]}, {"RAIN": [(7, "8"), (9, "8")]}, {})) == 1


def test_another_distance_is_a_difference_and_skipped_banks_are_none():
    rows = {"RAIN": [(70, "8")]}, {"RAIN": [(3, "9")]}
    assert between(*rows, {3: 70}) == [Unlike("RAIN", "distance", 70, 3, "8/9")]
    assert between(*rows, {3: 70}, frozenset({"RAIN"})) == []
