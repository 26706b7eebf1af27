"""Examples beside a pack: situations, and all that the pack says of each. They are its tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tutela.packs.deciding import duties
from tutela.packs.errors import PackError
from tutela.packs.explaining import brief
from tutela.packs.models import Pack
from tutela.packs.parts import choice, day, text
from tutela.packs.reading import situation
from tutela.packs.situations import Situation
from tutela.policy.documents import Node, Unreadable, read
from tutela.policy.reading import Reader

FORMAT = "1"

PARTS = (
    "duties", "keeps", "files", "bases", "removals", "reviews", "help", "refused", "asks",
    "conflicts", "drafts",
)  # fmt: skip
"""What an example may say of an outcome (`explaining.brief`); what it leaves out, there is not."""


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    on: date
    situation: Situation
    expected: Mapping[str, tuple[str, ...]]
    line: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of an outcome that an example has otherwise."""

    example: str
    line: int
    part: str
    expected: tuple[str, ...]
    found: tuple[str, ...]


def read_examples(text: str | bytes, place: str = "examples.yaml") -> tuple[Example, ...]:
    """The examples of a text. Raises `PackError` with all faults found."""
    try:
        root = read(text)
    except Unreadable as error:
        raise PackError(place, (error.fault,)) from None
    reader = Reader()
    members = reader.mapping(root, "The file", {"format": True, "examples": True})
    parts = {key: value for key, (_, value) in members.items()}
    choice(reader, parts, "format", (FORMAT,))
    nodes = reader.sequence(parts["examples"], "examples") if "examples" in parts else ()
    made = [_example(reader, node) for node in nodes]
    if reader.faults:
        raise PackError(place, tuple(sorted(reader.faults)))
    return tuple(one for one in made if one is not None)


def _example(reader: Reader, node: Node) -> Example | None:
    keys = {"name": True, "on": True, "situation": True, "expect": True}
    parts = {key: value for key, (_, value) in reader.mapping(node, "An example", keys).items()}
    name, on = text(reader, parts, "name"), day(reader, parts, "on")
    found = situation(reader, parts["situation"]) if "situation" in parts else None
    expected: dict[str, tuple[str, ...]] = {}
    if "expect" in parts:
        inside = reader.mapping(parts["expect"], "expect", dict.fromkeys(PARTS, False))
        for part, (_, value) in inside.items():
            said = [reader.text(one, part) for one in reader.sequence(value, part)]
            expected[part] = tuple(one for one in said if one is not None)
    if name is None or on is None or found is None:
        return None
    return Example(name, on, found, expected, node.line)


def differences(pack: Pack, given: tuple[Example, ...]) -> tuple[Difference, ...]:
    """Where a pack says something else than its examples."""
    found = []
    for one in given:
        said = brief(duties([pack], one.situation, one.on))
        for part in PARTS:
            expected, actual = one.expected.get(part, ()), said.get(part, ())
            if expected != actual:
                found.append(Difference(one.name, one.line, part, expected, actual))
    return tuple(found)
