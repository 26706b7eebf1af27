"""What two answers to one lookup do not have in common. Pure: values in, values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Rows = Mapping[str, Iterable[tuple[int, str]]]
"""Of each bank, contents and their distances."""


@dataclass(frozen=True, slots=True, order=True)
class Unlike:
    """One thing that is in one answer alone, or not the same in both."""

    bank: str
    what: str
    """only-here, only-there, distance"""
    here: int | None
    """The content here; None: there is none, or it is not known which."""
    there: int | None
    distance: str
    """Where it is found; both with a slash between, ours first, where they differ."""


def between(
    ours: Rows, theirs: Rows, became: Mapping[int, int], skip: frozenset[str] = frozenset()
) -> list[Unlike]:
    """All of it. `became`: the content here of each there that was copied; others are compared by
    bank and distance. Banks in `skip` are not compared."""
    found: list[Unlike] = []
    came = {new: old for old, new in became.items()}
    for bank in sorted({*ours, *theirs} - skip):
        here, there = dict(ours.get(bank, ())), dict(theirs.get(bank, ()))
        for old in [old for old in there if became.get(old) in here]:
            new, apart = became[old], there.pop(old)
            if here[new] != apart:
                found.append(Unlike(bank, "distance", new, old, f"{here[new]}/{apart}"))
            del here[new]
        free = Counter(apart for new, apart in here.items() if new not in came)
        paired: Counter[str] = Counter()
        for old, apart in sorted(there.items()):
            if old not in became and paired[apart] < free[apart]:
                paired[apart] += 1
            else:
                found.append(Unlike(bank, "only-there", became.get(old), old, apart))
        for new, apart in sorted(here.items()):
            if new not in came and paired[apart]:
                paired[apart] -= 1
            else:
                found.append(Unlike(bank, "only-here", new, came.get(new), apart))
    return found
