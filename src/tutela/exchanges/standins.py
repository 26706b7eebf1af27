"""Where a test server stands in for a partner: an address that an operator wrote."""

from __future__ import annotations

from tutela.exchanges.errors import NotConfigured
from tutela.exchanges.partners import Field, Setup
from tutela.outbound import OutboundError
from tutela.outbound.hosts import Target

FIELD = Field(
    "url", "Address of a test server in its place (docs/test-servers.md); else leave it empty.",
    "url", required=False,
)  # fmt: skip

TEST, PRODUCTION = "test", "production"
ENVIRONMENT = Field(
    "environment", "It has no test system that is known: test is a server in its place.",
    "choice", default=TEST, choices=(TEST, PRODUCTION),
)  # fmt: skip


def whom(setup: Setup, production: str) -> tuple[str, ...]:
    """Whom a partner without a test system is asked at: the host `production` only where an
    operator wrote that word, else that of a test server. Raises `NotConfigured`."""
    url, where = setup.config.get("url", ""), setup.config.get("environment", TEST)
    if url and where == PRODUCTION:
        raise NotConfigured("A test server is not production.", "Leave out url.")
    if url:
        return (host(url),)
    if where != PRODUCTION:
        raise NotConfigured(
            "It is not said whom to ask.",
            "Set environment=production, or url to a test server (docs/test-servers.md).",
        )
    return (production,)


def host(url: str) -> str:
    """The host of a test server, which may be on this machine, as `outbound.hosts` writes it.
    Raises `NotConfigured`."""
    try:
        target = Target.of(url)
    except OutboundError as error:
        raise NotConfigured("The setting url is no address.", error.hint) from None
    name = f"[{target.host}]" if ":" in target.host else target.host
    return f"private:{name}:{target.port}"
