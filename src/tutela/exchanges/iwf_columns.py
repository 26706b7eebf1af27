"""What the columns of a programme's lists are called, from a YAML file. Pure.

Members know them, and nobody may publish them: so they are no part of the program.
`examples/list-columns.yaml` shows the form.
"""

from __future__ import annotations

from collections.abc import Mapping

from tutela.exchanges.errors import Unreadable
from tutela.policy import documents
from tutela.policy.documents import Node, Scalar
from tutela.policy.reading import Reader
from tutela.signals.urls import EXACT, HOST, PREFIX

LONGEST = 200
"""Letters of the name of a column."""

MAPS = {"hashes": "map", "addresses": "address_map", "words": "word_map"}
PARTS = {
    "hashes": {"columns": True, "survivor": False}, "words": {"columns": True},
    "addresses": {"columns": False, "type": False},
}  # fmt: skip


def read(body: bytes) -> dict[str, str]:
    """Settings of the partner, as if they had been given one by one. Raises `Unreadable` that says
    what is wrong, and in which line."""
    if not body.strip():
        raise Unreadable("The file of columns is empty.", "See examples/list-columns.yaml.")
    reader = Reader()
    try:
        members = reader.mapping(documents.read(body), "The file", dict.fromkeys(MAPS, False))
    except documents.Unreadable as error:
        reader.faults.append(error.fault)
        members = {}
    found: dict[str, str] = {}
    for name, (_, node) in members.items():
        part = {key: value for key, (_, value) in reader.mapping(node, name, PARTS[name]).items()}
        if "columns" in part:
            found[MAPS[name]] = _columns(reader, part["columns"], name)
        if "survivor" in part:
            found["survivor"] = _survivor(reader, part["survivor"])
        if "type" in part:
            kind = reader.one_of(part["type"], "type", (EXACT, PREFIX, HOST))
            found["address_type"] = kind or EXACT
    if reader.faults:
        one = reader.faults[0]
        raise Unreadable(f"Columns, line {one.line}: {one.what}", one.hint)
    return found


def _columns(reader: Reader, node: Node, name: str) -> str:
    """As the settings have it: FIELD=COLUMN, with commas between."""
    members: Mapping[str, tuple[Scalar, Node]] = reader.mapping(node, name, {}, open_keys=True)
    named = {field: _name(reader, value, field, ",=") for field, (_, value) in members.items()}
    return ",".join(f"{field}={column}" for field, column in named.items())


def _survivor(reader: Reader, node: Node) -> str:
    members = reader.mapping(node, "survivor", {"column": True, "values": True})
    if len(members) < 2:
        return ""
    column = _name(reader, members["column"][1], "column", "=")
    values = reader.sequence(members["values"][1], "values")
    if not values:
        reader.fault(node, "survivor has no values.", "Say what the column holds.")
    return f"{column}={'|'.join(_name(reader, one, 'a value', '|') for one in values)}"


def _name(reader: Reader, node: Node, what: str, never: str) -> str:
    text = reader.text(node, what, LONGEST) or ""
    if any(one in text for one in never):
        reader.fault(node, f"{what} cannot hold {' or '.join(never)}.", "Have the list without it.")
    return text
