"""Puts one value into the JSON of a report: where, a path says; what it can be, the type there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from tutela.reporting import facts
from tutela.reporting.errors import EditRefused

DEEPEST = 12
YES_NO = {"true": True, "yes": True, "false": False, "no": False}


def put(content: str, path: str, value: str | None) -> str:
    """The JSON with a value in its place: a text as it is; yes or no; a number; words of a list
    with commas or spaces between them, texts of one on lines; for anything else, JSON. None: what
    stands there is taken out. Raises `EditRefused`."""
    parts = path.split(".")
    if not path or len(parts) > DEEPEST:
        raise _no_place(path)
    report = json.loads(content)
    return json.dumps(_put(facts.Report, report, parts, path, value), ensure_ascii=False)


def unknown(content: str) -> Iterator[str]:
    """Places of what no report has: a slip of the pen would else be lost in silence."""
    todo: list[tuple[Any, Any, str]] = [(facts.Report, json.loads(content), "")]
    while todo:
        kind, data, path = todo.pop()
        kind = _plain(kind)
        if isinstance(data, list) and get_origin(kind) is tuple and get_args(kind)[-1] is ...:
            todo += [(get_args(kind)[0], one, f"{path}.{n}") for n, one in enumerate(data)]
        elif isinstance(data, dict) and is_dataclass(kind) and isinstance(kind, type):
            for name, one in data.items():
                place = f"{path}.{name}".lstrip(".")
                if name in _hints(kind):
                    todo.append((_hints(kind)[name], one, place))
                else:
                    yield place[:80]


def _put(kind: Any, data: Any, parts: Sequence[str], path: str, value: str | None) -> Any:
    kind = _plain(kind)
    if not parts:
        return _read(kind, path, value)
    name, rest = parts[0], parts[1:]
    if get_origin(kind) is tuple:
        return _put_in_list(kind, data or [], name, rest, path, value)
    if not is_dataclass(kind) or name not in _hints(kind):
        raise _no_place(path)
    data = dict(data or {})
    if value is None and not rest:
        field = next(one for one in fields(kind) if one.name == name)
        if field.default is MISSING and field.default_factory is MISSING:
            raise EditRefused(f"{path[:80]} cannot be empty.", "Give it another value.")
        data.pop(name, None)
    else:
        data[name] = _put(_hints(kind)[name], data.get(name), rest, path, value)
    return data


def _put_in_list(
    kind: Any, data: list[Any], name: str, rest: Sequence[str], path: str, value: str | None
) -> list[Any]:
    if not name.isascii() or not name.isdigit() or int(name[:6]) > len(data):
        raise _no_place(path)
    number, data = int(name), list(data)
    if value is None and not rest:
        return data[:number] + data[number + 1 :]
    made = _put(get_args(kind)[0], data[number] if number < len(data) else None, rest, path, value)
    return [*data[:number], made, *data[number + 1 :]]


def _read(kind: Any, path: str, value: str | None) -> Any:
    if value is None:
        return None
    if isinstance(kind, type) and issubclass(kind, str | datetime | date):
        return value
    if kind is bool:
        if value.strip().lower() not in YES_NO:
            raise EditRefused(f"{path[:80]} is yes or no.", "Say one of them.")
        return YES_NO[value.strip().lower()]
    if get_origin(kind) is tuple and not value.lstrip().startswith("["):
        of = get_args(kind)[0]
        if isinstance(of, type) and issubclass(of, str):
            parts = value.splitlines() if of is str else value.replace(",", " ").split()
            return [part.strip() for part in parts if part.strip()]
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise EditRefused(
            f"{path[:80]} is none of the kind that stands there.", "Give a number, or JSON."
        ) from None


def _plain(kind: Any) -> Any:
    """A type without None."""
    if get_origin(kind) is UnionType or isinstance(kind, UnionType):
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    return kind


def _hints(kind: Any) -> dict[str, Any]:
    return _named(kind)


@cache
def _named(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _no_place(path: str) -> EditRefused:
    return EditRefused(
        f"{path[:80]!r} is no place in a report.",
        "Name fields with dots between them, as subject.account.screen_name or victims.0.age.",
    )
