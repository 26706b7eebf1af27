"""`tutela pack`, as who answers for what is reported meets it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from decisions.world import add
from installation import Installation

from tutela import settings
from tutela.app import App
from tutela.law import library
from tutela.screening.models import Decided

US = {
    "TUTELA_LAW__ESTABLISHED": "US", "TUTELA_LAW__KINDS": '["electronic-communication"]',
}  # fmt: skip


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new installation, for copies."""
    folder = tmp_path_factory.mktemp("law")
    Installation(folder).ok("init")
    return folder


@pytest.fixture
def here(fresh: Path, tmp_path: Path) -> Installation:
    shutil.copytree(fresh, tmp_path / "own")
    return Installation(tmp_path / "own")


def test_packs_are_listed_and_shown_with_what_waits_for_a_signature(here):
    rows = {one["pack"]: one for one in here.records("pack", "list")}
    assert {"us", "uk", "eu", "ca"} <= set(rows)
    assert rows["us"]["in_use"] and rows["us"]["unsigned"] == 2 and not rows["uk"]["in_use"]
    assert rows["ca"]["status"] == "draft" and rows["ca"]["unsigned"] == 0
    (shown,) = here.records("pack", "show", "us")
    assert {one["rule"] for one in shown["rules"] if not one["verified"]} == {
        "intimate-image", "take-it-down",
    }  # fmt: skip
    assert "NOT VERIFIED: from memory" in here.ok("pack", "show", "us")
    assert "2258A" in here.ok("pack", "list")
    here.refused("pack", "show", "weather")


def test_a_rule_is_signed_and_the_signature_withdrawn(here):
    (made,) = here.records("pack", "sign", "us", "take-it-down", "--why", "Read it.")
    assert made["by"].startswith("shell:") and made["digest"].startswith("sha256:")
    assert "Signed by shell:" in here.ok("pack", "show", "us")
    here.refused("pack", "sign", "us", "take-it-down", "--why", "Read it.")
    (gone,) = here.records("pack", "withdraw", "us", "take-it-down")
    assert gone["withdrawn"] == 1
    here.refused("pack", "withdraw", "us", "take-it-down")
    assert "law.sign" in here.ok("audit", "show", "--json")


def test_a_review_is_recorded(here):
    (made,) = here.records("pack", "reviewed", "uk", "matching", "--why", "Looked at each bank.")
    assert made["of"] == "matching"
    here.refused("pack", "reviewed", "us", "matching", "--why", "Looked.")


def test_a_pack_of_ones_own_is_checked_with_places(here):
    here.refused("pack", "check", here.folder / "nowhere.yaml")
    file = here.folder / "own.yaml"
    file.write_text("format: rain\n")
    ran = here.run("pack", "check", file)
    assert ran.returncode == 2 and f"{file}:1:9: format is never rain" in ran.stderr
    us = Path(library.DATA, "us.yaml").read_text()
    file.write_text(us.replace("pack: us", "pack: own"))
    (made,) = here.records("pack", "check", file)
    assert made["pack"] == "own" and made["rules"] > 5


def test_a_case_is_explained_with_what_is_not_known(here):
    with App.open(settings.load(here.environment())) as app:
        item = add(app.database, app.database.now(), "rider")
        with app.database.reading() as session:
            case = session.get_one(Decided, item).case_id
    said = here.ok("pack", "explain", case)
    assert "What is not known" in said and "In which country" not in said.split("\n")[0]
    (found,) = here.records("pack", "explain", case, **US)
    assert [one["to"] for one in found["duties"]] == ["ncmec"]
    assert found["duties"][0]["rule"] == "ncmec" and "danger" in {
        one["fact"] for one in found["asks"]
    }  # fmt: skip
    assert "ncmec: as soon as reasonably possible" in here.ok("pack", "explain", case, **US)
    here.refused("pack", "explain", "case_rain")
