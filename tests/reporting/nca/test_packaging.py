"""Files of a report as ZIPs: within limits, streamed, never a program."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tutela.reporting.errors import ReportNotReady
from tutela.reporting.facts import File
from tutela.reporting.nca import packaging
from tutela.testing.authority_contract import report

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
DATA = {"ev_a": b"a bicycle", "ev_b": b"rain " * 1000, "ev_c": b""}
FILES = (
    File("ev_a", "itm_a", "a.jpg", size=9), File("ev_b", "itm_b", "../b.jpg", size=5000),
    File("", "itm_gone", "gone.jpg", size=9), File("ev_c", "itm_c", "a.jpg", size=0),
)  # fmt: skip
REPORT = replace(report(), files=FILES)


def opened(name):
    """In small pieces, as the vault gives them."""
    data = DATA[name]
    return iter([data[at : at + 7] for at in range(0, len(data), 7)])


def unzipped(part, of=opened):
    return zipfile.ZipFile(io.BytesIO(b"".join(packaging.zipped(part, "rpt_a", NOW, of))))


def test_all_files_that_are_held_go_in_with_a_manifest_of_their_digests():
    """Under names that are no paths and never the same."""
    (part,) = packaging.parts(REPORT)
    with unzipped(part) as found:
        names = found.namelist()
        assert names == ["001-a.jpg", "002-b.jpg", "003-a.jpg", "manifest.json"]
        assert found.testzip() is None
        assert found.read("002-b.jpg") == DATA["ev_b"]
        said = json.loads(found.read("manifest.json"))
    assert (said["report"], said["part"], said["of"]) == ("rpt_a", 1, 1)
    assert [one["sha256"] for one in said["files"]] == [
        hashlib.sha256(data).hexdigest() for data in DATA.values()
    ]


def test_what_does_not_fit_goes_into_another_part_and_no_part_is_larger():
    """Each with its number."""
    limit = 5000 + 2 * packaging.MARGIN
    made = packaging.parts(REPORT, limit)
    assert [(part.number, part.of, len(part.files)) for part in made] == [
        (1, 3, 1), (2, 3, 1), (3, 3, 1),
    ]  # fmt: skip
    for part in made:
        assert sum(map(len, packaging.zipped(part, "rpt_a", NOW, opened))) <= limit


def test_a_file_that_no_part_holds_is_refused():
    """It is for a person to leave out."""
    with pytest.raises(ReportNotReady, match="too large"):
        packaging.parts(REPORT, 5000)
    with pytest.raises(ReportNotReady, match="No file"):
        packaging.parts(replace(REPORT, files=FILES[2:3]))


@pytest.mark.parametrize("name", ["a.exe", "A.EXE", "a.exe. "])
def test_a_program_is_refused_by_its_name(name):
    """However it is written."""
    with pytest.raises(ReportNotReady, match="name that is refused"):
        packaging.parts(replace(REPORT, files=(replace(FILES[0], name=name),)))


def test_a_program_is_refused_by_how_it_begins():
    """Whatever it is called, and in however small pieces it comes."""
    (part,) = packaging.parts(REPORT)
    with pytest.raises(ReportNotReady, match="is a program"):
        unzipped(part, lambda _: iter([b"M", b"Z", b"rain"]))
