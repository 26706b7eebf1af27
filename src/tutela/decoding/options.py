"""What is asked of every file: which signals, in which variants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tutela.signals.registry import installed, signal_type
from tutela.signals.variants import DEFAULT_VARIANTS, VARIANTS

DEFAULT_TYPES = ("md5", "sha1", "sha256", "pdq")


@dataclass(frozen=True, slots=True)
class Options:
    types: tuple[str, ...] = field(
        default=DEFAULT_TYPES,
        metadata={
            "reason": "Signal types computed for every file: names of installed types, or"
            " package.module:Class for one of the threatexchange package."
        },
    )
    variants: tuple[str, ...] = field(
        default=DEFAULT_VARIANTS,
        metadata={
            "reason": "What is done to a picture before it is hashed, besides plain. Each variant"
            " finds one everyday edit, and adds one lookup and its chance of an accidental match."
        },
    )
    full_decode: bool = field(
        default=False,
        metadata={
            "reason": "Decode every pixel in full colour: the hash then equals the reference's in"
            " every bit, at 3 to 6 times the cost for JPEG."
        },
    )
    low_quality_below: int = field(
        default=50,
        metadata={
            "reason": "PDQ quality (0 to 100) below which a picture is marked low_quality. The"
            " authors of PDQ advise not to match below 50."
        },
    )

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Options:
        """From JSON, which has lists where this has tuples."""
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields.items()
        }
        return cls(**given)

    def __post_init__(self) -> None:
        for name in self.variants:
            if name not in VARIANTS:
                raise ValueError(
                    f"variants: there is no {name!r}; known are {', '.join(VARIANTS)}."
                )
        if not 0 <= self.low_quality_below <= 100:
            raise ValueError("low_quality_below must be between 0 and 100.")
        if not self.types:
            raise ValueError(f"types is empty; installed are {', '.join(installed())}.")
        names = [signal_type(name).name for name in self.types]
        if twice := {n for n in names if names.count(n) > 1}:
            raise ValueError(f"types: two are named {', '.join(sorted(twice))}.")
