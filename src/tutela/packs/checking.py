"""What is wrong with the rules of a pack together: gaps, and two rules for one thing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import combinations

from tutela.packs.models import KeepRule, ReportRule, Rule, When
from tutela.packs.vocabulary import FACTS, spread
from tutela.policy.documents import Mapping, Node, Scalar, Sequence, shown
from tutela.policy.reading import Reader


def check(
    reader: Reader, root: Node, pack: str, rules: tuple[Rule, ...], reviewed: date | None
) -> None:
    """Tells the reader of the faults. Rules that a pack inherits count, and stand in another file:
    a fault of theirs is placed where the pack begins."""
    nodes = _rule_nodes(root)
    if not rules and nodes == ():
        reader.fault(root, "The pack has no rules.", "Then it says nothing: write some.")
    _gaps(reader, root, pack, rules, nodes or ())
    _twice(reader, root, pack, rules)
    for one in rules:
        if reviewed and one.pack == pack and one.reviewed > reviewed:
            reader.fault(
                _place(root, pack, one),
                f"The rule {one.id} was reviewed after the pack, on {one.reviewed}.",
                "Review the pack as a whole, and write the day.",
            )


def _rule_nodes(root: Node) -> tuple[Node, ...] | None:
    """None if no list of rules is written."""
    rules = root.items.get("rules") if isinstance(root, Mapping) else None
    return rules[1].items if rules and isinstance(rules[1], Sequence) else None


def _gaps(
    reader: Reader, root: Node, pack: str, rules: Iterable[Rule], nodes: Iterable[Node]
) -> None:
    """Who is told and of whom nothing is kept, or the other way round. Rules that could not be
    read are counted by the name that they give."""
    told, kept = dict[str, Node](), dict[str, Node]()
    for one in rules:
        if isinstance(one, ReportRule):
            told.setdefault(one.to, _place(root, pack, one))
        elif isinstance(one, KeepRule):
            kept.setdefault(one.to, _place(root, pack, one))
    for node in nodes:
        if (to := _said(node, "report", "to")) is not None:
            told.setdefault(to, node)
        elif (to := _said(node, "keep", "for")) is not None:
            kept.setdefault(to, node)
    for to in told.keys() - kept.keys():
        reader.fault(
            told[to],
            f"Nothing says how long what {shown(to)} is told is kept.",
            f"Write a keep rule for {shown(to)}; with elsewhere, if another law says it.",
        )
    for to in kept.keys() - told.keys():
        reader.fault(
            kept[to],
            f"This keeps what {shown(to)} is told, and no rule tells {shown(to)} anything.",
            f"Write a report rule to {shown(to)}, or mend the name.",
        )


def _said(node: Node, kind: str, key: str) -> str | None:
    """The value of a key in a rule of a kind, as it is written."""
    if not isinstance(node, Mapping) or not {"kind", key} <= node.items.keys():
        return None
    of, value = node.items["kind"][1], node.items[key][1]
    if not isinstance(of, Scalar) or not isinstance(value, Scalar) or of.value != kind:
        return None
    return value.value


def _twice(reader: Reader, root: Node, pack: str, rules: tuple[Rule, ...]) -> None:
    for first, second in combinations(rules, 2):
        if first.thing != second.thing or not _meet(first.when, second.when):
            continue
        if _apart(first, second) or _apart(second, first):
            continue
        reader.fault(
            _place(root, pack, second),
            f"Two rules are for one thing, {' '.join(second.thing)}: {first.id} and {second.id}.",
            "Delete one, or let their facts or days exclude each other.",
        )


def _meet(one: When, other: When) -> bool:
    """Whether both can hold at once. Of a fact that can be several things, any two can."""
    return all(
        fact in MANY or not _spread(fact, one[fact]).isdisjoint(_spread(fact, other[fact]))
        for fact in one.keys() & other.keys()
    )


MANY = frozenset({"kinds", "served", "linked", "law", "measures", "reported"})


def _spread(fact: str, values: tuple[str, ...]) -> frozenset[str]:
    found = frozenset(values)
    return spread(found) if fact in FACTS and FACTS[fact].countries else found


def _apart(first: Rule, second: Rule) -> bool:
    """Whether the second begins after the first has ended."""
    return bool(first.until and second.from_ and first.until < second.from_)


def _place(root: Node, pack: str, rule: Rule) -> Node:
    return Node(rule.line, rule.column) if rule.pack == pack else root
