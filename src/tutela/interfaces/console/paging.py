"""Lists by pages: where one is stands in the address, and nothing is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tutela.interfaces.console.rendering import with_query

Row = TypeVar("Row")

SHOWN = 50
"""Rows of a page: what one looks through without losing the thread."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """A page of a list; the macro `pager` shows the links."""

    rows: Sequence[Row]
    first: str
    """The address of the first page; empty on it."""
    next: str
    """The address of the next page; empty on the last."""


def listed(
    path: str,
    query: Mapping[str, Any],
    found: Sequence[Row],
    cursor: Callable[[Row], str | int],
    shown: int = SHOWN,
    name: str = "after",
) -> Listed[Row]:
    """The page of what was found, which is one more than `shown` if there is a next page. `query`
    are the filters and the cursor, as they stand in the address."""
    more = {name: cursor(found[shown - 1])} if len(found) > shown else None
    return Listed(
        rows=found[:shown],
        first=with_query(path, query, **{name: ""}) if query.get(name) else "",
        next=with_query(path, query, **more) if more else "",
    )
