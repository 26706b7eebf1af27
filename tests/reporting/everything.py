"""A report of which every field says something, and the same with one saying something else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from tutela.reporting import facts

BEGAN = datetime(2031, 5, 1, 12, tzinfo=UTC)


def report(kind: str = "web") -> facts.Report:
    """Each text is another one, and so is each number and time."""
    made: facts.Report = _made(facts.Report, "", itertools.count(1))
    where = replace(made.where[0], kind=kind)
    (file,) = made.files
    file = replace(file, seen=(replace(file.seen[0], rendering="original"),))
    return replace(made, made_at=BEGAN, where=(where,), files=(file,))


def _made(kind: Any, name: str, numbers: Iterator[int]) -> Any:
    if isinstance(kind, UnionType):
        kind = next(one for one in get_args(kind) if one is not NoneType)
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if parts[-1] is ...:
            return (_made(parts[0], name, numbers),)
        return tuple(_made(part, name, numbers) for part in parts)
    number = next(numbers)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{one.name: _made(hints[one.name], one.name, numbers) for one in fields(kind)})
    if issubclass(kind, Enum):
        return next(iter(kind))
    if kind is bool:
        return True
    plain = {
        str: f"{name}-{number}", int: 20 + number % 100, float: 20.0 + number / 1000,
        date: date(1970, 1, 1) + timedelta(days=number),
        datetime: BEGAN - timedelta(days=number),
    }  # fmt: skip
    return plain[kind]


def others(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The value with one leaf of it empty or, where it must be there, another; and which."""
    for one in fields(value):
        place = f"{path}.{one.name}".lstrip(".")
        there = getattr(value, one.name)
        if is_dataclass(there):
            for name, other in others(there, place):
                yield name, replace(value, **{one.name: other})
        elif isinstance(there, tuple) and there and is_dataclass(there[0]):
            for name, other in others(there[0], place):
                yield name, replace(value, **{one.name: (other, *there[1:])})
        if one.default is not MISSING and one.default != there:
            yield place, replace(value, **{one.name: one.default})
        elif one.default is MISSING and not is_dataclass(there):
            yield place, replace(value, **{one.name: _other(there)})


def _other(value: Any) -> Any:
    match value:
        case Enum():
            return list(type(value))[1]
        case bool():
            return not value
        case str():
            return value + "-other"
        case datetime():
            return value - timedelta(hours=1)
    return value + 1


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """All texts in it, with their places."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield path, value
    elif isinstance(value, tuple):
        for one in value:
            yield from texts(one, path)
    elif is_dataclass(value):
        for one in fields(value):
            yield from texts(getattr(value, one.name), f"{path}.{one.name}".lstrip("."))


def with_texts(value: Any, text: str) -> Any:
    """The same, with this in the place of each text."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return text
    if isinstance(value, tuple):
        return tuple(with_texts(one, text) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{one.name: with_texts(getattr(value, one.name), text) for one in fields(value)}
        )
    return value
