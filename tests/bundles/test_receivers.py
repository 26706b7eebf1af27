"""Receivers are kept in a file, each with the last day of its key."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyrage
import pytest

from tutela.bundles import receivers
from tutela.bundles.errors import ReceiverRefused
from tutela.bundles.receivers import Receiver
from tutela.errors import TutelaError

KEY = str(pyrage.x25519.Identity.generate().to_public())
NORTH = Receiver("north", KEY, "2031-12-31", "GB", "nca", "The north.")
TODAY = date(2031, 12, 31)


def test_receivers_are_added_listed_and_taken_off(tmp_path: Path) -> None:
    """By their names; the file is for its owner only."""
    assert receivers.listed(tmp_path) == []
    receivers.add(tmp_path, NORTH)
    receivers.add(tmp_path, replace(NORTH, name="east"))
    assert [one.name for one in receivers.listed(tmp_path)] == ["east", "north"]
    assert (tmp_path / receivers.FILE).stat().st_mode & 0o077 == 0
    with pytest.raises(ReceiverRefused, match="already"):
        receivers.add(tmp_path, NORTH)
    assert receivers.remove(tmp_path, "east").name == "east"
    assert receivers.listed(tmp_path) == [NORTH]
    with pytest.raises(ReceiverRefused, match="no receiver"):
        receivers.remove(tmp_path, "east")


def test_a_key_is_good_through_its_last_day(tmp_path: Path) -> None:
    """And then for nothing."""
    receivers.add(tmp_path, NORTH)
    assert receivers.named(tmp_path, "north", TODAY) == NORTH
    with pytest.raises(ReceiverRefused, match="2031-12-31"):
        receivers.named(tmp_path, "north", date(2032, 1, 1))
    with pytest.raises(ReceiverRefused, match="past"):
        receivers.checked(NORTH, date(2032, 1, 1))
    with pytest.raises(ReceiverRefused, match="no receiver"):
        receivers.named(tmp_path, "south", TODAY)


@pytest.mark.parametrize(
    "more",
    [
        {"name": "North"}, {"name": "../north"}, {"name": ""}, {"country": "XX"},
        {"country": "gb"}, {"expires": "31.12.2031"}, {"expires": ""}, {"authority": "N C A"},
        {"recipient": "age1"}, {"recipient": "AGE-SECRET-KEY-1"}, {"note": "two\nlines"},
    ],
)  # fmt: skip
def test_what_cannot_be_a_receiver_is_refused(more: dict[str, str]) -> None:
    """Before anything is written."""
    with pytest.raises(TutelaError):
        receivers.checked(replace(NORTH, **more), TODAY)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"receivers": 1}', '{"receivers": [{}]}', '{"receivers": [1]}',
     '{"receivers": [{"name": "a", "recipient": "age1", "expires": "2031-01-01", "country": ""}]}'],
)  # fmt: skip
def test_a_file_that_was_spoiled_is_not_taken_for_an_empty_one(tmp_path: Path, text: str) -> None:
    """Nor is one of which a line is none."""
    (tmp_path / receivers.FILE).write_text(text)
    with pytest.raises(ReceiverRefused, match="cannot be read"):
        receivers.listed(tmp_path)


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    """And the list stays as it was."""
    with pytest.raises(ReceiverRefused, match="cannot be written"):
        receivers.add(tmp_path / "none", NORTH)
