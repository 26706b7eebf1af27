"""`tutela bank import` and lists of any form, as who keeps lists meets them. Values are made."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
from pathlib import Path

from installation import flipped, fresh, here, lines, value

__all__ = ["fresh", "here"]
DOCS = Path(__file__).parents[2] / "docs"


def test_a_list_with_columns_of_any_names_is_read(here, tmp_path):
    listed = tmp_path / "list.csv"
    listed.write_text(
        "Fingerprint;MD5;Case;quality;labels;first_seen;last_seen\n"
        f"{value('a').upper()};{value('a', 32)};17;90;x,y;2026-01-01;2026-02-01T12:00:00+02:00\n"
        f"{value('b')};;18;;;;\n"
        f"{value('b')};;18;;;;\n"
        "nonsense;;19;;;;\n"
        f"{value('c')};;20;101;;;\n"
        f"{value('c')};;20;;;yesterday;\n"
        f"{value('c')};;20;;no good: label!;;\n"
        f'"{value("c")};;20;;;;\n'
        f"{value('c')}\n",
        encoding="utf-8-sig",
    )
    here.ok("bank", "create", "rain", "--purpose", "test", "--source", "Partner")
    command = (
        "bank", "import", "rain", listed, "--map", "pdq=fingerprint", "--map", "external_id=CASE",
        "--delimiter", ";", "--member", "Anna", "--hashed-by", "tool 1", "--labels", "z",
    )  # fmt: skip
    ran = here.run(*command, "--json")
    assert ran.returncode == 1, ran.stderr
    (done,) = lines(ran.stdout)
    rejects = Path(f"{listed}.rejected.csv")
    assert done == {
        "offset": listed.stat().st_size, "line": 10, "added": 3, "known": 1, "rejected": 6,
        "resumed": False, "bank": "rain", "rejects": str(rejects),
    }  # fmt: skip
    assert rejects.stat().st_mode & 0o777 == 0o600
    found = list(csv.DictReader(io.StringIO(rejects.read_text())))
    assert [row["line"] for row in found] == ["5", "6", "7", "8", "9", "10"]
    for row, why in zip(
        found, ("64 hexadecimal", "quality", "ISO 8601", "label", "quotes", "columns"), strict=True
    ):
        assert why in row["reason"]

    first, second, third = here.records("bank", "show", "rain", "--signals")
    assert {k: first[k] for k in first if k not in ("number", "type", "value")} == {
        "bank": "rain", "source": "Partner", "member": "Anna", "external_id": "17",
        "hashed_by": "tool 1", "quality": 90, "labels": ["x", "y", "z"],
        "first_seen": "2026-01-01T00:00:00+00:00", "last_seen": "2026-02-01T10:00:00+00:00",
    }  # fmt: skip
    assert {s["type"]: s["value"] for s in (first, second)} == {
        "pdq": value("a"), "md5": value("a", 32),
    }  # fmt: skip
    assert (third["value"], third["quality"], third["labels"]) == (value("b"), None, ["z"])
    (again,) = lines(here.run(*command, "--json").stdout)
    assert (again["added"], again["known"], again["resumed"]) == (0, 4, False)
    assert here.records("bank", "show", "rain", "--verify")[0]["verified"]


def test_what_a_list_says_again_is_kept_and_times_never_go_back(here, tmp_path):
    here.ok("bank", "create", "rain", "--purpose", "test")
    for row in (
        f"{value('a')},50,old,2026-02-01,2026-02-02\n",
        f"{value('a')},,new,2026-01-01,2026-01-02\n",
    ):
        listed = tmp_path / "list.csv"
        listed.write_text("value,quality,labels,first_seen,last_seen\n" + row)
        (done,) = here.records("bank", "import", "rain", listed, "--type", "pdq")
    assert (done["added"], done["known"], done["rejects"]) == (0, 1, None)
    (signal,) = here.records("bank", "show", "rain", "--signals")
    assert (signal["quality"], signal["labels"]) == (50, ["new"])
    assert (signal["first_seen"][:10], signal["last_seen"][:10]) == ("2026-01-01", "2026-02-02")


def test_plain_lists_come_from_files_and_from_the_input(here, tmp_path):
    here.ok("bank", "create", "rain", "--purpose", "test")
    listed = tmp_path / "list.txt"
    listed.write_text(f"# made\n\n{value('a')}\r\n  {value('b').upper()}  \n")
    (done,) = here.records("bank", "import", "rain", listed, "--type", "PDQ")
    assert (done["added"], done["line"]) == (2, 4)
    text = f"type\tvalue\nsha1\t{value('c', 40)}\n".encode()
    out = here.ok("bank", "import", "rain", "-", "--csv", "--delimiter", "\\t", given=text)
    assert "2 lines of the input: 1 signals added to rain, 0 known before" in out
    (tmp_path / "list.tsv").write_bytes(text)
    (done,) = here.records("bank", "import", "rain", tmp_path / "list.tsv")
    assert done["known"] == 1


def test_two_members_are_two_owners_of_a_value(here):
    here.ok("bank", "create", "rain", "--purpose", "test")
    for member, number in (("Anna", "1"), ("Anna", "2"), ("Ben", "3")):
        given = f"value,external_id\n{value('a')},{number}\n".encode()
        here.ok(
            "bank", "import", "rain", "-", "--csv", "--type", "pdq", "--member", member, given=given
        )
    near = flipped(value("a"), range(5))
    match, *owners = here.records("bank", "find", value("a"))
    assert (match["bank"], match["distance"], match["owners"], match["members"]) == (
        "rain",
        0,
        3,
        2,
    )
    assert [(o["member"], o["external_id"]) for o in owners] == [
        ("Anna", "1"), ("Anna", "2"), ("Ben", "3"),
    ]  # fmt: skip
    assert len(here.records("bank", "find", value("a"), "--limit", "2")) == 3
    rest = here.records("bank", "find", value("a"), "--after", str(owners[1]["number"]))
    assert [r.get("member") for r in rest] == [None, "Ben"]
    (nearly,) = here.records("bank", "find", near)
    assert (nearly["distance"], nearly["value"]) == (5, value("a"))
    assert here.run("bank", "find", near, "--distance", "4").returncode == 1
    assert here.run("bank", "find", value("b"), "--json").stdout == ""
    assert "Owners of this very value" in here.ok("bank", "find", value("a"))


def test_a_list_is_copied_only_where_its_licence_lets_it(here, tmp_path):
    here.ok("bank", "create", "theirs", "--purpose", "test")
    here.ok("bank", "create", "free", "--purpose", "test", "--may-seed")
    here.ok("bank", "create", "own", "--purpose", "test")
    here.ok("bank", "create", "harmless", "--purpose", "never-match")
    for own, other, said in (
        ("own", "theirs", "does not let its signals into other banks"),
        ("harmless", "free", "Purposes are never mixed"),
        ("own", "nobody", "There is no bank"),
    ):
        seeded = ("bank", "import", own, "-", "--type", "pdq", "--seeded-from", other)
        assert said in here.refused(*seeded, given=value("a").encode())
    assert [bank["signals"] for bank in here.records("bank", "list")] == [0, 0, 0, 0, 4]
    allowed = ("bank", "import", "own", "-", "--type", "pdq", "--seeded-from", "free")
    here.ok(*allowed, given=value("a").encode())


def test_an_interrupted_import_goes_on_where_it_ended(here, tmp_path):
    listed = tmp_path / "list.txt"
    whole = "".join(f"{value(str(n))}\n" for n in range(50))
    here.ok("bank", "create", "rain", "--purpose", "test")
    listed.write_text(whole)
    command = ("bank", "import", "rain", listed, "--type", "pdq")
    here.ok(*command, TUTELA_IMPORTS__CHUNK="10")
    with sqlite3.connect(here.database) as opened:  # as if it had ended behind the second chunk
        opened.execute(
            "UPDATE banks_import SET finished_at = NULL, offset = 1300, line = 20, added = 20,"
            " digest = ?",
            (hashlib.sha256(whole[:1300].encode()).digest(),),
        )
    (done,) = here.records(*command)
    assert (done["resumed"], done["line"], done["added"], done["known"]) == (True, 50, 20, 30)
    (again,) = here.records(*command)
    assert (again["resumed"], again["known"]) == (False, 50)
    assert here.records("bank", "show", "rain", "--verify")[0]["signals"] == 50


def test_long_lines_are_rejected_and_wrong_encodings_refused(here):
    here.ok("bank", "create", "rain", "--purpose", "test")
    text = ("x" * 5000 + "\n" + value("a")).encode()
    ran = here.run(
        "bank", "import", "rain", "-", "--type", "pdq", "--rejects", "r.csv", "--json",
        given=text, TUTELA_IMPORTS__LONGEST_LINE="100",
    )  # fmt: skip
    (done,) = lines(ran.stdout)
    assert (done["added"], done["rejected"], done["rejects"]) == (1, 1, "r.csv")
    for given in (value("b").encode("utf-16"), b"\xff\xfe"):
        assert "not in UTF-8" in here.refused(
            "bank", "import", "rain", "-", "--type", "pdq", given=given
        )


def test_a_vics_set_is_read_and_what_was_left_out_is_told(here, tmp_path):
    here.ok("bank", "create", "partner", "--purpose", "known-csea")
    some = [{"MD5": value(str(n), 32), "Category": n} for n in (0, 1, 2)]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"value": [*some, {"MD5": "rain", "Category": 1}]}))
    form = ("--format", "vics", "--map", "1=a1")
    ran = here.run("bank", "import", "partner", path, *form, "--json")
    (told,) = lines(ran.stdout)
    assert (ran.returncode, told["line"], told["added"], told["rejected"]) == (1, 4, 1, 1)
    assert "1 records of category 0" in ran.stderr and "1 records of category 2" in ran.stderr
    here.refused("bank", "import", "partner", path, "--format", "vics")
    here.refused("bank", "import", "partner", path, "--format", "xml")
    here.refused("bank", "import", "partner", path, *form, "--type", "md5")
    assert "rain" not in Path(told["rejects"]).read_text()


def test_a_listed_address_is_found_by_its_text_and_shown_by_none(here, tmp_path):
    here.ok("bank", "create", "partner", "--purpose", "known-csea")
    path = tmp_path / "list.txt"
    path.write_text("http://weather.example/rain\nweather..example/snow\n")
    ran = here.run("bank", "import", "partner", path, "--type", "url", "--json")
    (told,) = lines(ran.stdout)
    assert (told["added"], told["rejected"]) == (1, 1)
    assert "snow" not in Path(told["rejects"]).read_text()
    found = here.records("bank", "find", "https://WEATHER.example/rain#x", "--type", "url")
    assert len(found) == 2 and not any("weather" in json.dumps(one) for one in found)
    assert "weather" not in here.ok("bank", "show", "partner", "--signals", "--json")
