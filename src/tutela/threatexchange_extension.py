"""Tutela's PDQ, and its index, inside the `threatexchange` package: in `tx`, HMA and what else
loads its signal types.

    tx config extensions add tutela.threatexchange_extension

It needs the extra `exchanges`. Hashes equal those of the package's own type, and the index gives
what its own gives, all of it: nothing within the distance is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from threatexchange.extensions.manifest import ThreatExchangeExtensionManifest
from threatexchange.signal_type.index import (
    IndexMatchUntyped,
    SignalSimilarityInfoWithIntDistance,
    SignalTypeIndex,
)
from threatexchange.signal_type.pdq.signal import PdqSignal

from tutela.decoding.fingerprinter import Fingerprinter
from tutela.decoding.limits import Limits
from tutela.decoding.options import Options
from tutela.matching.layouts import INDEXED
from tutela.matching.segment import Segment

__all__ = ["TX_MANIFEST", "TutelaPdqIndex", "TutelaPdqSignal"]

WIDTH = 32
"""Bytes of a value."""

_fingerprinter = Fingerprinter(Options(("pdq",), ()), Limits())


class TutelaPdqIndex(SignalTypeIndex[Any]):
    """Exact search among hashes within the confident distance. Built anew at the first query after
    something was added."""

    def __init__(self, entries: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__()
        self._entries: dict[bytes, list[Any]] = {}
        self._segment: Segment | None = None
        self.add_all(entries)

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def add(self, signal_str: str, entry: Any) -> None:
        """Raises `ValueError` if this is no hash."""
        value = bytes.fromhex(PdqSignal.validate_signal_str(signal_str))
        self._entries.setdefault(value, []).append(entry)
        self._segment = None

    def query(self, query: str) -> Sequence[IndexMatchUntyped[Any, Any]]:
        """All entries within distance 31, each with its distance. Raises `ValueError`."""
        asked = np.frombuffer(bytes.fromhex(PdqSignal.validate_signal_str(query)), np.uint8)
        if not self._entries:
            return []
        if self._segment is None:
            values = np.frombuffer(b"".join(self._entries), np.uint8).reshape(-1, WIDTH)
            self._segment = Segment.of(values)
        segment = self._segment
        return [
            IndexMatchUntyped(SignalSimilarityInfoWithIntDistance(int(distance)), entry)
            for _, place, distance in segment.search(asked, INDEXED)
            for entry in self._entries[segment.hashes[place].tobytes()]
        ]

    def __getstate__(self) -> dict[str, Any]:
        """What the package stores: the tables are of this machine, and are made anew."""
        return {"_entries": self._entries, "_segment": None}


class TutelaPdqSignal(PdqSignal):
    """PDQ by Tutela: the same values as the package's own, under a name of its own."""

    INDICATOR_TYPE: ClassVar[str] = "HASH_PDQ"

    @classmethod
    def get_index_cls(cls) -> type[TutelaPdqIndex]:  # type: ignore[override] # theirs is of Faiss
        return TutelaPdqIndex

    @classmethod
    def hash_from_bytes(cls, bytes_: bytes) -> str:
        """An empty text where the picture cannot be read, or is too flat to be known by."""
        for signal in _fingerprinter.decode(bytes_).signals:
            if signal.variant == "plain" and (signal.quality or 0) >= cls.QUALITY_THRESHOLD:
                return signal.value
        return ""


TX_MANIFEST = ThreatExchangeExtensionManifest(signal_types=(TutelaPdqSignal,))
