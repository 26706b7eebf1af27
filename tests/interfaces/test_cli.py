"""The command as its user meets it: a process, files, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import commands
import pytest
from made import bombs
from PIL import Image, ImageOps


def tutela(*arguments: str | bytes | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    ran = commands.run(arguments, {**os.environ, **environment})
    out, err = (text.decode(errors="replace") for text in (ran.stdout, ran.stderr))
    return subprocess.CompletedProcess(ran.args, ran.returncode, out, err)


def records(ran: subprocess.CompletedProcess[str]) -> list[dict]:
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.fixture(scope="module")
def known(photos, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("known")
    for path in photos[:3]:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_the_demonstration_finds_every_altered_copy(photos):
    ran = tutela("demo", "--json")
    assert ran.returncode == 0, ran.stderr
    by_alteration: dict[str, set[str]] = {}
    *answers, kept, filed = records(ran)
    assert kept["whole"] and kept["audit_whole"]
    assert kept["items"] == sum(bool(answer["matches"]) for answer in answers)
    for record in answers:
        by_alteration.setdefault(record["alteration"], set()).add(record["verdict"])
    assert by_alteration.pop("another picture") == {"allow"}
    assert by_alteration["unchanged"] == {"block"}
    assert all("allow" not in verdicts for verdicts in by_alteration.values())
    assert len(by_alteration) >= 8
    assert (filed["finished"], filed["left_open"], filed["files"]) == (1, 0, 1)
    assert filed["case_closed"] == "reported" and filed["test_server"] is True


def test_the_demonstration_is_a_table_for_people(photos):
    ran = tutela("demo")
    assert ran.returncode == 0
    for word in ("file", "alteration", "verdict", "distance", "variant", "ms", "mirrored"):
        assert word in ran.stdout
    assert "Receipt" in ran.stdout and "not the authority's" in ran.stdout


def test_screening_tells_known_altered_and_other_files_apart(photos, known, tmp_path):
    copy, mirrored, other = (tmp_path / f"{n}.png" for n in ("copy", "mirrored", "other"))
    copy.write_bytes(photos[0].read_bytes())
    with Image.open(photos[1]) as image:
        ImageOps.mirror(image.convert("RGB")).save(mirrored)
    other.write_bytes(photos[9].read_bytes())
    ran = tutela("screen", copy, mirrored, other, "--against", known, "--json")
    assert ran.returncode == 0, ran.stderr
    verdicts = [
        (r["verdict"], r["matches"][0]["variant"] if r["matches"] else None) for r in records(ran)
    ]
    assert verdicts == [("block", "plain"), ("review", "mirrored"), ("allow", None)]


def test_an_unreadable_file_does_not_stop_the_others(known, photos, tmp_path):
    ran = tutela(
        "screen", tmp_path / "absent.jpg", tmp_path, photos[0], "--against", known, "--json"
    )
    assert ran.returncode == 1
    assert [r.get("verdict") for r in records(ran)] == [None, None, "block"]
    assert "error" in records(ran)[0]
    assert "absent.jpg: cannot be read: No such file" in ran.stderr
    assert "not a file" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_picture_that_cannot_be_seen_is_for_a_person(known, tmp_path):
    claimed = tmp_path / "claimed.png"
    claimed.write_bytes(bombs.claimed_png(50_000, 50_000))
    ran = tutela("screen", claimed, "--against", known, "--json")
    (record,) = records(ran)
    assert (record["verdict"], record["undecodable"]) == ("review", "too_many_pixels")
    assert {s["type"] for s in record["signals"]} == {"md5", "sha1", "sha256"}


def test_a_name_that_is_not_utf8_is_shown_and_screened(known, photos, tmp_path):
    odd = os.fsencode(tmp_path) + b"/caf\xe9\x1b[31m\n.jpg"
    Path(os.fsdecode(odd)).write_bytes(photos[0].read_bytes())
    for as_json in (["--json"], []):
        ran = tutela("screen", odd, "--against", known, *as_json)
        assert ran.returncode == 0, ran.stderr
        assert "\x1b[31m" not in ran.stdout, "a file name must not command the terminal"
        assert "block" in ran.stdout
    (record,) = records(tutela("screen", odd, "--against", known, "--json"))
    assert record["file"].endswith("/caf\\xe9\\x1b[31m\\n.jpg")


def test_a_name_with_markup_is_only_a_name(known, photos, tmp_path):
    odd = tmp_path / "[bold]x[red].jpg"
    odd.write_bytes(photos[0].read_bytes())
    ran = tutela("screen", odd, "--against", known)
    assert ran.returncode == 0, ran.stderr
    assert "[bold]x[red].jpg" in ran.stdout.replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["screen"], 2, "FILE"),
        (["screen", "x", "--against", "/nowhere"], 2, "does not exist"),
        (["screen", "x", "--against", "{empty}"], 1, "can be known by the signal types"),
        (["screen", "x", "--against", "{empty}", "--distance", "300"], 2, "256"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_wrong_use_says_what_to_do(tmp_path, arguments, code, said):
    ran = tutela(*[a.format(empty=tmp_path) for a in arguments])
    assert (ran.returncode, said in ran.stderr) == (code, True), ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_link_in_the_folder_of_known_files_is_not_followed(photos, tmp_path):
    known = tmp_path / "known"
    known.mkdir()
    (known / "one.png").write_bytes(photos[0].read_bytes())
    (known / "link.png").symlink_to(photos[1])
    os.mkfifo(known / "pipe")
    ran = tutela("screen", photos[1], "--against", known, "--json")
    assert [r["verdict"] for r in records(ran)] == ["allow"]


def test_flat_pictures_do_not_match_one_another(tmp_path):
    known = tmp_path / "known"
    known.mkdir()
    Image.new("RGB", (300, 300), "grey").save(known / "grey.png")
    Image.new("RGB", (300, 300), "white").save(tmp_path / "white.png")
    ran = tutela("screen", tmp_path / "white.png", "--against", known, "--json")
    assert "too flat" in ran.stderr
    assert [r["verdict"] for r in records(ran)] == ["allow"]


def test_the_selftest_is_well_here():
    ran = tutela("selftest", "--json")
    assert ran.returncode == 0, ran.stdout
    checks = {r["check"]: r["ok"] for r in records(ran)}
    assert checks["kernel answer"] and checks["decoder"]


def test_the_numpy_fallback_screens_alike(known, photos):
    compiled = tutela("screen", photos[1], "--against", known, "--json")
    fallback = tutela("screen", photos[1], "--against", known, "--json", TUTELA_NATIVE="0")
    one, other = records(compiled)[0], records(fallback)[0]
    assert one["signals"] == other["signals"]
    assert "numpy" in tutela("selftest", TUTELA_NATIVE="0").stdout


def test_a_reader_that_goes_away_is_not_an_error(known, photos):
    command = f'"{sys.executable}" -m tutela screen "{photos[0]}" --against "{known}" --json | true'
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in ran.stderr


def test_a_wrong_setting_is_named_with_its_place(known, photos, tmp_path):
    config = tmp_path / "tutela.toml"
    for text, said in (
        ("[decoding.limits]\nmax_pixels = -5\n", "max_pixels"),
        ("[decoding]\nprocesess = 2\n", "procesess"),
        ('[signals]\nvariants = ["sideways"]\n', "sideways"),
        ('[signals]\ntypes = ["nope"]\n', "nope"),
        ("[decoding\n", "not valid TOML"),
    ):
        config.write_text(text)
        ran = tutela("screen", photos[0], "--against", known, TUTELA_CONFIG=str(config))
        assert ran.returncode == 2, text
        assert str(config) in ran.stderr and said in ran.stderr and "Traceback" not in ran.stderr, (
            ran.stderr
        )
    ran = tutela("selftest", TUTELA_CONFIG=str(tmp_path / "absent.toml"))
    assert ran.returncode == 2 and "cannot be read: No such file" in ran.stderr


def test_settings_come_from_file_and_environment(known, photos, tmp_path):
    config = tmp_path / "tutela.toml"
    config.write_text('[signals]\ntypes = ["md5", "pdq"]\nvariants = []\n')
    ran = tutela("screen", photos[0], "--against", known, "--json", TUTELA_CONFIG=str(config))
    assert [s["type"] for s in records(ran)[0]["signals"]] == ["md5", "pdq"]
    ran = tutela(
        "screen", photos[0], "--against", known, "--json",
        TUTELA_CONFIG=str(config), TUTELA_DECODING__LIMITS__MAX_PIXELS="10",
    )  # fmt: skip
    assert records(ran)[0]["undecodable"] == "too_many_pixels"


def test_what_the_environment_may_say(known, photos):
    """The forms of docs/settings.md; and a name that is none is refused, not passed over."""
    fine = {
        "TUTELA_SIGNALS__VARIANTS": '["upright", "mirrored", "trimmed"]',
        "TUTELA_SIGNALS__TYPES": '["sha256", "pdq"]',
        "TUTELA_SIGNALS__FULL_DECODE": "true",
        "TUTELA_DECODING__PROCESSES": "1",
        "PROCESSES": "abc",
    }
    ran = tutela("screen", photos[0], "--against", known, "--json", **fine)
    assert ran.returncode == 0, ran.stderr
    assert {s["variant"] for s in records(ran)[0]["signals"]} == {"plain", "mirrored"}
    for name, value, said in (
        ("TUTELA_DECODNG__PROCESSES", "1", "TUTELA_DECODNG__PROCESSES: decodng.processes is not"),
        ("TUTELA_DECODING__PROCESSES", "abc", "must be a whole number"),
        ("TUTELA_DECODING__PROCESSES", "true", "must be a whole number"),
        ("TUTELA_SIGNALS__TYPES", "pdq", "must be a list of texts"),
        ("TUTELA_SIGNALS__FULL_DECODE", "yes", "must be true or false"),
        ("TUTELA_SIGNALS", "1", "signals is not a setting"),
    ):
        ran = tutela("selftest", **{name: value})
        assert ran.returncode == 2 and said in ran.stderr, ran.stderr


def test_an_empty_known_file_does_not_block_every_empty_upload(photos, tmp_path):
    known = tmp_path / "known"
    known.mkdir()
    (known / "empty").touch()
    (known / "one.png").write_bytes(photos[0].read_bytes())
    (tmp_path / "upload").touch()
    ran = tutela("screen", tmp_path / "upload", "--against", known, "--json")
    assert [r["verdict"] for r in records(ran)] == ["allow"]
    assert "empty: The file has no bytes" in ran.stderr


def test_the_table_names_the_known_file(known, photos):
    ran = tutela("screen", photos[1], "--against", known)
    assert str(known / photos[1].name) in ran.stdout


def test_output_that_cannot_be_written_is_said(known, photos):
    base = f'"{sys.executable}" -m tutela screen "{photos[0]}" --against "{known}"'
    for options in ("", " --json"):
        full = subprocess.run(
            f"{base}{options} > /dev/full", shell=True, capture_output=True, text=True, check=False
        )
        assert full.returncode == 1 and "cannot be written: No space" in full.stderr, full.stderr
        closed = subprocess.run(
            f"{base}{options} >&-", shell=True, capture_output=True, text=True, check=False
        )
        assert closed.returncode == 1 and "no standard output" in closed.stderr, closed.stderr
    absent = f'"{sys.executable}" -m tutela screen /nowhere --against "{known}" --json 2>&-'
    ran = subprocess.run(absent, shell=True, capture_output=True, text=True, check=False)
    assert [set(r) for r in records(ran)] == [{"file", "error"}]


def test_a_terminal_without_all_letters_shows_escapes(known, photos, tmp_path):
    path = tmp_path / "é.png"
    path.write_bytes(photos[0].read_bytes())
    ran = tutela("screen", path, "--against", known, PYTHONIOENCODING="ascii")
    assert ran.returncode == 0 and "\\xe9.png" in ran.stdout, ran.stderr


def test_settings_in_a_strangers_folder_are_not_obeyed(known, photos, tmp_path):
    (tmp_path / "tutela.toml").write_text('[signals]\ntypes = ["md5"]\n')
    command = [sys.executable, "-m", "tutela", "screen", photos[0], "--against", known, "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "pdq" in {s["type"] for s in records(ran)[0]["signals"]}


def test_a_pipe_for_settings_is_refused_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "tutela.toml")
    ran = tutela("selftest", TUTELA_CONFIG=str(tmp_path / "tutela.toml"))
    assert ran.returncode == 2 and "not a file" in ran.stderr


def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path):
    from tutela.screening.files import NotAFileError, open_regular

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(NotAFileError):
            open_regular(path)
    with pytest.raises(OSError, match="no file can have this name"):
        open_regular(Path("rain\0.png"))


def test_a_file_that_vanishes_from_the_known_folder_is_named(tmp_path, monkeypatch):
    from tutela.screening.files import regular_files

    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"fog")
    complaints = []
    walk = regular_files(tmp_path, lambda name, why: complaints.append((Path(name).name, why)))
    assert next(walk).name == "a.png"
    (tmp_path / "b.png").unlink()
    assert list(walk) == []
    assert complaints == [("b.png", "cannot be read: No such file or directory.")]


def test_selftest_finds_the_test_picture_in_the_banks(tmp_path, monkeypatch):
    monkeypatch.setenv("TUTELA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TUTELA_KEYS", str(tmp_path / "keys"))
    before = {line["check"]: line for line in records(tutela("selftest", "--json"))}
    assert not before["installation"]["ok"] and "tutela init" in before["installation"]["text"]
    assert tutela("init").returncode == 0
    ran = tutela("selftest", "--json")
    after = {line["check"]: line for line in records(ran)}
    assert ran.returncode == 0 and after["banks"]["ok"], ran.stdout
