"""Makes the rules of a pack of nodes, and says what is wrong with each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from difflib import get_close_matches
from typing import Any

import rfc8785

from tutela.packs.clocks import Term
from tutela.packs.models import (
    AT_ONCE,
    BasisRule,
    ContentRule,
    KeepRule,
    Marker,
    ReportRule,
    ReviewRule,
    RouteRule,
    Rule,
    Side,
    TakedownRule,
    When,
)
from tutela.packs.parts import (
    Parts,
    choice,
    country,
    day,
    name,
    names,
    no_country,
    period,
    term,
    text,
    texts,
)
from tutela.packs.vocabulary import (
    ELSEWHERE,
    FACTS,
    FIELDS,
    GRADE,
    ORDERS,
    PRIORITIES,
    is_country,
    names_statute,
    spread,
)
from tutela.policy.countries import COUNTRIES
from tutela.policy.documents import Mapping as MappingNode
from tutela.policy.documents import Node, Scalar, Sequence, shown
from tutela.policy.periods import Period
from tutela.policy.reading import Reader


@dataclass(frozen=True, slots=True)
class Home:
    """The pack in which a rule stands: what a rule takes from it."""

    pack: str
    zone: tzinfo
    zone_name: str
    countries: tuple[str, ...]


COMMON = {
    "kind": True, "id": True, "why": True, "source": True, "marker": True, "verified": True,
    "reviewed": True, "when": False, "from": False, "until": False, "notes": False,
}  # fmt: skip

OWN: dict[str, dict[str, bool]] = {
    "report": {
        "to": True, "must": True, "term": True, "fields": True, "unless_reported": False,
        "of": False,
    },
    "content": {"to": True, "ground": True, "country": True, "leaving": False},
    "keep": {
        "for": True, "what": True, "since": True, "at_least": False, "at_most": False,
        "elsewhere": False,
    },
    "basis": {"of": True, "legal_basis": True, "grants": True},
    "support": {"country": True, "route": True},
    "emergency": {"country": True, "route": True},
    "takedown": {"of": True, "term": True},
    "review": {"of": True, "every": True},
}  # fmt: skip
"""Keys of each kind of rule, true for those it must have."""


def rule(reader: Reader, node: Node, home: Home) -> Rule | None:
    """The rule of a node; None if it is none, whose faults the reader has then."""
    kind = _kind(reader, node)
    if kind is None:
        return None
    before = len(reader.faults)
    keys = {**COMMON, **OWN[kind]}
    members = reader.mapping(node, f"A {kind} rule", keys)
    parts = {key: value for key, (_, value) in members.items()}
    common = _common(reader, node, parts, home)
    made, values = MAKERS[kind]
    own = values(reader, parts)
    _no_orders(reader, parts)
    if len(reader.faults) > before:
        return None
    return made(**own, **common)


def _kind(reader: Reader, node: Node) -> str | None:
    if isinstance(node, MappingNode) and "kind" in node.items:
        return reader.one_of(node.items["kind"][1], "kind", tuple(OWN))
    reader.mapping(node, "A rule", {"kind": True}, open_keys=True)
    return None


def _common(reader: Reader, node: Node, parts: Parts, home: Home) -> dict[str, Any]:
    begin, end = (day(reader, parts, key) for key in ("from", "until"))
    if begin and end and end < begin:
        reader.fault(parts["until"], f"until is before from, {begin}.")
    marker = choice(reader, parts, "marker", tuple(Marker))
    verified = reader.yes_no(parts["verified"], "verified") if "verified" in parts else None
    source = text(reader, parts, "source")
    if verified and marker and marker != Marker.VERIFIED:
        reader.fault(
            parts["verified"],
            f"What is known {Marker(marker).words} ({marker}) is not verified.",
            "Write verified: no, until someone has checked the statute: then marker: V.",
        )
    elif verified and source and not names_statute(source):
        reader.fault(
            parts["source"],
            "This is verified, and its source has no address of the statute.",
            "Write the https:// address where the statute is published, or verified: no.",
        )
    return {
        "pack": home.pack, "id": name(reader, parts, "id"), "why": text(reader, parts, "why"),
        "source": source, "marker": Marker(marker) if marker else None, "verified": verified,
        "reviewed": day(reader, parts, "reviewed"),
        "when": _when(reader, parts["when"], home) if "when" in parts else {}, "from_": begin,
        "until": end, "notes": texts(reader, parts, "notes"), "digest": _digest(node, home),
        "zone": home.zone, "line": node.line, "column": node.column,
    }  # fmt: skip


def _when(reader: Reader, node: Node, home: Home) -> When:
    made: dict[str, tuple[str, ...]] = {}
    members = reader.mapping(node, "when", {}, open_keys=True)
    for fact, (key, value) in members.items():
        if fact not in FACTS and not GRADE.fullmatch(fact):
            reader.fault(key, f"{shown(fact)} is no fact.", f"Facts are {', '.join(FACTS)}.")
            continue
        values = [_value(reader, one, fact) for one in reader.sequence(value, fact)]
        if isinstance(value, Sequence) and not values:
            reader.fault(value, f"{fact} is never one of nothing.", "Name a value, or delete it.")
        made[fact] = _spread(tuple(one for one in values if one is not None), fact, home)
    if isinstance(node, MappingNode) and not members:
        reader.fault(node, "when says nothing.", "Name a fact and what it may be, or delete when.")
    return made


def _spread(values: tuple[str, ...], fact: str, home: Home) -> tuple[str, ...]:
    """Values, with the countries for which `elsewhere` stands."""
    if ELSEWHERE not in values or fact not in FACTS or not FACTS[fact].countries:
        return values
    others = COUNTRIES - spread(frozenset(home.countries))
    return tuple(sorted({*values, *others} - {ELSEWHERE}))


def _value(reader: Reader, node: Node, fact: str) -> str | None:
    known = FACTS.get(fact)
    if known and known.values:
        return reader.one_of(node, fact, known.values)
    value = reader.text(node, fact, 64)
    if value and known and known.countries and value != ELSEWHERE and not is_country(value):
        no_country(reader, node, value)
        return None
    return value


def _report(reader: Reader, parts: Parts) -> dict[str, Any]:
    fields: dict[str, tuple[str, ...]] = {}
    if "fields" in parts:
        keys = {"needed": False, "where_held": False}
        inside = reader.mapping(parts["fields"], "fields", keys)
        for key, (_, value) in inside.items():
            fields[key] = _field_names(reader, value, key)
        for one in set(fields.get("needed", ())) & set(fields.get("where_held", ())):
            reader.fault(parts["fields"], f"The field {one} is in both lists.", "Delete one.")
        if not any(isinstance(node, Sequence) and node.items for _, node in inside.values()):
            reader.fault(parts["fields"], "No field is named.", "Say what the report must hold.")
    return {
        "to": name(reader, parts, "to"),
        "must": reader.yes_no(parts["must"], "must") if "must" in parts else None,
        "terms": _terms(reader, parts["term"]) if "term" in parts else {},
        "needed": fields.get("needed", ()), "where_held": fields.get("where_held", ()),
        "unless_reported": names(reader, parts, "unless_reported"),
        "of": country(reader, parts, "of") or "",
    }  # fmt: skip


def _field_names(reader: Reader, node: Node, what: str) -> tuple[str, ...]:
    found: list[str] = []
    for one in reader.sequence(node, what):
        value = _field(reader, one)
        if value in found:
            reader.fault(one, f"{value} is said twice.", "Delete one.")
        elif value:
            found.append(value)
    return tuple(found)


def _field(reader: Reader, node: Node) -> str | None:
    value = reader.text(node, "A field", 64)
    if value is None or value in FIELDS:
        return value
    near = get_close_matches(value, FIELDS, 1)
    hint = f"Do you mean {near[0]}?" if near else "Fields are listed in docs/law-packs.md."
    reader.fault(node, f"There is no field {shown(value)}.", hint)
    return None


def _terms(reader: Reader, node: Node) -> dict[str, Term]:
    if isinstance(node, Scalar):
        one = term(reader, node, "term")
        return {"": one} if one else {}
    made = {}
    for priority, (_, value) in reader.mapping(
        node, "term", dict.fromkeys(PRIORITIES, False)
    ).items():
        one = term(reader, value, f"The term of priority {priority}")
        if one:
            made[priority] = one
    if isinstance(node, MappingNode):
        for priority in PRIORITIES:
            if priority not in node.items:
                reader.fault(
                    node, f"Priority {priority} has no clock.", "Each of 1, 2 and 3 needs one."
                )
    return made


def _content(reader: Reader, parts: Parts) -> dict[str, Any]:
    return {
        "to": name(reader, parts, "to"), "ground": text(reader, parts, "ground"),
        "country": country(reader, parts, "country"),
        "leaving": text(reader, parts, "leaving") or "",
    }  # fmt: skip


def _keep(reader: Reader, parts: Parts) -> dict[str, Any]:
    sides = [key for key in ("at_least", "at_most", "elsewhere") if key in parts]
    if len(sides) != 1:
        what = f"{' and '.join(sides)} are said." if sides else "It is not said how long."
        reader.fault(parts["kind"], what, "A rule has one of at_least, at_most and elsewhere.")
    side = sides[0] if sides else ""
    length: Period | None = None
    if side in ("at_least", "at_most"):
        value = parts[side]
        at_once = isinstance(value, Scalar) and side == "at_most" and value.value == AT_ONCE
        length = None if at_once else period(reader, parts, side)
    return {
        "to": name(reader, parts, "for"),
        "what": choice(reader, parts, "what", ("evidence", "reference")),
        "since": choice(reader, parts, "since", ("filed", "aware")),
        "side": Side(side.replace("_", " ")) if side else None, "period": length,
        "elsewhere": text(reader, parts, "elsewhere") or "",
    }  # fmt: skip


def _basis(reader: Reader, parts: Parts) -> dict[str, Any]:
    return {
        "of": name(reader, parts, "of"), "legal_basis": text(reader, parts, "legal_basis"),
        "grants": reader.yes_no(parts["grants"], "grants") if "grants" in parts else None,
    }  # fmt: skip


def _route(reader: Reader, parts: Parts) -> dict[str, Any]:
    kind = parts["kind"]
    return {
        "sort": kind.value if isinstance(kind, Scalar) else "",
        "country": country(reader, parts, "country"), "route": text(reader, parts, "route"),
    }  # fmt: skip


def _takedown(reader: Reader, parts: Parts) -> dict[str, Any]:
    found = term(reader, parts["term"], "term") if "term" in parts else None
    return {"of": name(reader, parts, "of"), "term": found}


def _review(reader: Reader, parts: Parts) -> dict[str, Any]:
    return {"of": name(reader, parts, "of"), "every": period(reader, parts, "every")}


MAKERS: dict[str, tuple[type[Rule], Callable[[Reader, Parts], dict[str, Any]]]] = {
    "report": (ReportRule, _report), "content": (ContentRule, _content), "keep": (KeepRule, _keep),
    "basis": (BasisRule, _basis), "support": (RouteRule, _route), "emergency": (RouteRule, _route),
    "takedown": (TakedownRule, _takedown), "review": (ReviewRule, _review),
}  # fmt: skip


def _no_orders(reader: Reader, parts: Parts) -> None:
    """No law orders a service to search what it holds; so no pack may say that one does."""
    for key, part in parts.items():
        for node in part.items if isinstance(part, Sequence) else (part,):
            if isinstance(node, Scalar) and (found := ORDERS.search(node.value)):
                reader.fault(
                    node,
                    f"{key} says that a law orders a search: {shown(found[0])}.",
                    "None does: say what a service may do, and what it must report.",
                )


def _digest(node: Node, home: Home) -> str:
    """SHA-256 of what a rule says, in canonical JSON (RFC 8785), with its pack, the zone in
    which its days are counted, and the countries but for which `elsewhere` is. Comments, line
    breaks and the order of keys do not count."""
    said = {
        "pack": home.pack, "zone": home.zone_name, "countries": sorted(home.countries),
        "rule": _plain(node),
    }  # fmt: skip
    return f"sha256:{hashlib.sha256(rfc8785.dumps(said)).hexdigest()}"


def _plain(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return {key: _plain(value) for key, (_, value) in node.items.items()}
    if isinstance(node, Sequence):
        return [_plain(one) for one in node.items]
    return " ".join(node.value.split()) if isinstance(node, Scalar) else None
