"""Settings of people: how they sign in, and how acts that take two are done where one is alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

DELAY, REVIEWER = "delay", "reviewer"
ALONE = ("", DELAY, REVIEWER)
LOCAL = ("localhost", "127.0.0.1")
"""Hosts to which browsers grant what they else grant only to https: they lead to this machine."""

ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Site:
    """Where the console is, as a browser sees it."""

    origin: str

    @property
    def host(self) -> str:
        """Without the port: what passkeys belong to (WebAuthn, "RP ID")."""
        return urlsplit(self.origin).hostname or ""

    @property
    def is_secure(self) -> bool:
        """Whether browsers keep its cookies and passkeys."""
        return self.origin.startswith("https:") or self.host in LOCAL


@dataclass(frozen=True, slots=True)
class Console:
    """How the console is reached, and how long a session lasts."""

    origin: str = field(
        default="",
        metadata={
            "reason": "Where people reach the console, as https://tutela.example.org, without a"
            " path. Empty means http://localhost and the service's port. Passkeys belong to it:"
            " another name needs new ones."
        },
    )
    idle_minutes: int = field(
        default=30,
        metadata={
            "reason": "Minutes without a request after which a session ends: someone left the desk"
            " (NIST SP 800-63B-4, 2.2.3, asks for an hour at most)."
        },
    )
    session_hours: int = field(
        default=12,
        metadata={
            "reason": "Hours after which a session ends in any case: a long shift. A stolen cookie"
            " is of no use the next day."
        },
    )

    def __post_init__(self) -> None:
        if self.origin and not ORIGIN.fullmatch(self.origin):
            raise ValueError(
                "origin must be https:// and a host in lower case, maybe a port, and no path"
            )
        for name, most in (("idle_minutes", 24 * 60), ("session_hours", 24 * 7)):
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between 1 and {most}")

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def longest(self) -> timedelta:
        return timedelta(hours=self.session_hours)

    def site(self, port: int) -> Site:
        """Where the console is, if the service listens on this port."""
        return Site(self.origin or f"http://localhost:{port}")


@dataclass(frozen=True, slots=True)
class Oidc:
    """Signing in by an OpenID Connect provider."""

    issuer: str = field(
        default="",
        metadata={
            "reason": "The provider's issuer, exactly as in its discovery document; empty: none."
            " Its host must be listed in outbound.hosts, and so must that of its token endpoint."
        },
    )
    client_id: str = field(default="", metadata={"reason": "What the provider calls this service."})
    client_secret_file: str = field(
        default="",
        metadata={
            "reason": "A file of mode 0600 with the secret that the provider gave. Empty means a"
            " public client: PKCE alone."
        },
    )
    second_factor: bool = field(
        default=True,
        metadata={
            "reason": "Whether a code or a passkey is still asked for. False trusts the provider"
            " with all that this service guards."
        },
    )

    def __post_init__(self) -> None:
        if not self.issuer:
            return
        parts = urlsplit(self.issuer)
        local = parts.scheme == "http" and parts.hostname in LOCAL
        if not (parts.scheme == "https" or local) or not parts.hostname:
            raise ValueError("issuer must be an https:// URL")
        if parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("issuer must have no query, no fragment and no user")
        if not self.client_id:
            raise ValueError("client_id must be set where issuer is")


@dataclass(frozen=True, slots=True)
class Options:
    """What acts that take two need where one person is alone."""

    alone: str = field(
        default="",
        metadata={
            "reason": "What stands in for the second person where there is none: empty for nothing,"
            " `delay` for a recorded reason and a wait, `reviewer` for someone outside. Declare it"
            " only where it is so."
        },
    )
    alone_hours: int = field(
        default=24,
        metadata={
            "reason": "Hours that who is alone waits, for `delay`: time for a stolen account or a"
            " hot head to be noticed, since an alarm sounds at once."
        },
    )
    outside_reviewer: str = field(
        default="",
        metadata={
            "reason": "The name of a person, from another house say, who may approve any act that"
            " takes two, for `reviewer`."
        },
    )

    def __post_init__(self) -> None:
        if self.alone not in ALONE:
            raise ValueError("alone must be empty, delay or reviewer")
        if not 1 <= self.alone_hours <= 24 * 30:
            raise ValueError(f"alone_hours must be between 1 and {24 * 30}")
        if self.alone == REVIEWER and not self.outside_reviewer:
            raise ValueError("outside_reviewer must be set where alone is reviewer")
