"""Files go only to whom a law pack in force names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tutela import packs
from tutela.bundles.errors import ReceiverRefused
from tutela.bundles.lawful import may_have_files
from tutela.packs import Outcome, Refusal
from tutela.packs.reading import situation
from tutela.policy import documents
from tutela.policy.reading import Reader

DAY = date(2026, 11, 26)
HERE = b"""
established: US
kinds: [electronic-communication]
incident: media
confirmed: person
danger: no
at: 2026-11-26T10:00:00Z
"""


def said(text: bytes = HERE, on: date = DAY) -> Outcome:
    of = situation(Reader(), documents.read(text))
    assert of is not None
    return packs.duties(packs.packs().values(), of, on)


def test_who_is_named_may_have_files_with_a_ground() -> None:
    """And the rule and its source are told."""
    found = may_have_files("ncmec", said())
    assert found.rule == "us/ncmec-content"
    assert found.ground and found.source


@pytest.mark.parametrize("authority", ["", "police-of-the-north", "nca"])
def test_who_is_not_named_gets_hashes_only(authority: str) -> None:
    """Whoever asks."""
    with pytest.raises(ReceiverRefused, match="No law pack"):
        may_have_files(authority, said())


def test_what_is_not_known_is_asked_for() -> None:
    """A rule that needs it does not hold until then."""
    with pytest.raises(ReceiverRefused) as caught:
        may_have_files("ncmec", said(HERE.replace(b"confirmed: person\n", b"")))
    assert "Did a person confirm it" in caught.value.hint


def test_why_files_may_not_go_is_told() -> None:
    """Where a pack says so."""
    reason = "The pack knows no ground."
    outcome = Outcome(refusals=(Refusal("us", "a-rule", "files", "ncmec", reason),))
    with pytest.raises(ReceiverRefused, match=reason):
        may_have_files("ncmec", outcome)


def test_a_pack_that_is_not_in_force_grants_nothing() -> None:
    """On that day."""
    with pytest.raises(ReceiverRefused):
        may_have_files("ncmec", said(on=date(1990, 1, 1)))


def test_a_rule_that_nobody_verified_must_be_signed() -> None:
    """Then it grants."""
    (named,) = [one for one in said().receivers if one.to == "ncmec"]
    doubted = replace(named, verified=False)
    with pytest.raises(ReceiverRefused, match="not verified"):
        may_have_files("ncmec", Outcome(receivers=(doubted,)))
    signed = replace(doubted, signed="Jo, counsel")
    assert may_have_files("ncmec", Outcome(receivers=(signed,))).ground == named.ground
