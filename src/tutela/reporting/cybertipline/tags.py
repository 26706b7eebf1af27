"""How a dataclass says what it is on the wire: one `Tag` beside each field, in the wire's order.

A document is a tree of `Model`s. The order of elements is the order of the fields, whatever the
order in which they were given; how often an element may occur follows from the field's type:
`X` once, `X | None` at most once, `tuple[X, ...]` any number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_args, get_origin, get_type_hints


class Kind(StrEnum):
    """Where a field stands in the XML of its block."""

    ELEMENT = "element"
    ATTRIBUTE = "attribute"
    TEXT = "text"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Words:
    """A named enumeration that is too long for one class."""

    name: str
    words: tuple[str, ...]


def words(name: str, listed: str) -> Words:
    """An enumeration of words without spaces, and of the empty one."""
    return Words(name, ("", *listed.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """What the wire knows of one field.

    `length`: at most so many characters, counted as UTF-16 counts them (what a server in Java
    counts, and never fewer than code points). `pattern`: the whole text has this form. `among`:
    one of these. `low`, `high`: bounds, both included. `whole`: an identifier, which cut short
    would be another one. `address`: an IP address. `xsd`: the simple type, where the field's own
    type does not say it. `choice`: of the fields with the same word at most one may be there.
    `minimum`: where the type of the field does not say it. `newer`: not in the schema of November
    2025. `renamed`: its newer name. `moved`: the newer place, `element@attribute`, that replaces
    this one.
    """

    name: str
    kind: Kind
    length: int | None = None
    pattern: str = ""
    among: Words | None = None
    low: int | None = None
    high: int | None = None
    whole: bool = False
    address: bool = False
    xsd: str = ""
    choice: str = ""
    minimum: int | None = None
    newer: bool = False
    renamed: str = ""
    moved: str = ""


def element(name: str, length: int | None = None, **more: Any) -> Tag:
    return Tag(name=name, kind=Kind.ELEMENT, length=length, **more)


def attribute(name: str, length: int | None = None, **more: Any) -> Tag:
    return Tag(name=name, kind=Kind.ATTRIBUTE, length=length, **more)


def text(length: int | None = None, **more: Any) -> Tag:
    """The text of the block's own element."""
    return Tag(name="", kind=Kind.TEXT, length=length, **more)


def flag(name: str, **more: Any) -> Tag:
    """An element whose presence is what it says: `<viral/>`, never `<viral>false</viral>`."""
    return Tag(name=name, kind=Kind.FLAG, **more)


@dataclass(frozen=True, slots=True)
class Slot:
    """One field of a model: its name in Python, its tag, `of` which type one value is, and how
    often it occurs. `maximum` is None for any number."""

    field: str
    tag: Tag
    of: type[Any]
    minimum: int
    maximum: int | None

    @property
    def many(self) -> bool:
        return self.maximum is None

    @property
    def block(self) -> type[Model] | None:
        return self.of if issubclass(self.of, Model) else None

    def values(self, model: Model) -> tuple[Any, ...]:
        """What is there: none, one, or many."""
        value = getattr(model, self.field)
        if self.many:
            return tuple(value)
        return () if value is None else (value,)

    def name(self, parent: str, newer: frozenset[str]) -> str | None:
        """Its name inside the element `parent`; None where this is not sent.

        `newer` names what the served schema has beyond the pinned one: elements by their name,
        attributes as `element@attribute`.
        """
        place = f"{parent}@" if self.tag.kind is Kind.ATTRIBUTE else ""
        if self.tag.renamed and place + self.tag.renamed in newer:
            return self.tag.renamed
        if self.tag.newer and place + self.tag.name not in newer:
            return None
        return None if self.tag.moved in newer else self.tag.name

    def path(self, parent: str, number: int) -> str:
        """Where the value number `number`, from 1, stands."""
        if self.tag.kind is Kind.TEXT:
            return parent
        mark = "@" if self.tag.kind is Kind.ATTRIBUTE else ""
        return f"{parent}/{mark}{self.tag.name}" + (f"[{number}]" if self.many else "")


class Model:
    """A block of a document.

    `TAG`: the name of the element, where the schema declares it at its top. `SECTION`: where the
    project's account of the contract describes it. `UNORDERED`: its elements may stand in any
    order.
    """

    __slots__ = ()
    TAG: ClassVar[str] = ""
    SECTION: ClassVar[str] = ""
    UNORDERED: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Raises `TypeError` for a value of another type: a list, a word in place of its enum's
        member, 0 or 1 in place of a truth value."""
        for slot in slots(type(self)):
            value = getattr(self, slot.field)
            if slot.many:
                if type(value) is not tuple:
                    raise TypeError(f"{type(self).__name__}.{slot.field} is a tuple")
                given = value
            elif value is None and (slot.minimum == 0 or slot.tag.choice):
                continue
            else:
                given = (value,)
            if any(type(one) is not slot.of for one in given):
                raise TypeError(f"{type(self).__name__}.{slot.field} is {slot.of.__name__}")


M = TypeVar("M", bound=Model)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def model(block: type[M]) -> type[M]:
    """A dataclass of the wire: frozen, slotted, built by keywords."""
    return dataclass(frozen=True, slots=True, kw_only=True)(block)


_READ: dict[type[Model], tuple[Slot, ...]] = {}


def slots(block: type[Model]) -> tuple[Slot, ...]:
    """The fields of a model, in the order of the wire."""
    if block not in _READ:
        _READ[block] = tuple(_read(block))
    return _READ[block]


def _read(block: type[Any]) -> Iterator[Slot]:
    hints = get_type_hints(block, include_extras=True)
    for field in fields(block):
        kind, tag = get_args(hints[field.name])
        many = get_origin(kind) is tuple
        if many:
            kind = get_args(kind)[0]
        elif isinstance(kind, UnionType):
            (kind,) = (one for one in get_args(kind) if one is not NoneType)
        least = int(field.default is MISSING) if tag.minimum is None else tag.minimum
        yield Slot(field.name, tag, kind, least, None if many else 1)


def models(block: type[Model]) -> Iterator[type[Model]]:
    """The model and all that stand in it, each once, parents first."""
    seen: dict[type[Model], None] = {}

    def visit(one: type[Model]) -> None:
        if one not in seen:
            seen[one] = None
            for slot in slots(one):
                if slot.block:
                    visit(slot.block)

    visit(block)
    yield from seen


def walk(block: Model, path: str) -> Iterator[tuple[str, Model]]:
    """The block and all that stand in it, each with its path."""
    yield path, block
    for slot in slots(type(block)):
        if slot.block:
            for number, value in enumerate(slot.values(block), 1):
                yield from walk(value, slot.path(path, number))


def values(block: Model, path: str) -> Iterator[tuple[str, Slot, Any]]:
    """All values of the block that are no blocks themselves, each with its path."""
    for place, one in walk(block, path):
        for slot in slots(type(one)):
            if not slot.block:
                for number, value in enumerate(slot.values(one), 1):
                    yield slot.path(place, number), slot, value


def blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()
