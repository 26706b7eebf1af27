"""The rule that every preset starts from."""

from __future__ import annotations

import pytest

from tutela.decoding import Cause, Fingerprint
from tutela.matching import Match
from tutela.screening import Verdict
from tutela.screening.service import judge
from tutela.signals import Signal


def match(kind: str, *, variant: str = "plain", quality: int | None = None, known=90) -> Match:
    return Match(Signal(kind, "0", quality, variant), 0, "known.jpg", known)


def found(cause: Cause | None = None) -> Fingerprint:
    return Fingerprint(9, (), None, frozenset(), cause)


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
        ([match("pdq", quality=90, known=None)], Verdict.REVIEW),
        ([match("pdq", quality=90, variant="mirrored")], Verdict.REVIEW),
        ([match("pdq", quality=90, variant="mirrored"), match("sha256")], Verdict.BLOCK),
    ],
)
def test_only_certain_matches_block(matches, verdict):
    given, explanation = judge(found(), tuple(matches))
    assert given is verdict
    assert explanation


@pytest.mark.parametrize("cause", list(Cause))
def test_a_picture_that_could_not_be_seen_is_for_a_person(cause):
    nothing_to_see = {Cause.EMPTY, Cause.NOT_A_PICTURE, Cause.TOO_SMALL}
    expected = Verdict.ALLOW if cause in nothing_to_see else Verdict.REVIEW
    assert judge(found(cause), ())[0] is expected
