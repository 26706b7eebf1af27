"""Fingerprints of files: what they are, how each type is made, how two of one type differ.

Pure: values in, values out. No file, clock, process or database is touched here.
"""

from tutela.signals.errors import SignalError
from tutela.signals.models import Frame, Signal
from tutela.signals.protocol import (
    FileSignalType,
    Hasher,
    PictureSignalType,
    SignalType,
    StreamSignalType,
)

__all__ = [
    "FileSignalType",
    "Frame",
    "Hasher",
    "PictureSignalType",
    "Signal",
    "SignalError",
    "SignalType",
    "StreamSignalType",
]
