"""The rule that every preset starts from."""

from __future__ import annotations

import pytest

from tutela.decoding import Cause, Fingerprint
from tutela.decoding.models import Note
from tutela.matching import Match
from tutela.screening import Verdict
from tutela.screening.service import judge
from tutela.signals import Signal


def match(kind: str, *, variant: str = "plain", quality: int | None = None, known=90) -> Match:
    signal = Signal(kind, "0", quality, variant)
    return Match(signal, 0, "known.jpg", Signal(kind, "0", known))


def found(cause: Cause | None = None, *notes: Note) -> Fingerprint:
    return Fingerprint(9, (), None, frozenset(notes), cause)


@pytest.mark.parametrize(
    ("matches", "verdict"),
    [
        ([], Verdict.ALLOW),
        ([match("sha256")], Verdict.BLOCK),
        ([match("sha1"), match("md5")], Verdict.BLOCK),
        ([match("md5")], Verdict.REVIEW),
        ([match("pdq", quality=50)], Verdict.BLOCK),
        ([match("pdq", quality=49)], Verdict.REVIEW),
        ([match("pdq", quality=90, known=49)], Verdict.REVIEW),
        ([match("pdq", quality=90, known=None)], Verdict.BLOCK),
        ([match("pdq", quality=90, variant="mirrored")], Verdict.REVIEW),
        ([match("pdq", quality=90, variant="mirrored"), match("sha256")], Verdict.BLOCK),
        ([match("crc32")], Verdict.REVIEW),
    ],
)
def test_only_certain_matches_block(matches, verdict):
    decision = judge(found(), tuple(matches), 50)
    assert decision.verdict is verdict
    assert decision.explanation
    assert (decision.match is not None) == bool(matches)


@pytest.mark.parametrize("cause", list(Cause))
def test_a_picture_that_could_not_be_seen_is_for_a_person(cause):
    nothing_to_see = {Cause.EMPTY, Cause.NOT_A_PICTURE, Cause.TOO_SMALL}
    expected = Verdict.ALLOW if cause in nothing_to_see else Verdict.REVIEW
    assert judge(found(cause), (), 50).verdict is expected


@pytest.mark.parametrize(
    ("note", "verdict"),
    [
        (Note.PARTIAL, Verdict.REVIEW),
        (Note.CUT_SHORT, Verdict.REVIEW),
        (Note.SAMPLED, Verdict.REVIEW),
        (Note.LOW_QUALITY, Verdict.ALLOW),
    ],
)
def test_a_picture_seen_in_part_is_for_a_person(note, verdict):
    assert judge(found(None, note), (), 50).verdict is verdict


def test_the_match_that_decided_is_named():
    nearest, certain = match("pdq", quality=90, variant="mirrored"), match("pdq", quality=90)
    assert judge(found(), (nearest, certain), 50).match is certain
