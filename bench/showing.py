"""Shows records to a program (JSON, one object a line) or to a person (tables)."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.record import Record
from bench.surroundings import QUIET, Surroundings

COLOURS = {"met": "green", "note": "yellow", "MISSED": "red"}
WIDTH = 120
"""Wide enough for whole rows where the output is not a terminal."""


def busy(surroundings: Surroundings) -> str:
    return (
        f"warning: the load average is {surroundings.load}; goals hold below {QUIET}, so a goal"
        " missed in this run may mean nothing"
    )


class Json:
    """Each record at once; the warning goes to the error output, where no program reads it."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings

    def begin(self) -> None:
        if not self.surroundings.quiet:
            print(busy(self.surroundings), file=sys.stderr, flush=True)

    def title(self, name: str, title: str, how: str) -> None:
        pass

    def record(self, record: Record) -> None:
        print(json.dumps(record.as_json() | self.surroundings.as_json()), flush=True)

    def end(self, seconds: float) -> None:
        pass


class Tables:
    """A table for each benchmark, when it is done, with what should be known below it."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
        self._table = Table()
        self._notes: dict[str, None] = {}

    def begin(self) -> None:
        here = self.surroundings
        flags = " ".join(here.cpu_flags)
        self.console.print(f"kernel {here.kernel}, load {here.load}, processor: {flags}")
        if not here.quiet:
            self.console.print(Text(busy(here), style="yellow"))

    def title(self, name: str, title: str, how: str) -> None:
        self.console.print()
        self.console.print(Text(f"{name}: {title}", style="bold"))
        self.console.print(Text(how, style="dim"))
        self._notes = {}
        self._table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("", "ours", "peer", "ratio", "goal", "", "same answer"):
            number_column = column in ("ours", "peer", "ratio")
            self._table.add_column(
                column, justify="right" if number_column else "left", overflow="fold"
            )

    def record(self, record: Record) -> None:
        verdict = record.verdict
        goal = f"{record.goal.of} {record.goal}" if record.goal else ""
        self._table.add_row(
            record.name.partition("/")[2],
            f"{number(record.ours)} {record.unit}",
            "" if record.peer is None else f"{number(record.peer)} {record.unit}",
            "" if record.ratio is None else f"{number(record.ratio)}x",
            goal,
            Text(verdict, style=COLOURS[verdict]) if verdict else "",
            {True: "yes", False: "NO", None: ""}[record.same_answer],
        )
        if "note" in record.more:
            self._notes[record.more["note"]] = None

    def end(self, seconds: float) -> None:
        self.console.print(self._table)
        for note in self._notes:
            self.console.print(note)
        self.console.print(Text(f"took {seconds:.0f} s", style="dim"))


def number(value: float) -> str:
    """Three digits, and none of them an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
