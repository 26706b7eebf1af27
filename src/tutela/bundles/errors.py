"""What can go wrong with bundles."""

from __future__ import annotations

from tutela.errors import TutelaError


class BundleRefused(TutelaError):
    """A bundle that cannot be made as it was asked for, or not be read here."""


class BundleDamaged(TutelaError):
    """A bundle, or what was to go into it, is not what it was."""

    exit_code = 3


class ReceiverRefused(TutelaError):
    """A receiver that cannot be added, or not be given anything."""


class VicsError(TutelaError):
    """A text that is no VICS, or not a whole one."""
