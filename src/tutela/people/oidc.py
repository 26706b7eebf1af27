"""OpenID Connect, as a client, without the network: authorization code with PKCE, state and nonce.

Who drives it fetches what it says and gives back what came. Nothing that a provider sends is
believed before it is checked (OpenID Connect Core 1.0, 3.1.3.7; RFC 9700).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import jwt

from tutela.errors import TutelaError
from tutela.people.options import LOCAL

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Signatures that are taken: with public keys only, so that none is forged with what all know."""

LEEWAY = 300
"""Seconds by which the clocks of provider and service may differ."""

OLDEST = 600
"""Seconds since a token was made: it is used at once, or by someone who found it."""

LARGEST = 256 * 1024
"""Bytes of a document of a provider; keys of many services fit in far fewer."""

LONGEST_TOKEN = 16 * 1024
LEAST_RSA = 2048
"""Bits (NIST SP 800-131A)."""

SCOPES = "openid profile"


class OidcRefused(TutelaError):
    """A provider that is not as it must be, or a token that says nothing that can be believed."""


@dataclass(frozen=True, slots=True)
class Config:
    """What provider and service agreed on."""

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str = ""


@dataclass(frozen=True, slots=True)
class Discovery:
    """Where a provider is asked what."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    basic: bool
    """Whether the secret goes in a header, not in the body."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What must be remembered until the browser comes back: the state finds it again."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What is to be posted for a token."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claims:
    """Who a provider says it is."""

    issuer: str
    subject: str
    name: str = ""

    @property
    def linked(self) -> str:
        """What an account keeps of it: the same subject of another issuer is someone else."""
        return hashlib.sha256(f"{self.issuer}\n{self.subject}".encode()).hexdigest()


def discovery_url(issuer: str) -> str:
    """Where a provider describes itself (OpenID Connect Discovery 1.0, 4)."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def discovery(document: bytes, issuer: str) -> Discovery:
    """What a provider says of itself. Raises `OidcRefused`."""
    found = _json(document, "The provider's description")
    if found.get("issuer") != issuer:
        raise OidcRefused(
            "The provider calls itself by another name than the setting oidc.issuer.",
            "Write it exactly as in the provider's own description.",
        )
    urls: list[str] = []
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        url = found.get(name)
        if not isinstance(url, str) or not _is_safe(url, issuer):
            raise OidcRefused(f"The provider gives no https URL as its {name}.")
        urls.append(url)
    methods = found.get("token_endpoint_auth_methods_supported")
    basic = not isinstance(methods, list) or "client_secret_basic" in methods
    return Discovery(urls[0], urls[1], urls[2], basic)


def begin(config: Config, provider: Discovery) -> tuple[str, Begun]:
    """Where to send the browser, and what to remember."""
    begun = Begun(*(secrets.token_urlsafe(32) for _ in range(3)))
    digest = hashlib.sha256(begun.verifier.encode()).digest()
    query = urlencode({
        "response_type": "code", "client_id": config.client_id, "scope": SCOPES,
        "redirect_uri": config.redirect_uri, "state": begun.state, "nonce": begun.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    })  # fmt: skip
    url = provider.authorization_endpoint
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}", begun


def token_request(config: Config, provider: Discovery, code: str, verifier: str) -> TokenRequest:
    """What turns the browser's code into a token."""
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": config.redirect_uri,
        "client_id": config.client_id, "code_verifier": verifier,
    }  # fmt: skip
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json",
    }  # fmt: skip
    if config.client_secret and provider.basic:  # each part encoded first (RFC 6749, 2.3.1)
        both = f"{quote_plus(config.client_id)}:{quote_plus(config.client_secret)}"
        headers["Authorization"] = "Basic " + base64.b64encode(both.encode()).decode()
    elif config.client_secret:
        form["client_secret"] = config.client_secret
    return TokenRequest(provider.token_endpoint, urlencode(form).encode(), headers)


def id_token(document: bytes) -> str:
    """The token of a provider's answer. Raises `OidcRefused`."""
    found = _json(document, "The provider's answer").get("id_token")
    if not isinstance(found, str) or not found or len(found) > LONGEST_TOKEN:
        raise OidcRefused("The provider's answer holds no token.")
    return found


def claims(token: str, jwks: bytes, config: Config, nonce: str, now: datetime) -> Claims:
    """Who a token is about, if it is of this provider, for us, for this sign-in and of now. Raises
    `OidcRefused`."""
    if len(token) > LONGEST_TOKEN:
        raise OidcRefused("The provider's token is too long.")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise OidcRefused("The provider's token cannot be read.") from None
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise OidcRefused(
            "The provider's token is not signed in a way that is taken here.",
            f"Have it sign with {', '.join(ALGORITHMS)}.",
        )
    if "crit" in header:
        raise OidcRefused("The provider's token asks for what is not understood here.")
    key = _key(_json(jwks, "The provider's list of keys"), header.get("kid"), algorithm)
    try:
        found = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            options={
                "verify_aud": False, "verify_iss": False, "verify_exp": False, "verify_nbf": False,
                "verify_iat": False, "verify_sub": False, "verify_jti": False,
            },
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError):
        raise OidcRefused("The provider's token is not signed with its key.") from None
    return _checked(found, config, nonce, now)


def _checked(found: dict[str, Any], config: Config, nonce: str, now: datetime) -> Claims:
    """Claims of a token whose signature is right. Raises `OidcRefused`."""
    if found.get("iss") != config.issuer:
        raise OidcRefused("The token is of another provider.")
    audience = found.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if config.client_id not in audiences:
        raise OidcRefused("The token is for another service.", "See the setting oidc.client_id.")
    party = found.get("azp")
    if (party is not None or len(audiences) > 1) and party != config.client_id:
        raise OidcRefused("The token was made for another service.")
    given = found.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise OidcRefused("The token is of another sign-in.", "Begin again.")
    at, times = int(now.timestamp()), []
    for name in ("exp", "iat"):
        value = found.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise OidcRefused("The token does not say of when it is.")
        times.append(value)
    ends, made = times
    if made > at + LEEWAY:
        raise OidcRefused(
            "The token is of a time to come: the clock of this service or of the provider is off.",
            "Have both set their clocks by NTP.",
        )
    if ends <= at - LEEWAY or made < at - OLDEST - LEEWAY:
        raise OidcRefused(
            "The token is too old: it took too long, or a clock is off.",
            "Begin again; if it stays so, have both set their clocks by NTP.",
        )
    subject, shown = found.get("sub"), found.get("name")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise OidcRefused("The token does not say about whom it is.")
    return Claims(config.issuer, subject, shown[:128] if isinstance(shown, str) else "")


def _key(document: dict[str, Any], wanted: Any, algorithm: str) -> Any:
    """The public key that a token names; without a name, the only one that fits."""
    kind = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}[algorithm]
    listed = document.get("keys")
    fitting = [
        key for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict) and key.get("kty") == kind
        and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
        and (wanted is None or key.get("kid") == wanted)
    ]  # fmt: skip
    if len(fitting) != 1:
        raise OidcRefused("The provider lists no key with which its token could be signed.")
    try:
        key = jwt.PyJWK(fitting[0], algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise OidcRefused("The provider's key cannot be read.") from None
    if kind == "RSA" and key.key_size < LEAST_RSA:
        raise OidcRefused(f"The provider's key has fewer than {LEAST_RSA} bits.")
    return key


def _json(document: bytes, what: str) -> dict[str, Any]:
    if len(document) > LARGEST:
        raise OidcRefused(f"{what} is longer than {LARGEST >> 10} KiB.")
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        raise OidcRefused(f"{what} is not JSON.") from None
    if not isinstance(found, dict):
        raise OidcRefused(f"{what} is not a JSON object.")
    return found


def _is_safe(url: str, issuer: str) -> bool:
    """Whether secrets may go there: by https, or to this machine if the issuer is on it."""
    try:
        parts, whose = urlsplit(url), urlsplit(issuer)
    except ValueError:
        return False
    if "@" in parts.netloc or parts.fragment or not url.isascii() or not url.isprintable():
        return False
    local = parts.scheme == whose.scheme == "http" and parts.hostname in LOCAL
    return bool(parts.hostname) and (parts.scheme == "https" or local)
