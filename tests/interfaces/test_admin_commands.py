"""`tutela init` and `key …`, and what every command says when something is wrong."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from installation import Installation, flipped, fresh, here, value
from test_audit_commands import faults, logged

__all__ = ["fresh", "here", "logged"]

UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Before a command of root: from then on permissions hold for it too."""


@pytest.fixture
def nothing(tmp_path) -> Installation:
    """A place where nothing was set up."""
    return Installation(tmp_path)


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_init_makes_what_is_missing_and_nothing_twice(nothing):
    first = nothing.ok("init")
    assert "Back up" in first and str(nothing.keys / "audit.key") in first
    modes = {
        path.name: path.stat().st_mode & 0o777
        for path in (nothing.data, nothing.database, nothing.keys, nothing.keys / "audit.key")
    }
    assert modes == {"data": 0o700, "tutela.db": 0o600, "keys": 0o700, "audit.key": 0o600}
    before = nothing.records("audit", "show")
    secret = (nothing.keys / "audit.key").read_bytes()
    second = nothing.ok("init")
    assert "Back up" not in second and str(nothing.data) in second
    assert nothing.records("audit", "show") == before
    assert (nothing.keys / "audit.key").read_bytes() == secret
    assert everything_in(nothing.folder / "home") == set()


def test_init_follows_the_folders_of_the_user(nothing):
    env = {"TUTELA_DATA": "", "TUTELA_KEYS": "", "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
    nothing.ok("init", **env)
    home = nothing.folder / "home"
    assert (home / ".local/share/tutela/tutela.db").exists()
    assert (home / ".config/tutela/keys/audit.key").exists()


def test_keys_never_lie_in_the_data_directory(nothing):
    nothing.data.mkdir()
    (nothing.folder / "link").symlink_to(nothing.data)
    for keys in ("data/keys", "data", "x/../data/keys", "link/keys"):
        said = nothing.refused("init", TUTELA_KEYS=str(nothing.folder / keys))
        assert "would lie in the data directory" in said
    assert everything_in(nothing.folder) == {"data", "link", "home"}, "it left a trace"


def test_init_says_what_it_cannot_make(nothing):
    (nothing.folder / "file").touch()
    said = nothing.refused("init", TUTELA_DATA=str(nothing.folder / "file"))
    assert "cannot be made: File exists" in said
    said = nothing.refused("init", TUTELA_KEYS=str(nothing.folder / "file"), code=3)
    assert "could not be written" in said
    nothing.ok("init")


@pytest.mark.parametrize(
    "command",
    [
        ("bank", "list"),
        ("bank", "create", "rain", "--purpose", "test"),
        ("bank", "import", "rain", "list.txt", "--type", "pdq"),
        ("key", "create", "anna", "--scope", "admin"),
        ("audit", "verify"),
        ("approve",),
        ("screen", "list.txt"),
    ],
    ids=" ".join,
)
def test_before_init_commands_say_so_and_leave_no_trace(nothing, command):
    (nothing.folder / "list.txt").write_text(value("a"))
    for made in (False, True):
        if made:
            nothing.data.mkdir()
        before = everything_in(nothing.folder)
        assert "Run: tutela init" in nothing.refused(*command)
        assert everything_in(nothing.folder) == before


def test_a_database_of_another_version_is_not_touched(here):
    for revision, said in (("0000", "Run: tutela init"), ("9999", "Run a newer Tutela")):
        with closing(sqlite3.connect(here.database)) as opened, opened:
            opened.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        assert said in here.refused("bank", "list")


def test_one_installation_on_each_database(nothing, database_url, photos):
    env = {"TUTELA_DATABASE_URL": database_url}
    nothing.ok("init", **env)
    anna, ben = (
        nothing.ok("key", "create", n, "--scope", "banks:write", **env).strip() for n in "ab"
    )
    nothing.ok("bank", "create", "rain", "--purpose", "test", **env)
    nothing.ok("bank", "add", "rain", photos[0], **env)
    nothing.refused("bank", "change", "rain", "--may-export", TUTELA_KEY=anna, **env)
    nothing.ok("approve", "1", TUTELA_KEY=ben, **env)
    nothing.ok("bank", "change", "rain", "--may-export", TUTELA_KEY=anna, **env)
    found = nothing.records("screen", photos[0], photos[9], **env)
    assert [record["verdict"] for record in found] == ["block", "allow"]
    nothing.ok("bank", "delete", "rain", "--yes", **env)
    assert nothing.verdict(photos[0], **env) == "allow"
    assert nothing.records("audit", "verify", **env)[0]["ok"]
    assert "not UTF-8" in nothing.refused("bank", "show", b"\xff", code=2, **env)


def test_the_secret_of_a_key_is_shown_once_on_the_output_alone(here):
    ran = here.run("key", "create", "anna", "--scope", "screen", "--scope", "banks:write")
    secret = ran.stdout.strip()
    assert re.fullmatch(r"tut_[\w-]{43}", secret) and ran.stdout == f"{secret}\n"
    assert secret not in ran.stderr and "anna" in ran.stderr
    (key,) = here.records("key", "list")
    assert (key["key"], key["scopes"], key["revoked_at"]) == (
        "anna", ["banks:write", "screen"], None,
    )  # fmt: skip
    kept = [here.ok("key", "list"), here.ok("audit", "show", "--json")]
    kept += [path.read_bytes().decode("latin1") for path in here.data.rglob("*") if path.is_file()]
    assert not any(secret in text for text in kept)


def test_a_revoked_key_opens_nothing_and_its_name_stays_taken(here):
    here.ok("bank", "create", "rain", "--purpose", "test")
    change = ("bank", "change", "rain", "--may-seed")
    secret = here.key("anna")
    assert "waits for the approval" in here.refused(*change, TUTELA_KEY=secret)
    here.ok("key", "revoke", "anna")
    assert "not valid" in here.refused(*change, TUTELA_KEY=secret)
    assert "not valid" in here.refused("approve", "1", TUTELA_KEY=secret)
    assert here.records("key", "list")[0]["revoked_at"] is not None
    assert "already" in here.refused("key", "create", "anna", "--scope", "admin")
    here.key("ben", "admin")
    assert [k["key"] for k in here.records("key", "list", "--after", "anna")] == ["ben"]
    assert len(here.records("key", "list", "--limit", "1")) == 1


def test_a_backup_is_restored_without_the_index(logged, photos, tmp_path):
    logged.ok("bank", "add", "rain", photos[0])
    assert logged.verdict(photos[0]) == "block"
    with closing(sqlite3.connect(logged.database)) as opened:
        opened.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    logged.ok("bank", "add", "rain", photos[1])
    assert logged.verdict(photos[1]) == "block"
    for ending in ("-wal", "-shm"):
        Path(f"{logged.database}{ending}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", logged.database)
    shutil.rmtree(logged.data / "index")
    assert [r["verdict"] for r in logged.records("screen", photos[0], photos[1])] == [
        "block", "allow",
    ]  # fmt: skip
    assert any("missing" in fault for fault in faults(logged)), "what was lost is said"
    last = logged.records("audit", "show")[-1]["number"]
    for path in (logged.data / "checkpoints").glob("*.json"):
        if int(path.stem) > last:
            path.rename(tmp_path / path.name)
    assert faults(logged) == []
    logged.ok("bank", "add", "rain", photos[2])
    assert logged.verdict(photos[2]) == "block"
    assert faults(logged) == []


def test_index_files_are_built_again_from_the_database(here, photos):
    here.ok("bank", "create", "rain", "--purpose", "test", "--distance", "40")
    here.ok("bank", "add", "rain", photos[0])
    assert here.verdict(photos[0]) == "block"
    index = here.data / "index"
    names = {path.name for path in index.iterdir() if path.is_dir()}
    assert {"md5", "sha1", "sha256", "pdq"} < names and any("wide" in name for name in names)
    assert all((index / name / "CURRENT").exists() for name in names)
    (index / "pdq" / "CURRENT").write_text("nonsense")
    shutil.rmtree(index / "sha256")
    assert here.verdict(photos[0]) == "block"
    shutil.rmtree(index)
    (record,) = here.records("screen", photos[0])
    assert {match["type"] for match in record["matches"]} == {"md5", "sha1", "sha256", "pdq"}


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("nonsense", 3, "database_url"),
        ("mysql://host/name", 3, "database_url"),
        ("sqlite://", 3, "database_url"),
        ("sqlite:////nowhere/tutela.db", 1, "Run: tutela init"),
        ("sqlite:////tmp", 3, "unable to open"),
        ("postgresql://anna:umbrella@127.0.0.1:1/x", 3, "Connection refused"),
    ],
)
def test_a_database_that_cannot_be_used_is_named(nothing, url, code, said):
    if url.startswith("postgresql"):
        pytest.importorskip("psycopg", reason="psycopg is not installed: tutela[postgres]")
    answer = nothing.refused("bank", "list", TUTELA_DATABASE_URL=url, code=code)
    assert said in answer and "umbrella" not in answer


def test_a_damaged_database_is_named_and_left_alone(here):
    for damage in (b"bicycle" * 1000, b""):
        here.database.write_bytes(damage)
        code = 3 if damage else 1
        for command in (("bank", "list"), ("audit", "verify")):
            said = here.refused(*command, code=code)
            assert "Restore the database" in said if damage else "Run: tutela init" in said
        if damage:
            assert "Restore the database" in here.refused("init", code=3)
            assert here.database.read_bytes() == damage


@pytest.fixture
def readable(here) -> Iterator[tuple[Installation, tuple[str, ...]]]:
    """An installation that may be read but not written to, and what a command begins with."""
    before = UNPRIVILEGED if os.geteuid() == 0 else ()
    if before and (
        shutil.which(before[0]) is None
        or subprocess.run([*before, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("root may write to everything here: there is no setpriv, or it may not act")
    places = [here.data, *here.data.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    yield here, before
    for place in places:
        place.chmod(0o700)


def test_a_data_directory_that_may_not_be_written_to_is_named(readable):
    where, before = readable
    for command in (("bank", "create", "rain", "--purpose", "test"), ("init",)):
        ran = where.run(*command, before=before)
        assert ran.returncode == 3, (ran.stdout, ran.stderr)
        assert re.fullmatch(r"tutela: The database [^\n]+\n", ran.stderr), ran.stderr
        assert "service's user" in ran.stderr


SHORT, FAR = value("a", 40), "99999999999999999999999"

WRONG: list[tuple[tuple[str | bytes, ...], int, str]] = [
    (("bank",), 2, "Usage"),
    (("bank", "frobnicate"), 2, "No such command"),
    (("bank", "create", "rain"), 2, "--purpose"),
    (("bank", "create", "Rain!", "--purpose", "test"), 1, "a-z, 0-9"),
    (("bank", "create", b"\xff", "--purpose", "test"), 1, "a-z, 0-9"),
    (("bank", "create", "x", "--purpose", "nope"), 1, "known-csea"),
    (("bank", "create", "x", "--purpose", "test", "--rollout", "nan"), 1, "0 to 1"),
    (("bank", "create", "x", "--purpose", "test", "--distance", "65"), 2, "64"),
    (("bank", "create", "x", "--purpose", "test", "--note", b"\xff"), 2, "not UTF-8"),
    (("bank", "list", "--limit", "0"), 2, "--limit"),
    (("bank", "show", "absent"), 1, "bank list"),
    (("bank", "show", b"\xff\x1b[31m"), 2, "not UTF-8"),
    (("bank", "show", "rain", "--signals", "--after", FAR), 2, "--after"),
    (("bank", "find", "nonsense"), 1, "64 hexadecimal"),
    (("bank", "find", SHORT, "--type", "nope"), 1, "Installed: keyword, md5"),
    (("bank", "add", "absent", "/dev/null"), 1, "bank list"),
    (("bank", "add", "rain", "/dev/null", "--labels", "no good!"), 1, "label"),
    (("bank", "import", "rain", "/nowhere", "--type", "pdq"), 1, "cannot be read"),
    (("bank", "import", "rain", "-"), 1, "--type"),
    (("bank", "import", "rain", "-", "--type", "nope"), 1, "Installed: keyword, md5"),
    (("bank", "import", "rain", "-", "--csv"), 1, "empty"),
    (("bank", "import", "rain", "-", "--map", "value"), 1, "FIELD=COLUMN"),
    (("bank", "import", "rain", "-", "--plain", "--map", "value=x"), 1, "no columns"),
    (("bank", "import", "rain", "-", "--type", "pdq", "--delimiter", "ab"), 1, "one character"),
    (("bank", "import", "rain", "-", "--type", "pdq", "--member", b"\xff"), 2, "not UTF-8"),
    (("bank", "import", "rain", "-", "--type", "pdq", "--member", "m" * 200), 1, "member"),
    (("bank", "import", "rain", "-", "--type", "pdq", "--rejects", "/etc/hosts"), 1, "--rejects"),
    (("bank", "export", "rain", "/nowhere/x.csv"), 1, "licence"),
    (("bank", "change", "rain"), 1, "Nothing is to be changed"),
    (("bank", "change", "rain", "--may-seed", "--key-file", "/nowhere"), 1, "key file"),
    (("bank", "change", "rain", "--may-seed", "--key-file", "/dev/zero"), 1, "not valid"),
    (("bank", "remove", "rain", SHORT, "--type", "sha1"), 1, "no such sha1"),
    (("bank", "disable", "rain", "--until", "yesterday"), 1, "ISO 8601"),
    (("bank", "disable", "rain", "--until", ""), 1, "names no time"),
    (("key", "create", "anna"), 2, "--scope"),
    (("key", "create", "Anna B", "--scope", "admin"), 1, "a-z, 0-9"),
    (("key", "create", "anna", "--scope", "nope"), 1, "banks:write"),
    (("key", "revoke", "absent"), 1, "key list"),
    (("approve", FAR), 2, "NUMBER"),
    (("approve", "7", "--key-file", "/dev/null"), 1, "is empty"),
    (("audit", "verify", "--public-key", "/nowhere"), 3, "cannot be read"),
    (("audit", "verify", "--public-key", "/dev/zero"), 3, "no Ed25519 public key"),
    (("audit", "verify", "--checkpoints", "/nowhere"), 2, "does not exist"),
    (("audit", "show", "--after", FAR), 2, "--after"),
    (("screen", "x", "--distance", "300"), 2, "256"),
]  # fmt: skip


@pytest.mark.parametrize("part", range(3))
def test_wrong_use_is_answered_in_one_line_and_changes_nothing(here, part):
    """Each of these ends with 1, 2 or 3 and says what to do; usage is shown with 2."""
    here.ok("bank", "create", "rain", "--purpose", "test")
    before = here.records("audit", "show")
    for command, code, said in WRONG[part::3]:
        ran = here.run(*command)
        assert ran.returncode == code, (command, ran)
        assert said in ran.stderr, (command, ran.stderr)
        assert all(c.isprintable() or c == "\n" for c in ran.stderr), command
        if not ran.stderr.startswith("Usage"):
            assert re.fullmatch(r"tutela: [^\n]+\n", ran.stderr), (command, ran.stderr)
        assert ran.stdout == "", command
    assert here.records("audit", "show") == before


def test_without_any_input_or_terminal_nobody_is_asked(here):
    here.ok("bank", "create", "rain", "--purpose", "test")
    for command, said in (
        ("delete rain", "--yes"),
        ("import rain - --type pdq", "no standard input"),
    ):
        line = f'"{sys.executable}" -m tutela bank {command} <&-'
        ran = subprocess.run(
            line, shell=True, capture_output=True, text=True, check=False, env=here.environment()
        )
        assert ran.returncode == 1 and said in ran.stderr, ran.stderr


def test_who_is_asked_may_say_no(here):
    here.ok("bank", "create", "rain", "--purpose", "test")
    for answer, code, left in (("n", 1, 1), ("", 1, 1), ("y", 0, 0)):
        script = (
            "import os, pty, sys\n"
            "pid, master = pty.fork()\n"
            "if not pid: os.execv(sys.executable, [sys.executable, '-m', 'tutela', 'bank',"
            " 'delete', 'rain'])\n"
            "text = b''\n"
            "while b'[y/N]' not in text: text += os.read(master, 1000)\n"
            f"os.write(master, {answer!r}.encode() + b'\\n')\n"
            "try:\n"
            "    while data := os.read(master, 1000): text += data\n"
            "except OSError: pass\n"
            "print(text.decode())\n"
            "sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False,
            timeout=60, env=here.environment(),
        )  # fmt: skip
        assert "Delete the bank rain with 0 signals?" in ran.stdout
        assert ran.returncode == code, (answer, ran.stdout, ran.stderr)
        assert len(here.records("bank", "list", "--containing", "rain")) == left


def test_a_near_value_is_not_told_apart_by_its_case(here):
    here.ok("bank", "create", "rain", "--purpose", "test")
    here.ok("bank", "import", "rain", "-", "--type", "pdq", given=value("a").upper().encode())
    (match,) = here.records("bank", "find", flipped(value("a"), [0]).upper())
    assert match["distance"] == 1
