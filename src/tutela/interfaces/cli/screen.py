"""`tutela screen FILE… --against FOLDER`"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from rich.text import Text

from tutela import settings
from tutela.decoding import DecoderPool
from tutela.decoding.pool import processors
from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.matching import Known
from tutela.screening import Screened, Screener, learn


def run(files: list[Path], against: Path, distance: int | None, *, as_json: bool) -> int:
    chosen = settings.load()
    size = chosen.decoding.processes or processors()
    failed = False
    with DecoderPool(chosen.signals, chosen.decoding.limits, size) as pool:
        known = Known(pool.types)
        for left in learn(regular_files(against), pool, known):
            failed |= left.unreadable
            output.complain(f"{output.printable(left.path)}: {left.why}")
        if not len(known):
            raise TutelaError(
                f"Nothing in {output.printable(against)} can be known by the signal types"
                f" {', '.join(known.types)}.",
                "Put what is known into it.",
            )
        pool.start(len(files))  # so that the first file does not wait for its decoder
        screener = Screener(pool, known, distance)
        show = _json if as_json else _Table()
        with ThreadPoolExecutor(pool.size) as threads:
            results = threads.map(partial(_screen_one, screener), files)
            for path, result in zip(files, results, strict=True):
                if isinstance(result, str):
                    failed = True
                    output.complain(f"{output.printable(path)}: {result}")
                    if as_json:
                        output.line({"file": output.printable(path), "error": result})
                else:
                    show(path, result)
    if isinstance(show, _Table):
        show.end()
    return 1 if failed else 0


def _json(path: Path, result: Screened) -> None:
    output.line(output.record(path, result))


class _Table:
    """A row for each file, printed at the end, when the widths are known."""

    def __init__(self) -> None:
        self.table = output.table(
            "file",
            "verdict",
            "distance",
            "variant",
            "ms",
            "known",
            "why",
            numbers=("distance", "ms"),
        )

    def __call__(self, path: Path, result: Screened) -> None:
        decision = result.decision
        match = decision.match
        self.table.add_row(
            Text(output.printable(path)),
            output.verdict_text(decision.verdict),
            str(match.distance) if match else "",
            match.signal.variant if match else "",
            f"{result.seconds * 1000:.1f}",
            Text(output.printable(match.owner) if match else ""),
            decision.explanation,
        )

    def end(self) -> None:
        if self.table.row_count:
            output.console().print(self.table)


def regular_files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder, sorted; links are not followed, unreadable parts are named."""
    for place, folders, names in os.walk(
        folder, onerror=lambda e: output.complain(f"{output.printable(e.filename)}: {e.strerror}")
    ):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _screen_one(screener: Screener, path: Path) -> Screened | str:
    """The result, or why there is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "is a folder, pipe or device, not a file."
        with path.open("rb") as stream:
            return screener.screen(stream)
    except OSError as error:
        return f"cannot be read: {error.strerror or type(error).__name__}."
    except ValueError:
        return "is not a name that a file can have."
