"""Which URL leads where, and whether that is listed. Read strictly: two readings are one too many.

A parser that is more lenient than the one who resolves and connects is how lists are got round
(Orange Tsai, "A New Era of SSRF", 2017).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from tutela.outbound.errors import OutboundError, Reason

PORTS = {"http": 80, "https": 443}
LONGEST_URL = 8192
"""Characters: what servers take at most, by default."""

URL = re.compile(
    r"(https?)://(\[[0-9a-f:.]+\]|[^/?#:\[\]@\\]+)(?::([0-9]{1,5}))?([/?][^#]*)?(#.*)?", re.I
)
NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
NUMERIC = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
"""Hosts that some programs take for an IPv4 address (WHATWG URL, "ends in a number")."""

ENTRY = re.compile(r"(private:)?(\[[0-9a-f:.]+\]|[^:\[\]/@]+)(?::([0-9]{1,5}))?", re.I)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads."""

    scheme: str
    host: str
    """A name in lower case, or an address in its shortest form, without brackets."""
    port: int
    path: str
    """Path and query, as sent."""

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises `OutboundError`, which does not repeat the URL."""
        found = URL.fullmatch(url) if len(url) <= LONGEST_URL else None
        if found is None or not url.isascii() or not url.isprintable() or " " in url:
            raise OutboundError(
                Reason.URL,
                "This is not a URL that can be fetched.",
                "It is http:// or https://, a host in ASCII (xn--… for other scripts), maybe a"
                " port, and a path with other characters as %XX; no user, no password.",
            )
        scheme = found[1].lower()
        host, port = host_and_port(found[2], found[3])
        path = found[4] or "/"
        return cls(scheme, host, port or PORTS[scheme], path if path[0] == "/" else f"/{path}")

    @property
    def authority(self) -> str:
        """The header Host: the port only if it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hosts that may be spoken to; each as `host` (ports 80 and 443) or `host:port`, and with
    `private:` before it if it may be at an address of the own network."""

    public: frozenset[tuple[str, int]] = frozenset()
    private: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Self:
        """Raises ValueError that names the entry."""
        public: set[tuple[str, int]] = set()
        private: set[tuple[str, int]] = set()
        for entry in entries:
            found = ENTRY.fullmatch(entry)
            try:
                if found is None:
                    raise OutboundError(Reason.URL, "")
                host, port = host_and_port(found[2], found[3])
            except OutboundError:
                raise ValueError(
                    f"hosts: {entry!r} is not host, host:port or private:host:port"
                ) from None
            ports = [port] if port else PORTS.values()
            (private if found[1] else public).update((host, p) for p in ports)
        return cls(frozenset(public), frozenset(private))

    @classmethod
    def only(cls, target: Target, *, private: bool = False) -> Self:
        """Just where a URL leads that an operator configured."""
        one = frozenset({(target.host, target.port)})
        return cls(private=one) if private else cls(public=one)

    def private_allowed(self, target: Target) -> bool:
        """Whether it may be at a private address. Raises `OutboundError` if it is not listed."""
        place = (target.host, target.port)
        if place in self.private:
            return True
        if place in self.public:
            return False
        raise OutboundError(
            Reason.NOT_LISTED,
            f"The host {target.authority} is not listed.",
            "Nothing is sent to a host that the operator did not name: see docs/webhooks.md.",
        )


def host_and_port(host: str, port: str | None) -> tuple[str, int]:
    """A host in its one form, and its port or 0. Raises `OutboundError`."""
    host = host.lower()
    number = int(port) if port else 0
    try:
        if host.startswith("["):
            host = str(ipaddress.IPv6Address(host[1:-1]))
        elif NUMERIC.fullmatch(host):
            host = str(ipaddress.IPv4Address(host))  # four decimal numbers, or none
        elif not NAME.fullmatch(host):
            raise ValueError
        if port is not None and not 1 <= number <= 65535:
            raise ValueError
    except ValueError:
        raise OutboundError(
            Reason.URL,
            "The host or the port of this URL is not written as it must be.",
            "An address is four decimal numbers, or IPv6 in brackets; a name ends without a dot.",
        ) from None
    return host, number
