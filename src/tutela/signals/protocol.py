"""The contract of a signal type. ``docs/extension-points.md`` shows how to add one.

A type is made from the bytes of a file while they stream past (`StreamSignalType`), from all of
them at once (`FileSignalType`), or from decoded pixels (`PictureSignalType`). The last two run
inside the decoder process, which holds nothing.
:class:`tutela.testing.SignalTypeContract` tests any implementation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol, runtime_checkable

from tutela.signals.models import Frame, Signal


class SignalType(Protocol):
    """What every type can do."""

    name: str
    """Lower case, as in bank files and the API: ``pdq``, ``sha256``."""

    max_distance: int
    """The largest distance two values can have; 1 for types that are equal or not."""

    match_distance: int
    """The largest distance at which two values are usually called a match; 0 for exact types."""

    # A type may also say `digits: int`, if every canonical value is that many digits in
    # hexadecimal: only then can it be banked. `listed: bool`: it is made from no file, but stands
    # in lists alone. `layout: tutela.matching.layouts.Layout`: how its values are searched, if that
    # is in a way of its own, and not by bits of 256.

    def validate(self, value: str) -> str:
        """The value in its one canonical form; raises `SignalError` if it is not of this type."""
        ...

    def distance(self, one: str, other: str) -> int:
        """Distance of two canonical values, 0..max_distance; 0 means equal."""
        ...

    def examples(self) -> Sequence[str]:
        """A few canonical values, none of them of any real list, for tests and forms."""
        ...


class Hasher(Protocol):
    """Takes bytes as they come, as :mod:`hashlib` objects do."""

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@runtime_checkable
class StreamSignalType(SignalType, Protocol):
    """A type made from the exact bytes of a file."""

    def hasher(self) -> Hasher: ...


@runtime_checkable
class PictureSignalType(SignalType, Protocol):
    """A type made from decoded pixels."""

    def fingerprint(self, frame: Frame, variants: Collection[str]) -> Iterable[Signal]:
        """Signals of one frame, in the variants asked for that this type knows.

        `plain` comes first. It may raise nothing: a frame without a signal yields none.
        """
        ...


@runtime_checkable
class FileSignalType(SignalType, Protocol):
    """A type that wants the whole file, and may decode it in its own way."""

    def hash_file(self, data: bytes) -> str:
        """The value, or an empty text where it has none; it may raise anything."""
        ...
