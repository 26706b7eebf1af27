"""What rules and channels say, in words. Pure."""

from __future__ import annotations

from tutela.policy.models import Channel, Policy, Rule

ACTS = {"keep": "seal the bytes", "case": "open a case", "notify": "tell the webhook"}


def channel_words(channel: Channel) -> str:
    days = (f" from {channel.from_}" if channel.from_ else "") + (
        f" until {channel.until}" if channel.until else ""
    )
    kept = f"what matches may be kept for {channel.keep_for}" if channel.keep else "nothing is kept"
    return f"{channel.name}{days}, since: {channel.legal_basis}; {kept}"


def rule_words(rule: Rule) -> str:
    done = [words for action, words in ACTS.items() if action in rule.actions]
    of = "for any match" if rule.when.of_match else "once for the item"
    return f"if {rule.when.text} ({of}), {', '.join([rule.verdict, *done])}. {rule.why}"


def ending_words(policy: Policy) -> str:
    """What holds of all rules together."""
    return (
        "If none holds, the item is allowed. A match that asks only for a person never blocks;"
        f" nor does one of a bank that matches {policy.surge.factor} times its mean of 7 days"
        f" and at least {policy.surge.least} items a day."
    )
