"""What the vault shows in place of a file. What makes it is given to the vault: decoding is no
business of evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Made:
    """A picture that was made of a file."""

    png: bytes
    width: int
    height: int
    whole: bool
    """Nothing of the file is left out: neither pixels nor frames."""


class Renderer(Protocol):
    """Makes pictures of files, in memory alone."""

    most: int
    """Bytes of a file that it takes."""

    def __call__(self, data: bytearray, rendering: str, mark: str) -> Made:
        """A picture with the mark in its pixels. Raises `NotShown`."""
        ...
