"""Texts and addresses from outside, shown so that nobody follows them by mistake."""

from __future__ import annotations

import json
import re
from typing import Any

SCHEME = re.compile(r"\b(h)tt(ps?)(?=:)|\b(f)t(p)(?=:)", re.IGNORECASE)
HOST = re.compile(r"(?<=://)[^\s/?#]+|\bwww\.[^\s/?#]+", re.IGNORECASE)
HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
"""Characters that are not seen, or that turn the order of what follows."""


def inert(text: str) -> str:
    """The text with its addresses broken, as hxxps://name[.]example, and what hides in it shown."""
    text = HIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
    text = HOST.sub(lambda found: found[0].replace(".", "[.]"), text)
    return SCHEME.sub(lambda found: (found[1] or found[3]) + "xx" + (found[2] or found[4]), text)


def facts(given: str, most: int = 40) -> list[tuple[str, str]]:
    """What a platform said of an item, each fact on a line; of nested ones the whole name."""
    rows: list[tuple[str, str]] = []

    def walk(name: str, value: Any) -> None:
        if len(rows) >= most:
            return
        if isinstance(value, dict):
            for key, part in value.items():
                walk(f"{name}.{key}" if name else str(key), part)
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            rows.append((inert(name[:80]), inert(text[:500])))

    walk("", json.loads(given))
    return rows
