"""Law packs: what a jurisdiction demands, as data that a lawyer can read and sign. Pure.

A policy (`tutela.policy`) is what an operator decides about matches; a pack is the law's.
"""

from tutela.packs.deciding import duties
from tutela.packs.errors import PackError
from tutela.packs.explaining import brief, explain
from tutela.packs.loading import load, load_all
from tutela.packs.models import Marker, Pack, Rule, Status
from tutela.packs.outcomes import (
    Ask,
    Basis,
    Conflict,
    Draft,
    Duty,
    Keep,
    Outcome,
    Receiver,
    Refusal,
    Removal,
    Review,
    Route,
)
from tutela.packs.proving import Difference, Example, differences
from tutela.packs.shipped import examples, packs
from tutela.packs.signing import ready_for_production
from tutela.packs.situations import Linked, Service, Situation

__all__ = [
    "Ask",
    "Basis",
    "Conflict",
    "Difference",
    "Draft",
    "Duty",
    "Example",
    "Keep",
    "Linked",
    "Marker",
    "Outcome",
    "Pack",
    "PackError",
    "Receiver",
    "Refusal",
    "Removal",
    "Review",
    "Route",
    "Rule",
    "Service",
    "Situation",
    "Status",
    "brief",
    "differences",
    "duties",
    "examples",
    "explain",
    "load",
    "load_all",
    "packs",
    "ready_for_production",
]
