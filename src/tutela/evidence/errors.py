"""What can go wrong with evidence."""

from __future__ import annotations

from tutela.errors import TutelaError


class EvidenceError(TutelaError):
    """Evidence cannot be sealed, found or opened."""

    exit_code = 3


class SealingFailed(EvidenceError):
    """Bytes could not be sealed: nothing of them is kept."""


class NotOpened(EvidenceError):
    """A sealed file that is gone, damaged, or sealed for others."""


class NotShown(EvidenceError):
    """A file of which no picture can be made."""

    exit_code = 1


class NoSuchEvidence(TutelaError):
    """There is no evidence of this id."""


class IntentRefused(TutelaError):
    """Nothing is opened without an intent that was recorded and not yet used."""


def why(error: OSError) -> str:
    """An error of the system in words, without the file's name."""
    return error.strerror or str(error) or type(error).__name__
