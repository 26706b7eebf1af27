"""An OpenID Connect provider of one's own, which says who anyone is without asking, and which lies
or breaks on demand: real sockets, real signatures, keys of its own.

`python -m tutela.testing.provider --client ID --subject NAME` runs one and prints its issuer.
`Provider.lie` (or a POST of its name to `/lie`) sets how it misbehaves: one of `LIES`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit
from urllib.request import Request, urlopen

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

LIES = (
    "", "wrong-issuer", "other-issuer", "wrong-audience", "many-audiences", "wrong-azp",
    "wrong-nonce", "no-nonce", "no-subject", "unsigned", "hmac", "wrong-key", "no-key", "expired",
    "to-come", "no-token", "not-json", "huge", "error", "redirect", "slow", "refuse", "wrong-state",
    "plain-endpoints",
)  # fmt: skip
"""What it can be made to do; each once asked for, until another is."""

CODES = 60
"""Seconds that a code can be turned into a token."""


class Provider:
    """Listens on a free port of the loopback address until the block ends."""

    def __init__(
        self, client_id: str = "tutela", client_secret: str = "", subject: str = "7", port: int = 0
    ) -> None:
        self.client_id, self.client_secret, self.subject = client_id, client_secret, subject
        self.lie = ""
        self.asked: list[str] = []
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(_Handler):
            owner = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """As in the setting `outbound.hosts`."""
        return f"private:127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def discovery(self) -> dict[str, Any]:
        base = "http://192.0.2.1" if self.lie == "plain-endpoints" else self.issuer
        return {
            "issuer": "https://elsewhere.example" if self.lie == "wrong-issuer" else self.issuer,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def jwks(self) -> dict[str, Any]:
        if self.lie == "no-key":
            return {"keys": []}
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def authorized(self, query: dict[str, str]) -> str:
        """Where the browser goes on to: back, with a code."""
        back = query["redirect_uri"]
        if self.lie == "refuse":
            return f"{back}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = secrets.token_urlsafe(16)
        self._codes[code] = query | {"at": str(time.time())}
        state = "another" if self.lie == "wrong-state" else query["state"]
        return f"{back}?{urlencode({'code': code, 'state': state, 'iss': self.issuer})}"

    def token(self, form: dict[str, str], basic: str) -> dict[str, Any] | None:
        """What a code is worth; None if it is worth nothing."""
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or time.time() - float(asked["at"]) > CODES:
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        wanted = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        given = base64.b64decode(basic.removeprefix("Basic ")).decode() if basic else ""
        if (
            challenge != asked.get("code_challenge")
            or form.get("redirect_uri") != asked["redirect_uri"]
            or form.get("client_id") != self.client_id
            or (self.client_secret and given != wanted)
        ):
            return None
        if self.lie == "no-token":
            return {"access_token": "x", "token_type": "Bearer"}
        return {
            "access_token": "x", "token_type": "Bearer", "id_token": self._signed(asked["nonce"])
        }  # fmt: skip

    def _signed(self, nonce: str) -> str:
        now, lie = int(time.time()), self.lie
        claims: dict[str, Any] = {
            "iss": "https://elsewhere.example" if lie == "other-issuer" else self.issuer,
            "aud": "another" if lie == "wrong-audience" else self.client_id,
            "sub": self.subject, "nonce": "another" if lie == "wrong-nonce" else nonce,
            "iat": now, "exp": now + 300, "name": "Ann Rivers",
        }  # fmt: skip
        if lie == "many-audiences":
            claims["aud"] = [self.client_id, "another"]
        if lie == "wrong-azp":
            claims["azp"] = "another"
        if lie in ("expired", "to-come"):
            shift = -7200 if lie == "expired" else 7200
            claims |= {"iat": now + shift, "exp": now + shift + 300}
        for name, left_out in (("nonce", "no-nonce"), ("sub", "no-subject")):
            if lie == left_out:
                del claims[name]
        header = {"kid": "one"}
        if lie == "unsigned":
            return jwt.encode(claims, "", "none", header)
        if lie == "hmac":
            return _forged(claims, self._key.public_key(), header)
        key = self._key
        if lie == "wrong-key":
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return jwt.encode(claims, key, "RS256", header)


class _Handler(BaseHTTPRequestHandler):
    owner: Provider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.owner.asked.append(parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            self._answer(HTTPStatus.FOUND, b"", location=self.owner.authorized(query))
        elif parts.path == "/.well-known/openid-configuration":
            self._document(self.owner.discovery())
        elif parts.path == "/keys":
            self._document(self.owner.jwks())
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"")

    def do_POST(self) -> None:
        self.owner.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        if self.path == "/lie":
            self.owner.lie = body if body in LIES else ""
            self._answer(HTTPStatus.NO_CONTENT, b"")
        elif self.path == "/token":
            form = {name: values[0] for name, values in parse_qs(body).items()}
            found = self.owner.token(form, self.headers.get("authorization", ""))
            if found is None:
                self._answer(HTTPStatus.BAD_REQUEST, b'{"error":"invalid_grant"}')
            else:
                self._document(found)
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"")

    def _document(self, found: dict[str, Any]) -> None:
        lie = self.owner.lie
        if lie == "slow":
            time.sleep(3)
        if lie == "error":
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"broken")
        elif lie == "redirect":
            self._answer(HTTPStatus.FOUND, b"", location="http://192.0.2.1/elsewhere")
        elif lie == "not-json":
            self._answer(HTTPStatus.OK, b"<html>rain</html>")
        else:
            padding = {"padding": "x" * (1 << 20)} if lie == "huge" else {}
            self._answer(HTTPStatus.OK, json.dumps(found | padding).encode())

    def _answer(self, status: HTTPStatus, body: bytes, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        if location:
            self.send_header("Location", location)
        with suppress(ConnectionError):  # who asked hung up
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: tests read `asked`."""


def _forged(claims: dict[str, Any], key: rsa.RSAPublicKey, header: dict[str, str]) -> str:
    """A token signed with the public key as if it were a shared secret (RFC 8725, 2.1)."""
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [header | {"alg": "HS256", "typ": "JWT"}, claims]
    signed = b".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts
    )
    mac = base64.urlsafe_b64encode(hmac.digest(pem, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + mac).decode()


class Running:
    """A provider in a process of its own."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.host = f"private:{urlsplit(issuer).netloc}"

    def lie(self, how: str) -> None:
        """Make it misbehave; empty: no more."""
        request = Request(f"{self.issuer}/lie", data=how.encode(), method="POST")  # noqa: S310
        urlopen(request, timeout=10).close()  # noqa: S310 - on the loopback address


@contextmanager
def running(client_id: str = "tutela", subject: str = "7", secret: str = "") -> Iterator[Running]:
    """A provider in a process of its own, until the block ends."""
    command = [sys.executable, "-m", "tutela.testing.provider", "--client", client_id]
    with subprocess.Popen(
        [*command, "--subject", subject, "--secret", secret], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Running(process.stdout.readline().strip())
        finally:
            process.terminate()


def main() -> None:
    given = argparse.ArgumentParser(description="An OpenID Connect provider for tests.")
    given.add_argument("--client", default="tutela")
    given.add_argument("--secret", default="")
    given.add_argument("--subject", default="7")
    given.add_argument("--port", type=int, default=0)
    chosen = given.parse_args()
    with Provider(chosen.client, chosen.secret, chosen.subject, chosen.port) as provider:
        print(provider.issuer, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
