"""Turns a platform's own names into the roles that policies speak of."""

from __future__ import annotations

from typing import Any

from tutela.policy.errors import FactsRefused
from tutela.policy.models import Policy
from tutela.policy.vocabulary import CHANNELS

GROUPS = ("item", "creator", "extra")


def map_facts(policy: Policy, raw: dict[str, Any]) -> dict[str, Any]:
    """`{"item", "creator", "extra", "channel"}` of what a platform sent with an item.

    Roles that the policy maps are read from where it says; what stands under item, creator and
    extra stays; all else is put under extra, so that nothing is lost without a word. Raises
    `FactsRefused`.
    """
    made: dict[str, Any] = {}
    for group in GROUPS:
        given = raw.get(group, {})
        if not isinstance(given, dict):
            raise FactsRefused(f"The fact {group} is not an object.", "See docs/policy.md.")
        made[group] = dict(given)
    used = {field.path[0] for field in policy.fields.values()}
    rest = {name: value for name, value in raw.items() if name not in (*GROUPS, *used)}
    made["extra"] = rest | made["extra"]
    for role, field in policy.fields.items():
        value: Any = raw
        for name in field.path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            group, name = role.split(".")
            made[group][name] = value
    made["channel"] = _channel(made["item"].get("channel"))
    return made


def _channel(given: Any) -> str:
    if given is None:
        return "unknown"
    if given not in CHANNELS:
        raise FactsRefused(
            "The fact item.channel is none of the channels.", f"It is one of {', '.join(CHANNELS)}."
        )
    return str(given)
