"""Lines of lists: what is a signal, and why the others are none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.banks.errors import BankError
from tutela.banks.lists import LineReader, ListFormat, Rejected
from tutela.errors import TutelaError

PDQ = "0f" * 32
MD5 = "ab" * 16
HEADER = "hash,kind,tags,quality,seen,reporter"
MAP = {
    "value": "hash", "type": "kind", "labels": "tags", "quality": "quality",
    "first_seen": "seen", "member": "reporter",
}  # fmt: skip


def plain() -> LineReader:
    return LineReader(ListFormat("pdq"))


def table(**more) -> LineReader:
    return LineReader(ListFormat("pdq", MAP, **more), HEADER)


@pytest.mark.parametrize("line", [PDQ, PDQ.upper(), f"  {PDQ}\t"])
def test_a_value_is_taken_in_its_canonical_form(line):
    (signal,) = plain().read(line)
    assert (signal.type, signal.value.hex()) == ("pdq", PDQ)


@pytest.mark.parametrize("line", ["", "   ", "# a comment", "#"])
def test_empty_lines_and_comments_of_a_plain_list_are_nothing(line):
    assert plain().read(line) == []


@pytest.mark.parametrize("line", [PDQ[:-1], PDQ + "0", MD5, "g" * 64, "٣" * 64, f"{PDQ},1", "\0"])
def test_what_is_no_value_is_rejected_without_an_echo(line):
    with pytest.raises(Rejected) as error:
        plain().read(line)
    assert "64 hexadecimal digits" in str(error.value) and line not in str(error.value)


def test_a_row_says_all_there_is_of_a_signal():
    (signal,) = table().read(f'{MD5},MD5,"b; a|b",77,2026-03-11T10:30:00+01:00,ann')
    assert (signal.type, signal.value.hex(), signal.labels) == ("md5", MD5, "a b")
    assert (signal.quality, signal.origin.member) == (77, "ann")
    assert signal.first_seen.isoformat() == "2026-03-11T09:30:00+00:00"


def test_a_time_without_a_zone_is_in_utc():
    (signal,) = table().read(f"{PDQ},,,,2026-03-11 10:30,")
    assert signal.first_seen.isoformat() == "2026-03-11T10:30:00+00:00"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f"{PDQ},pdq", "fewer than the header"),
        (f'"{PDQ},pdq,,,,', "quotes"),
        (",,,,,", "no value"),
        (f"{PDQ},nothing,,,,", "its type is none"),
        (f"{PDQ},os:path,,,,", "its type is none"),
        (f"{PDQ},pdq,a b c ä,,,", "a label is not a code"),
        (f"{PDQ},pdq,{' '.join(map(str, range(40)))},,,", "more than 32 labels"),
        (f"{PDQ},pdq,,101,,", "quality"),
        (f"{PDQ},pdq,,٣,,", "quality"),
        (f"{PDQ},pdq,,-1,,", "quality"),
        (f"{PDQ},pdq,,{'9' * 5000},,", "quality"),
        (f"{PDQ},pdq,,,yesterday,", "ISO 8601"),
        (f"{PDQ},pdq,,,0001-01-01T00:00:00+14:00,", "ISO 8601"),
        (f"{PDQ},pdq,,,,{'a' * 129}", "longer than 128"),
        (f"{PDQ},pdq,,,,a\0b", "zero byte"),
    ],
)
def test_a_row_that_is_wrong_is_rejected_with_the_reason(row, why):
    with pytest.raises(Rejected, match=why):
        table().read(row)


def test_columns_named_as_signal_types_give_a_signal_each():
    reader = LineReader(ListFormat(columns={}), "MD5,name,PDQ")
    assert [s.type for s in reader.read(f"{MD5},x,{PDQ}")] == ["md5", "pdq"]
    assert [s.type for s in reader.read(f"{MD5},x,")] == ["md5"]


@pytest.mark.parametrize(
    ("form", "header", "said"),
    [
        (ListFormat("pdq", {"value": "hash"}), "name,pqd", "no column 'hash'.*'name', 'pqd'"),
        (ListFormat("pdq", {}), "name,other", "No column holds values"),
        (ListFormat(None, {"value": "hash"}), "hash", "of which type"),
        (ListFormat(), None, "of which type"),
        (ListFormat("pdq", {"value": "a"}, delimiter=";;"), "a", "delimiter"),
        (ListFormat("nothing"), None, "no signal type"),
        (ListFormat("os:path"), None, "not a signal type"),
        (ListFormat("pdq", {}), '"name', "header cannot be read"),
    ],
)
def test_a_list_that_cannot_be_read_at_all_says_why_first(form, header, said):
    with pytest.raises(TutelaError, match=said):
        LineReader(form, header)


def test_a_semicolon_or_a_tab_divides_as_well():
    for delimiter in ";\t":
        reader = LineReader(
            ListFormat("pdq", {"value": "h"}, delimiter=delimiter), f"x{delimiter}h"
        )
        assert reader.read(f"1{delimiter}{PDQ}")[0].value.hex() == PDQ


@given(st.text(max_size=200))
def test_any_line_is_signals_or_is_rejected(line):
    for reader in (plain(), table(), LineReader(ListFormat(columns={}), "md5,pdq,labels")):
        try:
            for signal in reader.read(line):
                assert signal.value
        except Rejected:
            pass


@given(st.text(max_size=60))
def test_any_header_is_taken_or_refused(header):
    with suppress(BankError):
        LineReader(ListFormat("pdq", {}), header)
