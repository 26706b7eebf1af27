"""Which addresses may be connected to. What is not plainly of the internet is not.

From the registries iana-ipv4-special-registry and iana-ipv6-special-registry (RFC 6890), of 2025:
the standard library's `is_global` changed within versions of Python.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NEVER: tuple[Network, ...] = tuple(map(ipaddress.ip_network, (
    "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "fe80::/10", "fec0::/10", "ff00::/8",
)))  # fmt: skip
"""Not even where a private address is listed: this host, link-local (the metadata of clouds),
multicast, reserved."""

PRIVATE: tuple[Network, ...] = tuple(map(ipaddress.ip_network, (
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
    "::1/128", "fc00::/7",
)))  # fmt: skip
"""The own network: where it is listed."""

SPECIAL_4: tuple[Network, ...] = tuple(map(ipaddress.ip_network, (
    "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
    "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
)))  # fmt: skip
"""Protocols, documentation, benchmarks, relays."""

UNICAST_6 = ipaddress.IPv6Network("2000::/3")
"""All that is given out of IPv6: outside are IPv4 addresses mapped (::ffff:0:0/96) and translated
(64:ff9b::/96, 64:ff9b:1::/48), and what is not given out."""

SPECIAL_6: tuple[Network, ...] = tuple(map(ipaddress.ip_network, (
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)))  # fmt: skip
"""Tunnels that carry IPv4 addresses (Teredo, 6to4), documentation, benchmarks."""


def allowed(address: Address, *, private: bool) -> bool:
    """Whether to connect there; `private` where the host is listed as one of the own network."""

    def within(networks: tuple[Network, ...]) -> bool:
        return any(address in network for network in networks)

    if within(NEVER) or getattr(address, "scope_id", None):
        return False
    if within(PRIVATE):
        return private
    if isinstance(address, ipaddress.IPv4Address):
        return not within(SPECIAL_4)
    return address in UNICAST_6 and not within(SPECIAL_6)
