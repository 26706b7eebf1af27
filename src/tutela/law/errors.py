"""What can go wrong with law packs in use."""

from __future__ import annotations

from tutela.errors import TutelaError


class NoSuchPack(TutelaError):
    """A pack, or a rule of one, that is not there."""


class SigningRefused(TutelaError):
    """A signature that cannot be given, or taken back."""


class NotSigned(TutelaError):
    """A pack in use has rules that nobody verified or signed, or cannot be read."""
