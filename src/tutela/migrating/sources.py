"""What an HMA holds, in the words of here, however it was read."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tutela.banks.service import NAME, TEST

TYPES = {"pdq": "pdq", "video_md5": "md5"}
"""HMA's signal types that are known here, and what they are called."""

VALUES = {"pdq": re.compile("[0-9a-f]{64}"), "video_md5": re.compile("[0-9a-f]{32}")}
ON, FOR_EVER = 1, 0
"""What HMA says of a content instead of a time."""

LONGEST_NOTE = 10_000
LONGEST_FACTS = 65_536
"""Bytes of what was said of a content: HMA's own clients are held to the same here."""

LATEST = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True, slots=True)
class OldBank:
    """A bank there."""

    name: str
    ratio: float
    exchange: str = ""
    """The exchange that fills it; empty: people do."""

    @property
    def own_name(self) -> str | None:
        """What it is called here; None if no bank can be."""
        name = self.name.lower()
        return name if NAME.fullmatch(name) and name != TEST else None

    @property
    def rollout(self) -> float:
        """Its ratio as it acts there: HMA takes any number, and none reaches a draw like NaN."""
        return 0.0 if math.isnan(self.ratio) else min(max(self.ratio, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class OldExchange:
    """An exchange there; its credentials are never read."""

    name: str
    api: str
    enabled: bool
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OldContent:
    """A content there. Raises nothing: what of it cannot be used, `faults` say."""

    number: int
    bank: str
    signals: Mapping[str, str]
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    disable_until: int = ON
    faults: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """All signal types that it has there."""

    @classmethod
    def of(
        cls, number: int, bank: str, signals: Any, note: Any, metadata: Any, disable_until: Any
    ) -> OldContent:
        """From what an HMA says, which a program that nobody here wrote may have put there."""
        faults: list[str] = []
        values: dict[str, str] = {}
        said = signals if isinstance(signals, dict) else {}
        for kind, text in sorted(said.items()):
            value = str(text).strip()
            value = value.lower() if kind == "video_md5" else value
            if kind not in TYPES:
                faults.append(f"its signal type {str(kind)[:32]} is none that is known here")
            elif not VALUES[kind].fullmatch(value):
                faults.append(f"its {kind} signal is none")
            else:
                values[kind] = value
        if type(disable_until) is not int or not 0 <= disable_until <= LATEST:
            faults.append("its disable_until_ts is no time: it is switched off")
            disable_until = FOR_EVER
        text = note if isinstance(note, str) else ""
        if "\0" in text or len(text) > LONGEST_NOTE:
            faults.append("its note cannot be kept")
            text = ""
        facts = _facts(metadata)
        if facts is None:
            faults.append("its metadata cannot be kept")
        return cls(
            number, bank, values, text, facts or {}, disable_until, tuple(faults), tuple(said)
        )


def _facts(metadata: Any) -> dict[str, Any] | None:
    """What was said of a content, without what exchanges say; None if it cannot be kept."""
    if metadata is None:
        return {}
    if not isinstance(metadata, dict):
        return None
    kept = {
        key: value
        for key, value in metadata.items()
        if key in ("content_id", "content_uri", "json") and value is not None
    }
    texts = (kept.get("content_id", ""), kept.get("content_uri", ""))
    if not all(isinstance(text, str) for text in texts):
        return None
    if not isinstance(kept.get("json", {}), dict):
        return None
    try:
        text = json.dumps(kept, allow_nan=False)
        text.encode()
    except (ValueError, RecursionError):
        return None
    return kept if len(text) <= LONGEST_FACTS and "\\u0000" not in text else None


class Source(Protocol):
    """An HMA that is read. Each raises `TutelaError` where it does not answer."""

    def banks(self) -> list[OldBank]:
        """All banks, with the exchange that fills each."""
        ...

    def exchanges(self) -> list[OldExchange]:
        """All exchanges."""
        ...

    def contents(
        self, is_known: Callable[[int], bool], tell: Callable[[int], object]
    ) -> Iterator[OldContent]:
        """Contents by their ids, but for those that are known; `tell` hears of each id."""
        ...

    def sizes(self) -> Counter[str]:
        """How many signals of each type it says that it has."""
        ...
