"""VICS: what is read can be written again, and what version 2.0 has no place for is told of."""

from __future__ import annotations

import io
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.bundles import vics
from tutela.bundles.errors import VicsError
from tutela.bundles.vics import Begin, End, Field, Media, Picture

MD5 = "9E107D9D372BB6826BD81D3542A419D6"
OLD = {"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Cases"}
NEW = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#"

names = st.text(min_size=1, max_size=8).filter(lambda one: one not in ("value", "Media"))
scalars = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
values = st.recursive(
    scalars, lambda one: st.lists(one, max_size=3) | st.dictionaries(names, one, max_size=3)
)
records = st.dictionaries(names, values, max_size=6)


def events(text: str | bytes) -> list[vics.Event]:
    return list(vics.read(io.BytesIO(text.encode() if isinstance(text, str) else text)))


def again(found: list[vics.Event]) -> Any:
    return json.loads(b"".join(vics.written(found)))


class Pieces(io.BytesIO):
    """Gives a few bytes at a time, whatever is asked for."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(7)


@settings(max_examples=60, deadline=None)
@given(st.lists(records, max_size=4), records, st.booleans())
def test_all_that_is_in_a_file_is_written_again_in_its_order(
    media: list[dict[str, Any]], more: dict[str, Any], cases: bool
) -> None:
    """Unknown names, nested values and odd letters too."""
    if cases:
        made = {**OLD, "value": [{**more, "Media": media, "CaseNumber": "7"}], "later": more}
    else:
        made = {"@odata.context": NEW + "Media", "value": media, "later": more}
    text = json.dumps(made, ensure_ascii=True)
    found = list(vics.read(Pieces(text.encode())))
    assert json.dumps(again(found)) == json.dumps(made)
    assert [one.record for one in found if isinstance(one, Media)] == media


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_case_has_as_many_records_as_it_was_given(count: int) -> None:
    """Whatever its header says."""
    pictures = (Picture(number=one, md5=MD5) for one in range(count))
    made = list(vics.made({"CaseID": "case_1"}, {}, pictures, count))
    (case,) = again(made)["value"]
    assert len(case["Media"]) == case["TotalMediaFiles"] == count


@pytest.mark.parametrize("count", [0, 1, 100_000])
def test_a_case_of_any_size_comes_back_with_what_is_not_known(count: int) -> None:
    """Written, read and written again, it is the same to the byte, with the fields of others."""

    def marked() -> Iterator[vics.Event]:
        pictures = (Picture(number=one, md5=f"{one:032X}") for one in range(count))
        for event in vics.made({"CaseID": "case_1"}, {}, pictures, count):
            if not isinstance(event, Media):
                yield event
                continue
            own = {"OwnOf": {"bell": [event.record["MediaID"], None, "ü"]}, "own": 1e-7}
            yield Media(own | event.record)

    whole = b"".join(vics.written(marked()))
    found = vics.read(io.BytesIO(whole))
    back = b"".join(vics.written(found))
    assert back == whole
    (case,) = json.loads(back)["value"]
    assert len(case["Media"]) == case["TotalMediaFiles"] == count
    assert all(one["OwnOf"]["bell"][0] == number for number, one in enumerate(case["Media"]))


class Endless(io.RawIOBase):
    """A hash set as large as it is said to be, of which nothing is kept."""

    def __init__(self, count: int) -> None:
        record = json.dumps({"MediaID": 7, "MD5": MD5, "Own": "x" * 80}, separators=(",", ":"))
        begin = f'{{"@odata.context":"{NEW}Media","value":[{record}'.encode()
        some = f",{record}".encode() * 1000
        self.pieces: Iterator[bytes] = itertools.chain(
            [begin, some[: -len(record) - 1]], (some for _ in range(count // 1000 - 1)), [b"]}"]
        )
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        piece = next(self.pieces, b"")
        self.given += len(piece)
        return piece


def test_a_set_of_any_size_takes_the_memory_of_few_records() -> None:
    """100 000 records, thirteen million bytes: what is read is written before more is asked for."""
    endless = Endless(100_000)
    source: BinaryIO = endless  # type: ignore[assignment] # of it only read is used
    records = out = 0
    for piece in vics.written(vics.read(source)):
        records += piece.count(b"\n")
        out += len(piece)
        assert endless.given - out < 300_000
    assert records == 100_001
    assert endless.given > 10_000_000


def test_only_verdicts_are_changed_and_flags_stay_as_they_were_written() -> None:
    """A flag that was text stays text; what was absent stays absent."""
    record = {"Own": [1], "MD5": MD5, "IsSuspected": "False", "Category": 0, "SelfGenerated": False}
    text = json.dumps({"value": [record, {"MD5": MD5}]})
    changed = vics.edited(
        iter(events(text)),
        lambda one: (
            {"Category": 4, "IsSuspected": True, "SelfGenerated": True, "Series": None}
            if "Own" in one
            else {"Tags": None}
        ),
    )
    first, second = again(list(changed))["value"]
    assert json.dumps(first) == json.dumps(
        record | {"IsSuspected": "true", "Category": 4, "SelfGenerated": True}
    )
    assert second == {"MD5": MD5}
    with pytest.raises(VicsError):
        list(vics.edited(iter(events(text)), lambda _: {"MD5": "1"}))


def test_a_file_may_begin_with_a_mark_and_none_is_written() -> None:
    """As editors of Windows leave it."""
    found = events(b"\xef\xbb\xbf" + json.dumps({**OLD, "value": []}).encode())
    assert not b"".join(vics.written(found)).startswith(b"\xef")
    assert again(found) == {**OLD, "value": []}


@pytest.mark.parametrize("media", ["Media", "Cases"])
def test_a_file_that_says_nothing_of_itself_is_told_by_what_is_in_it(media: str) -> None:
    """A list named Media is a case's."""
    record = {"MD5": MD5}
    value = [{"CaseNumber": "7", "Media": [record]}] if media == "Cases" else [record]
    found = events(json.dumps({"value": value}))
    assert (Begin("case") in found) == (media == "Cases")
    assert Media(record) in found and End("value") in found


def test_what_was_said_in_other_ways_is_understood() -> None:
    """Numbers and flags as text, back-slashes, hashes beside their own place."""
    one, lost = vics.picture({
        "MediaID": "{0C1D}", "MD5": MD5.lower(), "MediaSize": "12", "IsDistributed": "False",
        "VictimIdentified": True, "RelativeFilePath": "a\\b.jpg", "Category": None,
        "AlternativeHashes": [
            {"HashName": "PhotoDNA", "HashValue": "AAAA"},
            {"HashName": "sha1", "HashValue": "a" * 40},
            {"HashName": "PDQ", "HashValue": "00"},
        ],
    })  # fmt: skip
    assert lost == []
    assert (one.number, one.size, one.path, one.category) == ("{0C1D}", 12, "a/b.jpg", None)
    assert one.flags == {"IsDistributed": False, "VictimIdentified": True}
    assert (one.photodna, one.sha1, one.others) == ("AAAA", "a" * 40, (("PDQ", "00"),))
    record = vics.record(one)
    assert record["RelativeFilePath"] == "a\\b.jpg" and record["MD5"] == MD5
    assert "IsSuspected" not in record and "Category" not in record


def test_what_version_2_has_no_place_for_is_counted() -> None:
    """And a category never goes from one country's list to another's."""
    old = {**OLD, "value": [{
        "odata.id": "x", "CaseNumber": "7", "Media": [
            {"MD5": MD5, "MediaID": 1, "Category": 2, "Exifs": [{"PropertyName": "Make"}]},
            {"MD5": MD5, "MediaID": 2, "Category": 1, "Own": 1, "MediaSize": -1},
        ],
    }]}  # fmt: skip
    losses: Counter[str] = Counter()
    made = again(list(vics.converted(events(json.dumps(old)), losses)))
    assert losses == {"odata.id": 1, "Category": 2, "Exifs": 1, "Own": 1, "MediaSize": 1}
    assert made["@odata.context"].endswith("/2.0.xml/Default/$metadata#Cases")
    assert made["value"][0]["Media"][0] == {"MediaID": 1, "MD5": MD5}
    new = json.dumps({"@odata.context": NEW + "Media", "value": [{"MD5": MD5, "Category": 2}]})
    same = again(list(vics.converted(events(new), Counter(), "UK")))
    assert same["value"][0]["Category"] == 2
    other = again(list(vics.converted(events(new), Counter(), "US")))
    assert "Category" not in other["value"][0]


def test_a_header_says_its_version_country_and_kind() -> None:
    """Of both spellings."""
    (one,) = (vics.header(Field(name, value)) for name, value in OLD.items())
    assert one == vics.Header("1.3", "", "Cases")
    assert vics.header(Field("@odata.context", NEW + "Media")) == vics.Header("2.0", "UK", "Media")
    assert vics.header(Field("@odata.context", "http://elsewhere")) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", '{"value": [', '{"value": [{"MD5": "', '{"value": [1]}', '{"value": []} 1',
        '{"value": [{"a": 1, "a": 2}]}', '{"a": 1, "a": 2}', '{"value": [{"a": NaN}]}',
        '{"value": [{"a": 1e999}]}', '{"value": [{} {}]}', '{"value": [{"a": 1},]}',
        '{"value": [' + "[" * 100_000, '{"value": [{"a": ' + "9" * 5000 + "}]}", '{1: 2}',
    ],
)  # fmt: skip
def test_what_is_no_vics_is_refused(text: str) -> None:
    """Also where it was cut off."""
    with pytest.raises(VicsError):
        events(text)


def test_letters_that_are_none_are_refused_and_halves_are_kept() -> None:
    """Half a letter of UTF-16 can stand in JSON, and goes out as it came in."""
    with pytest.raises(VicsError, match="UTF-8"):
        events(b'{"a": "\xff"}')
    text = '{"value": [{"a": "\\ud83d"}]}'
    assert again(events(text)) == json.loads(text)


@settings(deadline=None)
@given(st.data())
def test_a_file_that_was_cut_off_anywhere_is_refused(data: st.DataObject) -> None:
    """Never taken for a shorter one."""
    text = json.dumps({**OLD, "value": [{"Media": [{"MD5": MD5}, {"MD5": MD5}]}]})
    at = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(VicsError):
        events(text[:at])


def test_a_record_without_an_md5_is_none() -> None:
    """Each must have one."""
    with pytest.raises(VicsError):
        vics.picture({"MediaID": 1, "MD5": "zz"})
