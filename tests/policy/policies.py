"""Policies and facts that several tests build."""

from __future__ import annotations

from tutela.policy import Facts, Found, Policy, load

HEAD = """format: 1
channels:
  public: {legal_basis: Terms of service, keep: yes, keep_for: P30D}
"""


def rule(when: str, verdict: str = "review", name: str = "bicycles", **more: str) -> str:
    """One rule, as YAML."""
    parts = {"name": name, "state": "live", "verdict": verdict, "why": "A bicycle."} | more
    lines = [f"    {key}: {value}\n" for key, value in parts.items()]
    return f"  - when: {when}\n{''.join(lines)}"


def policy(*rules: str, head: str = HEAD) -> Policy:
    return load(f"{head}rules:\n{''.join(rules)}" if rules else f"{head}rules: []\n")


def pdq(distance: int = 10, **more: object) -> Found:
    given: dict = {"quality": 90, "bank": "rain", "source": "own", "purpose": "test"}
    return Found("pdq", distance, **(given | more))


def case(*matches: Found, channel: str = "public", **more: object) -> Facts:
    return Facts(matches=matches, channel=channel, **more)
