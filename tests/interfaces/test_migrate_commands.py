"""`tutela migrate …`, as who moves here meets it: processes, and a stand-in for HMA."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from installation import fresh, here, lines

from tutela.testing.hma import Hma

__all__ = ["fresh", "here"]
ONE, TWO, THREE = "0f" * 32, "f0" * 32, "3c" * 32
TEST = "https://exttest.cybertip.org/hashsharing"


@pytest.fixture
def hma() -> Iterator[Hma]:
    with Hma() as server:
        server.bank("RAIN")
        server.bank("PART", 0.5)
        for value in (ONE, TWO):
            server.put("RAIN", {"pdq": value}, note="by the river")
        server.put("PART", {"pdq": ONE, "video_md5": "0" * 32})
        server.connect("EX_NCMEC", "ncmec", environment=TEST, only_esp_ids=[1])
        server.connect("EX_PRODUCTION", "fb_threatexchange", privacy_group=7)
        server.connect("EX_NONE", "infinite_random")
        yield server


def copying(hma: Hma, *more: str) -> tuple[str, ...]:
    return ("migrate", "hma", hma.url, "--private", "--gap", "10", "--rate", "0", *more)


def test_all_is_copied_and_compared(here, hma):
    told = here.records(*copying(hma, "--purpose", "RAIN=known-csea", "--dry-run"))
    assert here.ok("migrate", "ids") == "old,new,bank\n"
    again = here.records(*copying(hma, "--purpose", "RAIN=known-csea"))
    assert again == told
    banks = {one["name"]: one for one in told if "purpose" in one}
    assert banks["RAIN"]["copied"] == 2 and banks["RAIN"]["purpose"] == "known-csea"
    assert banks["PART"]["purpose"] == "test" and banks["EX_NCMEC"]["why"]
    exchanges = {one["exchange"]: one["what"] for one in told if "exchange" in one}
    assert exchanges["EX_NCMEC"] == "copied" and "hma.environment" in exchanges["EX_PRODUCTION"]
    assert "none of a partner here" in exchanges["EX_NONE"]
    (shown,) = lines(here.ok("exchange", "show", "ex_ncmec", "--json"))
    assert shown["state"] == "no secrets" and shown["config"]["environment"] == "test"
    rows = list(csv.DictReader(here.ok("migrate", "ids").splitlines()))
    assert [(row["old"], row["bank"]) for row in rows] == [
        ("1", "RAIN"), ("2", "RAIN"), ("3", "PART")
    ]  # fmt: skip
    assert here.records("migrate", "ids", "--after", "2")[0]["new"] == int(rows[2]["new"])
    said = here.ok(*copying(hma))
    assert "tutela exchange secrets" not in said and "Exchange EX_NCMEC: known" in said
    compare = ("migrate", "compare", hma.url, "--private", "--rate", "0")
    assert here.ok(*compare) == ""
    hma.remove(2)
    ran = here.run(*compare, "--json")
    assert ran.returncode == 1 and "3 values were asked for; 1 are not" in ran.stderr
    assert lines(ran.stdout) == [{
        "signal_type": "pdq", "value": TWO, "bank": "RAIN", "what": "only-here",
        "here": int(rows[1]["new"]), "there": 2, "distance": "0",
    }]  # fmt: skip
    asked = here.folder / "values.txt"
    asked.write_text(f"{THREE}\n\nmd5 {'0' * 32}\npdq,{ONE.upper()}\n")
    assert here.run(*compare, "--file", asked).returncode == 0
    assert "bank=RAIN what=only-here" in here.run(*compare, "--bank", "rain").stdout
    assert here.ok("migrate", "differences") == ""
    assert here.ok("audit", "show", "--json").count('"migrate.hma"') == 2


def test_what_is_wrong_is_said(here, hma):
    url = hma.url
    assert "Name one HMA" in here.refused("migrate", "hma")
    assert "--private" in here.refused("migrate", "hma", url)
    assert "PURPOSE" in here.refused(*copying(hma, "--purpose", "RAIN"))
    assert "not a purpose" in here.refused(*copying(hma, "--purpose", "RAIN=fun"))
    assert "no bank 'SNOW'" in here.refused(*copying(hma, "--join", "SNOW"))
    assert "Nothing was copied" in here.refused("migrate", "compare", url, "--private")
    bad = here.folder / "bad.txt"
    bad.write_text("rain\n")
    assert "Line 1" in here.refused("migrate", "compare", url, "--private", "--file", bad)
    assert "cannot be read" in here.refused(
        "migrate", "hma", "--database", "postgresql://nobody@127.0.0.1:1/none"
    )
    hma.misbehave("truncated", times=3)
    assert "no JSON" in here.refused(*copying(hma))
    hma.misbehave("unavailable", times=4)
    said = here.refused(*copying(hma))
    assert "run the same command" in said and "by itself" not in said
    key = here.key("anna", "banks:read")
    assert "admin" in here.refused(*copying(hma), TUTELA_KEY=key)


def test_the_test_server_runs_and_is_moved_from(here):
    command = [sys.executable, "-m", "tutela", "testserver", "hma", "--port", "0",
               "--entries", "20"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while "^C" not in said:
            said += process.stdout.readline()
        found = re.search(r"address +(http://127\.0\.0\.1:[0-9]+)\n", said)
        assert found is not None and "NOT theirs" in said
        told = here.records("migrate", "hma", found[1], "--private", "--gap", "5")
        assert json.dumps(told).count('"copied": 20') == 1
        process.send_signal(signal.SIGINT)
        assert "Stopped by SIGINT" in process.stdout.read()
    assert process.returncode == 0
