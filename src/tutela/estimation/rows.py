"""Rows of CSV, and the values in them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from tutela.estimation.errors import BadTable
from tutela.estimation.histories import MOST_PEOPLE

MOST_COLUMNS = 66
"""More lists than any table has; what is refused is told by the number of lists."""
MOST_ROWS = 5_000_000
"""Of a row for each person, this takes half a minute. Count them first, where there are more."""
SHOWN = 40
"""Letters of a value that an error repeats."""


def rows_of(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not empty, by number, split by the separator of the first."""
    given = iter(lines)
    first = next((line for line in given if line.strip()), "")
    separator = max(",;\t", key=first.count)

    def again() -> Iterator[str]:
        if first:
            yield first
        yield from given

    reader = csv.reader(again(), delimiter=separator, strict=True)
    try:
        for number, row in enumerate(reader):
            if number > MOST_ROWS:
                raise BadTable(
                    f"The table has more than {MOST_ROWS:,} rows.",
                    "Count the people of each history, and give a column count.",
                )
            if len(row) > MOST_COLUMNS:
                raise BadTable(
                    f"Line {reader.line_num} has {len(row)} columns.",
                    "Give a column for each list, and one named count.",
                )
            if any(value.strip() for value in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise BadTable(
            f"Line {reader.line_num} is not CSV: {error}.", "Write values with commas between."
        ) from error


def whole(line: int, value: str) -> int:
    text = value.strip()
    if not (text.isascii() and text.isdigit()):
        raise BadTable(
            f"Line {line}: the count is {shown(text)}, which is not a whole number from 0 on.",
            "Write digits only.",
        )
    if len(text) > 18 or int(text) > MOST_PEOPLE:
        raise BadTable(
            f"Line {line}: the count is more than {MOST_PEOPLE:,}.",
            "Count people, accounts or incidents of one kind, each once.",
        )
    return int(text)


def shown(value: str) -> str:
    cut = value[:SHOWN] + ("…" if len(value) > SHOWN else "")
    return repr(cut) if value else "empty"
