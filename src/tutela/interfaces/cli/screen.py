"""`tutela screen FILE… --against FOLDER`"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.text import Text

from tutela import settings
from tutela.decoding import DecoderPool
from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.matching import Known
from tutela.screening import Screened, Screener, learn


def run(files: list[Path], against: Path, distance: int | None, *, as_json: bool) -> int:
    if not against.is_dir():
        raise TutelaError(f"{output.shown(against)} is not a folder.", "Give --against a folder.")
    chosen = settings.load()
    known, failed = Known(), 0
    with DecoderPool(
        chosen.signals, chosen.decoding.limits, chosen.decoding.processes or None
    ) as pool:
        for path, why in learn(regular_files(against), pool, known):
            output.complain(f"{output.shown(path)}: {why}")
        if not len(known):
            raise TutelaError(
                f"{output.shown(against)} holds no file to compare with.",
                "Put what is known into it.",
            )
        screener = Screener(pool, known, distance)
        table = output.table("file", "verdict", "distance", "variant", "ms", "why", numbers=("ms",))
        with ThreadPoolExecutor(pool.size) as threads:
            for path, result in zip(
                files, threads.map(lambda p: _one(screener, p), files), strict=True
            ):
                if isinstance(result, str):
                    failed += 1
                    output.complain(f"{output.shown(path)}: {result}")
                elif as_json:
                    output.line(output.record(path, result))
                else:
                    _, near, variant = output.nearest(result)
                    table.add_row(
                        Text(output.shown(path)),
                        output.verdict_text(result.verdict),
                        near,
                        variant,
                        f"{result.seconds * 1000:.1f}",
                        result.explanation,
                    )
    if table.row_count:
        output.console().print(table)
    return 1 if failed else 0


def regular_files(folder: Path) -> Iterator[Path]:
    """Regular files below a folder, sorted; links are not followed, unreadable parts are named."""
    for place, folders, names in os.walk(
        folder, onerror=lambda e: output.complain(f"{output.shown(e.filename)}: {e.strerror}")
    ):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _one(screener: Screener, path: Path) -> Screened | str:
    """The result, or why there is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "is not a file. Name files; a pipe, device or folder is not screened."
        with path.open("rb") as stream:
            return screener.screen(stream)
    except OSError as error:
        return f"cannot be read: {error.strerror or type(error).__name__}."
    except ValueError:
        return "is not a name that a file can have."
