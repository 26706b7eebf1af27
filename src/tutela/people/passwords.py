"""Passwords: argon2id, and which cannot be chosen.

Length and a list of common ones, no rules on characters (NIST SP 800-63B-4, 3.1.1.2). Text is
compared in Unicode's form NFC: two keyboards write the same letter in two ways.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from tutela.errors import TutelaError

SHORTEST, LONGEST = 12, 1024
"""Characters. A pass phrase is far shorter than the most, which only bounds the work."""

FEWEST_OTHER = 8
"""Characters that must be left of a password without its owner's own words: those are guessed."""

AT_ONCE = 4
"""Passwords hashed at a time in a process: each takes 64 MiB."""

PATIENCE = 5.0
"""Seconds to wait for that: then so many try that the rest is told to come again."""

COMMON = frozenset({
    "password", "passwort", "letmein", "welcome", "qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "iloveyou", "admin", "administrator", "changeme", "trustno", "sunshine", "princess", "dragon",
    "football", "baseball", "monkey", "master", "shadow", "superman", "batman", "michael",
    "default", "secret", "summer", "winter", "spring", "autumn", "january", "february", "qazwsxedc",
    "correcthorsebatterystaple", "correct horse battery staple", "thisismypassword", "mypassword",
    "passwordpassword", "nopassword", "opensesame", "abcdefghijkl", "qwertzuiop", "azertyuiop",
    "q1w2e3r4t5y6", "1q2w3e4r5t6y", "1qaz2wsx3edc", "qwe123qwe123", "abc123abc123",
    "iloveyouiloveyou", "administratoradministrator", "tutela",
})  # fmt: skip
"""Stems of passwords that guessers try first (public lists of the most used ones): refused with
whatever digits and marks around them."""

AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class PasswordRefused(TutelaError):
    """A password that cannot be chosen."""


def hashed(password: str) -> str:
    """The PHC string of a password. Raises `TutelaError` if too many are hashed at once."""
    with _place():
        return _hasher().hash(_bytes(password))


def fits(password: str, kept: str | None) -> bool:
    """Whether it is the password of a PHC string. Without one it takes as long, and is not.

    Raises `TutelaError` if too many ask at once.
    """
    usable = len(password) <= LONGEST
    right: bool = False
    with _place():
        try:
            right = _hasher().verify(kept or _nobody(), _bytes(password if usable else ""))
        except (VerificationError, InvalidHashError):
            right = False
    return right and usable and kept is not None


def outdated(kept: str) -> bool:
    """Whether it was made with other parameters than are used now."""
    try:
        return _hasher().check_needs_rehash(kept)
    except InvalidHashError:
        return True


def require_good(password: str, own: Iterable[str] = ()) -> None:
    """Raises `PasswordRefused` that says why it cannot be chosen; `own` are names of who would."""
    text = unicodedata.normalize("NFC", password)
    if len(text) < SHORTEST:
        raise PasswordRefused(
            f"This password has fewer than {SHORTEST} characters.",
            "Four or five words that do not belong together are easy to remember.",
        )
    if len(text) > LONGEST:
        raise PasswordRefused(f"This password has more than {LONGEST} characters.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PasswordRefused("This password holds what is no character.") from None
    folded = text.casefold()
    if _is_common(folded):
        raise PasswordRefused(
            "This password is one of those that are tried first.",
            "Take four or five words that do not belong together.",
        )
    left = folded
    for word in sorted((w.casefold() for w in own if len(w) >= 3), key=len, reverse=True):
        left = left.replace(word, "")
    if len(left) < FEWEST_OTHER:
        raise PasswordRefused(
            "This password is little more than your own name.",
            "Take words that nobody connects with you.",
        )


def _is_common(text: str) -> bool:
    if len(set(text)) < 5 or text in COMMON or AROUND.sub("", text) in COMMON:
        return True
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return steps in ({1}, {-1}) or text.isdecimal()


def _bytes(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


@cache
def _hasher() -> argon2.PasswordHasher:
    """RFC 9106, 4, second recommended option: 64 MiB, three passes, four lanes."""
    return argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)


@cache
def _nobody() -> str:
    """What is compared with where there is no password, so that it takes as long."""
    return _hasher().hash("nobody has this")


_places = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE):
        raise TutelaError("Too many sign in at once.", "Try again in a moment.")
    try:
        yield
    finally:
        _places.release()
