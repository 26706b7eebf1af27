"""`tutela bank …` and `tutela approve`, as who keeps lists meets them: processes on an installation
of their own. Values are made; photographs are benign."""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from installation import flipped, fresh, here, lines, value

from tutela.policy import presets

__all__ = ["fresh", "here"]
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def two(here) -> tuple[str, str]:
    """The keys of two people."""
    return here.key("anna", "banks:write", "export"), here.key("ben", "banks:write", "export")


def test_a_bank_is_made_shown_and_listed(here):
    here.ok(
        "bank", "create", "rain", "--purpose", "known-csea", "--source", "Partner [red]",
        "--note", "[/b] first line\nsecond", "--licence", "agreement", "--may-export",
        "--rollout", "0.5", "--distance", "20",
    )  # fmt: skip
    (bank,) = here.records("bank", "show", "rain")
    assert {name: bank[name] for name in (
        "bank", "purpose", "source", "signals", "state", "distance", "rollout", "licence",
        "may_export", "may_publish", "may_seed", "delete_on_leaving", "version",
    )} == {
        "bank": "rain", "purpose": "known-csea", "source": "Partner [red]", "signals": 0,
        "state": "on", "distance": 20, "rollout": 0.5, "licence": "agreement", "may_export": True,
        "may_publish": False, "may_seed": False, "delete_on_leaving": False, "version": 0,
    }  # fmt: skip
    assert datetime.fromisoformat(bank["created_at"]).tzinfo is not None
    assert here.records("bank", "show", "rain", "--verify")[0]["verified"] is True
    table = here.ok("bank", "list")
    assert "Partner [red]" in table and "[/b] first line" in table and "second" not in table
    assert "second" in here.ok("bank", "show", "rain")
    assert "already" in here.refused("bank", "create", "rain", "--purpose", "test")


def test_banks_are_listed_a_page_at_a_time(here):
    for name, purpose, source in (("b", "test", "Partner"), ("a", "never-match", "own")):
        here.ok("bank", "create", name, "--purpose", purpose, "--source", source)
    listed = [bank["bank"] for bank in here.records("bank", "list")]
    assert listed == ["a", "b", "tutela-test"]
    assert "--after a" in here.ok("bank", "list", "--limit", "1")
    for options, names in (
        (["--after", "a", "--limit", "1"], ["b"]),
        (["--purpose", "never-match"], ["a"]),
        (["--containing", "artne"], ["b"]),
        (["--containing", "%"], []),
    ):
        assert [bank["bank"] for bank in here.records("bank", "list", *options)] == names


def test_files_of_ones_own_are_known_and_others_are_not(here, photos, tmp_path):
    known = tmp_path / "known"
    known.mkdir()
    for photo in photos[:2]:
        shutil.copy(photo, known)
    odd = os.fsencode(known) + b"/caf\xe9\x1b.png"
    shutil.copy(photos[2], os.fsdecode(odd))
    (known / "empty").touch()
    here.ok("bank", "create", "rain", "--purpose", "known-csea", "--source", "Partner")
    ran = here.run("bank", "add", "rain", known, "--labels", "b:2,a:1")
    assert ran.returncode == 0 and "12 signals were added to rain; 0 were there" in ran.stdout
    assert "empty: The file has no bytes" in ran.stderr
    again = here.run("bank", "add", "rain", odd, tmp_path / "absent")
    assert again.returncode == 1 and "0 signals were added" in again.stdout
    assert "absent: cannot be read" in again.stderr

    hit, stranger = here.records("screen", photos[0], photos[9])
    assert (hit["verdict"], stranger["verdict"]) == ("block", "allow")
    assert {match["type"] for match in hit["matches"]} == {"md5", "sha1", "sha256", "pdq"}
    match = hit["matches"][0]
    assert (match["known"], match["purpose"], match["source"]) == ("rain", "known-csea", "Partner")
    assert (match["labels"], match["owners"]) == (["a:1", "b:2"], 1)
    names = {s["external_id"] for s in here.records("bank", "show", "rain", "--signals")}
    assert str(known / photos[0].name) in names
    assert f"{known}/caf\\xe9\\x1b.png" in names
    assert "rain" in here.ok("screen", photos[0])


def test_what_is_disabled_removed_or_deleted_matches_no_more(here, photos):
    here.ok("bank", "create", "rain", "--purpose", "test")
    here.ok("bank", "add", "rain", photos[0])
    assert here.verdict(photos[0]) == "block"

    here.ok("bank", "disable", "rain")
    assert here.verdict(photos[0]) == "allow"
    assert here.records("bank", "show", "rain")[0]["state"] == "off"
    here.ok("bank", "enable", "rain")
    assert here.verdict(photos[0]) == "block"
    until = datetime.now(UTC) + timedelta(hours=1)  # which names no zone below, so it is UTC
    here.ok("bank", "disable", "rain", "--until", until.replace(tzinfo=None).isoformat())
    assert here.verdict(photos[0]) == "allow"
    assert (
        here.records("bank", "show", "rain")[0]["state"] == f"off until {until:%Y-%m-%d %H:%M} UTC"
    )
    with sqlite3.connect(here.database) as opened:
        opened.execute("UPDATE banks_bank SET disabled_until = '2026-01-01 00:00:00.000000'")
    assert here.verdict(photos[0]) == "block", "that time is over"

    for signal in here.records("bank", "show", "rain", "--signals"):
        here.ok("bank", "remove", "rain", signal["value"], "--type", signal["type"])
    assert here.verdict(photos[0]) == "allow"
    assert "no such sha1" in here.refused(
        "bank", "remove", "rain", value("x", 40), "--type", "sha1"
    )
    here.ok("bank", "add", "rain", photos[0])
    assert here.verdict(photos[0]) == "block"

    assert "Say --yes" in here.refused("bank", "delete", "rain")
    assert here.verdict(photos[0]) == "block"
    assert "with 4 signals" in here.ok("bank", "delete", "rain", "--yes")
    assert here.verdict(photos[0]) == "allow"
    assert "There is no bank" in here.refused("bank", "show", "rain")
    here.ok("bank", "create", "rain", "--purpose", "never-match")
    assert here.records("bank", "show", "rain")[0]["signals"] == 0


def test_leaving_deletes_where_the_licence_says_so(here):
    for name, source, *licence in (
        ("goes", "Partner", "--delete-on-leaving"), ("stays", "Partner"), ("other", "own"),
    ):  # fmt: skip
        here.ok("bank", "create", name, "--purpose", "test", "--source", source, *licence)
        here.ok("bank", "import", name, "-", "--type", "pdq", given=value("fog").encode())
    assert "Say --yes" in here.refused("bank", "leave", "Partner")
    assert "No bank has the source" in here.refused("bank", "leave", "Nobody", "--yes")
    assert here.ok("bank", "leave", "Partner", "--yes") == "Deleted: goes. Disabled: stays.\n"
    states = {bank["bank"]: bank["state"] for bank in here.records("bank", "list")}
    assert states == {"other": "on", "stays": "off", "tutela-test": "on"}
    owners = [r["bank"] for r in here.records("bank", "find", value("fog")) if "number" in r]
    assert owners == ["stays", "other"]


def test_a_value_of_a_type_that_is_not_computed_here_is_found_and_said_so(here):
    here.ok("bank", "create", "rain", "--purpose", "test")
    here.ok("bank", "import", "rain", "-", "--type", "md5", given=value("a", 32).encode())
    ran = here.run("bank", "find", value("a", 32), "--type", "md5", TUTELA_SIGNALS__TYPES='["pdq"]')
    assert ran.returncode == 0 and "not among signals.types" in ran.stderr


def test_an_export_takes_a_licence_and_two_people(here, two, tmp_path):
    anna, ben = two
    here.ok("bank", "create", "rain", "--purpose", "test", "--may-export")
    here.ok("bank", "create", "snow", "--purpose", "test")
    listed = f"value,quality,labels\n{value('a')},7,x y\n{value('b')},,\n".encode()
    for bank in ("rain", "snow"):
        here.ok(
            "bank", "import", bank, "-", "--csv", "--type", "pdq", "--member", "M", given=listed
        )
    file = tmp_path / "out.csv"
    export = ("bank", "export", "rain", file)
    assert "licence" in here.refused("bank", "export", "snow", file, TUTELA_KEY=anna)
    assert "each with a key" in here.refused(*export)
    assert "not valid" in here.refused(*export, TUTELA_KEY="tut_guessed")
    assert "no folder" in here.refused("bank", "export", "rain", "/nowhere/x", TUTELA_KEY=anna)

    asked = here.refused(*export, TUTELA_KEY=anna)
    assert "tutela approve 1." in asked
    assert "tutela approve 1." in here.refused(*export, TUTELA_KEY=anna), "it is the same request"
    (waiting,) = here.records("approve")
    assert (waiting["request"], waiting["act"], waiting["subject"], waiting["asked_by"]) == (
        1, "bank.export", "bank:rain", "key:anna",
    )  # fmt: skip
    assert "asked for this itself" in here.refused("approve", "1", TUTELA_KEY=anna)
    assert "Who approves?" in here.refused("approve", "1")
    assert "No request 2" in here.refused("approve", "2", TUTELA_KEY=ben)
    screening = here.key("program", "screen")
    assert "lacks the permission export" in here.refused("approve", "1", TUTELA_KEY=screening)
    assert not file.exists()

    (tmp_path / "ben.key").write_text(f"{ben}\n")
    assert here.records("approve", "1", "--key-file", tmp_path / "ben.key") == [
        {"request": 1, "approved": True}
    ]
    assert here.records("approve") == []
    here.refused(*export, TUTELA_KEY=ben)  # who approved has not asked: a request of their own
    assert "2 signals of rain" in here.ok(*export, TUTELA_KEY=anna)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "is there already" in here.refused(*export, TUTELA_KEY=anna)
    other = tmp_path / "again.csv"
    once = here.refused("bank", "export", "rain", other, TUTELA_KEY=anna)
    assert "waits for the approval 3" in once and not other.exists()

    here.ok("bank", "create", "copy", "--purpose", "test")
    here.ok("bank", "import", "copy", file)
    own = [
        [{k: v for k, v in s.items() if k not in ("bank", "number")} for s in found]
        for bank in ("rain", "copy")
        if (found := here.records("bank", "show", bank, "--signals"))
    ]
    assert own[0] == own[1] and len(own[0]) == 2


def test_purpose_and_licence_take_two_people(here, two):
    anna, ben = two
    here.ok("bank", "create", "rain", "--purpose", "test")
    for options in (
        ["--may-export"], ["--no-may-publish"], ["--may-seed"], ["--delete-on-leaving"],
        ["--note", "n", "--purpose", "known-csea"],
    ):  # fmt: skip
        assert "each with a key" in here.refused("bank", "change", "rain", *options)
    change = ("bank", "change", "rain", "--purpose", "known-csea", "--note", "[/x]")
    assert "tutela approve 1." in here.refused(*change, TUTELA_KEY=anna)
    assert "asked for this itself" in here.refused("approve", "1", TUTELA_KEY=anna)
    assert '"note":"[/x]","purpose":"known-csea"' in here.ok("approve")
    here.ok("approve", "1", TUTELA_KEY=ben)
    assert "tutela approve 2." in here.refused(*change, "--may-seed", TUTELA_KEY=anna)
    assert here.records("bank", "show", "rain")[0]["purpose"] == "test"
    here.ok(*change, TUTELA_KEY=anna)
    assert here.records("bank", "show", "rain")[0]["purpose"] == "known-csea"
    assert "tutela approve 3." in here.refused(*change, TUTELA_KEY=anna), "once"


def test_the_rest_of_a_bank_takes_one_person(here):
    here.ok("bank", "create", "rain", "--purpose", "test", "--distance", "10")
    options = ("--note", "n", "--distance", "40", "--rollout", "0.25", "--licence", "l")
    here.ok("bank", "change", "rain", *options)
    (bank,) = here.records("bank", "show", "rain")
    assert [bank[k] for k in ("note", "distance", "rollout", "licence")] == ["n", 40, 0.25, "l"]
    here.ok("bank", "change", "rain", "--distance", "-1")
    assert here.records("bank", "show", "rain")[0]["distance"] is None


def test_an_approval_stands_for_a_day(here, two):
    anna, ben = two
    here.ok("bank", "create", "rain", "--purpose", "test")
    change = ("bank", "change", "rain", "--may-seed")
    here.refused(*change, TUTELA_KEY=anna)
    here.ok("approve", "1", TUTELA_KEY=ben)
    with sqlite3.connect(here.database) as opened:
        opened.execute("UPDATE people_approval SET lapses_at = '2026-01-01 00:00:00.000000'")
    assert "tutela approve 2." in here.refused(*change, TUTELA_KEY=anna)
    assert "No request 1" in here.refused("approve", "1", TUTELA_KEY=ben)


def test_a_harmless_picture_speaks_against_matches(here, photos):
    here.ok("bank", "create", "rain", "--purpose", "known-csea")
    here.ok("bank", "create", "harmless", "--purpose", "never-match")
    here.ok("bank", "add", "rain", photos[0])
    (before,) = here.records("screen", photos[0])
    pdq = next(s["value"] for s in before["signals"] if s["type"] == "pdq")
    sha256 = next(s["value"] for s in before["signals"] if s["type"] == "sha256")
    here.ok("bank", "import", "harmless", "-", "--type", "pdq", given=pdq.encode())
    (near,) = here.records("screen", photos[0])
    assert near["verdict"] == "block" and near["vetoed"] == 1, "exact matches stand"
    assert {m["type"] for m in near["matches"]} == {"md5", "sha1", "sha256"}
    here.ok("bank", "import", "harmless", "-", "--type", "sha256", given=sha256.encode())
    (same,) = here.records("screen", photos[0])
    assert (same["verdict"], same["vetoed"], same["matches"]) == ("allow", 4, [])


def test_distance_decides_what_a_bank_may_do(here, photos):
    pdq = next(
        s["value"] for s in here.records("screen", photos[0])[0]["signals"] if s["type"] == "pdq"
    )
    here.ok("bank", "create", "rain", "--purpose", "test")
    far = flipped(pdq, range(35))
    here.ok("bank", "import", "rain", "-", "--type", "pdq", given=far.encode())
    for distance, verdict in (("-1", "allow"), ("34", "allow"), ("40", "review"), ("41", "review")):
        here.ok("bank", "change", "rain", "--distance", distance)
        assert here.verdict(photos[0]) == verdict, distance
    near = here.folder / "near.yaml"
    near.write_text(presets.render("small-forum", "GB").replace("distance <= 31", "distance <= 40"))
    here.ok("policy", "apply", near)
    for distance, verdict in (("40", "block"), ("41", "review")):
        here.ok("bank", "change", "rain", "--distance", distance)
        assert here.verdict(photos[0]) == verdict, "above 40 bits a bank only asks a person"
    assert here.verdict(photos[0], "--distance", "34") == "allow"
    here.ok("bank", "add", "rain", photos[0])
    assert here.verdict(photos[0]) == "review"
    here.ok("bank", "change", "rain", "--distance", "0")
    assert here.verdict(photos[0]) == "block"


def test_rollout_decides_by_the_file_and_grows(here, photos):
    here.ok("bank", "create", "rain", "--purpose", "test", "--rollout", "0")
    here.ok("bank", "add", "rain", *photos[:6])
    blocked: set[str] = set()
    for share in ("0", "0.6", "1"):
        here.ok("bank", "change", "rain", "--rollout", share)
        found = {r["file"] for r in here.records("screen", *photos[:6]) if r["matches"]}
        assert blocked <= found
        blocked = found
        assert share != "0" or not blocked
    assert len(blocked) == 6


def test_the_test_bank_stays_as_it_is_and_is_found(here, tmp_path):
    from tutela.banks.made_picture import picture

    (tmp_path / "made.bmp").write_bytes(picture())
    (record,) = here.records("screen", tmp_path / "made.bmp")
    assert record["verdict"] == "block"
    assert {m["known"] for m in record["matches"]} == {"tutela-test"}
    for command in (
        ("disable",), ("delete", "--yes"), ("change", "--note", "n"),
        ("remove", record["signals"][0]["value"], "--type", record["signals"][0]["type"]),
        ("import", "-", "--type", "pdq"), ("add", tmp_path / "made.bmp"),
    ):  # fmt: skip
        verb, *rest = command
        here.refused("bank", verb, "tutela-test", *rest)
    assert here.records("bank", "show", "tutela-test", "--verify")[0]["signals"] == 4


def test_signals_changed_behind_the_banks_back_are_found(here):
    here.ok("bank", "create", "rain", "--purpose", "test")
    here.ok("bank", "import", "rain", "-", "--type", "pdq", given=value("a").encode())
    with sqlite3.connect(here.database) as opened:
        opened.execute("UPDATE banks_signal SET labels = 'x' WHERE bank_id = 2")
    assert here.records("bank", "show", "rain", "--verify")[0]["verified"] is True
    with sqlite3.connect(here.database) as opened:
        opened.execute("UPDATE banks_origin SET member = 'Nobody' WHERE bank_id = 2")
    ran = here.run("bank", "show", "rain", "--verify", "--json")
    assert ran.returncode == 3 and lines(ran.stdout)[0]["verified"] is False
    assert "behind the bank's back" in ran.stderr
