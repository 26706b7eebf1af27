"""`tutela screen FILE… --against FOLDER`"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from rich.text import Text

from tutela import settings
from tutela.decoding import DecoderPool
from tutela.decoding.pool import processors
from tutela.errors import TutelaError
from tutela.interfaces.cli import output
from tutela.interfaces.cli.acting import opened
from tutela.matching import Known
from tutela.policy import presets
from tutela.screening import Screened, Screener, learn
from tutela.screening.files import open_regular, regular_files
from tutela.screening.service import Searched


def run(files: list[Path], against: Path | None, distance: int | None, *, as_json: bool) -> int:
    chosen = settings.load()
    size = chosen.decoding.processes or processors()
    failed = False
    with ExitStack() as stack:
        pool = stack.enter_context(DecoderPool(chosen.signals, chosen.decoding.limits, size))
        known: Searched
        if against is None:
            app = stack.enter_context(opened(chosen=chosen))
            known, policy = app.search(), app.policy()
        else:
            known, failed = _learned(against, pool)
            policy = presets.default()
        pool.start(len(files))  # so that the first file does not wait for its decoder
        screener = Screener(pool, known, lambda: policy, distance)
        show = _json if as_json else _Table()
        with ThreadPoolExecutor(pool.size) as threads:
            results = threads.map(partial(_screen_one, screener), files)
            for path, result in zip(files, results, strict=True):
                if isinstance(result, str):
                    failed = True
                    _complain_of(str(path), result)
                    if as_json:
                        output.line({"file": output.printable(path), "error": result})
                else:
                    show(path, result)
    if isinstance(show, _Table):
        show.end()
    return 1 if failed else 0


def _learned(folder: Path, pool: DecoderPool) -> tuple[Known, bool]:
    """What is known of a folder, and whether something in it could not be read."""
    known, failed = Known(pool.types), False
    for left in learn(regular_files(folder, _complain_of), pool, known):
        failed |= left.unreadable
        _complain_of(str(left.path), left.why)
    if not len(known):
        raise TutelaError(
            f"Nothing in {output.printable(folder)} can be known by the signal types"
            f" {', '.join(known.types)}.",
            "Put what is known into it.",
        )
    return known, failed


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
        decision, match = result.decision, result.match
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


def _screen_one(screener: Screener, path: Path) -> Screened | str:
    """The result, or why there is none."""
    try:
        with open_regular(path) as stream:
            return screener.screen(stream)
    except OSError as error:
        return f"cannot be read: {error.strerror or type(error).__name__}."


def _complain_of(name: str, why: str) -> None:
    output.complain(f"{output.printable(name)}: {why}")
