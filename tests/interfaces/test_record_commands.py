"""`tutela record`, as who answers for compliance meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from installation import Installation


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new installation, for copies."""
    folder = tmp_path_factory.mktemp("records")
    Installation(folder).ok("init")
    return folder


@pytest.fixture
def here(fresh: Path, tmp_path: Path) -> Installation:
    shutil.copytree(fresh, tmp_path / "own")
    return Installation(tmp_path / "own")


def test_of_a_new_installation_performance_says_that_nothing_is_known(here):
    (found,) = here.records("record", "performance", "--since", "2031-01-01", "--by", "month")
    assert found["rows"] == [] and found["since"].startswith("2031-01-01T00:00:00")
    assert found["second"] == {"count": 0, "share": None, "kappa": None}
    assert "Cohen's kappa not to be told" in here.ok("record", "performance")
    here.refused("record", "performance", "--since", "yesterday")
    here.refused("record", "performance", "--by", "weather")


def test_documents_are_written_to_new_files_only(here, tmp_path):
    text = here.ok("record", "processing")
    assert text.startswith("# Record of processing activities") and "**[to fill]**" in text
    out = tmp_path / "dpia.md"
    assert "are to be filled in" in here.ok("record", "dpia", "--out", str(out))
    assert out.read_text().startswith("# Data protection impact assessment")
    here.refused("record", "dpia", "--out", str(out))
    plain = json.loads(here.ok("record", "processing", "--json"))
    assert plain["to_fill"] > 0 and plain["sections"][0]["title"] == "Controller"


def test_changes_are_listed_and_explained(here):
    here.ok("bank", "create", "weather", "--source", "partner", "--purpose", "known-csea")
    first, *_ = here.records("record", "changes")
    assert (first["act"], first["subject"], first["why"]) == ("bank.create", "bank:weather", "")
    (said,) = here.records("record", "explain", first["id"], "--why", "A new partner.")
    assert said["why"] == "A new partner."
    assert "A new partner." in here.ok("record", "changes")
    after = here.records("record", "changes", "--before", first["id"])
    assert first["id"] not in [one["id"] for one in after]
    here.refused("record", "explain", "log-99999", "--why", "Rain.")
    here.refused("record", "changes", "--before", "rain")


def test_with_nothing_drawn_nothing_waits(here):
    assert here.records("record", "samples", "--open") == []
    assert "probability" in here.ok("record", "samples")
    assert here.records("record", "second", "take") == [{"second": None}]
    here.refused("record", "second", "conclude", "7", "confirmed", "--why", "Rain.")
    here.refused("record", "second", "give-back", "7")
