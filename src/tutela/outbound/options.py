"""Settings of what leaves the machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from tutela.outbound.hosts import Hosts


@dataclass(frozen=True, slots=True)
class Options:
    """What may be fetched, and what the outbound client takes of it."""

    hosts: tuple[str, ...] = field(
        default=(),
        metadata={
            "reason": "Hosts that files may be fetched from, as host or host:port; one at an"
            " address of the own network as private:host:port. No other is ever fetched from."
        },
    )
    ca_file: str = field(
        default="",
        metadata={
            "reason": "Certificates of authorities to trust instead of the system's, in PEM."
        },
    )
    connect_seconds: int = field(
        default=5,
        metadata={"reason": "Finding and reaching a host; one that is there takes far less."},
    )
    read_seconds: int = field(
        default=10, metadata={"reason": "Waiting for the next byte; then nobody is there any more."}
    )
    total_seconds: int = field(
        default=60,
        metadata={
            "reason": "A whole request with all its redirects: who sends a byte now and then must"
            " not keep us for ever."
        },
    )
    largest: int = field(
        default=512 * 1024 * 1024,
        metadata={"reason": "Bytes of a fetched file, packed and unpacked: one more ends it."},
    )

    def __post_init__(self) -> None:
        Hosts.of(self.hosts)
        for name in ("connect_seconds", "read_seconds", "total_seconds"):
            if not 1 <= getattr(self, name) <= 3600:
                raise ValueError(f"{name} must be between 1 and 3600")
        if not 1 <= self.largest <= 1 << 40:
            raise ValueError("largest must be between 1 and 1099511627776")
