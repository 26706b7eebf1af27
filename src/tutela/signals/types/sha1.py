"""SHA-1 (FIPS 180-4): in most lists; collisions can be made at a cost."""

from tutela.signals.types.cryptographic import Digest

signal_type = Digest("sha1")
