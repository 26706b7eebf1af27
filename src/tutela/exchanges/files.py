"""What partners whose lists are files on this machine share."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import timedelta
from typing import cast

from tutela.banks.importing import BOM, refuse_other_encodings
from tutela.banks.lists import LineReader, ListFormat, Rejected
from tutela.exchanges.errors import ExchangeRefused, Unreadable
from tutela.exchanges.partners import Call, Entry, Feedback, Page, Reply, Setup, Telling
from tutela.signals.urls import Keyer

PIECE = 1 << 20
"""Bytes of a list of one page: 10 000 to 30 000 lines."""

LONGEST_LINE = 65_536


class OfFiles:
    """A partner that nobody answers for."""

    checkpoint_lasts: timedelta | None = None
    feedback = False

    def tell(self, setup: Setup, feedback: Feedback) -> Telling:
        """There is nobody to tell."""
        raise ExchangeRefused("A file cannot be told.", "")
        yield


def read(path: str, offset: int, largest: int) -> Generator[Call | Page, Reply | None, Reply]:
    """A piece of a file."""
    reply = yield Call("READ", path, offset=offset, largest=largest)
    return cast(Reply, reply)


def pairs(setup: Setup, name: str) -> list[str]:
    """The parts of a field that has commas between them."""
    return [one for one in setup.config.get(name, "").split(",") if one.strip()]


def opened(form: ListFormat, first: bytes, keyer: Keyer | None) -> tuple[LineReader, int, str]:
    """What reads the lines of a list that begins so, where they begin, and its header. Raises
    `BankError`, `SignalError`."""
    refuse_other_encodings(first[:64])
    if form.plain:
        return LineReader(form, keyer=keyer), len(BOM) if first.startswith(BOM) else 0, ""
    line = first.split(b"\n", 1)[0]
    header = line.removeprefix(BOM).decode("utf-8", "replace").rstrip("\r")
    return LineReader(form, header, keyer), min(len(line) + 1, len(first)), header


def require_some(what: str, some: bool) -> None:
    """Raises `Unreadable` if nothing of a whole list could be read: if it is a header alone, or has
    other columns, all would be deleted that it had before."""
    if not some:
        raise Unreadable(
            f"The list of {what} has no line that can be read: nothing is removed.",
            "See whether it is whole, and its columns are those of the settings.",
        )


def entries(
    lines: Sequence[bytes], what: str, made: Callable[[str], Iterable[Entry]]
) -> tuple[list[Entry], tuple[str, ...]]:
    """The entries of lines, and what was wrong with the others."""
    found: list[Entry] = []
    rejected: list[str] = []
    for line in lines:
        try:
            if len(line) > LONGEST_LINE:
                raise Rejected(f"it is longer than {LONGEST_LINE} bytes")
            found += made(line.decode())
        except Rejected as error:
            rejected.append(f"{what}: {error}")
        except UnicodeDecodeError:
            rejected.append(f"{what}: it is not UTF-8")
    return found, tuple(rejected)
