"""Puts one value into the JSON of a report: where, a path says; what it can be, the type there."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from tutela.reporting import facts
from tutela.reporting.errors import EditRefused

DEEPEST = 12
UNTYPED = frozenset({
    "made_at", "supplements", "answers", "reasons", "evidence", "item", "size", "seen", "hashes",
    "grades", "typed",
})  # fmt: skip
"""What is no place to type into: records say it, or an act of its own sets it."""

YES_NO = {"true": True, "yes": True, "false": False, "no": False}


def put(content: str, path: str, value: str | None, together: Collection[str] = ()) -> str:
    """The JSON with a value in its place: a text as it is; yes or no; a number; words of a list
    with commas or spaces between them, texts of one on lines; for anything else, JSON. None: what
    stands there is taken out. `together`: paths that are set at the same time.

    Another address of the internet was not seen at the time and port of the one that stood there:
    unless they are set together with it, these go. Raises `EditRefused`.
    """
    parts = path.split(".")
    if not path or len(parts) > DEEPEST:
        raise _no_place(path, facts.Report, parts)
    report = json.loads(content)
    made = _put(facts.Report, report, parts, path, value, together)
    return json.dumps(made, ensure_ascii=False)


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


def _put(
    kind: Any,
    data: Any,
    parts: Sequence[str],
    path: str,
    value: str | None,
    together: Collection[str],
) -> Any:
    kind = _plain(kind)
    if not parts:
        return _read(kind, path, value)
    name, rest = parts[0], parts[1:]
    if get_origin(kind) is tuple:
        return _put_in_list(kind, data or [], parts, path, value, together)
    if not is_dataclass(kind) or name not in _hints(kind):
        raise _no_place(path, kind, parts)
    data = dict(data or {})
    if kind is facts.Capture and name == "address" and data.get(name) not in (None, value):
        place = path.removesuffix("address")
        data = {one: held for one, held in data.items() if place + one in together}
    if value is None and not rest:
        field = next(one for one in fields(kind) if one.name == name)
        if field.default is MISSING and field.default_factory is MISSING:
            raise EditRefused(f"{path[:80]} cannot be empty.", "Give it another value.")
        data.pop(name, None)
    else:
        data[name] = _put(_hints(kind)[name], data.get(name), rest, path, value, together)
    return data


def _put_in_list(
    kind: Any,
    data: list[Any],
    parts: Sequence[str],
    path: str,
    value: str | None,
    together: Collection[str],
) -> list[Any]:
    name, rest = parts[0], parts[1:]
    if not name.isascii() or not name.isdigit() or int(name[:6]) > len(data):
        raise _no_place(path, kind, parts, len(data))
    number, data = int(name), list(data)
    if value is None and not rest:
        return data[:number] + data[number + 1 :]
    held = data[number] if number < len(data) else None
    made = _put(get_args(kind)[0], held, rest, path, value, together)
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


def _no_place(path: str, kind: Any, parts: Sequence[str], count: int = 0) -> EditRefused:
    """`kind`: what stands where the path goes astray. `parts`: what of it is left there."""
    before = ".".join(path.split(".")[: -len(parts)])[:80]
    where = f"After {before}. comes" if before else "It begins with"
    if get_origin(kind) is tuple:
        what = "0, to add one" if not count else f"a number, 0 to {count}: the last adds one"
    elif is_dataclass(kind):
        what = "one of " + ", ".join(name for name in _hints(kind) if name not in UNTYPED)
    else:
        where, what = f"{before} holds", "a value, and nothing further"
    return EditRefused(f"{path[:80]!r} is no place in a report.", f"{where} {what}.")
