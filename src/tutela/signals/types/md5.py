"""MD5 (RFC 1321): in most lists, but forgeable: alone it is a weak match."""

from tutela.signals.types.cryptographic import Digest

signal_type = Digest("md5")
