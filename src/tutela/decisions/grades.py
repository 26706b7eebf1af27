"""Grades: facts about an item, entered once, and tables that turn them into authorities' codes.

Both are data (`data/`): an authority is a file, and no code knows what a code means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tutela.decisions.errors import GradesRefused
from tutela.policy.documents import Node, Scalar, Unreadable, read, shown
from tutela.policy.errors import Fault
from tutela.policy.reading import Reader

DATA = Path(__file__).with_name("data")
FORMAT = "1"


@dataclass(frozen=True, slots=True)
class Asked:
    """A fact that is asked for, and what it may be."""

    code: str
    ask: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts, and which of them together are the worst grade."""

    asked: tuple[Asked, ...]
    worst: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """How one authority calls what facts say. `loses`: facts that its codes do not tell."""

    authority: str
    source: str
    reviewed: str
    loses: tuple[str, ...]
    codes: tuple[tuple[str, Mapping[str, str]], ...]

    @property
    def is_lossy(self) -> bool:
        return bool(self.loses)


@dataclass(frozen=True, slots=True)
class Translated:
    """A code of an authority. `lost`: what was said of the item and the code does not tell."""

    code: str
    lost: tuple[str, ...]


def checked(given: Mapping[str, str]) -> dict[str, str]:
    """Grades as they were entered, without those left empty. Raises `GradesRefused`."""
    known = {one.code: one.values for one in facts().asked}
    found = {code: value for code, value in given.items() if value}
    for code, value in found.items():
        if code not in known:
            raise GradesRefused(
                f"{code[:40]!r} is no fact of a grade.", f"Facts are {', '.join(known)}."
            )
        if value not in known[code]:
            raise GradesRefused(
                f"The fact {code} is never {value[:40]!r}.",
                f"It is one of {', '.join(known[code])}.",
            )
    return found


def worst(grades: Mapping[str, str]) -> bool:
    """Whether grades are the worst there are: to reveal such an item may take two people."""
    return any(_fits(grades, one) for one in facts().worst)


def translated(grades: Mapping[str, str], table: Table) -> Translated | None:
    """The first code of a table that fits; None if none does, or too little was said."""
    for code, when in table.codes:
        if _fits(grades, when):
            return Translated(code, tuple(one for one in table.loses if one in grades))
    return None


def codes(grades: Mapping[str, str]) -> set[str]:
    """What all authorities together call what was said."""
    found = (translated(grades, table) for table in tables().values())
    return {one.code for one in found if one is not None}


def _fits(grades: Mapping[str, str], when: Mapping[str, str]) -> bool:
    return all(grades.get(code) == value for code, value in when.items())


@cache
def facts() -> Facts:
    """The facts that are asked for here."""
    return load_facts(DATA / "facts.yaml")


@cache
def tables() -> Mapping[str, Table]:
    """Every table, by the authority's name."""
    made = [load_table(path) for path in sorted((DATA / "tables").glob("*.yaml"))]
    return {table.authority: table for table in made}


def load_facts(path: Path) -> Facts:
    """The facts of a file. Raises `GradesRefused` that names the place of each fault."""
    reader, root = _opened(path)
    parts = reader.mapping(root, "The file", {"format": True, "facts": True, "worst": True})
    _format(reader, parts)
    asked = []
    for node in reader.sequence(parts["facts"][1], "facts") if "facts" in parts else ():
        inside = reader.mapping(node, "A fact", {"code": True, "ask": True, "values": True})
        code = reader.text(inside["code"][1], "code", 32) if "code" in inside else None
        ask = reader.text(inside["ask"][1], "ask") if "ask" in inside else None
        values = _texts(reader, inside["values"][1], "values") if "values" in inside else ()
        if code and ask and values:
            asked.append(Asked(code, ask, values))
    known = {one.code: one.values for one in asked}
    worst_of = []
    for node in reader.sequence(parts["worst"][1], "worst") if "worst" in parts else ():
        worst_of.append(_when(reader, node, known))
    _finish(reader, path)
    return Facts(tuple(asked), tuple(worst_of))


def load_table(path: Path, known: Facts | None = None) -> Table:
    """The table of a file. Raises `GradesRefused` that names the place of each fault."""
    values = {one.code: one.values for one in (known or facts()).asked}
    reader, root = _opened(path)
    parts = reader.mapping(root, "A table", {
        "format": True, "authority": True, "source": True, "reviewed": True, "codes": True,
        "loses": False,
    })  # fmt: skip
    _format(reader, parts)
    texts = {
        name: (name in parts and reader.text(parts[name][1], name)) or ""
        for name in ("authority", "source", "reviewed")
    }
    loses = _texts(reader, parts["loses"][1], "loses") if "loses" in parts else ()
    for one in loses:
        if one not in values:
            what, hint = f"{shown(one)} is no fact.", f"Facts are {', '.join(values)}."
            reader.fault(parts["loses"][1], what, hint)
    codes = []
    for node in reader.sequence(parts["codes"][1], "codes") if "codes" in parts else ():
        inside = reader.mapping(node, "A code", {"code": True, "when": True})
        code = reader.text(inside["code"][1], "code", 32) if "code" in inside else None
        when = _when(reader, inside["when"][1], values) if "when" in inside else {}
        if code and when:
            codes.append((code, when))
    _finish(reader, path)
    return Table(texts["authority"], texts["source"], texts["reviewed"], loses, tuple(codes))


def _opened(path: Path) -> tuple[Reader, Node]:
    try:
        return Reader(), read(path.read_bytes())
    except Unreadable as error:
        raise _refused(path, [error.fault]) from None
    except OSError as error:
        raise GradesRefused(
            f"{path} cannot be read: {error.strerror}.", "Restore it from the package."
        ) from None


def _format(reader: Reader, parts: Mapping[str, tuple[Scalar, Node]]) -> None:
    if "format" in parts:
        reader.one_of(parts["format"][1], "format", (FORMAT,))


def _texts(reader: Reader, node: Node, what: str) -> tuple[str, ...]:
    found = [reader.text(one, what, 64) for one in reader.sequence(node, what)]
    return tuple(one for one in found if one is not None)


def _when(reader: Reader, node: Node, known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    made = {}
    for code, (key, value) in reader.mapping(node, "when", {}, open_keys=True).items():
        if code not in known:
            reader.fault(key, f"{shown(code)} is no fact.", f"Facts are {', '.join(known)}.")
        elif (text := reader.one_of(value, code, known[code])) is not None:
            made[code] = text
    if not made:
        reader.fault(node, "when says nothing.", "Name a fact and what it is.")
    return made


def _finish(reader: Reader, path: Path) -> None:
    if reader.faults:
        raise _refused(path, sorted(reader.faults))


def _refused(path: Path, faults: list[Fault]) -> GradesRefused:
    lines = [f"{path.name}:{one.line}:{one.column}: {one}" for one in faults]
    return GradesRefused("\n".join(lines))
