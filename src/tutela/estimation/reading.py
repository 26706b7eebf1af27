"""Reads tables: a count for each history, or a row for each person.

A column a list, of 0 and 1. With a column `count`, a row is a history and how many people have it;
without, a row is a person. A column `id` names the person: no two rows may have the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from tutela.estimation.errors import BadTable
from tutela.estimation.histories import Histories
from tutela.estimation.rows import SHOWN, rows_of, shown, whole

COUNT, ID = "count", "id"


def read(lines: Iterable[str]) -> Histories:
    """Raises `BadTable`, with the line where it is wrong."""
    rows = rows_of(lines)
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
        people = 1 if counted is None else whole(line, row[counted])
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


def _history(line: int, row: list[str], places: list[int], names: list[str]) -> int:
    history = 0
    for bit, place in enumerate(places):
        value = row[place].strip()
        if value not in ("0", "1"):
            raise BadTable(
                f"Line {line}: {names[place][:SHOWN]} is {shown(value)}, neither 0 nor 1.",
                "1 says that these people are on the list. The number of people is in a column "
                "named count.",
            )
        history |= (value == "1") << bit
    return history
