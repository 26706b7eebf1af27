"""Packs of a folder: what has a fault is not taken, and nothing good is lost by it."""

from __future__ import annotations

import pytest

from tutela import packs
from tutela.law import copies
from tutela.law.errors import NoSuchPack
from tutela.law.library import check, library, require_all
from tutela.law.options import Options
from tutela.packs import PackError

OWN = """\
format: "1"
pack: {name}
title: Bicycles
version: "1"
status: in-force
from: 2026-01-01
reviewed: 2026-11-01
countries: [GB]
zone: Europe/London
rules:
  - kind: basis
    id: bells
    of: bells
    grants: no
    legal_basis: Bells may ring
    why: {why}
    source: A bylaw of bicycles
    marker: M
    verified: no
    reviewed: 2026-11-01
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "bells.yaml").write_text(OWN.format(name="bells", why="They may."))
    return tmp_path


def test_packs_of_a_folder_join_those_of_the_program(own):
    options = Options(packs=("us", "bells"), folder=str(own))
    found = library(options)
    assert [one.name for one in found.in_use(options)] == ["us", "bells"] and not found.faults


def test_a_fault_names_its_place_and_the_rest_is_kept(own):
    (own / "rain.yaml").write_text(OWN.format(name="rain", why="It may.").replace("GB", "Rome"))
    found = library(Options(packs=("bells",), folder=str(own)))
    assert "rain" not in found.packs and "bells" in found.packs and not found.missing
    (fault,) = found.faults
    assert f"{own}/rain.yaml:8:13: There is no country Rome" in fault


def test_a_pack_that_was_good_stays_while_its_file_is_bad(own):
    options = Options(packs=("bells",), folder=str(own))
    before = library(options).packs["bells"]
    (own / "bells.yaml").write_text("format: rain")
    found = library(options)
    assert found.packs["bells"] == before and found.faults and not found.missing
    (own / "bells.yaml").write_text(OWN.format(name="bells", why="They must not."))
    assert library(options).packs["bells"].rules[0].why == "They must not."


@pytest.fixture
def kept(own, tmp_path_factory):
    """Where copies of that folder are kept."""
    data = tmp_path_factory.mktemp("data")
    copies.keep_in(str(own), data / "packs")
    return data / "packs"


def restart(monkeypatch):
    """What processes that start anew know."""
    monkeypatch.setattr(copies, "_known", {})


@pytest.mark.parametrize("harm", ["fault", "too large", "unreadable"])
def test_a_pack_that_was_good_outlives_a_restart(own, kept, monkeypatch, harm):
    """Its last good copy lies in the data directory, for its user alone."""
    options = Options(packs=("bells",), folder=str(own))
    before = library(options).packs["bells"]
    (copy,) = kept.iterdir()
    assert copy.stat().st_mode & 0o777 == 0o600 and kept.stat().st_mode & 0o777 == 0o700
    file = own / "bells.yaml"
    if harm == "unreadable":
        file.unlink()
        file.mkdir()
    else:
        file.write_text("format: rain" if harm == "fault" else "#" * (2 << 20))
    restart(monkeypatch)
    found = library(options)
    assert found.packs["bells"] == before and not found.missing
    assert list(found.broken) == [str(file)] and len(found.faults) == 1
    require_all(options)


def test_of_each_file_the_last_good_copy_is_kept(own, kept, monkeypatch):
    options = Options(packs=("bells",), folder=str(own))
    library(options)
    (own / "bells.yaml").write_text(OWN.format(name="bells", why="They must not."))
    library(options)
    assert len(list(kept.iterdir())) == 1
    (own / "bells.yaml").write_text("")
    restart(monkeypatch)
    assert library(options).packs["bells"].rules[0].why == "They must not."


def test_a_copy_that_is_not_as_it_was_written_is_none(own, kept, monkeypatch):
    """Then nothing is better than something else."""
    options = Options(packs=("bells",), folder=str(own))
    library(options)
    (copy,) = kept.iterdir()
    copy.write_text(OWN.format(name="bells", why="They must ring."))
    (own / "bells.yaml").write_text("")
    restart(monkeypatch)
    assert library(options).missing == ("bells",)


def test_where_no_copy_can_be_kept_it_is_said(own, kept):
    kept.write_text("no folder")
    (fault,) = library(Options(packs=("bells",), folder=str(own))).faults
    assert "No copy of the pack" in fault


def test_what_never_was_good_is_refused_with_its_place(own, monkeypatch):
    """Nothing runs by laws of which one is not there."""
    (own / "bells.yaml").write_text(OWN.format(name="bells", why="They may.").replace("GB", "Rome"))
    restart(monkeypatch)
    with pytest.raises(NoSuchPack, match=r"bells\.yaml:8:13: There is no country Rome") as refused:
        require_all(Options(packs=("us", "bells"), folder=str(own)))
    assert "tutela pack check" in (refused.value.hint or "")
    with pytest.raises(NoSuchPack, match="names rain"):
        require_all(Options(packs=("rain",)))


def test_none_takes_the_place_of_a_pack_of_the_program(own):
    (own / "us.yaml").write_text(OWN.format(name="us", why="They may."))
    found = library(Options(folder=str(own)))
    assert found.packs["us"] == packs.packs()["us"]
    assert "The pack us is in us.yaml already" in found.faults[0]


def test_what_cannot_be_had_is_missing(tmp_path):
    found = library(Options(packs=("us", "bells"), folder=str(tmp_path / "nowhere")))
    assert found.missing == ("bells",)
    assert len(found.faults) == 2 and "is not there" in found.faults[0]


def test_a_file_is_checked_with_those_it_extends(own):
    file = own / "more.yaml"
    text = OWN.format(name="more", why="They may.").replace("rules:", "extends: us\nrules:")
    file.write_text(text)
    assert len(check(file).rules) == len(packs.packs()["us"].rules) + 1
    file.write_text(text.replace("extends: us", "extends: mars"))
    with pytest.raises(PackError, match=r"more\.yaml:10:10: There is no pack mars"):
        check(file)


@pytest.mark.parametrize("wrong", [
    {"established": "Rome"}, {"kinds": ("bicycle",)}, {"serves": ("none",)}, {"under": ("Rome",)},
    {"packs": ("No Such",)}, {"measures": ("A B",)}, {"own_hours": -1}, {"own_hours": 721},
])  # fmt: skip
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
