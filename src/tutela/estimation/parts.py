"""Reads what there is instead of a table: overlaps of pairs, or records and their probable links.

Each is CSV whose first line names its columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tutela.estimation.errors import BadTable
from tutela.estimation.linkage import Link
from tutela.estimation.rows import rows_of, shown, whole

OVERLAPS = ("one", "other", "people")
RECORDS = ("record", "list")
LINKS = ("one", "other", "probability")


def overlaps(lines: Iterable[str]) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """Sizes of lists, where both names are the same, and overlaps of pairs. Raises `BadTable`."""
    sizes: dict[str, int] = {}
    pairs: dict[tuple[str, str], int] = {}
    for line, (one, other, people) in _columns(lines, OVERLAPS):
        number = whole(line, people)
        if one == other:
            if one in sizes:
                raise BadTable(f"Line {line}: the size of {shown(one)} came before.", "Give one.")
            sizes[one] = number
        elif (one, other) in pairs or (other, one) in pairs:
            raise BadTable(
                f"Line {line}: the overlap of {shown(one)} and {shown(other)} came before.",
                "Give the overlap of each pair once.",
            )
        else:
            pairs[one, other] = number
    if missing := sorted({name for pair in pairs for name in pair} - set(sizes)):
        raise BadTable(
            f"The size of {shown(missing[0])} is missing.",
            "Add a line with its name twice, and how many are on it.",
        )
    return sizes, pairs


def linked(records: Iterable[str], links: Iterable[str]) -> tuple[list[str], list[int], list[Link]]:
    """Names of lists, the place of each record's list among them, and the links. Raises
    `BadTable`."""
    names: dict[str, int] = {}
    places: dict[str, int] = {}
    on: list[int] = []
    for line, (record, name) in _columns(records, RECORDS):
        if record in places:
            raise BadTable(
                f"Records, line {line}: {shown(record)} came before.", "Name each record once."
            )
        places[record] = len(on)
        on.append(names.setdefault(name, len(names)))
    found = []
    for line, (one, other, text) in _columns(links, LINKS):
        for record in (one, other):
            if record not in places:
                raise BadTable(
                    f"Links, line {line}: no record is {shown(record)}.",
                    "Name it as the table of records does.",
                )
        found.append(Link(places[one], places[other], _probability(line, text)))
    return list(names), on, found


def _columns(lines: Iterable[str], names: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    rows = rows_of(lines)
    _, header = next(rows, (0, []))
    if [name.strip().lower() for name in header] != list(names):
        raise BadTable(
            f"The first line is not {','.join(names)}.", "It names the columns: these, in order."
        )
    for line, row in rows:
        values = [value.strip() for value in row]
        if len(values) != len(names) or not all(values):
            raise BadTable(
                f"Line {line} has not the {len(names)} values that the first line names.",
                "Write one for each column.",
            )
        yield line, values


def _probability(line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise BadTable(
            f"Links, line {line}: the probability is {shown(text)}, which is not within 0 and 1.",
            "Correct it.",
        )
    return value
