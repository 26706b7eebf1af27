"""How results are shown to a person or a program."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tutela.screening import Screened, Verdict

COLOURS = {Verdict.ALLOW: "green", Verdict.REVIEW: "yellow", Verdict.BLOCK: "red"}


def printable(path: Path | str) -> str:
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


def record(path: Path, result: Screened) -> dict[str, Any]:
    """Everything a program may want to know of one screened file: docs/commands.md."""
    found, decision = result.fingerprint, result.decision
    return {
        "file": printable(path),
        "verdict": decision.verdict,
        "explanation": decision.explanation,
        "matches": [
            {
                "known": printable(match.owner),
                "purpose": match.purpose or None,
                "source": match.source or None,
                "labels": match.labels,
                "owners": match.owners,
                "members": match.members,
                "known_value": match.known.value,
                "known_quality": match.known.quality,
                "distance": match.distance,
                **asdict(match.signal),
            }
            for match in result.matches
        ],
        "vetoed": len(result.vetoed),
        "size": found.size,
        "picture": asdict(found.picture) if found.picture else None,
        "undecodable": found.undecodable,
        "notes": sorted(found.notes),
        "signals": [asdict(signal) for signal in found.signals],
        "milliseconds": round(result.seconds * 1000, 2),
    }
