"""For those who test Tutela, or what they added to it: contract tests, pictures made by code, and
where to find benign photographs. Nothing here is used in production."""

from tutela.testing.contracts import ClassifierContract, SignalTypeContract

__all__ = ["ClassifierContract", "SignalTypeContract"]
