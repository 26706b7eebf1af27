"""`tutela bank import NAME FILE`"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tutela.app import App
from tutela.banks import lists
from tutela.banks.importing import Importer
from tutela.banks.importing import Progress as Reached
from tutela.banks.lists import ListFormat, Rejected
from tutela.banks.vics import categories_of
from tutela.banks.vics_import import VicsImporter
from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.screening.files import open_regular

INPUT = Path("-")


def form_of(
    file: Path,
    type_name: str | None,
    pairs: list[str],
    *,
    csv: bool | None,
    delimiter: str,
    **fixed: str,
) -> ListFormat:
    """How the list is read, from what the command was given."""
    if csv is None:
        csv = bool(pairs) or file.suffix.lower() in (".csv", ".tsv")
    if file.suffix.lower() == ".tsv" and delimiter == ",":
        delimiter = "\t"
    return lists.form_of(type_name, pairs, csv=csv, delimiter=delimiter, **fixed)


def run(
    name: str,
    file: Path,
    form: ListFormat,
    seeded_from: str | None,
    rejects: Path | None,
    *,
    as_json: bool,
) -> int:
    def made(app: App) -> Importer:
        chosen = app.settings.imports
        return Importer(
            app.database, app.actor, name, form, seeded_from=seeded_from, chunk=chosen.chunk,
            longest_line=chosen.longest_line,
        )  # fmt: skip

    return _run(name, file, made, rejects, "lines", as_json=as_json)


def run_vics(
    format_name: str,
    name: str,
    file: Path,
    pairs: list[str],
    seeded_from: str | None,
    rejects: Path | None,
    *,
    as_json: bool,
    plain: bool,
    **fixed: str,
) -> int:
    """Read a VICS hash set; what was left out of it is told by category."""
    if format_name != "vics":
        raise TutelaError(f"There is no format {format_name!r}.", "Formats are lines and vics.")
    if not plain:
        raise TutelaError("A VICS file has neither types nor columns.", "Leave out --type, --csv.")
    importers: list[VicsImporter] = []

    def made(app: App) -> Importer:
        importers.append(VicsImporter(
            app.database, app.actor, name, categories_of(pairs), seeded_from=seeded_from,
            chunk=app.settings.imports.chunk, window=app.settings.imports.window, **fixed,
        ))  # fmt: skip
        return importers[0]

    ended = _run(name, file, made, rejects, "records", as_json=as_json)
    media = importers[0].media
    for number, count in sorted(media.left_out.items()):
        output.complain(f"{count:,} records of category {number} were left out: it is not mapped.")
    for kind, count in sorted(media.faults.items()):
        output.complain(f"{count:,} {kind} values are none: their records came without them.")
    return ended


def _run(
    name: str,
    file: Path,
    made: Callable[[App], Importer],
    rejects: Path | None,
    lines: str,
    *,
    as_json: bool,
) -> int:
    shown = "the input" if file == INPUT else output.printable(file)
    rejects = rejects or Path(f"{name if file == INPUT else file}.rejected.csv")
    with opened() as app:
        try:
            importer = made(app)
        except Rejected as error:
            raise TutelaError(f"What all {lines} share: {error}.") from None
        if file == INPUT and sys.stdin is None:
            raise TutelaError("There is no standard input.")
        try:
            stream = sys.stdin.buffer if file == INPUT else open_regular(file)
        except OSError as error:
            raise TutelaError(f"{shown} cannot be read: {error.strerror}.") from None
        size = None if file == INPUT else file.stat().st_size
        bar = Progress(
            TextColumn("{task.percentage:>3.0f}%"),
            BarColumn(),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=as_json or not sys.stderr.isatty(),
        )
        with stream, bar:
            task = bar.add_task("", total=size, text="")

            def tell(reached: Reached) -> None:
                text = f"{reached.added:,} added, {reached.rejected:,} rejected"
                bar.update(task, completed=reached.offset, text=text)

            try:
                done = importer.run(stream, rejects, tell)
            except Rejected as error:
                raise TutelaError(f"What all lines share: {error}.") from None
            except OSError as error:
                raise TutelaError(
                    f"The import stopped: {error.strerror}.",
                    "What was stored is kept; the same command goes on behind it.",
                ) from None
    if as_json:
        output.line(
            asdict(done)
            | {"bank": name, "rejects": output.printable(rejects) if done.rejected else None}
        )
    else:
        again = " It went on where it had ended." if done.resumed else ""
        print(
            f"{done.line:,} {lines} of {shown}: {done.added:,} signals added to {name},"
            f" {done.known:,} known before, {done.rejected:,} {lines} rejected.{again}"
        )
        if done.rejected:
            print(f"What was rejected, and why: {output.printable(rejects)}")
    return 1 if done.rejected else 0
