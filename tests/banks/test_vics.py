"""VICS hash sets of all versions are read a record at a time, and nothing is taken that was not
asked for."""

from __future__ import annotations

import base64
import hashlib
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.banks import vics
from tutela.banks.errors import ListRefused
from tutela.banks.lists import Rejected
from tutela.banks.vics import MediaReader, Records

OLD = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"
NEW = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def md5(number: int) -> str:
    return hashlib.md5(f"bicycle {number}".encode()).hexdigest()


def media(number: int, category: object = 1, **more: object) -> dict[str, object]:
    return {"MediaID": number, "Category": category, "MD5": md5(number).upper(), **more}


def records(text: str | bytes) -> list[object]:
    stream = io.BytesIO(text.encode() if isinstance(text, str) else text)
    read = Records(stream)
    found = []
    while (one := read.next()) is not None:
        found.append(one)
    return found


def hash_set(*some: object, header: str = NEW) -> str:
    key = "@odata.context" if "/2.0.xml" in header else "odata.metadata"
    return json.dumps({key: header, "value": some})


@pytest.mark.parametrize("header", [OLD, NEW])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_the_records_of_a_hash_set_are_those_that_it_has(header, bom):
    some = [media(n) for n in range(5)]
    assert records(bom + hash_set(*some, header=header).encode()) == some


def test_the_version_is_that_of_the_header():
    read = Records(io.BytesIO(hash_set(media(1), header=OLD).encode()))
    read.next()
    assert read.version == "1.3"


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("header", [None, OLD.replace("#Media", "#Cases")])
def test_cases_have_their_media_read_however_the_bytes_come(monkeypatch, block, header):
    monkeypatch.setattr(vics, "BLOCK", block)
    some = [media(n, Comments='rain ☔ \\ " ]}') for n in range(6)]
    cases = [{"CaseID": "a", "Media": some[:4], "CaseMetadata": [{"x": 1}]}, {"Media": []},
             {"Media": some[4:]}]  # fmt: skip
    file = {"value": cases, "more": {"of": ["this"]}}
    if header:
        file = {"odata.metadata": header, **file}
    assert records(json.dumps(file, ensure_ascii=False)) == some


def test_a_record_longer_than_a_block_is_still_one_record(monkeypatch):
    monkeypatch.setattr(vics, "BLOCK", 64)
    some = [media(1, Comments="r" * 500), media(2)]
    assert records(json.dumps({"value": some})) == some


@pytest.mark.parametrize(
    "wrong",
    ["", "[]", "{", '{"a": 1}', '{"value": 3}', '{"value": [{"MD5": 1}', '{"value": [{]}',
     '{"value": []} x', '{"value": [] "b": 1}', '{"value": [{} {}]}', '{"value": [{}],}', "\xff",
     '{"value": [' + "[" * 100_000],
)  # fmt: skip
def test_what_is_no_hash_set_or_breaks_off_is_refused(wrong):
    with pytest.raises(ListRefused):
        records(wrong.encode("latin-1"))


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data):
    try:
        records(b'{"value": [' + data)
    except ListRefused:
        return


def reader(**categories: str) -> MediaReader:
    return MediaReader(vics.categories_of([f"{n[1:]}={v}" for n, v in categories.items()]))


def test_all_hashes_of_a_record_are_taken_once_under_one_id():
    photodna = bytes(range(144))
    sha1, pdq = hashlib.sha1(b"a").hexdigest(), hashlib.sha256(b"p").hexdigest()
    found = reader(_1="a1").read(media(
        1, SHA1=sha1.upper(), PhotoDNA=base64.b64encode(photodna).decode(),
        AlternativeHashes=[
            {"HashName": "SHA-1", "HashValue": sha1}, {"HashName": "pdq", "HashValue": pdq},
            {"HashName": "F1", "HashValue": "x"}, None,
        ],
    ))  # fmt: skip
    assert [(s.type, s.value.hex()) for s in found] == [
        ("md5", md5(1)), ("sha1", sha1), ("photodna", photodna.hex()), ("pdq", pdq),
    ]  # fmt: skip
    assert {s.external_id for s in found} == {md5(1)} and {s.labels for s in found} == {"a1"}


@pytest.mark.parametrize("category", [0, None, "", "0", 2, "5"])
def test_a_category_that_is_not_mapped_is_left_out_and_counted(category):
    made = reader(_1="a1")
    assert made.read(media(1, category)) == []
    assert sum(made.left_out.values()) == 1


def test_numbers_may_be_texts():
    assert reader(_1="a1").read(media(1, "1", MediaSize="204800", MediaID="{9-a}"))


@pytest.mark.parametrize(
    "wrong",
    [3, [], {"Category": 1}, media(1, MD5="zz"), media(1, MD5=7), media(1, True), media(1, -1),
     media(1, "1.0"), media(1, MD5="D41D8CD98F00B204E9800998ECF8427E"), media(1, MediaSize="0")],
)  # fmt: skip
def test_what_is_no_record_is_rejected(wrong):
    with pytest.raises(Rejected):
        reader(_1="a1").read(wrong)


def test_a_value_that_is_none_costs_only_itself():
    made = reader(_1="a1")
    assert [s.type for s in made.read(media(1, SHA1="rain"))] == ["md5"]
    assert made.faults == {"sha1": 1}


def test_small_pictures_are_never_kept():
    kept = vics.rest(media(1, Miniature="xx", PhotoDNA="y", Unknown=[1], Series="s"))
    assert kept == {"MediaID": 1, "Category": 1, "Unknown": [1], "Series": "s"}


@pytest.mark.parametrize("wrong", ["1", "0=a", "x=a", "100=a", "1=", "1=a b"])
def test_a_map_of_categories_that_is_none_is_refused(wrong):
    with pytest.raises(ListRefused):
        vics.categories_of([wrong])
    with pytest.raises(ListRefused):
        MediaReader({})
