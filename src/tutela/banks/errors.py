"""What can go wrong with banks, and with the files of an index."""

from __future__ import annotations

from pathlib import Path

from tutela.errors import TutelaError


class BankError(TutelaError):
    """What was asked of a bank cannot be done."""


class NoSuchBank(BankError):
    """There is no bank of this name, or it is being deleted."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no bank {name!r}.", "Run: tutela bank list")


class NotAllowed(BankError):
    """The licence or the purpose of a bank forbids it."""


class NotBankable(BankError):
    """A signal type that banks do not take."""


class ListRefused(BankError):
    """A list that cannot be read as was said: nothing of it was stored."""


class IndexNotReady(TutelaError):
    """What is known cannot be searched now; nothing was searched."""

    exit_code = 3


class IndexFileError(TutelaError):
    """The files of an index could not be written or read."""

    exit_code = 3


class BuilderBusy(IndexFileError):
    """Another builder is at work on this index."""

    exit_code = 1


class Damaged(IndexFileError):
    """The files of an index are not what a builder left, or not for this build of Tutela."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The index file {path} cannot be used: {why}.",
            "Build this index again from the database.",
        )
