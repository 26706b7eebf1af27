"""SHA-256 (FIPS 180-4): the exact hash to trust."""

from tutela.signals.types.cryptographic import Digest

signal_type = Digest("sha256")
