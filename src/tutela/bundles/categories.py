"""Tables that turn grades into the numbers of one country's categories. Pure.

A table belongs to a receiver, who answers for it; none comes with this program. It always loses
something, and what it made says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tutela.bundles.errors import BundleRefused
from tutela.policy import documents
from tutela.policy.documents import Unreadable
from tutela.policy.reading import Reader

MOST = 99
"""The largest number of a category: national lists have a dozen."""

COUNTRY = re.compile(r"[A-Za-z]{2,16}", re.ASCII)
"""As the model's address calls it: US, UK, CUSTOM …"""


@dataclass(frozen=True, slots=True)
class Table:
    """`codes`: numbers, each with what grades say then, the first that fits counts. `loses`: what
    the numbers do not tell. `by`: who answers for the table."""

    country: str
    version: str
    source: str
    reviewed: str
    by: str
    loses: tuple[str, ...]
    codes: tuple[tuple[int, Mapping[str, str]], ...]

    def category(self, grades: Mapping[str, str]) -> int | None:
        """The number for what was said of a file; None if none fits."""
        for code, when in self.codes:
            if all(grades.get(name) == value for name, value in when.items()):
                return code
        return None


def read(text: bytes, known: Mapping[str, tuple[str, ...]]) -> Table:
    """The table of a YAML file. `known`: facts of grades and what each can be. Raises
    `BundleRefused`, with the place of each fault."""
    reader = Reader()
    try:
        root = documents.read(text)
    except Unreadable as error:
        raise _refused([f"{error.fault.line}:{error.fault.column}: {error.fault}"]) from None
    parts = reader.mapping(root, "A table", {
        "format": True, "country": True, "version": True, "source": True, "reviewed": True,
        "by": True, "loses": True, "codes": True,
    })  # fmt: skip
    if "format" in parts:
        reader.one_of(parts["format"][1], "format", ("1",))
    texts = {
        name: (reader.text(parts[name][1], name) or "") if name in parts else ""
        for name in ("country", "version", "source", "reviewed", "by")
    }
    if texts["country"] and not COUNTRY.fullmatch(texts["country"]):
        reader.fault(parts["country"][1], "country is no name of a model's country.", "US, UK …")
    loses = [
        reader.one_of(one, "loses", tuple(known))
        for one in (reader.sequence(parts["loses"][1], "loses") if "loses" in parts else ())
    ]
    codes = []
    for node in reader.sequence(parts["codes"][1], "codes") if "codes" in parts else ():
        inside = reader.mapping(node, "A code", {"code": True, "when": True})
        code = reader.whole(inside["code"][1], "code", 0, MOST) if "code" in inside else None
        when = {}
        if "when" in inside:
            of = reader.mapping(inside["when"][1], "when", dict.fromkeys(known, False))
            when = {
                name: reader.one_of(value, name, known[name]) for name, (_, value) in of.items()
            }
        if not when:
            reader.fault(node, "when says nothing.", "Name a fact and what it is.")
        if code is not None:
            codes.append((code, {name: value for name, value in when.items() if value}))
    if reader.faults:
        raise _refused([f"{one.line}:{one.column}: {one}" for one in sorted(reader.faults)])
    return Table(
        texts["country"], texts["version"], texts["source"], texts["reviewed"], texts["by"],
        tuple(one for one in loses if one), tuple(codes),
    )  # fmt: skip


def _refused(lines: list[str]) -> BundleRefused:
    return BundleRefused(
        "\n".join(["This is no table of categories.", *lines]), "See docs/bundles.md."
    )
