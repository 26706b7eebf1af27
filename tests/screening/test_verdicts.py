"""What every preset says of a file, through the parts that a screened file passes."""

from __future__ import annotations

import pytest

from tutela.decoding import Cause, Fingerprint
from tutela.decoding.models import Note
from tutela.matching import Match
from tutela.policy import presets
from tutela.screening import Screener, Verdict
from tutela.screening.judging import Given
from tutela.signals import Signal


def match(kind: str, *, variant: str = "plain", quality: int | None = None, known=90) -> Match:
    signal = Signal(kind, "0", quality, variant)
    return Match(signal, 0, "known.jpg", Signal(kind, "0", known))


def found(cause: Cause | None = None, *notes: Note) -> Fingerprint:
    return Fingerprint(9, (), None, frozenset(notes), cause)


@pytest.fixture(scope="module", params=list(presets.PRESETS))
def screener(request, pool):
    from tutela.policy import load

    policy = load(presets.render(request.param, "GB"))
    return Screener(pool, None, lambda: policy)


def judged(screener: Screener, file: Fingerprint, *matches: Match):
    return screener.decide(list(matches), file, Given(channel="public"), 0.0)


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
def test_only_certain_matches_block(screener, matches, verdict):
    screened = judged(screener, found(), *matches)
    assert screened.decision.verdict is verdict
    assert screened.decision.explanation
    assert (screened.match is not None) == bool(matches)


@pytest.mark.parametrize("cause", list(Cause))
def test_a_picture_that_could_not_be_seen_is_for_a_person_and_nothing_of_it_is_kept(
    screener, cause
):
    nothing_to_see = {Cause.EMPTY, Cause.NOT_A_PICTURE, Cause.TOO_SMALL}
    expected = Verdict.ALLOW if cause in nothing_to_see else Verdict.REVIEW
    decision = judged(screener, found(cause)).decision
    assert (decision.verdict, decision.actions) == (expected, frozenset())


@pytest.mark.parametrize(
    ("note", "verdict"),
    [
        (Note.PARTIAL, Verdict.REVIEW),
        (Note.CUT_SHORT, Verdict.REVIEW),
        (Note.SAMPLED, Verdict.REVIEW),
        (Note.LOW_QUALITY, Verdict.ALLOW),
    ],
)
def test_a_picture_seen_in_part_is_for_a_person(screener, note, verdict):
    assert judged(screener, found(None, note)).decision.verdict is verdict


def test_the_match_that_decided_is_named(screener):
    nearest, certain = match("pdq", quality=90, variant="mirrored"), match("pdq", quality=90)
    assert judged(screener, found(), nearest, certain).match is certain
