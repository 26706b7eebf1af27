"""OpenID Connect, against a provider in a process of its own that lies and breaks on demand."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tutela.app import App
from tutela.interfaces.console.oidc_driving import Driving
from tutela.outbound import Options as Outbound
from tutela.outbound import Outbound as Client
from tutela.people import accounts, factors, oidc, roles
from tutela.people.oidc import Claims, Config, OidcRefused
from tutela.people.options import Oidc, Site
from tutela.people.permissions import Caller, Permission
from tutela.people.sessions import Stage
from tutela.people.signing_in import SigningIn
from tutela.sealing import Sealing
from tutela.settings import Settings
from tutela.storage import schema
from tutela.testing import provider as providers
from tutela.testing.provider import LIES, Provider, Running

SITE = Site("http://localhost:8377")
SHELL = Caller("shell:ann", frozenset(Permission))


@pytest.fixture(scope="module")
def provider() -> Iterator[Running]:
    with providers.running(secret="rain & wind") as made:
        yield made


class Door:
    """A service that trusts a provider, and a browser that goes there and back."""

    def __init__(self, folder: Path, provider: Running, url: str) -> None:
        secret = folder / "client.secret"
        secret.write_text("rain & wind\n")
        secret.chmod(0o600)
        self.secret = secret
        chosen = Settings(
            data=str(folder / "data"), keys=str(folder / "keys"), database_url=url,
            oidc=Oidc(provider.issuer, "tutela", str(secret)),
            outbound=Outbound(hosts=(provider.host,)),
        )  # fmt: skip
        self.app = App(chosen)
        schema.upgrade(self.app.database)
        self.driving = Driving(self.app)
        self.flow = SigningIn(self.app.database, Sealing(bytes(32)), chosen.oidc)

    def gone(self) -> tuple[dict[str, str], str]:
        """What the browser brings back, and the state in its cookie."""
        gone = self.driving.begin(SITE, "sign-in", "/console/banks")
        assert gone.url.startswith(self.app.settings.oidc.issuer)
        return returned(gone.url), gone.state

    def claims(self) -> Claims:
        return self.driving.came(SITE, *self.gone()).claims


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def returned(url: str) -> dict[str, str]:
    """Where the provider sends the browser: its query."""
    try:
        urllib.request.build_opener(Stay).open(url, timeout=10)
    except urllib.error.HTTPError as error:
        error.close()
        back = urlsplit(error.headers["location"])
        assert back.path == "/console/oidc/back"
        return {name: values[0] for name, values in parse_qs(back.query).items()}
    raise AssertionError("it did not redirect")


@pytest.fixture
def door(tmp_path: Path, provider: Running, database_url: str) -> Iterator[Door]:
    provider.lie("")
    made = Door(tmp_path, provider, database_url)
    yield made
    provider.lie("")
    made.app.database.close()


def test_who_the_provider_names_comes_back_with_what_was_to_be_done(door):
    query, state = door.gone()
    came = door.driving.came(SITE, query, state)
    assert (came.claims.subject, came.claims.name) == ("7", "Ann Rivers")
    assert (came.purpose, came.back) == ("sign-in", "/console/banks")


SAID = {
    "wrong-issuer": "another name", "other-issuer": "another provider",
    "wrong-audience": "another service", "many-audiences": "another service",
    "wrong-azp": "another service", "wrong-nonce": "another sign-in",
    "no-nonce": "another sign-in", "no-subject": "about whom", "unsigned": "not signed in a way",
    "hmac": "not signed in a way", "wrong-key": "not signed with its key", "no-key": "no key",
    "expired": "too old", "to-come": "clock", "no-token": "no token", "not-json": "not JSON",
    "huge": "cannot be asked", "error": "answered 500", "redirect": "cannot be asked",
    "slow": "cannot be asked", "refuse": "did not let you in", "wrong-state": "this browser",
    "plain-endpoints": "no https URL",
}  # fmt: skip


def test_each_lie_of_the_provider_is_named_here():
    assert set(SAID) == set(LIES) - {""}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lie", [lie for lie in LIES if lie])
def test_a_provider_that_lies_or_breaks_lets_nobody_in_and_it_is_said_why(door, provider, lie):
    provider.lie(lie)
    if lie == "slow":
        hosts = door.app.settings.outbound.hosts
        door.driving._outbound = Client(Outbound(hosts, connect_seconds=1, read_seconds=1))
    with pytest.raises(OidcRefused, match=SAID[lie]):
        door.claims()
    provider.lie("")
    door.driving = Driving(door.app)
    assert door.claims().subject == "7"


def test_a_provider_that_is_down_is_said_to_be_and_passwords_still_work(tmp_path, database_url):
    with Provider() as gone:
        pass
    door = Door(tmp_path, Running(gone.issuer), database_url)
    with pytest.raises(OidcRefused, match=r"cannot be asked.*name and password"):
        door.driving.begin(SITE)
    door.app.database.close()


def test_a_provider_whose_host_is_not_listed_is_not_asked(tmp_path, database_url):
    with Provider() as other:
        door = Door(tmp_path, Running(other.issuer), database_url)
        door.driving._outbound = Client(Outbound())
        with pytest.raises(OidcRefused, match="not listed"):
            door.driving.begin(SITE)
        assert other.asked == []
    door.app.database.close()


def test_an_answer_is_taken_once_soon_and_in_the_browser_that_asked(door):
    query, state = door.gone()
    for cookie in ("", "another"):
        with pytest.raises(OidcRefused, match="this browser"):
            door.driving.came(SITE, query, cookie)
    assert door.driving.came(SITE, query, state)
    with pytest.raises(OidcRefused, match="done already"):
        door.driving.came(SITE, query, state)
    query, state = door.gone()
    late = datetime.now(UTC) + timedelta(minutes=6)
    door.app.database.now = lambda: late
    with pytest.raises(OidcRefused, match="too long"):
        door.driving.came(SITE, query, state)


def test_an_answer_in_another_providers_name_is_refused(door):
    query, state = door.gone()
    with pytest.raises(OidcRefused, match="Another provider"):
        door.driving.came(SITE, query | {"iss": "https://elsewhere.example"}, state)


def test_clocks_that_are_five_minutes_apart_do_no_harm(door):
    for minutes in (-5, 5):
        now = datetime.now(UTC) + timedelta(minutes=minutes, seconds=-minutes)
        door.app.database.now = lambda now=now: now
        assert door.claims().subject == "7"


def test_a_secret_that_others_can_read_is_not_used(door):
    door.secret.chmod(0o644)
    with pytest.raises(OidcRefused, match="Others than its owner"):
        door.driving.begin(SITE)


def test_an_account_is_linked_by_its_owner_and_then_let_in_with_a_second_factor(door):
    now, database = door.app.database.now(), door.app.database
    claims = door.claims()
    with database.writing() as session:
        result = door.flow.with_oidc(session, now, claims)
    assert "Nobody here is linked" in str(result.refused), "none is ever made by itself"
    with database.writing() as session:
        roles.ensure(session, now, "shell:ann")
        _, link = accounts.invite(session, now, SHELL, "ann")
    with database.writing() as session:
        mine = door.flow.with_link(session, now, link, "the bicycle stands in the rain")
    with database.writing() as session:
        linked = factors.link_oidc(session, now, mine.secret, claims)
    assert linked.secret
    with database.writing() as session:
        result = door.flow.with_oidc(session, now, door.claims())
    assert result.stage is Stage.ENROL, "a provider is not a second factor"
    trusting = SigningIn(database, Sealing(bytes(32)), Oidc(second_factor=False))
    with database.writing() as session:
        assert trusting.with_oidc(session, now, claims).stage is Stage.OPEN
        other = Claims("https://elsewhere.example", claims.subject)
        assert trusting.with_oidc(session, now, other).refused, "another issuer's 7 is another"
        accounts.recover(session, now, SHELL, "ann")
        assert "recovered" in str(trusting.with_oidc(session, now, claims).refused)


def test_one_account_of_a_provider_is_linked_to_one_person(door):
    now, database, claims = door.app.database.now(), door.app.database, Claims("https://x", "7")
    said = []
    for name in ("ann", "bob"):
        with database.writing() as session:
            _, link = accounts.invite(session, now, SHELL, name)
        with database.writing() as session:
            mine = door.flow.with_link(session, now, link, "the bicycle stands in the rain")
        with database.writing() as session:
            said.append(str(factors.link_oidc(session, now, mine.secret, claims).refused))
    assert said[0] == "None" and "someone else" in said[1]


CONFIG = Config("https://id.example", "tutela", "http://localhost:8377/console/oidc/back")
NOW = datetime(2031, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "." * 20_000, "e30.e30.", "eyJhbGciOiJub25lIn0.e30."]
)
def test_nonsense_is_no_token(token):
    with pytest.raises(OidcRefused):
        oidc.claims(token, b'{"keys":[]}', CONFIG, "n", NOW)


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{", b"[" * 200_000, b'{"issuer": 1}', b'"x"', b"\xff"]
)
def test_nonsense_is_no_description_no_token_and_no_list_of_keys(document):
    with pytest.raises(OidcRefused):
        oidc.discovery(document, "https://id.example")
    with pytest.raises(OidcRefused):
        oidc.id_token(document)


@pytest.mark.parametrize("url", [
    "http://id.example/t", "https://u:p@id.example/t", "javascript:alert(1)", "//id.example/t",
    "https:///t", "https://id.example/t#x", "file:///etc/passwd", 7, None, "https://[::1",
])  # fmt: skip
def test_an_endpoint_that_is_not_https_is_refused(url):
    good = {
        "issuer": "https://id.example", "authorization_endpoint": "https://id.example/a",
        "token_endpoint": "https://id.example/t", "jwks_uri": "https://id.example/k",
    }  # fmt: skip
    assert oidc.discovery(json.dumps(good).encode(), "https://id.example")
    with pytest.raises(OidcRefused, match="no https URL"):
        oidc.discovery(json.dumps(good | {"token_endpoint": url}).encode(), "https://id.example")


def test_a_key_that_is_too_short_is_refused():
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    jwks = json.dumps({"keys": [public]}).encode()
    with pytest.warns(Warning):
        token = jwt.encode({"iss": "https://id.example"}, key, "RS256")
    with pytest.raises(OidcRefused, match="2048 bits"):
        oidc.claims(token, jwks, CONFIG, "n", NOW)


def test_the_browser_is_sent_with_a_challenge_whose_answer_stays_here():
    found = oidc.Discovery("https://id.example/a?x=1", "https://id.example/t", "k", True)
    url, begun = oidc.begin(CONFIG, found)
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query["code_challenge_method"] == "S256" and begun.verifier not in url
    assert query["state"] == begun.state and query["nonce"] == begun.nonce and query["x"] == "1"
    asked = oidc.token_request(CONFIG, found, "a code", begun.verifier)
    assert begun.verifier in asked.body.decode() and "Authorization" not in asked.headers
