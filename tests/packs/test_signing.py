"""Production waits for a named person to sign each rule that is not verified."""

from __future__ import annotations

import pytest

from packs.texts import HEAD, KEEP, KNOWN, REPORT, STATUTE, pack
from tutela.packs import packs, ready_for_production


def test_each_rule_that_is_unverified_and_unsigned_is_named_with_its_place():
    found = pack(REPORT.replace(KNOWN, STATUTE), KEEP)
    (fault,) = ready_for_production(found, {})
    assert (fault.line, fault.column) == (23, 5)
    assert fault.what == (
        "The rule bikes/office-evidence is not verified (2nd, as others read it), and nobody"
        " signed it."
    )
    assert found.rules[1].digest in fault.hint


def test_a_pack_whose_rules_are_verified_or_signed_is_ready():
    found = pack(REPORT.replace(KNOWN, STATUTE), KEEP)
    assert ready_for_production(found, {found.rules[1].digest: "A. Lawyer"}) == ()


@pytest.mark.parametrize("who", ["", "  "])
def test_a_signature_without_a_name_is_none(who):
    found = pack()
    assert len(ready_for_production(found, {one.digest: who for one in found.rules})) == 2


def test_an_edit_voids_a_signature():
    signed = {one.digest: "A. Lawyer" for one in pack().rules}
    assert ready_for_production(pack(), signed) == ()
    assert len(ready_for_production(pack(REPORT, KEEP.replace("P1Y", "P2Y")), signed)) == 1


def test_a_draft_is_never_ready():
    found = pack(head=HEAD.replace("in-force", "draft"))
    signed = {one.digest: "A. Lawyer" for one in found.rules}
    assert [one.what for one in ready_for_production(found, signed)] == [
        "The pack bikes is a draft."
    ]


def test_what_was_read_of_the_uk_by_others_must_be_signed():
    assert len(ready_for_production(packs()["uk"], {})) == len(packs()["uk"].rules)
