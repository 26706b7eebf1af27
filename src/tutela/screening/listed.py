"""What of an item's facts could be on a list of addresses or words.

Nothing is worked out while no such list is there. Nothing of it is kept but what matched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tutela.banks.live import BankIndex
from tutela.screening.judging import Given
from tutela.screening.options import Options
from tutela.signals import Signal
from tutela.signals.urls import EXACT, HOST, KEYWORD, PREFIX, Keyer, candidates, phrases

LONGEST_TEXT = 20_000
"""Letters of an item's texts that are looked at for listed words: some 3000 words."""


class Listed:
    """Makes the signals of facts, as lists here have them."""

    def __init__(self, index: BankIndex, keyer: Keyer, options: Options | None = None) -> None:
        self.index = index
        self.keyer = keyer
        self.paths = [tuple(one.split(".")) for one in (options or Options()).text_facts]

    def signals(self, given: Given) -> Sequence[Signal]:
        """Of an item. Raises `SecretFileError` if a list is there and its key is not."""
        if not (given.item or given.creator or given.extra):
            return ()
        made: list[Signal] = []
        url = given.item.get("url")
        if isinstance(url, str) and self._any(EXACT, PREFIX, HOST):
            made += self._keyed(candidates(url))
        if self._any(KEYWORD):
            text = "\n".join(self._texts(given))
            made += self._keyed(phrases(text[:LONGEST_TEXT]))
        return made

    def words(self, text: str) -> Sequence[Signal]:
        """Of what someone wrote. Raises as `signals` does."""
        return self._keyed(phrases(text[:LONGEST_TEXT])) if self._any(KEYWORD) else ()

    def _any(self, *names: str) -> bool:
        return any(not self.index.is_empty(name) for name in names)

    def _keyed(self, found: Sequence[tuple[str, str]]) -> list[Signal]:
        return [Signal(kind, self.keyer.digest(kind, text).hex()) for kind, text in found]

    def _texts(self, given: Given) -> Iterator[str]:
        groups = {"item": given.item, "creator": given.creator, "extra": given.extra}
        for path in self.paths:
            value: Any = groups
            for name in path:
                value = value.get(name) if isinstance(value, Mapping) else None
            if isinstance(value, str):
                yield value
            elif isinstance(value, list):
                yield from (one for one in value if isinstance(one, str))
