"""Reads tables: a count for each history, or a row for each person.

A column a list, of 0 and 1. With a column `count`, a row is a history and how many people have it;
without, a row is a person. A column `id` names the person: no two rows may have the same.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from tutela.estimation.errors import BadTable
from tutela.estimation.histories import MOST_PEOPLE, Histories

COUNT, ID = "count", "id"
MOST_COLUMNS = 66
"""More lists than any table has; what is refused is told by the number of lists."""
MOST_ROWS = 5_000_000
"""Of a row for each person, this takes half a minute. Count them first, where there are more."""
SHOWN = 40
"""Letters of a value that an error repeats."""


def read(lines: Iterable[str]) -> Histories:
    """Raises `BadTable`, with the line where it is wrong."""
    rows = _rows(lines)
    try:
        _, header = next(rows)
    except StopIteration:
        raise BadTable("The table is empty.", "Its first line names the columns.") from None
    names = [name.strip() for name in header]
    lower = [name.lower() for name in names]
    for special in (COUNT, ID):
        if lower.count(special) > 1:
            raise BadTable(f"There are two columns {special}.", "Give one.")
    counted, identified = (lower.index(one) if one in lower else None for one in (COUNT, ID))
    places = [i for i in range(len(names)) if i not in (counted, identified)]
    lists = [names[i] for i in places]
    _check(lists)
    counts: dict[int, int] = {}
    repeated, seen = 0, set[str]()
    for line, row in rows:
        if len(row) != len(names):
            raise BadTable(
                f"Line {line} has {len(row)} values; the first line names {len(names)} columns.",
                "Write one value for each column, or none at all.",
            )
        history = _history(line, row, places, names)
        people = 1 if counted is None else _count(line, row[counted])
        if history == 0 and people:
            raise BadTable(
                f"Line {line} is of people on none of the lists.",
                "Leave it out: how many they are is what is estimated.",
            )
        if identified is not None:
            if row[identified] in seen:
                raise BadTable(
                    f"Line {line} is of a person who had a row before.",
                    "Give each person one row, with a 1 for each list.",
                )
            seen.add(row[identified])
        if counted is not None:
            repeated += history in counts
        counts[history] = counts.get(history, 0) + people
    if not any(counts.values()):
        raise BadTable(
            "The table has no people.", "Below the first line is a row for each history."
        )
    note = f"{repeated} lines repeat a history that came before: their counts were added."
    return Histories.of(lists, counts, (note,) if repeated else ())


def _check(lists: list[str]) -> None:
    if len(lists) < 2:
        raise BadTable(
            "The table has fewer than two lists.",
            "Give a column for each list, of 0 and 1; an estimate rests on how they overlap.",
        )
    if any(not name for name in lists):
        raise BadTable("A column has no name.", "The first line names each list.")
    if all(name in ("0", "1") for name in lists):
        raise BadTable("The first line has numbers.", "It names the columns: the lists, and count.")


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
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


def _history(line: int, row: list[str], places: list[int], names: list[str]) -> int:
    history = 0
    for bit, place in enumerate(places):
        value = row[place].strip()
        if value not in ("0", "1"):
            raise BadTable(
                f"Line {line}: {names[place][:SHOWN]} is {_shown(value)}, neither 0 nor 1.",
                "1 says that these people are on the list. The number of people is in a column "
                "named count.",
            )
        history |= (value == "1") << bit
    return history


def _count(line: int, value: str) -> int:
    text = value.strip()
    if not (text.isascii() and text.isdigit()):
        raise BadTable(
            f"Line {line}: the count is {_shown(text)}, which is not a whole number from 0 on.",
            "Write digits only.",
        )
    if len(text) > 18 or int(text) > MOST_PEOPLE:
        raise BadTable(
            f"Line {line}: the count is more than {MOST_PEOPLE:,}.",
            "Count people, accounts or incidents of one kind, each once.",
        )
    return int(text)


def _shown(value: str) -> str:
    cut = value[:SHOWN] + ("…" if len(value) > SHOWN else "")
    return repr(cut) if value else "empty"
