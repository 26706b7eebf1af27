"""Turns hostile bytes into pixels, and those into signals, in processes that hold nothing."""

from tutela.decoding.limits import Limits
from tutela.decoding.models import Cause, Derivative, Fingerprint, Rendered, Rendering
from tutela.decoding.pool import DecoderPool
from tutela.decoding.service import Fingerprinting, fingerprint

__all__ = [
    "Cause",
    "DecoderPool",
    "Derivative",
    "Fingerprint",
    "Fingerprinting",
    "Limits",
    "Rendered",
    "Rendering",
    "fingerprint",
]
