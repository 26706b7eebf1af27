"""Reads parts of a policy out of nodes, and collects their faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import TypeVar

from tutela.policy.conditions import Condition, Wrong, compiled, tokens
from tutela.policy.documents import Mapping as MappingNode
from tutela.policy.documents import Node, Scalar, Sequence, shown
from tutela.policy.errors import Fault
from tutela.policy.vocabulary import Name

Got = TypeVar("Got")


class Reader:
    """What is read so far has these faults. What cannot be read is None, and has told its fault."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, node: Node, what: str, hint: str = "") -> None:
        self.faults.append(Fault(node.line, node.column, what, hint))

    def mapping(
        self, node: Node, what: str, keys: Mapping[str, bool], open_keys: bool = False
    ) -> dict[str, tuple[Scalar, Node]]:
        """The members of a mapping with these keys, true for those it must have."""
        if not isinstance(node, MappingNode):
            self.fault(node, f"{what} is not written as name: value.", _keys_hint(keys))
            return {}
        for name, (key, _) in node.items.items():
            if name not in keys and not open_keys:
                near = get_close_matches(name, keys, 1)
                hint = f"Do you mean {near[0]}?" if near else _keys_hint(keys)
                self.fault(key, f"{what} has no {shown(name)}.", hint)
        for name, needed in keys.items():
            if needed and name not in node.items:
                self.fault(node, f"{what} has no {name}.", "It needs one.")
        return {name: pair for name, pair in node.items.items() if open_keys or name in keys}

    def sequence(self, node: Node, what: str) -> tuple[Node, ...]:
        if isinstance(node, Sequence):
            return node.items
        self.fault(node, f"{what} is not a list.", "Begin each entry with a dash.")
        return ()

    def text(self, node: Node, what: str, longest: int = 500) -> str | None:
        """A text on one line."""
        if not isinstance(node, Scalar):
            self.fault(node, f"{what} is not a text.")
            return None
        value = " ".join(node.value.split())
        if not value or (not node.quoted and value in ("null", "~")):
            self.fault(node, f"{what} is empty.", "Write what it is, or delete the line.")
        elif len(value) > longest:
            self.fault(node, f"{what} is longer than {longest} characters.")
        elif not value.isprintable():
            self.fault(node, f"{what} holds a character that cannot be printed.")
        else:
            return value
        return None

    def one_of(self, node: Node, what: str, choices: tuple[str, ...]) -> str | None:
        value = self.text(node, what)
        if value is None or value in choices:
            return value
        near = get_close_matches(value, choices, 1)
        hint = f"Do you mean {near[0]}?" if near else f"It is one of {', '.join(choices)}."
        self.fault(node, f"{what} is never {shown(value)}.", hint)
        return None

    def yes_no(self, node: Node, what: str) -> bool | None:
        value = self.one_of(node, what, ("yes", "no", "true", "false"))
        return None if value is None else value in ("yes", "true")

    def whole(self, node: Node, what: str, least: int, most: int) -> int | None:
        value = self.text(node, what)
        if value is None:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            self.fault(node, f"{what} is not a whole number from {least} to {most}.")
            return None
        return int(value)

    def parsed(
        self, node: Node, what: str, parse: Callable[[str], Got], example: str
    ) -> Got | None:
        """What `parse` makes of a text; it raises ValueError for others."""
        value = self.text(node, what)
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError:
            self.fault(node, f"{what} cannot be {shown(value)}.", f"Write it as {example}.")
            return None

    def condition(self, node: Node, names: Mapping[str, Name]) -> Condition | None:
        if not isinstance(node, Scalar):
            self.fault(node, "when is not a condition.", "Put it in quotes if it begins with [.")
            return None
        try:
            return compiled(node.value, names)
        except Wrong as wrong:
            line, column = _place(node, wrong.token)
            self.faults.append(Fault(line, column, wrong.what, wrong.hint))
            return None


def _keys_hint(keys: Mapping[str, bool]) -> str:
    return f"It has {', '.join(keys)}." if keys else ""


def _place(node: Scalar, token: int) -> tuple[int, int]:
    """Where in the YAML a token of a condition stands, or the text where it was written oddly.

    Folding and quoting change only spaces between tokens, so they are looked for in their order.
    """
    source, at, words = node.source, 0, list[str]()
    with suppress(Wrong):
        for one in tokens(node.value):
            words.append(one.text)
    if source[:1] in ("|", ">"):
        at = source.find("\n")
    elif node.quoted:
        at = 1
    for number, word in enumerate(words[: token + 1]):
        first = source.find(word.split()[0], at)  # any match may be on two lines
        if first < 0 and number == token:
            return node.line, node.column
        if first >= 0:
            at = first if number == token else first + len(word.split()[0])
    if token >= len(words):  # it could not be read
        at = len(source) - len(source[at:].lstrip())
    line = source.count("\n", 0, at)
    if not line:
        return node.line, node.column + at
    return node.line + line, at - source.rfind("\n", 0, at)
