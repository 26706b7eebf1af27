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


PAIRS = "one,other,people\nA,A,507\nB,B,399\nC,C,279\nA,B,69\nA,C,49\nB,C,39\n"


def test_overlaps_alone_are_enough_and_their_bias_is_told(here):
    """The same as by the table; without the union less, and why."""
    (here.folder / "pairs.csv").write_text(PAIRS)
    out = here.ok("figures", "overlaps", "pairs.csv")
    assert "too small by 5.6 %" in out and "Whitehead" in out
    words = ("figures", "overlaps", "pairs.csv", "--union", "1037", "--json")
    (known,), (supposed,) = here.records(*words), here.records(*words[:3], "--json")
    assert known["people"] > supposed["people"] and known["wald"][0] < known["people"]
    assert not any("too small by 5.6 %" in one for one in known["cautions"])
    (here.folder / "table.csv").write_text(
        "A,B,C,count\n1,0,0,398\n0,1,0,300\n0,0,1,200\n1,1,0,60\n1,0,1,40\n0,1,1,30\n1,1,1,9\n"
    )
    (full,) = here.records("figures", "estimate", "table.csv", "--resamples", "100")
    assert full["observed"] == known["union"] == 1037
    assert any("below Chao's lower bound (3,087)" in one for one in full["cautions"])
    assert full["estimates"][0]["people"] == pytest.approx(known["people"], rel=1e-6)
    assert "cannot have 50 people" in here.refused(*words[:4], "50", code=2)
    (here.folder / "gap.csv").write_text(PAIRS.replace("C,C,279\n", ""))
    assert "gap.csv: The size of 'C' is missing" in here.refused(
        "figures", "overlaps", "gap.csv", code=2
    )


def test_what_links_leave_open_is_carried_to_the_estimate(here):
    """Of the same records, doubtful links give wider limits than certain ones."""
    names = [(f"{kind}{n}", kind) for kind in "AB" for n in range(200)]
    (here.folder / "records.csv").write_text(
        "record,list\n" + "".join(f"{name},{kind}\n" for name, kind in names)
    )
    for file, probability in (("sure.csv", 1), ("doubtful.csv", 0.6)):
        links = (f"A{n},B{n},{probability}\n" for n in range(60))
        (here.folder / file).write_text("one,other,probability\n" + "".join(links))
    words = ("figures", "linkage", "records.csv")
    (sure,), (doubtful,) = (here.records(*words, file) for file in ("sure.csv", "doubtful.csv"))
    assert sure["linkage"][0] == sure["linkage"][1] == pytest.approx(200 * 200 / 60)
    assert sure["observed"] == 340 and sure["both"][0] < sure["people"] < sure["both"][1]
    assert doubtful["linkage"][1] - doubtful["linkage"][0] > 100
    assert doubtful["people"] > sure["people"]
    assert "from the links alone" in here.ok(*words, "doubtful.csv")
    for wrong, said in (("A1,B999,0.5", "no record is 'B999'"), ("A1,B1,2", "not within 0 and 1")):
        (here.folder / "wrong.csv").write_text(f"one,other,probability\n{wrong}\n")
        assert said in here.refused(*words, "wrong.csv", code=2)
