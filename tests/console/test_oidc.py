"""Signing in by a provider, through a real one that may lie; and linking an account to it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import urllib3
from api.service import Desk, serving

from console.test_account import left_open
from console.test_signing_in import GOOD, joined
from console.visitor import Page, Visitor, signed_in
from tutela.interfaces.console.oidc import STATE
from tutela.testing.provider import Provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as made:
        yield made


@pytest.fixture(scope="module")
def desk(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        from api import service

        from tutela.outbound.options import Options as Outbound
        from tutela.people.options import Oidc
        from tutela.settings import Settings

        def settings(**given: object) -> Settings:
            return Settings(
                oidc=Oidc(issuer=provider.issuer, client_id=provider.client_id),
                outbound=Outbound(hosts=(provider.host,)), **given,
            )  # fmt: skip

        patch.setattr(service, "Settings", settings)
        with serving("", tmp_path_factory.mktemp("service")) as made:
            yield made


def there(url: str) -> str:
    """What the provider sends the browser back to."""
    reply = urllib3.PoolManager().request("GET", url, redirect=False)
    assert reply.status in (302, 303), reply.data
    return reply.headers["location"]


def state_of(page: Page) -> str:
    cookie = next(c for c in page.headers.getlist("set-cookie") if c.startswith(STATE))
    assert "HttpOnly" in cookie and "Secure" in cookie
    return cookie.split(";")[0]


def came_back(visitor: Visitor, location: str, state: str, status: int = 303) -> Page:
    parts = urlsplit(location)
    cookie = "; ".join(filter(None, [state, visitor.secret and f"__Host-tutela={visitor.secret}"]))
    page = visitor.ask("GET", f"{parts.path}?{parts.query}", headers={"cookie": cookie})
    assert page.status == status, (page.status, page.words)
    return page


def linked(desk: Desk, provider: Provider, name: str) -> Visitor:
    provider.lie, provider.subject = "", f"subject-of-{name}"
    visitor, _ = joined(desk, name, "auditor")
    page = visitor.post("/console/account/oidc", status=200)
    url = page.text.split('button-main" href="')[1].split('"')[0].replace("&amp;", "&")
    answer = came_back(visitor, there(url), state_of(page))
    assert answer.location == "/console/account?said=oidc.linked"
    return visitor


def test_an_account_is_linked_signs_in_and_still_gives_a_second_factor(
    desk: Desk, provider: Provider
) -> None:
    linked(desk, provider, "ann")
    stranger = Visitor(desk)
    assert "organisation" in stranger.get("/console/sign-in").words
    page = stranger.get("/console/sign-in/oidc?next=/console/audit", 303)
    answer = came_back(stranger, there(page.location), state_of(page))
    assert answer.location == "/console/sign-in/code?next=%2Fconsole%2Faudit"
    assert "Code" in stranger.get("/console/sign-in/code").words


def test_a_link_is_taken_away(desk: Desk, provider: Provider) -> None:
    visitor = linked(desk, provider, "bea")
    visitor.post("/console/account/oidc/unlink")
    stranger = Visitor(desk)
    page = stranger.get("/console/sign-in/oidc", 303)
    assert (
        "Nobody here is linked"
        in came_back(stranger, there(page.location), state_of(page), 401).words
    )


def test_linking_takes_a_fresh_proof(desk: Desk, provider: Provider) -> None:
    visitor, _ = joined(desk, "cem")
    left_open(desk)
    assert "prove" in visitor.post("/console/account/oidc").location


def test_nobody_is_linked_to_what_someone_else_began(desk: Desk, provider: Provider) -> None:
    ann, bob = signed_in(desk, "dan"), signed_in(desk, "eva")
    page = ann.post("/console/account/oidc", status=200)
    url = page.text.split('button-main" href="')[1].split('"')[0].replace("&amp;", "&")
    answer = came_back(bob, there(url), state_of(page), 409)
    assert "Someone else began this" in answer.words


def test_an_answer_without_the_state_of_this_browser_is_refused(
    desk: Desk, provider: Provider
) -> None:
    provider.lie = ""
    stranger = Visitor(desk)
    page = stranger.get("/console/sign-in/oidc", 303)
    location = there(page.location)
    assert "not begun in this browser" in came_back(stranger, location, "", 401).words
    other = f"{STATE}=other"
    assert "not begun in this browser" in came_back(stranger, location, other, 401).words
    came_back(stranger, location, state_of(page), 401)
    assert "done already" in came_back(stranger, location, state_of(page), 401).words


@pytest.mark.parametrize("lie", ["wrong-nonce", "wrong-audience", "unsigned", "expired", "error"])
def test_a_provider_that_lies_lets_nobody_in_and_the_password_still_works(
    desk: Desk, provider: Provider, lie: str
) -> None:
    name = f"f-{lie}"
    linked(desk, provider, name)
    stranger = Visitor(desk)
    page = stranger.get("/console/sign-in/oidc", 303)
    provider.lie = lie
    answer = came_back(stranger, there(page.location), state_of(page), 401)
    assert not stranger.secret and "Use a passkey" in answer.text
    stranger.post("/console/sign-in", {"name": name, "password": GOOD})
    provider.lie = ""
