"""What an operator decides about matches: verdicts and actions, as text that a person can read."""

from tutela.policy.errors import ChannelRefused, FactsRefused, Fault, PolicyError
from tutela.policy.facts import Facts, FileFacts, Found
from tutela.policy.loading import load
from tutela.policy.models import (
    Channel,
    Decision,
    Policy,
    Rule,
    State,
    Surge,
    Verdict,
    Would,
)
from tutela.policy.periods import Period
from tutela.policy.replaying import Change, Recorded, replay
from tutela.policy.roles import map_facts

__all__ = [
    "Change",
    "Channel",
    "ChannelRefused",
    "Decision",
    "Facts",
    "FactsRefused",
    "Fault",
    "FileFacts",
    "Found",
    "Period",
    "Policy",
    "PolicyError",
    "Recorded",
    "Rule",
    "State",
    "Surge",
    "Verdict",
    "Would",
    "load",
    "map_facts",
    "replay",
]
