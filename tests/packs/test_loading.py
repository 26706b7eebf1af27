"""A lawyer makes a mistake in a pack: is told where, what, and what to write instead.

Each pack in `faults` has one mistake, or some; the text beside it is all that is said of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from packs.texts import HEAD, KEEP, KNOWN, REPORT, STATUTE, pack, text, when
from tutela.packs import PackError, load, load_all

FAULTS = Path(__file__).parent / "faults"
PACKS = sorted(FAULTS.glob("*.yaml"))


def told(text: str | bytes, name: str = "pack.yaml") -> str:
    with pytest.raises(PackError) as caught:
        load(text, name)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("file", PACKS, ids=lambda file: file.stem)
def test_each_fault_is_told_with_place_and_hint(file):
    assert told(file.read_bytes(), file.name) + "\n" == file.with_suffix(".txt").read_text()


def test_every_text_has_its_pack():
    assert {f.stem for f in FAULTS.glob("*.txt")} == {f.stem for f in PACKS}
    assert len(PACKS) >= 30


@pytest.mark.parametrize("file", PACKS, ids=lambda file: file.stem)
def test_places_are_the_same_with_windows_line_ends_and_a_byte_order_mark(file):
    text = b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n")
    assert told(text, file.name) + "\n" == file.with_suffix(".txt").read_text()


def test_the_smallest_pack_loads_whole():
    found = pack()
    assert (found.name, found.version, found.status) == ("bikes", "1", "in-force")
    assert [one.id for one in found.rules] == ["office", "office-evidence"]
    assert [one.kind for one in found.rules] == ["report", "keep"]


def test_what_is_verified_names_the_statute_where_it_is_published():
    found = pack(REPORT.replace(KNOWN, STATUTE), KEEP)
    assert [one.verified for one in found.rules] == [True, False]


def test_rules_for_one_thing_may_exclude_each_other_by_a_fact():
    one = when(REPORT, "{established: [IS]}")
    other = when(REPORT.replace("id: office", "id: abroad"), "{established: [elsewhere]}")
    assert len(pack(one, other, KEEP).rules) == 3


def test_elsewhere_is_every_country_but_those_of_the_pack():
    found = pack(
        when(REPORT, "{established: [elsewhere]}"), KEEP, head=HEAD.replace("[IS]", "[IS, EU]")
    )
    countries = found.rules[0].when["established"]
    assert "GB" in countries and not {"IS", "FR", "elsewhere"} & set(countries)


def test_rules_for_one_thing_may_follow_each_other():
    one = REPORT.replace("    why", "    until: 2026-06-30\n    why")
    other = REPORT.replace("id: office", "id: new").replace(
        "    why", "    from: 2026-07-01\n    why"
    )
    assert len(pack(one, other, KEEP).rules) == 3


def test_rules_for_one_thing_may_stand_in_any_order():
    one = REPORT.replace("    why", "    until: 2026-06-30\n    why")
    other = REPORT.replace("id: office", "id: new").replace(
        "    why", "    from: 2026-07-01\n    why"
    )
    assert len(pack(other, one, KEEP).rules) == 3


def test_a_service_can_be_two_kinds_so_two_rules_for_them_are_for_one_thing():
    one = when(REPORT, "{kinds: [hosting]}")
    other = when(REPORT.replace("id: office", "id: search"), "{kinds: [search]}")
    assert "Two rules are for one thing" in told(text(one, other, KEEP))


def test_the_digest_is_that_of_what_is_said():
    """Comments, line breaks and the order of keys do not count; each word does."""

    def digest(rule: str, **given: str) -> str:
        return pack(rule, KEEP, **given).rules[0].digest

    first = digest(REPORT)
    assert first.startswith("sha256:") and len(first) == 71
    moved = REPORT.replace("    to: office\n", "").replace("    must", "    to: office\n    must")
    same = [
        REPORT.replace("to: office", "to:   office  # in the yard"),
        REPORT.replace("So that it is found.", ">-\n      So that\n      it is found.\n"),
        moved,
    ]
    assert {digest(one) for one in same} == {first}
    others = [
        REPORT.replace("So that it is found.", "So that it is lost."),
        REPORT.replace("PT24H", "PT25H"),
        REPORT.replace("Bicycles Act, s. 1", "Bicycles Act, s. 2"),
        REPORT.replace("reviewed: 2026-11-26", "reviewed: 2026-11-25"),
        when(REPORT, "{channel: [public]}"),
        REPORT.replace("    why", "    notes: [Ring the bell.]\n    why"),
    ]
    digests = {digest(one) for one in others}
    digests.add(digest(REPORT, head=HEAD.replace("pack: bikes", "pack: boats")))
    digests.add(digest(REPORT, head=HEAD.replace("Atlantic/Reykjavik", "Europe/London")))
    digests.add(digest(REPORT, head=HEAD.replace("[IS]", "[IS, FO]")))
    assert len(digests | {first}) == len(others) + 4


CHILD = HEAD.replace("pack: bikes", "pack: north") + "extends: bikes\n"


def test_a_pack_has_the_rules_of_what_it_extends_and_may_replace_them():
    stricter = REPORT.replace("PT24H", "PT12H")
    _, north = load_all({"bikes.yaml": text(), "north.yaml": text(stricter, head=CHILD)})
    assert [(one.pack, one.id) for one in north.rules] == [
        ("bikes", "office-evidence"), ("north", "office"),
    ]  # fmt: skip


def test_packs_may_be_read_in_any_order():
    given = {"north.yaml": text(REPORT, head=CHILD), "bikes.yaml": text()}
    assert [one.name for one in load_all(given)] == ["north", "bikes"]


def test_a_circle_of_packs_is_told():
    given = {
        "bikes.yaml": text(head=HEAD + "extends: north\n"),
        "north.yaml": text(head=CHILD),
    }
    with pytest.raises(PackError, match=r"north.yaml:10:10: This is a circle: bikes extends north"):
        load_all(given)


def test_two_files_may_not_be_one_pack():
    with pytest.raises(PackError, match=r"b.yaml:2:7: The pack bikes is in a.yaml already."):
        load_all({"a.yaml": text(), "b.yaml": text()})


def test_what_extends_a_draft_is_a_draft():
    draft = text(head=HEAD.replace("in-force", "draft"))
    with pytest.raises(PackError, match=r"north.yaml:5:9: The pack bikes is a draft."):
        load_all({"bikes.yaml": draft, "north.yaml": text(head=CHILD)})


def test_a_rule_that_is_inherited_and_one_for_the_same_thing_are_two():
    other = KEEP.replace("id: office-evidence", "id: longer")
    with pytest.raises(PackError, match=r"north.yaml:12:5: Two rules are for one thing"):
        load_all({"bikes.yaml": text(), "north.yaml": text(other, head=CHILD)})


def test_a_gap_that_a_pack_makes_in_what_it_extends_is_placed_where_it_begins():
    shop = REPORT.replace("id: office", "id: shop").replace("to: office", "to: shop")
    keep = KEEP.replace("for: office", "for: shop")
    with pytest.raises(PackError, match=r"north.yaml:1:1: Nothing says how long what office is"):
        load_all({"bikes.yaml": text(), "north.yaml": text(shop, keep, head=CHILD)})


def test_a_pack_has_no_more_rules_than_a_lawyer_reads():
    support = "  - kind: support\n    id: r{0}\n    country: IS\n    route: Bell {0}\n" + KNOWN
    rules = [support.format(number) for number in range(201)]
    assert told(text(*rules)) == "pack.yaml:1811:5: There are more than 200 rules."
