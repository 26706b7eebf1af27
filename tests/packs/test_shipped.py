"""The packs that come with this program: what they are, and that their examples hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from packs.texts import text
from tutela.packs import PackError, differences, examples, packs, shipped
from tutela.packs.models import Marker
from tutela.packs.vocabulary import names_statute

FILES = sorted(shipped.DATA.glob("*.yaml"))


def test_three_are_in_force_and_five_are_drafts():
    assert {name for name, pack in packs().items() if not pack.is_draft} == {"us", "uk", "eu"}
    assert {name for name, pack in packs().items() if pack.is_draft} == {
        "ca", "au", "ph", "in", "jp",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(packs()))
def test_each_pack_says_what_its_examples_say(name):
    given = examples(packs()[name])
    assert given
    assert differences(packs()[name], given) == ()


@pytest.mark.parametrize("name", sorted(packs()))
def test_a_pack_is_called_as_its_file(name):
    assert packs()[name].place == f"{name}.yaml"


def test_each_rule_is_in_an_example():
    """Of packs in force, each rule changes what an example says."""
    for pack in packs().values():
        if pack.is_draft:
            continue
        for rule in pack.rules:
            rest = tuple(one for one in pack.rules if one is not rule)
            without = type(pack)(
                **{key: getattr(pack, key) for key in pack.__slots__} | {"rules": rest}
            )
            silent = rule.thing[-1] == "says"  # such a rule decides nothing
            assert silent or differences(without, examples(pack)), (pack.name, rule.id)


def test_what_is_verified_was_read_in_the_statute():
    for pack in packs().values():
        for rule in pack.rules:
            assert not rule.verified or rule.marker is Marker.VERIFIED, rule.id
            assert not rule.verified or names_statute(rule.source), rule.id
            assert not (pack.is_draft and rule.verified), rule.id


def test_the_uk_is_known_as_others_read_it_so_nothing_of_it_is_verified():
    """Of SI 2026/268 the official text is yet to be obtained."""
    assert not any(rule.verified for rule in packs()["uk"].rules)


def test_us_law_says_that_there_is_no_duty_to_search():
    (rule,) = [one for one in packs()["us"].rules if one.id == "no-duty-to-search"]
    assert "2258A(f)" in rule.source and rule.verified


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_category_of_an_authority_is_named(file):
    """Packs use neutral codes and numbers of sections; names are the authority's module's."""
    said = file.read_text().lower()
    assert not re.search(r"\bcsa[me]?\b|\bcsea\b|porn|sex", said)


def test_a_pack_without_examples_is_told(tmp_path: Path):
    (tmp_path / "bikes.yaml").write_text(text())
    (pack,) = shipped.in_folder(tmp_path)
    with pytest.raises(PackError, match=r"bikes.examples.yaml:1:1: This cannot be read"):
        examples(pack, tmp_path)


def test_a_folder_of_packs_is_read_whole_and_tells_the_file_of_a_fault(tmp_path: Path):
    (tmp_path / "a.yaml").write_text(text())
    boats = text().replace("pack: bikes", "pack: boats").replace("P1Y", "P0Y")
    (tmp_path / "b.yaml").write_text(boats)
    with pytest.raises(PackError, match=r"^b.yaml:28:15: at_least cannot be P0Y"):
        shipped.in_folder(tmp_path)
