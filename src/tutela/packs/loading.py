"""Makes law packs of texts, or says all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tutela.packs.checking import check
from tutela.packs.errors import PackError
from tutela.packs.models import Pack, Rule, Status
from tutela.packs.parts import choice, day, name, text
from tutela.packs.rules import Home, rule
from tutela.packs.vocabulary import is_country
from tutela.policy.documents import Node, Unreadable, read, shown
from tutela.policy.reading import Reader

FORMAT = "1"
"""Of packs: raised when what is written here would be read otherwise."""

MAX_RULES = 200
"""Rules of a pack: more than a lawyer reads at one time."""

KEYS = {
    "format": True, "pack": True, "title": True, "version": True, "status": True, "from": True,
    "until": False, "reviewed": True, "countries": True, "zone": True, "extends": False,
    "rules": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Text:
    """A pack by itself, before what it extends is known."""

    place: str
    reader: Reader
    root: Node
    parts: Mapping[str, Node]
    name: str
    extends: str


def load(text: str | bytes, place: str = "pack.yaml") -> Pack:
    """The pack of a text that extends none. Raises `PackError` with all faults found."""
    return load_all({place: text})[0]


def load_all(texts: Mapping[str, str | bytes]) -> tuple[Pack, ...]:
    """The packs of texts by their place, in their order; they may extend one another. Raises
    `PackError` with all faults of the first text that has some."""
    read_in = [_opened(text, place) for place, text in texts.items()]
    by_name: dict[str, _Text] = {}
    for one in read_in:
        first = by_name.setdefault(one.name, one)
        if first is not one and one.name:
            what = f"The pack {one.name} is in {first.place} already."
            one.reader.fault(one.parts["pack"], what, "Delete one.")
    made: dict[str, Pack] = {}
    for one in read_in:
        _make(one, by_name, made, ())
    return tuple(made[one.place] for one in read_in)


def _opened(text: str | bytes, place: str) -> _Text:
    try:
        root = read(text)
    except Unreadable as error:
        raise PackError(place, (error.fault,)) from None
    reader = Reader()
    parts = {key: value for key, (_, value) in reader.mapping(root, "A pack", KEYS).items()}
    own = name(reader, parts, "pack") or ""
    return _Text(place, reader, root, parts, own, name(reader, parts, "extends") or "")


def _make(
    one: _Text, by_name: Mapping[str, _Text], made: dict[str, Pack], above: tuple[str, ...]
) -> Pack:
    """A pack, after what it extends. `above`: packs that extend this one."""
    if one.place in made:
        return made[one.place]
    parent: Pack | None = None
    way = (*above, one.name)
    if one.extends and one.extends in way:
        circle = " extends ".join([*way[way.index(one.extends) :], one.extends])
        one.reader.fault(one.parts["extends"], f"This is a circle: {circle}.", "Break it.")
    elif one.extends and one.extends not in by_name:
        known = ", ".join(sorted(by_name))
        one.reader.fault(
            one.parts["extends"], f"There is no pack {one.extends}.", f"Packs here are {known}."
        )
    elif one.extends:
        parent = _make(by_name[one.extends], by_name, made, way)
    pack = _pack(one, parent)
    if one.reader.faults or pack is None:
        raise PackError(one.place, tuple(sorted(one.reader.faults)))
    made[one.place] = pack
    return pack


def _pack(one: _Text, parent: Pack | None) -> Pack | None:
    reader, parts = one.reader, one.parts
    choice(reader, parts, "format", (FORMAT,))
    title, version = text(reader, parts, "title"), text(reader, parts, "version")
    status = choice(reader, parts, "status", tuple(Status))
    begin, end, reviewed = (day(reader, parts, key) for key in ("from", "until", "reviewed"))
    if begin and end and end < begin:
        reader.fault(parts["until"], f"until is before from, {begin}.")
    if parent and parent.is_draft and status == Status.IN_FORCE:
        reader.fault(
            parts["status"], f"The pack {parent.name} is a draft.", "What extends it is one too."
        )
    countries = _countries(reader, parts)
    zone = _zone(reader, parts)
    home = Home(one.name, zone or ZoneInfo("UTC"), zone.key if zone else "", countries)
    own = _rules(reader, parts, home)
    ids = {found.id for found in own}
    inherited = [found for found in parent.rules if found.id not in ids] if parent else []
    rules = (*inherited, *own)
    check(reader, one.root, one.name, rules, reviewed)
    if not (title and version and status and begin and reviewed and zone):
        return None
    return Pack(
        one.name, title, version, Status(status), begin, end, reviewed, countries, zone,
        one.extends, rules, one.place,
    )  # fmt: skip


def _countries(reader: Reader, parts: Mapping[str, Node]) -> tuple[str, ...]:
    found = []
    for node in reader.sequence(parts["countries"], "countries") if "countries" in parts else ():
        value = reader.text(node, "A country", 64)
        if value and not is_country(value):
            reader.fault(
                node,
                f"There is no country {shown(value)}.",
                "Write two letters, as GB, or EU.",
            )
        elif value:
            found.append(value)
    return tuple(found)


def _zone(reader: Reader, parts: Mapping[str, Node]) -> ZoneInfo | None:
    if "zone" not in parts:
        return None
    return reader.parsed(parts["zone"], "zone", _named_zone, "a time zone: Europe/London")


def _named_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, OSError):
        raise ValueError("no zone") from None


def _rules(reader: Reader, parts: Mapping[str, Node], home: Home) -> tuple[Rule, ...]:
    nodes = reader.sequence(parts["rules"], "rules") if "rules" in parts else ()
    if len(nodes) > MAX_RULES:
        reader.fault(nodes[MAX_RULES], f"There are more than {MAX_RULES} rules.")
    made: dict[str, Rule] = {}
    for node in nodes[:MAX_RULES]:
        found = rule(reader, node, home)
        if found and found.id in made:
            line = made[found.id].line
            reader.fault(node, f"The rule in line {line} has this id.", "Choose another.")
        elif found:
            made[found.id] = found
    return tuple(made.values())
