"""Packs that contradict each other are shown to a person, and nothing is resolved."""

from __future__ import annotations

from datetime import date, timedelta

from packs.texts import AT, HEAD, KEEP, REPORT, pack, situation
from tutela.packs import duties

DAY = date(2026, 11, 26)
BOATS = HEAD.replace("pack: bikes", "pack: boats")
MOST = KEEP.replace("at_least", "at_most").replace("filed", "aware")


def found(*packs, **given):
    return duties(packs, situation(**given), DAY)


def test_at_least_and_at_most_are_a_conflict_and_both_clocks_stay():
    outcome = found(pack(), pack(REPORT, MOST, head=BOATS), reported={"office": AT})
    (conflict,) = outcome.conflicts
    assert conflict.sort == "keep"
    assert conflict.rules == (("bikes", "office-evidence"), ("boats", "office-evidence"))
    assert conflict.what == (
        "bikes/office-evidence wants evidence kept at least P1Y, until 2027-11-27;"
        " boats/office-evidence wants it gone at most P1Y, by 2027-11-26."
    )
    assert len(outcome.keeps) == 2


def test_periods_that_fit_each_other_are_none():
    longer = MOST.replace("P1Y", "P2Y")
    outcome = found(pack(), pack(REPORT, longer, head=BOATS), reported={"office": AT})
    assert outcome.conflicts == ()


def test_what_is_kept_to_the_very_moment_at_which_it_must_be_gone_is_none():
    outcome = found(
        pack(), pack(REPORT, MOST, head=BOATS), at=AT + timedelta(days=1), reported={"office": AT}
    )
    assert outcome.keeps[0].until == outcome.keeps[1].until
    assert outcome.conflicts == ()


def test_periods_of_different_things_are_none():
    reference = MOST.replace("what: evidence", "what: reference")
    assert (
        found(pack(), pack(REPORT, reference, head=BOATS), reported={"office": AT}).conflicts == ()
    )


def test_while_a_moment_is_not_known_two_periods_may_contradict():
    outcome = found(pack(), pack(REPORT, MOST.replace("P1Y", "P9Y"), head=BOATS))
    assert [one.sort for one in outcome.conflicts] == ["keep"]


def test_two_duties_of_which_one_lets_the_other_fall_are_shown():
    shop = REPORT.replace("to: office", "to: shop").replace(
        "    fields", "    unless_reported: [office]\n    fields"
    )
    other = pack(shop, KEEP.replace("office", "shop"), head=BOATS)
    outcome = found(pack(), other)
    assert [one.to for one in outcome.duties] == ["office", "shop"]
    (conflict,) = outcome.conflicts
    assert (conflict.sort, conflict.rules) == (
        "duplicate", (("boats", "office"), ("bikes", "office")),
    )  # fmt: skip
    assert found(pack(), other, reported={"office": AT}).conflicts == ()
    assert found(pack(), other, reported={"shop": AT}).conflicts == ()


def test_danger_and_a_low_priority_contradict():
    assert [one.sort for one in found(pack(), danger=True, priority=3).conflicts] == ["danger"]
    assert found(pack(), danger=True, priority=1).conflicts == ()
    assert found(pack(), danger=False, priority=3).conflicts == ()
    assert found(pack(), danger=True).conflicts == ()
