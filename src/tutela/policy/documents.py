"""YAML as nodes that know their place. A small YAML: one document of lists, mappings and plain
values, without anchors, aliases, tags and repeated keys, which hide from a reader what is said.

Built from events, so that nesting is counted before it is followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.reader import ReaderError

from tutela.policy.errors import Fault

MAX_SIZE = 128 * 1024
"""Characters of a policy: far more than a person reads, and read in about a second."""

MAX_DEPTH = 8
"""Nesting: a policy needs 4."""

MAX_NODES = 10_000
"""Values in all."""


@dataclass(frozen=True, slots=True)
class Node:
    """Where something stands; lines and columns count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """A value as it was written. `source` is that part of the YAML, `quoted` if it has quotes."""

    value: str
    source: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    """Values by key, with the scalar that each key was."""

    items: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)


class Unreadable(Exception):
    """A text that cannot be read any further."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


def read(text: str | bytes) -> Node:
    """The one document of a text. Raises `Unreadable`."""
    text = _decoded(text).removeprefix("\ufeff")
    if len(text) > MAX_SIZE:
        refuse(1, 1, f"This is longer than {MAX_SIZE} characters.", "A policy is a page or two.")
    try:
        return _Composer(text).document()
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        refuse(line, column, "This character may not stand in YAML.", "Delete it.")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join((error.problem or "it cannot be read").split())
        refuse(
            mark.line + 1 if mark else 1,
            mark.column + 1 if mark else 1,
            f"This is not YAML: {problem}.",
            "Look at the line above too: indentation, colons, quotes.",
        )


def refuse(line: int, column: int, what: str, hint: str) -> NoReturn:
    raise Unreadable(Fault(line, column, what, hint)) from None


def _decoded(text: str | bytes) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8")
        refuse(
            before.count("\n") + 1,
            len(before) - before.rfind("\n"),
            "This byte is not UTF-8.",
            "Save the file as UTF-8.",
        )


class _Composer:
    """Makes nodes of the events of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.nodes = 0
        self.events: Iterator[Event] = yaml.parse(text, Loader=yaml.SafeLoader)

    def document(self) -> Node:
        made: Node | None = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if made is not None:
                    self._refuse(event, "A second document begins here.", "Keep one in a file.")
                made = self._node(next(self.events), 0)
        if made is None:
            refuse(1, 1, "There is nothing in this policy.", "See docs/policy.md.")
        return made

    def _node(self, event: Event, depth: int) -> Node:
        self._allow(event, depth)
        line, column = _place(event)
        if isinstance(event, SequenceStartEvent):
            items = []
            while not isinstance(event := next(self.events), SequenceEndEvent):
                items.append(self._node(event, depth + 1))
            return Sequence(line, column, tuple(items))
        if isinstance(event, MappingStartEvent):
            return Mapping(line, column, self._members(depth))
        if not isinstance(event, ScalarEvent):
            self._refuse(event, "This cannot be read.", "Write a value.")
        begin, end = event.start_mark, event.end_mark
        source = self.text[begin.index : end.index] if begin and end else ""
        return Scalar(line, column, event.value, source, event.style in ("'", '"'))

    def _members(self, depth: int) -> dict[str, tuple[Scalar, Node]]:
        members: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                self._refuse(event, "A key is one word.", "Write name: value.")
            if key.value == "<<":
                self._refuse(event, "Mappings are not merged.", "Write what is meant.")
            if key.value in members:
                first = members[key.value][0].line
                self._refuse(
                    event, f"The key {shown(key.value)} is in line {first} already.", "Delete one."
                )
            members[key.value] = (key, self._node(next(self.events), depth + 1))
        return members

    def _allow(self, event: Event, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._refuse(event, f"There are more than {MAX_NODES} values.", "Write less.")
        if depth > MAX_DEPTH:
            self._refuse(event, f"This is nested more than {MAX_DEPTH} deep.", "Write it flat.")
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            self._refuse(event, "Anchors and aliases are not read.", "Write out what is meant.")
        if getattr(event, "tag", None):
            self._refuse(event, "Tags are not read.", "Write the value alone.")

    def _refuse(self, event: Event, what: str, hint: str) -> NoReturn:
        refuse(*_place(event), what, hint)


def _place(event: Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def shown(text: str) -> str:
    """A stranger's word in a message: short, on one line, printable."""
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)
