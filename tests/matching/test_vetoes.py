"""What says nothing never matches, and vetoes no further than it can be believed."""

from __future__ import annotations

from tutela.matching import Match
from tutela.matching.vetoes import divided
from tutela.signals import Signal


def match(kind: str, value: str, frame: int | None = None, variant: str = "plain", **more) -> Match:
    signal = Signal(kind, value, variant=variant, frame=frame)
    return Match(signal, 0, "bank", signal, **more)


SAME_FILE = match("sha256", "s", vetoes=True)
KNOWN = [match("sha256", "s"), match("md5", "m"), match("pdq", "p", 0), match("pdq", "q", 1)]


def test_without_a_veto_all_count():
    assert divided(KNOWN) == (KNOWN, [])


def test_the_same_file_vetoes_all():
    assert divided([SAME_FILE, *KNOWN]) == ([], KNOWN)


def test_an_md5_which_can_be_forged_vetoes_only_itself():
    counted, vetoed = divided([match("md5", "m", vetoes=True), *KNOWN])
    assert vetoed == [KNOWN[1]] and len(counted) == 3


def test_a_picture_vetoes_its_frame_in_all_variants_and_no_exact_match():
    mirrored = match("pdq", "r", 0, "mirrored")
    counted, vetoed = divided([match("pdq", "p", 0, vetoes=True), *KNOWN, mirrored])
    assert vetoed == [KNOWN[2], mirrored]
    assert counted == [KNOWN[0], KNOWN[1], KNOWN[3]]
