"""Signing in and out, links that let someone in, and the second factor that everyone adds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from api.service import Desk
from people.authenticator import Authenticator

from console.visitor import SHELL, Visitor, signed_in
from tutela.interfaces.console import shell
from tutela.people import accounts, invitations, keys
from tutela.people.models import SignedIn

GOOD = "four bicycles under rain"


def invited(desk: Desk, name: str, *roles: str) -> str:
    with desk.database.writing() as session:
        return accounts.invite(session, desk.database.now(), SHELL, name, "", roles)[1]


def key_of(page_text: str) -> pyotp.TOTP:
    found = re.search(r'<code id="totp-key">([A-Z2-7 ]+)</code>', page_text)
    assert found
    return pyotp.TOTP(found[1].replace(" ", ""))


def joined(desk: Desk, name: str, *roles: str) -> tuple[Visitor, pyotp.TOTP]:
    """Someone who used their link, and set up an authenticator app."""
    visitor = Visitor(desk)
    link = f"/console/welcome/{invited(desk, name, *roles)}"
    page = visitor.post(link, {"password": GOOD, "again": GOOD}, csrf=None)
    assert page.location == "/console/enrol"
    app = key_of(visitor.get("/console/enrol").text)
    before = visitor.secret
    code = app.at(datetime.now(UTC) - timedelta(seconds=30))  # so that the next one is left
    assert visitor.post("/console/enrol/totp", {"code": code}).location == "/console/"
    assert visitor.secret != before
    return visitor, app


def test_an_invited_person_chooses_a_password_adds_a_factor_and_is_in(desk: Desk) -> None:
    visitor, app = joined(desk, "ida", "auditor")
    assert visitor.get("/console/audit").status == 200
    visitor.post("/console/sign-out")
    assert visitor.get("/console/audit", 303).location.startswith("/console/sign-in")
    given = {"name": "ida", "password": GOOD, "next": "/console/audit?actor=x"}
    page = visitor.post("/console/sign-in", given, csrf=None)
    assert page.location == "/console/sign-in/code?next=%2Fconsole%2Faudit%3Factor%3Dx"
    visitor.get("/console/audit", 303)
    first = visitor.secret
    page = visitor.post("/console/sign-in/code", {"code": app.now(), "next": given["next"]})
    assert page.location == "/console/audit?actor=x" and visitor.secret != first
    assert visitor.get("/console/audit").status == 200
    assert Visitor(desk, first).get("/console/audit", 303)


def test_the_cookie_is_for_this_host_alone_and_for_no_script(desk: Desk) -> None:
    link = f"/console/welcome/{invited(desk, 'jo')}"
    page = Visitor(desk).post(link, {"password": GOOD, "again": GOOD}, csrf=None)
    cookie = page.headers["set-cookie"].lower()
    assert cookie.startswith("__host-tutela=")
    assert {"path=/", "secure", "httponly", "samesite=lax"} <= set(cookie.split("; "))
    assert "domain" not in cookie


def test_a_link_works_once_and_looking_uses_nothing_up(desk: Desk) -> None:
    link = f"/console/welcome/{invited(desk, 'kim')}"
    stranger = Visitor(desk)
    for _ in range(2):
        assert "Welcome, kim" in stranger.get(link).words
    page = stranger.post(link, {"password": GOOD, "again": "another"}, 422, csrf=None)
    assert "differs" in page.words and GOOD not in page.text
    page = stranger.post(link, {"password": "short", "again": "short"}, 422, csrf=None)
    assert "fewer than" in page.words
    stranger.post(link, {"password": GOOD, "again": GOOD}, csrf=None)
    assert "does not work" in Visitor(desk).get(link, 404).words
    Visitor(desk).post(link, {"password": GOOD, "again": GOOD}, 404, csrf=None)
    assert "does not work" in Visitor(desk).get("/console/welcome/nothing", 404).words


def test_the_first_administrator_chooses_a_name(desk: Desk) -> None:
    from sqlalchemy import update

    from tutela.people.models import Person

    with desk.database.writing() as session:
        now = desk.database.now()
        session.execute(update(Person).values(disabled_at=now))
        secret = invitations.invite_first(session, now, "shell:test", anew=True)
    visitor = Visitor(desk)
    page = visitor.post(
        f"/console/welcome/{secret}",
        {"name": "root", "shown_as": "Ada <b>", "password": GOOD, "again": GOOD}, csrf=None,
    )  # fmt: skip
    assert page.location == "/console/enrol"
    code = key_of(visitor.get("/console/enrol").text).now()
    visitor.post("/console/enrol/totp", {"code": code})
    page = visitor.get("/console/people")
    assert "Ada &lt;b&gt;" in page.text
    with desk.database.writing() as session:
        session.execute(update(Person).values(disabled_at=None))


def test_who_has_no_second_factor_sees_nothing_else(desk: Desk) -> None:
    visitor = signed_in(desk, "lea", role="auditor", stage="enrol")
    for path in ("/console/", "/console/audit", "/console/account"):
        assert visitor.get(path, 303).location == "/console/enrol"
    visitor.post("/console/audit/verify", status=303)
    assert "Overview" not in visitor.get("/console/enrol").words
    wrong = visitor.post("/console/enrol/totp", {"code": "000000"}, 422)
    assert "not the code" in wrong.words or "another time" in wrong.words


def test_a_wrong_password_says_no_more_than_that(desk: Desk) -> None:
    joined(desk, "max")
    said = set()
    for name in ("max", "nobody"):
        page = Visitor(desk).post(
            "/console/sign-in", {"name": name, "password": "secret-words"}, 401
        )
        assert "secret-words" not in page.text and "set-cookie" not in page.headers
        said.add(page.words.replace(name, ""))
    assert len(said) == 1
    assert "name or the password is wrong" in said.pop()


def test_a_used_code_opens_nothing_again(desk: Desk) -> None:
    visitor, app = joined(desk, "nia")
    code = app.now()
    for status in (303, 401):
        other = Visitor(desk)
        other.post("/console/sign-in", {"name": "nia", "password": GOOD})
        page = other.post("/console/sign-in/code", {"code": code}, status)
    assert "used already" in page.words
    assert visitor.get("/console/account").status == 200


def test_a_passkey_alone_signs_in(desk: Desk) -> None:
    visitor = signed_in(desk, "ora", role="auditor", stage="enrol")
    device = Authenticator(visitor.origin)
    options = visitor.post("/console/enrol/passkey/options", status=200).text
    page = visitor.post(
        "/console/enrol/passkey", {"credential": device.make(options), "label": "my laptop"}
    )
    assert page.location == "/console/"
    assert "my laptop" in visitor.get("/console/account").words
    other = Visitor(desk)
    options = other.post("/console/sign-in/passkey/options", status=200).text
    signed = device.sign(options)
    page = other.post("/console/sign-in/passkey", {"credential": signed, "next": "/console/audit"})
    assert page.location == "/console/audit" and other.get("/console/audit").status == 200
    again = Visitor(desk).post("/console/sign-in/passkey", {"credential": signed}, 401)
    assert "took too long" in again.words


@pytest.mark.parametrize("credential", ["", "{}", "x", "[" * 1000, '{"id": 1}'])
def test_what_is_no_passkey_is_refused(desk: Desk, credential: str) -> None:
    page = Visitor(desk).ask(
        "POST", "/console/sign-in/passkey", f"credential={credential}".encode(),
        {"content-type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert page.status in (401, 422)


def test_a_planted_session_is_not_the_one_that_is_opened(desk: Desk) -> None:
    """Fixation: who plants a cookie does not share what its victim opens with it."""
    planted = signed_in(desk, "eve").secret
    _, app = joined(desk, "pat")
    victim = Visitor(desk, planted)
    victim.post("/console/sign-in", {"name": "pat", "password": GOOD}, csrf=None)
    victim.post("/console/sign-in/code", {"code": app.now()})
    assert victim.secret != planted
    assert "Eve" in Visitor(desk, planted).get("/console/account").words


@pytest.mark.parametrize("column", ["lapses_at", "seen_at", "ended_at"])
def test_a_session_ends_by_its_age_by_idleness_and_by_hand(desk: Desk, column: str) -> None:
    visitor = signed_in(desk, f"quinn-{column.replace('_', '-')}")
    visitor.get("/console/account")
    with desk.database.writing() as session:
        for one in session.query(SignedIn).all():
            if one.digest == keys.digest(visitor.secret):
                setattr(one, column, desk.database.now() - timedelta(hours=1))
    page = visitor.get("/console/account", 303)
    assert page.location == "/console/sign-in?next=%2Fconsole%2Faccount"
    visitor.post("/console/account/zone", {"zone": ""}, 303)
    assert visitor.get("/console/sign-in").status == 200


def test_someone_signed_in_is_led_on_from_the_sign_in_page(desk: Desk) -> None:
    visitor = signed_in(desk, "rosa")
    page = visitor.get("/console/sign-in?next=/console/account", 303)
    assert page.location == "/console/account"
    assert visitor.get("/console/sign-in?next=//elsewhere", 303).location == shell.ROOT


def test_signing_out_needs_the_token(desk: Desk) -> None:
    visitor = signed_in(desk, "sol")
    visitor.post("/console/sign-out", status=403, csrf=None)
    visitor.get("/console/account")
    visitor.get("/console/sign-out", 404)
