"""Where a test server stands in for a partner: an address that an operator wrote."""

from __future__ import annotations

from tutela.exchanges.errors import NotConfigured
from tutela.exchanges.partners import Field
from tutela.outbound import OutboundError
from tutela.outbound.hosts import Target

FIELD = Field(
    "url", "Address of a test server in its place (docs/test-servers.md); else leave it empty.",
    "url", required=False,
)  # fmt: skip


def host(url: str) -> str:
    """The host of a test server, which may be on this machine, as `outbound.hosts` writes it.
    Raises `NotConfigured`."""
    try:
        target = Target.of(url)
    except OutboundError as error:
        raise NotConfigured("The setting url is no address.", error.hint) from None
    name = f"[{target.host}]" if ":" in target.host else target.host
    return f"private:{name}:{target.port}"
