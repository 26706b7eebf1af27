"""`tutela figures …`"""

from __future__ import annotations

from pathlib import Path

from tutela.errors import TutelaError
from tutela.estimation import showing
from tutela.estimation.account import About, account
from tutela.estimation.errors import BadTable
from tutela.estimation.histories import Histories
from tutela.estimation.reading import read
from tutela.interfaces.cli import output
from tutela.screening.files import open_regular

MOST_BYTES = 500_000_000
"""A row for each of five million people, with some lists, is less."""


def estimate(
    file: Path, about: About, resamples: int, seed: int, page: Path | None, *, as_json: bool
) -> int:
    histories = _table(file)
    made = account(histories, about, resamples=resamples, seed=seed)
    if page is not None:
        _write(page, showing.page(made))
    if as_json:
        output.line(showing.record(made))
    else:
        print("\n".join(map(output.printable, showing.text(made).split("\n"))))
    return 0 if made.headline else 1


def _table(file: Path) -> Histories:
    name = output.printable(file)
    try:
        with open_regular(file) as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise TutelaError(
            f"{name} cannot be read: {error.strerror or type(error).__name__}.",
            "Name a file that is there.",
        ) from None
    if len(content) > MOST_BYTES:
        raise BadTable(f"{name} is longer than {MOST_BYTES:,} bytes.", "Count the histories first.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadTable(f"{name} is not UTF-8.", "Save it as CSV in UTF-8.") from None
    try:
        return read(text.splitlines(keepends=True))
    except BadTable as error:
        raise BadTable(f"{name}: {output.printable(error.what)}", error.hint) from None


def _write(page: Path, content: str) -> None:
    try:
        page.write_text(content, encoding="utf-8")
    except OSError as error:
        raise TutelaError(
            f"{output.printable(page)} cannot be written: {error.strerror}.", "Name another file."
        ) from None
