"""Puts what an element could not take where people read it: into the nearest additional
information."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from tutela.reporting import authorities
from tutela.reporting.cybertipline import fitting, said
from tutela.reporting.cybertipline.fitting import Cut, Done
from tutela.reporting.cybertipline.tags import Model, slots, walk

FIELD = "additional_info"
M = TypeVar("M", bound=Model)


def fitted(model: M, now: datetime) -> tuple[M, tuple[Cut, ...]]:
    """As `fitting.fitted`, but what it drops stands in words in the additional information of the
    block it was in, or of the nearest around it."""
    fit, cuts = fitting.fitted(model, now)
    dropped = [cut for cut in cuts if cut.done is Done.DROPPED and cut.value.strip()]
    if not dropped:
        return fit, cuts
    notes: dict[str, list[str]] = {}
    homes = [path for path, block in walk(model, model.TAG) if hasattr(block, FIELD)]
    for cut in dropped:
        home = max((path for path in homes if _within(cut.path, path)), key=len, default=model.TAG)
        place = cut.path.removeprefix(home).strip("/").replace("@", "") or "value"
        notes.setdefault(home, []).extend(said.told((place, cut.value)))
    return fitting.fitted(_noted(model, model.TAG, notes), now)


def plain(cuts: Iterable[Cut], prefix: str, root: str) -> tuple[authorities.Cut, ...]:
    """Cuts as the contract has them: with no content, below `prefix` in place of the root."""
    return tuple(
        authorities.Cut(prefix + cut.path.removeprefix(root), str(cut.done), cut.characters)
        for cut in cuts
    )


def _within(path: str, home: str) -> bool:
    return path.startswith(home + "/")


def _noted(model: M, path: str, notes: Mapping[str, list[str]]) -> M:
    changed: dict[str, Any] = {}
    for slot in slots(type(model)):
        given = slot.values(model)
        if slot.block:
            new = tuple(
                _noted(value, slot.path(path, number), notes)
                for number, value in enumerate(given, 1)
            )
        elif slot.field == FIELD and path in notes:
            lines = notes[path]
            new = (*given, *lines) if slot.many else (said.joined((given or ("",))[0], lines),)
        else:
            continue
        if new != given:
            changed[slot.field] = new if slot.many else new[0]
    made: M = replace(model, **changed) if changed else model  # type: ignore[type-var]
    return made
