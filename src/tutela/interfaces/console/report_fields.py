"""What a report holds, as inputs of a form; and what was typed, put back into it. No I/O."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import date, datetime
from enum import EnumType
from functools import cache
from itertools import pairwise
from typing import Any, Union, get_args, get_origin, get_type_hints

from tutela.interfaces.console.report_words import WORDS
from tutela.interfaces.console.texts import gettext as _
from tutela.reporting import facts

PARTS: Mapping[str, type] = {
    "incident": facts.Report, "subject": facts.Party, "victims": facts.Party,
    "recipients": facts.Party, "where": facts.Where, "officer": facts.Officer,
    "files": facts.File,
}  # fmt: skip
"""What is edited by itself: each has a page, of lists each element."""

MANY = frozenset({"victims", "recipients", "where", "files"})
WHOLE = frozenset({"incident", "files"})
"""What is not removed by its form: the report itself, and files, which are left out."""

LONG = frozenset({"text", "danger", "more", "content", "biography", "file_names", "at_means"})
"""Texts that take more than a line."""

ELSEWHERE = frozenset({
    "made_at", "supplements", "reasons", "answers", *PARTS.keys() - {"incident"},
    "evidence", "item", "size", "hashes", "grades", "seen", "details", "uploaded_at",
    "associated", "disabled", "earlier", "typed",
})  # fmt: skip
"""What comes from records, has a form of its own, or is so rare that it is edited as text."""

MOST = 20
"""Elements of a list inside of a part that have inputs: of more, one edits the text."""

KINDS: Mapping[type, Sequence[str]] = {
    facts.Email: ("home", "work", "business", "recovery"),
    facts.Phone: ("mobile", "home", "business", "work", "fax", "internet", "recovery"),
    facts.Address: ("home", "business", "billing", "shipping", "technical"),
    facts.Where: ("web", "email", "newsgroup", "chat", "game", "phone", "offline", "peers"),
}
"""Kinds as `tutela.reporting.facts` has them."""

TYPED = {int: "number", float: "number", datetime: "time", date: "date"}
LINE = "\n"


@dataclass(frozen=True, slots=True)
class Input:
    """One field. `kind`: text, area, lines, time, date, number, choice or ticks."""

    path: str
    label: str
    kind: str
    value: Any = ""
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Fields that belong together, or one element of a list. `path`: of what can be removed."""

    title: str
    inputs: Sequence[Input]
    path: str = ""
    new: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form brought: values by path, lists that were ticked, what is to go."""

    values: Mapping[str, str]
    ticks: Sequence[str] = ()
    ticked: Sequence[str] = ()
    remove: Sequence[str] = field(default_factory=tuple)


def blocks(content: Mapping[str, Any], part: str) -> list[Block]:
    """The inputs of a part, as `subject` or `victims.0`; of a list the element that comes next is
    empty. Raises LookupError for what is no part, or lies behind that."""
    name, _dot, number = part.partition(".")
    kind = PARTS[name]
    if (name in MANY) != bool(number):
        raise LookupError(part)
    value: Any = content if name == "incident" else content.get(name)
    if number:
        index = int(number)
        if index > len(value or []) or (name == "files" and index == len(value or [])):
            raise LookupError(part)
        value = value[index] if index < len(value or []) else None
    return list(_blocks(kind, value or {}, "" if name == "incident" else f"{part}."))


def changed(content: Mapping[str, Any], part: str, typed: Typed) -> dict[str, Any]:
    """The content with what was typed into the inputs of a part. What was not touched stays as it
    is, to the letter."""
    made: dict[str, Any] = _copied(content)
    inputs = {one.path: one for block in blocks(content, part) for one in block.inputs}
    for path, one in inputs.items():
        if one.kind == "ticks":
            if path in typed.ticks:
                chosen = [code for code in one.options if f"{path}={code}" in typed.ticked]
                if sorted(chosen) != sorted(one.value):
                    _put(made, path, chosen)
        elif path in typed.values and _plain(typed.values[path]) != _plain(one.value):
            _put(made, path, _read(one, _plain(typed.values[path])))
    removable = {block.path for block in blocks(content, part) if block.path and not block.new}
    if part.partition(".")[0] not in WHOLE:
        removable.add(part)
    for path in sorted({*typed.remove} & removable, key=_place, reverse=True):
        _remove(made, path)
    return made


def _blocks(kind: type, value: Mapping[str, Any], prefix: str) -> Iterator[Block]:
    yield Block("", list(_inputs(kind, value, prefix)))
    for name, inner, optional, many in _nested(kind):
        if name in ELSEWHERE:
            continue
        held = value.get(name)
        title = _(WORDS[name])
        if not many:
            path = f"{prefix}{name}"
            own = list(_inputs(inner, held or {}, f"{path}."))
            yield Block(title, own, path if held and optional else "")
            continue
        elements = list(held or [])[:MOST]
        for number, element in enumerate(elements):
            path = f"{prefix}{name}.{number}"
            yield from _flat(inner, element, path, f"{title} {number + 1}", new=False)
        if len(held or []) < MOST:
            path = f"{prefix}{name}.{len(elements)}"
            yield from _flat(inner, {}, path, _("Add: %(what)s") % {"what": title}, new=True)


def _flat(
    kind: type, value: Mapping[str, Any], path: str, title: str, *, new: bool
) -> Iterator[Block]:
    """One element of a list: what it holds itself."""
    yield Block(title, list(_inputs(kind, value, f"{path}.")), path, new)


def _inputs(kind: type, value: Mapping[str, Any], prefix: str) -> Iterator[Input]:
    hints = _hints(kind)
    for one in fields(kind):
        if one.name in ELSEWHERE:
            continue
        found = _kind(one.name, hints[one.name])
        if found is None:
            continue
        how, options = found
        held = value.get(one.name)
        if held is None and one.default is not MISSING and how != "ticks":
            held = one.default
        if one.name == "kind" and kind in KINDS:  # one that is not known stays to be chosen
            how, options = "choice", ["", *KINDS[kind]]
            options += [held] if held and held not in options else []
        label = _(WORDS[one.name])
        yield Input(prefix + one.name, label, how, _shown(how, held), options)


def _kind(name: str, hint: Any) -> tuple[str, Sequence[str]] | None:
    """How a field is typed; None for what is not one input."""
    optional, bare = _bare(hint)
    many = get_origin(bare) is tuple
    inner = get_args(bare)[0] if many else bare
    if isinstance(inner, EnumType):
        codes: list[Any] = list(inner)
        return "ticks" if many else "choice", [str(code) for code in codes]
    if many:
        return ("lines", ()) if inner is str else None
    if inner is bool:
        return "choice", ["", "yes", "no"] if optional else ["no", "yes"]
    how = {str: "area" if name in LONG else "text"} | TYPED
    return (how[inner], ()) if inner in how else None


def _nested(kind: type) -> Iterator[tuple[str, type, bool, bool]]:
    """Fields that are of parts of their own: name, what, whether there may be none, or many."""
    for name, hint in _hints(kind).items():
        optional, bare = _bare(hint)
        many = get_origin(bare) is tuple
        inner = get_args(bare)[0] if many else bare
        if isinstance(inner, type) and is_dataclass(inner):
            yield name, inner, optional, many


def _bare(hint: Any) -> tuple[bool, Any]:
    if get_origin(hint) in (Union, types.UnionType):
        (inner,) = [one for one in get_args(hint) if one is not type(None)]
        return True, inner
    return False, hint


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _shown(how: str, held: Any) -> Any:
    if how == "ticks":
        return [str(code) for code in held or ()]
    if how == "lines":
        return LINE.join(held or ())
    if isinstance(held, bool):
        return "yes" if held else "no"
    return "" if held is None else str(held)


def _read(one: Input, text: str) -> Any:
    """What a text means; of odd ones it stays a text, which the domain refuses."""
    if one.kind == "lines":
        return [line.strip() for line in text.split(LINE) if line.strip()]
    if one.kind == "choice" and text in ("yes", "no", "") and "yes" in one.options:
        return {"yes": True, "no": False, "": None}[text]
    if one.kind in ("number", "time", "date"):
        return text or None
    return text


def _plain(text: Any) -> str:
    """As a browser sends it back: line ends are its own, and what stands around is taken off."""
    return str(text).replace("\r\n", LINE).replace("\r", LINE).strip()


def _put(made: dict[str, Any], path: str, value: Any) -> None:
    place: Any = made
    steps = path.split(".")
    for step, following in pairwise(steps):
        empty: Any = [] if following.isdigit() else {}
        if isinstance(place, list):
            if int(step) == len(place):
                place.append(empty)
            place = place[int(step)]
        else:
            if place.get(step) is None:
                place[step] = empty
            place = place[step]
    place[steps[-1]] = value


def _remove(made: dict[str, Any], path: str) -> None:
    place: Any = made
    *steps, last = path.split(".")
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place.get(step) or {}
    if isinstance(place, list):
        if int(last) < len(place):
            del place[int(last)]
    elif last in place:
        place[last] = None


def _place(path: str) -> tuple[tuple[int, str], ...]:
    """Elements of one list in their order, those inside of others after these."""
    return tuple((int(step), "") if step.isdigit() else (-1, step) for step in path.split("."))


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(one) for name, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_copied(one) for one in value]
    return value
