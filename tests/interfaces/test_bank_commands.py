"""`tutela bank …` and `tutela approve`, as who keeps lists meets them: processes on an installation
of their own. Values are made; photographs are benign."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import commands
import pytest

from tutela.policy import presets

DOCS = Path(__file__).parents[2] / "docs"


class Installation:
    """A data directory, keys and a home of its own, and the command on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.keys = folder / "keys"
        (folder / "home").mkdir(exist_ok=True)

    def environment(self, **more: str) -> dict[str, str]:
        kept = ("TUTELA_PHOTOGRAPHS", "TUTELA_NATIVE")
        own = {k: v for k, v in os.environ.items() if not k.startswith("TUTELA_") or k in kept}
        home = str(self.folder / "home")
        return own | {
            "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
            "TUTELA_DATA": str(self.data), "TUTELA_KEYS": str(self.keys),
            "TUTELA_DECODING__PROCESSES": "1",
        } | more  # fmt: skip

    def run(
        self,
        *arguments: str | bytes | Path,
        given: bytes | None = None,
        before: tuple[str, ...] = (),
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        """The command, after what changes how it runs; `given` is its standard input."""
        ran = commands.run(
            arguments, self.environment(**environment),
            given=given if given is not None else b"", folder=self.folder, before=before,
        )  # fmt: skip
        out, err = (text.decode(errors="replace") for text in (ran.stdout, ran.stderr))
        assert "Traceback" not in err and "fault of Tutela" not in err, err
        return subprocess.CompletedProcess(ran.args, ran.returncode, out, err)

    def ok(self, *arguments: str | bytes | Path, **environment: str) -> str:
        """What a command prints that ends with 0."""
        ran = self.run(*arguments, **environment)
        assert ran.returncode == 0, (ran.returncode, ran.stderr)
        return ran.stdout

    def refused(self, *arguments: str | bytes | Path, code: int = 1, **environment: str) -> str:
        """The one line that says why a command ended so."""
        ran = self.run(*arguments, **environment)
        assert ran.returncode == code, (ran.returncode, ran.stdout, ran.stderr)
        assert re.fullmatch(r"tutela: [^\n]+\n", ran.stderr), ran.stderr
        return ran.stderr

    def records(self, *arguments: str | bytes | Path, **environment: str) -> list[dict]:
        """The objects that a command prints with `--json`. Every key is in docs/commands.md."""
        made = lines(self.ok(*arguments, "--json", **environment))
        words = " ".join(str(a) for a in arguments)
        page = (DOCS / "commands.md").read_text()
        sections = {
            title: section
            for title, section in re.findall(r"^## tutela (.*)\n((?:(?!## ).*\n)*)", page, re.M)
            if words.startswith(title)
        }
        ((name, section),) = sections.items()
        if name in ("bank list", "bank find"):
            section += page.split("\n## tutela bank show\n")[1].split("\n## ")[0]
        for key in {key for record in made for key in record}:
            assert f"`{key}`" in section, (name, key)
        return made

    def key(self, name: str, *scopes: str) -> str:
        """The secret of a new key."""
        given = [word for scope in scopes or ("banks:write",) for word in ("--scope", scope)]
        return self.ok("key", "create", name, *given).strip()

    def verdict(self, path: Path, *options: str, **environment: str) -> str:
        (record,) = self.records("screen", path, *options, **environment)
        return record["verdict"]

    @property
    def database(self) -> Path:
        return self.data / "tutela.db"


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def value(text: str, digits: int = 64) -> str:
    """A made value: no two are near each other."""
    return hashlib.shake_128(text.encode()).hexdigest(digits // 2)


def flipped(text: str, bits: Iterable[int]) -> str:
    number = int(text, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:0{len(text)}x}"


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Path:
    """A folder with a new installation, for copies."""
    folder = tmp_path_factory.mktemp("installation")
    Installation(folder).ok("init")
    return folder


@pytest.fixture
def here(fresh, tmp_path) -> Installation:
    shutil.copytree(fresh, tmp_path / "own")
    return Installation(tmp_path / "own")


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
