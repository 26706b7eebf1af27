"""`tutela figures …`, as who answers for a number meets it."""

from __future__ import annotations

import json
import re

import pytest
from installation import Installation

from tutela.estimation import tables

ROME = "c1,c2,c3,c4,count\n" + "".join(
    f"{','.join(history)},{count}\n"
    for history, count in zip(*[iter(tables.ROME[1].split())] * 2, strict=True)
)


@pytest.fixture
def here(tmp_path) -> Installation:
    (tmp_path / "rome.csv").write_text(ROME)
    (tmp_path / "few.csv").write_text("A,B,C,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n")
    (tmp_path / "bad.csv").write_text("A,B,count\n1,0,-4\n")
    (tmp_path / "latin.csv").write_bytes(b"A,B,count\n1,\xe9,4\n")
    return Installation(tmp_path)


def test_a_figure_is_told_as_text_as_json_and_as_a_page(here):
    words = (
        "figures", "estimate", "rome.csv", "--resamples", "100", "--seed", "7", "--place", "Rome",
        "--population", "people <with> bicycles", "--period", "1990",
    )  # fmt: skip
    out = here.ok(*words, "--page", "page.html")
    assert re.match(r"Between [\d,]+ and [\d,]+ people, of whom 1,896 are on a list\.\n", out)
    assert "stepwise: 11,125\n" in out and "seed 7" in out and "Whitehead" in out
    assert "Population: people <with> bicycles. Place: Rome. Period: 1990." in out
    page = (here.folder / "page.html").read_text()
    assert page.count("<svg") == 5 and "people &lt;with&gt; bicycles" in page
    assert "<script" not in page and not re.search(r'(src|href)="', page)
    (record,) = here.records(*words)
    assert record["publish"] is True and record["observed"] == 1896
    assert record["estimates"][0]["people"] == pytest.approx(11_124.58, abs=0.1)
    assert (
        record["headline"][0] <= record["range"][0] <= record["range"][1] <= record["headline"][1]
    )
    assert not here.data.exists()


def test_no_figure_ends_with_1_and_says_why(here):
    ran = here.run("figures", "estimate", "few.csv", "--resamples", "100")
    assert ran.returncode == 1 and ran.stdout.startswith("No figure")
    assert "C (0)" in ran.stdout and "not for publication" in ran.stdout
    ran = here.run("figures", "estimate", "few.csv", "--resamples", "100", "--json")
    record = json.loads(ran.stdout)
    assert ran.returncode == 1 and record["headline"] is None and record["refusals"]


def test_what_is_no_table_is_refused(here):
    assert "Line 2: the count is '-4'" in here.refused("figures", "estimate", "bad.csv", code=2)
    assert "not UTF-8" in here.refused("figures", "estimate", "latin.csv", code=2)
    assert "cannot be read" in here.refused("figures", "estimate", "none.csv")
    assert "cannot be written" in here.refused(
        "figures", "estimate", "few.csv", "--resamples", "100", "--page", "none/page.html"
    )
