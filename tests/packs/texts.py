"""Packs of tests: a country's bicycles, told to an office, in as few lines as a pack can have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tutela.packs import Linked, Pack, Service, Situation, load

HEAD = """format: "1"
pack: bikes
title: Bicycles of an island
version: "1"
status: in-force
from: 2026-01-01
reviewed: 2026-11-26
countries: [IS]
zone: Atlantic/Reykjavik
"""

KNOWN = """    why: So that it is found.
    source: Bicycles Act, s. 1
    marker: 2nd
    verified: no
    reviewed: 2026-11-26
"""

STATUTE = KNOWN.replace(
    "Bicycles Act, s. 1", "Bicycles Act, s. 1, https://www.legislation.gov.uk/bicycles"
).replace("marker: 2nd\n    verified: no", "marker: V\n    verified: yes")

REPORT = f"""  - kind: report
    id: office
    to: office
    must: yes
    term: PT24H
    fields:
      needed: [platform]
{KNOWN}"""

KEEP = f"""  - kind: keep
    id: office-evidence
    for: office
    what: evidence
    since: filed
    at_least: P1Y
{KNOWN}"""

AT = datetime(2026, 11, 26, 10, tzinfo=UTC)


def text(*rules: str, head: str = HEAD) -> str:
    return f"{head}rules:\n" + "".join(rules or (REPORT, KEEP))


def pack(*rules: str, head: str = HEAD) -> Pack:
    return load(text(*rules, head=head))


def when(rule: str, facts: str) -> str:
    """A rule with a condition."""
    return rule.replace("    why:", f"    when: {facts}\n    why:")


def situation(**given: Any) -> Situation:
    """A situation in which nothing is known but what is given, the moment, and that no one asked
    for a removal; facts of the service by their own names."""
    service = {
        name: given.pop(name)
        for name in ("established", "kinds", "served", "under", "measures", "last_reviews")
        if name in given
    }
    for name, value in service.items():
        if isinstance(value, set | tuple | list):
            service[name] = frozenset(value)
    if "linked" in given:
        countries = frozenset(given.pop("linked"))
        given["linked"] = Linked(countries, countries, countries)
    return Situation(Service(**service), given.pop("at", AT), **given)
