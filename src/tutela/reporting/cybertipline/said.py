"""Facts in words, for what has no element of its own: it is never left out in silence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from tutela.reporting.cybertipline import fitting, limits
from tutela.reporting.cybertipline.people import FREE

LONGEST = 1000
"""Characters of one value in words: three fit beside each other into one text."""

FIRST = FREE // 2
"""Of a text that is too long, so many characters are kept for what has no other place."""

Line = tuple[str, Any]


def lines(facts: Any, without: Collection[str] = ()) -> list[Line]:
    """The fields of facts that say something, but for those named."""
    return [
        (one.name.replace("_", " "), value)
        for one in fields(facts)
        if one.name not in without and not silent(value := getattr(facts, one.name))
    ]


def silent(value: Any) -> bool:
    """Whether a value says nothing: no text, no list, not known; and facts of which no field says
    more than it does by itself."""
    if value is None or value in ("", ()):
        return True
    return bool(is_dataclass(value)) and all(
        silent(getattr(value, one.name)) or getattr(value, one.name) == one.default
        for one in fields(value)
    )


def value(what: Any) -> str:
    """One value on one line; facts within facts in parentheses."""
    match what:
        case bool():
            text = "yes" if what else "no"
        case Enum():
            text = str(what.value)
        case datetime():
            text = moment(what)
        case tuple():
            text = ", ".join(value(one) for one in what)
        case _ if is_dataclass(what):
            text = f"({'; '.join(f'{name}: {value(one)}' for name, one in lines(what))})"
        case _:
            text = str(what)
    return text


def moment(at: datetime) -> str:
    """To the second, in UTC; what says no zone, as it stands."""
    try:
        return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at.tzinfo else str(at)
    except OverflowError:
        return at.isoformat()


def told(line: Line) -> Iterator[str]:
    """`Name: value`; facts that are longer than `LONGEST` in as many lines as they take, and a text
    that is, cut with a mark."""
    name, what = line
    text = limits.FORBIDDEN.sub(fitting.REPLACEMENT, value(what))
    if limits.size(text) > LONGEST and isinstance(what, tuple):
        for one in what:
            yield from told((name, one))
    elif limits.size(text) > LONGEST and is_dataclass(what):
        for part, one in lines(what):
            yield from told((f"{name}, {part}", one))
    else:
        if limits.size(text) > LONGEST:
            text, _ = fitting.cut(text, LONGEST)
        yield f"{name[:1].upper()}{name[1:]}: {text}"


def joined(text: str | None, notes: Iterable[str], limit: int = FREE) -> str:
    """A text and what else belongs into the same element. Where both are too long together, the
    first notes stand before the text, so that what is cut off is not all that they say."""
    notes = [note for note in notes if note]
    whole = "\n".join(filter(None, (text, *notes)))
    if limits.size(whole) <= limit or not text:
        return whole
    size, first = 0, 0
    for note in notes:
        size += limits.size(note) + 1
        if size > FIRST:
            break
        first += 1
    return "\n".join((*notes[:first], text, *notes[first:]))
