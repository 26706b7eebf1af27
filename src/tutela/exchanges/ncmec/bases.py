"""Where the hash sharing of each audience is."""

from __future__ import annotations

from collections.abc import Mapping

from tutela.exchanges import standins
from tutela.exchanges.errors import NotConfigured
from tutela.outbound.hosts import Target

TEST, PRODUCTION = "test", "production"
_NGO = {
    TEST: "https://hashsharing-test.ncmec.org",
    PRODUCTION: "https://hashsharing.ncmec.org",
}

BASES: dict[str, dict[str, str]] = {
    "industry": {
        TEST: "https://exttest.cybertip.org/hashsharing",
        PRODUCTION: "https://report.cybertip.org/hashsharing",
    },
    "industry-exploitative": {
        TEST: "https://exttest.cybertip.org/exploitative-hashsharing",
        PRODUCTION: "https://report.cybertip.org/exploitative-hashsharing",
    },
    "law-enforcement": {
        TEST: "https://betalesp.ncmec.org/csam-hashsharing",
        PRODUCTION: "https://lesp.ncmec.org/csam-hashsharing",
    },
} | {
    audience: {environment: f"{base}/{path}" for environment, base in _NGO.items()}
    for audience, path in (
        ("ngo", "npo"),
        ("ngo-exploitative", "exploitative"),
        ("ngo-generative", "generative-ai-csam"),
        ("ngo-generative-exploitative", "generative-ai-exploitative"),
    )
}


def base(config: Mapping[str, str]) -> str:
    """The address that `/v2/…` is appended to. Raises `NotConfigured`."""
    url = config.get("url", "").rstrip("/")
    environment = config.get("environment") or TEST
    if url:
        if environment != TEST:
            raise NotConfigured(
                "A test server cannot stand in for production.",
                "Leave url empty, or set environment=test.",
            )
        standins.host(url)
        return url
    try:
        return BASES[config.get("audience") or "industry"][environment]
    except KeyError:
        raise NotConfigured(
            "There is no such hash sharing.", f"audience is one of {', '.join(BASES)}."
        ) from None


def host(config: Mapping[str, str]) -> str:
    """Who is spoken to. Raises `NotConfigured`."""
    found = base(config)
    return standins.host(found) if config.get("url") else Target.of(found).host + ":443"
