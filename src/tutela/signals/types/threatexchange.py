"""Any `SignalType` of the threatexchange package as one of ours (extra `exchanges`).

The setting `signals.types` names them as `package.module:Class`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from tutela.signals.errors import SignalError


class Adapted:
    """A threatexchange type: validated and compared by its own code."""

    max_distance = 256
    match_distance = 0

    def __init__(self, foreign: Any) -> None:
        self.foreign = foreign
        self.name = str(foreign.get_name())

    def validate(self, value: str) -> str:
        try:
            return str(self.foreign.validate_signal_str(value))
        except Exception as error:  # each foreign type raises what it likes
            raise SignalError(f"This is not a {self.name} value.") from error

    def distance(self, one: str, other: str) -> int:
        """Its own distance where it has one; else 0 if it calls the two a match, 1 if not."""
        result = self.foreign.compare_hash(one, other)
        number = getattr(result.distance, "distance", None)
        return int(number) if number is not None else int(not result.match)

    def examples(self) -> Sequence[str]:
        return [self.validate(v) for v in self.foreign.get_examples()]


class AdaptedHasher(Adapted):
    """A threatexchange type that hashes bytes; it may decode them, so it runs in the decoder."""

    def hash_file(self, data: bytes) -> str:
        return str(self.foreign.hash_from_bytes(data))


def adapt(path: str) -> Adapted:
    """The type at `package.module:Class`; raises `SignalError` if it cannot be used."""
    module, _, name = path.partition(":")
    try:
        from threatexchange.signal_type.signal_base import BytesHasher, SignalType

        foreign = getattr(import_module(module), name)
        if isinstance(foreign, type) and issubclass(foreign, SignalType):
            return AdaptedHasher(foreign) if issubclass(foreign, BytesHasher) else Adapted(foreign)
    except (ImportError, AttributeError, ValueError) as error:
        raise SignalError(
            f"The threatexchange type {path!r} could not be loaded.",
            "Write package.module:Class, and install tutela[exchanges].",
        ) from error
    raise SignalError(f"{path!r} is not a signal type of the threatexchange package.")
