"""Makes a policy of a text, or says all that is wrong with it."""

from __future__ import annotations

import hashlib
import re

import rfc8785

from tutela.policy.documents import Mapping, Node, Unreadable, read, shown
from tutela.policy.errors import PolicyError
from tutela.policy.models import (
    ACTIONS,
    KEEP,
    Channel,
    Field,
    Policy,
    Rule,
    State,
    Surge,
    Verdict,
)
from tutela.policy.periods import Period, parse_date
from tutela.policy.reading import Reader
from tutela.policy.vocabulary import CHANNELS, ROLES, Kind, Name, names

FORMAT = "1"
"""Of policies: raised when what is written here would be read otherwise."""

MAX_RULES = 200
"""Rules of a policy: each is asked for each item."""

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
ROLE = re.compile(r"(?:item|creator|extra)\.[A-Za-z_][A-Za-z0-9_]{0,63}")
PATH = re.compile(r"[^.\s]{1,100}(?:\.[^.\s]{1,100}){0,7}")

TELLING = re.compile(
    r"report|polic|authorit|law|legal|crim|illegal|investigat|hash|match|fingerprint|signal|list"
    r"|bank|known|database|detect|scan|screen|similar|child|minor|abus|prosecut|evidence"
    r"|\b(?:csa|csea|csam|csem|ncmec|iwf|nca)\b",
    re.IGNORECASE,
)
"""Parts of words that tell an uploader what was found, how, or who may hear of it. Only English is
checked; docs/policy.md says so."""


def load(text: str | bytes, place: str = "policy.yaml") -> Policy:
    """The policy of a text. Raises `PolicyError` with all faults that could be found."""
    try:
        root = read(text)
    except Unreadable as error:
        raise PolicyError(place, (error.fault,)) from None
    reader = Reader()
    policy = _policy(reader, root, text if isinstance(text, str) else text.decode("utf-8-sig"))
    if reader.faults:
        raise PolicyError(place, tuple(sorted(reader.faults)))
    return policy


def _policy(reader: Reader, root: Node, text: str) -> Policy:
    keys = {"format": True, "channels": True, "rules": True, "fields": False, "surge": False}
    parts = reader.mapping(root, "A policy", keys)
    if "format" in parts:
        reader.one_of(parts["format"][1], "format", (FORMAT,))
    fields = _fields(reader, parts["fields"][1]) if "fields" in parts else {}
    known = names({role: field.kind for role, field in fields.items()})
    surge = _surge(reader, parts["surge"][1]) if "surge" in parts else Surge()
    channels = _channels(reader, parts["channels"][1]) if "channels" in parts else {}
    rules = _rules(reader, parts["rules"][1], known) if "rules" in parts else ()
    version = _version(rules, channels, fields, surge)
    return Policy(version, text, rules, channels, fields, surge)


def _fields(reader: Reader, node: Node) -> dict[str, Field]:
    made = {}
    for role, (key, value) in reader.mapping(node, "fields", {}, open_keys=True).items():
        if not ROLE.fullmatch(role):
            reader.fault(
                key, f"{shown(role)} is no role.", "Roles are item.…, creator.… and extra.…."
            )
            continue
        kind = ROLES.get(role, Kind.TEXT)
        source: Node | None = value
        if isinstance(value, Mapping):
            parts = reader.mapping(value, role, {"from": True, "kind": False})
            source = parts["from"][1] if "from" in parts else None
            if "kind" in parts:
                word = reader.one_of(parts["kind"][1], "kind", tuple(Kind))
                if word and role in ROLES and word != kind:
                    reader.fault(parts["kind"][1], f"{role} is always {kind.words}.")
                kind = Kind(word) if word else kind
        if source is None:
            continue
        path = reader.text(source, role)
        if path is None:
            continue
        if not PATH.fullmatch(path):
            reader.fault(
                source,
                f"{shown(path)} is no path of names.",
                "Write your own names with dots between them, as in post.author.id.",
            )
            continue
        made[role] = Field(tuple(path.split(".")), kind)
    return made


def _surge(reader: Reader, node: Node) -> Surge:
    parts = reader.mapping(node, "surge", {"factor": False, "least": False})
    usual = Surge()
    values = {
        name: reader.whole(parts[name][1], name, least, 1_000_000)
        for name, least in (("factor", 2), ("least", 1))
        if name in parts
    }
    return Surge(values.get("factor") or usual.factor, values.get("least") or usual.least)


def _channels(reader: Reader, node: Node) -> dict[str, Channel]:
    parts = reader.mapping(node, "channels", dict.fromkeys(CHANNELS, False))
    if isinstance(node, Mapping) and not node.items:
        reader.fault(node, "No channel is listed.", "Then nothing may be screened: list one.")
    made = {}
    for name, (_, value) in parts.items():
        channel = _channel(reader, name, value)
        if channel:
            made[name] = channel
    return made


def _channel(reader: Reader, name: str, node: Node) -> Channel | None:
    keys = {"legal_basis": True, "from": False, "until": False, "keep": True, "keep_for": False}
    parts = {key: value for key, (_, value) in reader.mapping(node, name, keys).items()}
    basis = reader.text(parts["legal_basis"], "legal_basis") if "legal_basis" in parts else None
    begin, end = (
        reader.parsed(parts[key], key, parse_date, "a day: 2026-01-31") if key in parts else None
        for key in ("from", "until")
    )
    if begin and end and end < begin:
        reader.fault(parts["until"], f"until is before from, {begin}.")
    keep = reader.yes_no(parts["keep"], "keep") if "keep" in parts else None
    keep_for = None
    if "keep_for" in parts:
        keep_for = reader.parsed(
            parts["keep_for"], "keep_for", Period.parse, "a period: P30D, P6M or P1Y"
        )
        if keep is False:
            reader.fault(parts["keep_for"], "keep is no.", "Delete keep_for, or write keep: yes.")
    elif keep:
        reader.fault(parts["keep"], "keep needs keep_for.", "Write for how long: keep_for: P30D.")
    if basis is None or keep is None:
        return None
    return Channel(name, basis, begin, end, keep, keep_for)


def _rules(reader: Reader, node: Node, known: dict[str, Name]) -> tuple[Rule, ...]:
    made: dict[str, Rule] = {}
    items = reader.sequence(node, "rules")
    if len(items) > MAX_RULES:
        reader.fault(items[MAX_RULES], f"There are more than {MAX_RULES} rules.")
        items = items[:MAX_RULES]
    lines: dict[str, int] = {}
    for item in items:
        rule = _rule(reader, item, known, lines)
        if rule:
            made[rule.name] = rule
    return tuple(made.values())


def _rule(reader: Reader, node: Node, known: dict[str, Name], lines: dict[str, int]) -> Rule | None:
    keys = {
        "name": True, "state": True, "when": True, "verdict": True, "why": True,
        "actions": False, "public_reason": False,
    }  # fmt: skip
    parts = {key: value for key, (_, value) in reader.mapping(node, "A rule", keys).items()}
    name = _name(reader, parts["name"], lines) if "name" in parts else None
    state = reader.one_of(parts["state"], "state", tuple(State)) if "state" in parts else None
    verdict = (
        reader.one_of(parts["verdict"], "verdict", tuple(Verdict)) if "verdict" in parts else None
    )
    why = reader.text(parts["why"], "why") if "why" in parts else None
    when = reader.condition(parts["when"], known) if "when" in parts else None
    actions = _actions(reader, parts["actions"]) if "actions" in parts else None
    reason = _public_reason(reader, parts["public_reason"]) if "public_reason" in parts else ""
    if verdict == Verdict.ALLOW and actions:
        reader.fault(parts["actions"], "Nothing is done with what is allowed.", "Delete actions.")
    if verdict == Verdict.ALLOW and reason:
        reader.fault(parts["public_reason"], "Who is allowed is told nothing.", "Delete it.")
    if when and actions and "keep" in actions and not when.of_matches:
        reader.fault(
            parts["actions"],
            "Nothing may be kept of what matched nothing, and this rule speaks of no match.",
            "Delete keep.",
        )
    if not (name and state and verdict and why and when):
        return None
    if actions is None:
        actions = frozenset() if verdict == Verdict.ALLOW else ACTIONS
        actions = actions if when.of_matches else actions - KEEP
    return Rule(name, State(state), when, Verdict(verdict), actions, why, reason or "")


def _name(reader: Reader, node: Node, lines: dict[str, int]) -> str | None:
    name = reader.text(node, "name", 64)
    if name is None:
        return None
    if not NAME.fullmatch(name):
        reader.fault(
            node, f"{shown(name)} cannot be a name.", "Use small letters, digits and dashes."
        )
        return None
    if name in lines:
        reader.fault(node, f"The rule in line {lines[name]} has this name.", "Choose another.")
        return None
    lines[name] = node.line
    return name


def _actions(reader: Reader, node: Node) -> frozenset[str]:
    found: set[str] = set()
    for item in reader.sequence(node, "actions"):
        action = reader.one_of(item, "An action", tuple(sorted(ACTIONS)))
        if action in found:
            reader.fault(item, f"{action} is said twice.", "Delete one.")
        if action:
            found.add(action)
    return frozenset(found)


def _public_reason(reader: Reader, node: Node) -> str | None:
    reason = reader.text(node, "public_reason", 200)
    telling = TELLING.search(reason) if reason else None
    if telling:
        reader.fault(
            node,
            f"public_reason may tell nothing of why, and {shown(telling[0])} does.",
            "Uploaders may learn only that the upload was not accepted; or delete the line.",
        )
    return reason


def _version(
    rules: tuple[Rule, ...],
    channels: dict[str, Channel],
    fields: dict[str, Field],
    surge: Surge,
) -> str:
    """A digest of all that a policy says, in canonical JSON (RFC 8785): comments, order of keys and
    way of writing do not count."""
    said = {
        "format": FORMAT,
        "rules": [
            {
                "name": rule.name, "state": rule.state, "when": rule.when.text,
                "verdict": rule.verdict, "actions": sorted(rule.actions), "why": rule.why,
                "public_reason": rule.public_reason,
            }
            for rule in rules
        ],
        "channels": {
            name: {
                "legal_basis": channel.legal_basis, "from": _shown_date(channel.from_),
                "until": _shown_date(channel.until), "keep": channel.keep,
                "keep_for": str(channel.keep_for) if channel.keep_for else None,
            }
            for name, channel in channels.items()
        },
        "fields": {
            role: {"from": list(field.path), "kind": field.kind} for role, field in fields.items()
        },
        "surge": {"factor": surge.factor, "least": surge.least},
    }  # fmt: skip
    return f"sha256:{hashlib.sha256(rfc8785.dumps(said)).hexdigest()}"  # type: ignore[arg-type]


def _shown_date(day: object) -> str | None:
    return str(day) if day else None
