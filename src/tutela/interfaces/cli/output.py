"""How results are shown to a person or a program."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tutela.screening import Screened, Verdict

COLOURS = {Verdict.ALLOW: "green", Verdict.REVIEW: "yellow", Verdict.BLOCK: "red"}


def shown(path: Path | str) -> str:
    """A file's name as printable text, whatever bytes it has: names come from strangers too."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def line(record: dict[str, Any]) -> None:
    """One JSON object on one line, at once."""
    print(json.dumps(record, ensure_ascii=True), flush=True)


def complain(text: str) -> None:
    print(f"tutela: {text}", file=sys.stderr, flush=True)


def console() -> Console:
    """As wide as the terminal; a file takes rows of any length, so that none is folded."""
    return Console(width=None if sys.stdout.isatty() else 10_000, highlight=False)


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    return made


def verdict_text(verdict: Verdict) -> Text:
    return Text(verdict.value, style=COLOURS[verdict])


def nearest(result: Screened) -> tuple[str, str, str]:
    """Type, distance and variant of the nearest match, or blanks."""
    if not result.matches:
        return "", "", ""
    match = result.matches[0]
    return match.signal.type, str(match.distance), match.signal.variant


def record(path: Path, result: Screened) -> dict[str, Any]:
    """Everything a program may want to know of one screened file."""
    found = result.fingerprint
    return {
        "file": shown(path),
        "verdict": result.verdict,
        "explanation": result.explanation,
        "matches": [
            {
                "known": shown(m.owner),
                "signal_type": m.signal.type,
                "value": m.signal.value,
                "distance": m.distance,
                "variant": m.signal.variant,
                "quality": m.signal.quality,
                "frame": m.signal.frame,
            }
            for m in result.matches
        ],
        "size": found.size,
        "picture": None
        if found.picture is None
        else {
            "format": found.picture.format,
            "mode": found.picture.mode,
            "width": found.picture.width,
            "height": found.picture.height,
            "frames": found.picture.frames,
            "frames_hashed": found.picture.frames_hashed,
        },
        "undecodable": found.undecodable,
        "notes": sorted(found.notes),
        "signals": [
            {
                "type": s.type,
                "value": s.value,
                "quality": s.quality,
                "variant": s.variant,
                "frame": s.frame,
            }
            for s in found.signals
        ],
        "milliseconds": round(result.seconds * 1000, 2),
    }
