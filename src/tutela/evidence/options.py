"""Settings of evidence."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Options:
    """Where sealed files lie, and how the vault gets the identity that opens them."""

    url: str = field(
        default="",
        metadata={
            "reason": "Where sealed files lie, as s3://bucket/prefix. Empty means the folder"
            " `evidence` in the data directory."
        },
    )
    production: bool = field(
        default=False,
        metadata={
            "reason": "Whether the service refuses to start with one recipient only, whose lost"
            " identity would lose all evidence. Say true before anything real is screened."
        },
    )
    identity_command: tuple[str, ...] = field(
        default=(),
        metadata={
            "reason": "A program with its arguments that prints the age identity, for one that is"
            " kept elsewhere. Empty means the file `evidence.identity` in the keys folder, or the"
            " variable TUTELA_EVIDENCE_IDENTITY. Only the vault runs it."
        },
    )
