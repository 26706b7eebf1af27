"""docs/law-packs.md says all that a pack may say, and nothing that none may."""

from __future__ import annotations

import re
from pathlib import Path

from tutela.packs import differences, packs
from tutela.packs.clocks import STANDARDS
from tutela.packs.loading import KEYS
from tutela.packs.models import MARKERS
from tutela.packs.proving import PARTS, read_examples
from tutela.packs.reading import KEYS as SITUATION
from tutela.packs.rules import COMMON, OWN
from tutela.packs.vocabulary import FACTS, FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "law-packs.md").read_text()


def section(title: str) -> str:
    """What stands under a heading, without what stands under the next."""
    return re.split(r"^#+ ", PAGE.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def cells(title: str) -> dict[str, str]:
    """The rows of a section's tables: the first cell, and all that follows."""
    return dict(re.findall(r"^\| (.*?) \| ?(.*) ?\|$", section(title), re.MULTILINE))


def codes(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def named(title: str) -> set[str]:
    """Codes of the first cells of a section."""
    return {code for first in cells(title) for code in codes(first)}


def test_every_key_of_a_pack_is_documented():
    assert named("The file") == set(KEYS)


def test_every_key_of_a_rule_is_documented():
    assert set(COMMON) == {
        code for first in cells("Rules") for code in codes(first) if code not in OWN
    }


def test_every_kind_of_rule_is_documented_with_its_keys():
    for first, rest in cells("Rules").items():
        for kind in set(codes(first)) & set(OWN):
            assert set(OWN[kind]) <= set(codes(rest)), kind
            starred = set(re.findall(r"`(\w+)`\\\*", rest))
            assert starred == {key for key, needed in OWN[kind].items() if needed}, kind
    assert set(OWN) <= named("Rules")


def test_every_fact_is_documented_with_its_values():
    rows = {codes(first)[0]: set(codes(rest)) for first, rest in cells("Facts").items()
            if codes(first)}  # fmt: skip
    assert set(rows) == {*FACTS, "grade."}
    for name, fact in FACTS.items():
        assert set(fact.values) == rows[name], name


def test_every_field_is_documented():
    assert codes(section("Fields")) == list(FIELDS)


def test_every_term_in_words_is_documented():
    assert [codes(first)[0] for first in cells("Terms") if codes(first)] == list(STANDARDS)


def test_every_marker_is_documented():
    found = cells("What is verified, and who signs").items()
    rows = {codes(one)[0]: rest.strip() for one, rest in found if codes(one) != ["marker"]}
    assert rows == {str(marker): words for marker, words in MARKERS.items()}


def test_every_pack_is_documented_with_its_state():
    rows = {code: rest for first, rest in cells("The packs").items() for code in codes(first)}
    assert set(rows) == set(packs())
    for name, pack in packs().items():
        assert ("drafts" in rows[name]) is pack.is_draft, name


def test_every_key_of_an_example_is_documented():
    page = codes(section("Examples"))
    assert set(PARTS) <= set(page)
    shared = set(SITUATION) & set(FACTS)
    assert set(SITUATION) - shared <= set(page)


def test_the_example_of_the_page_is_one_of_the_packs():
    indented = re.findall(r"^    (.*)$", section("Examples"), re.MULTILINE)
    text = 'format: "1"\nexamples:\n' + "\n".join(indented) + "\n"
    (example,) = read_examples(text)
    assert differences(packs()["uk"], (example,)) == ()
