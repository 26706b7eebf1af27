"""Drives OpenID Connect: fetches what `people.oidc` asks for, through the one door to the network,
and remembers what the browser must bring back."""

from __future__ import annotations

import hmac
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tutela.app import App
from tutela.outbound import Outbound, OutboundError
from tutela.people import challenges, oidc
from tutela.people.oidc import Claims, Config, Discovery, OidcRefused
from tutela.people.options import Site

BACK = "/console/oidc/back"
"""Where the provider sends the browser: to be registered there, after the console's origin."""

KIND = "oidc"
SECONDS = 10.0
"""For each question: a person waits for the answer."""

FRESH = 300.0
"""Seconds that a provider's description is used again: anyone who finds the sign-in page makes us
ask for it."""

LONGEST_SECRET = 4096
ELSE = "Sign in with name and password meanwhile, or with a passkey."


@dataclass(frozen=True, slots=True)
class Gone:
    """Where the browser is sent, and the state that it must keep in a cookie until it is back."""

    url: str
    state: str


@dataclass(frozen=True, slots=True)
class Came:
    """Who came back, and what for."""

    claims: Claims
    purpose: str
    """As given to `begin`."""
    back: str
    """As given to `begin`: where to go now."""
    person_id: int | None


class Driving:
    """One for a process; any thread may use it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._outbound = Outbound(app.settings.outbound)
        self._lock = threading.Lock()
        self._known: tuple[float, Discovery] | None = None

    def begin(
        self, site: Site, purpose: str = "sign-in", back: str = "", person_id: int | None = None
    ) -> Gone:
        """Raises `OidcRefused` that says what is wrong with the provider."""
        config, database = self._config(site), self._app.database
        url, begun = oidc.begin(config, self._discovery())
        data = {
            "nonce": begun.nonce, "verifier": begun.verifier, "purpose": purpose, "back": back
        }  # fmt: skip
        with database.writing() as session:
            challenges.make(session, database.now(), KIND, data, person_id, secret=begun.state)
        return Gone(url, begun.state)

    def came(self, site: Site, query: Mapping[str, str], state: str) -> Came:
        """Who the provider says it is, if this browser was sent there: `state` is that of its
        cookie. Raises `OidcRefused`."""
        given = query.get("state", "")
        if not state or not hmac.compare_digest(
            given.encode(errors="replace"), state.encode(errors="replace")
        ):
            raise OidcRefused("This sign-in was not begun in this browser.", "Begin again.")
        database = self._app.database
        with database.writing() as session:
            kept = challenges.take(session, database.now(), KIND, state)
        if kept is None:
            raise OidcRefused("This took too long, or was done already.", "Begin again.")
        config = self._config(site)
        if query.get("iss", config.issuer) != config.issuer:  # RFC 9207
            raise OidcRefused("Another provider answered than was asked.", ELSE)
        code = query.get("code", "")
        if "error" in query or not code:
            raise OidcRefused("The provider did not let you in.", f"Ask there why. {ELSE}")
        provider = self._discovery()
        asked = oidc.token_request(config, provider, code, kept.data["verifier"])
        token = oidc.id_token(self._posted(asked))
        keys = self._fetched(provider.jwks_uri)
        claims = oidc.claims(token, keys, config, kept.data["nonce"], database.now())
        return Came(claims, kept.data["purpose"], kept.data["back"], kept.person_id)

    def _config(self, site: Site) -> Config:
        chosen = self._app.settings.oidc
        if not chosen.issuer:
            raise OidcRefused("No provider is configured here.", ELSE)
        return Config(
            chosen.issuer, chosen.client_id, site.origin + BACK, _secret(chosen.client_secret_file)
        )

    def _discovery(self) -> Discovery:
        issuer = self._app.settings.oidc.issuer
        with self._lock:
            known = self._known
        if known is not None and time.monotonic() - known[0] < FRESH:
            return known[1]
        found = oidc.discovery(self._fetched(oidc.discovery_url(issuer)), issuer)
        with self._lock:
            self._known = (time.monotonic(), found)
        return found

    def _fetched(self, url: str) -> bytes:
        try:
            reply = self._outbound.fetch(url, largest=oidc.LARGEST, seconds=SECONDS)
        except OutboundError as error:
            raise _broken(error) from None
        if reply.status != 200:
            raise OidcRefused(f"The provider answered {reply.status}.", ELSE)
        return reply.body

    def _posted(self, asked: oidc.TokenRequest) -> bytes:
        try:
            reply = self._outbound.post(
                asked.url, asked.body, asked.headers, largest=oidc.LARGEST, seconds=SECONDS
            )
        except OutboundError as error:
            raise _broken(error) from None
        if reply.status != 200:
            raise OidcRefused(f"The provider answered {reply.status}.", ELSE)
        return reply.body


def _broken(error: OutboundError) -> OidcRefused:
    return OidcRefused(f"The provider cannot be asked. {error.what}", ELSE)


def _secret(path: str) -> str:
    """The client's secret. Raises `OidcRefused`, also if others than its owner can read it."""
    if not path:
        return ""
    try:
        with Path(path).open("rb") as file:
            mode, data = os.fstat(file.fileno()).st_mode, file.read(LONGEST_SECRET)
        text = data.decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise OidcRefused("The provider's secret cannot be read.", ELSE) from None
    if mode & 0o077:
        raise OidcRefused("Others than its owner can read the provider's secret.", ELSE)
    return text
