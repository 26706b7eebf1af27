"""What a law pack can be refused for."""

from __future__ import annotations

from tutela.policy.errors import PolicyError


class PackError(PolicyError):
    """A text that is no law pack: all of its faults that could be found, each with its place."""
