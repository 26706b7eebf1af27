"""Which passwords can be chosen, and how they are kept."""

from __future__ import annotations

import pytest

from tutela.people import passwords
from tutela.people.passwords import PasswordRefused

GOOD = "the bicycle stands in the rain"

pytestmark = pytest.mark.usefixtures("earnest_passwords")


@pytest.mark.parametrize(("password", "why"), [
    ("short", "fewer than 12"), ("x" * 1025, "more than 1024"), ("\udcff" * 20, "no character"),
    ("abcdé\udcff weather today", "no character"),
    ("password1234", "tried first"), ("PASSWORD!!2031", "tried first"), ("aaaaaaaaaaaa", "tried"),
    ("121212121212", "tried first"), ("123456789012", "tried first"), ("abcdefghijklm", "tried"),
    ("qwertyuiop12", "tried first"), ("anna.rivers1", "own name"), ("Annarivers-99", "own name"),
])  # fmt: skip
def test_what_is_easily_guessed_cannot_be_chosen(password, why):
    with pytest.raises(PasswordRefused, match=why):
        passwords.require_good(password, ["anna", "Rivers"])


@pytest.mark.parametrize(
    "password",
    [GOOD, "x7$kPq29!mWz", "vélo sous la pluie", "雨の中の自転車と傘と犬と猫", "a" + GOOD * 30],
)  # fmt: skip
def test_what_is_long_and_its_own_can_be_chosen(password):
    passwords.require_good(password, ["anna"])


def test_a_password_fits_its_hash_only_and_one_letter_written_in_two_ways_is_one():
    kept = passwords.hashed("vélo sous la pluie")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.fits("ve\u0301lo sous la pluie", kept)
    for wrong in ("", "velo sous la pluie", "x" * 100_000, "\udcff"):
        assert not passwords.fits(wrong, kept)


def test_without_a_hash_nothing_fits_and_a_broken_one_is_no_error():
    assert not passwords.fits("nobody has this", None)
    assert not passwords.fits(GOOD, "set") and passwords.outdated("set")


def test_an_unknown_name_takes_as_long_as_a_known_one():
    import time

    def took(kept: str | None) -> float:
        begun = time.perf_counter()
        passwords.fits("wrong", kept)
        return time.perf_counter() - begun

    kept = passwords.hashed(GOOD)
    took(None)
    known = min(took(kept) for _ in range(5))
    unknown = min(took(None) for _ in range(5))
    assert 0.5 < known / unknown < 2
