"""My account: password, factors, sessions, zone; and what a stolen session cannot do."""

from __future__ import annotations

from datetime import timedelta

import pyotp
from api.service import Desk
from people.authenticator import Authenticator
from sqlalchemy import update

from console.test_signing_in import GOOD, joined, key_of
from console.visitor import Visitor, signed_in
from tutela.people.models import SignedIn


def left_open(desk: Desk) -> None:
    """Every session proved itself an hour ago."""
    with desk.database.writing() as session:
        hour = desk.database.now() - timedelta(hours=1)
        session.execute(update(SignedIn).values(proved_at=hour))


def test_changing_the_password_ends_all_other_sessions(desk: Desk) -> None:
    visitor, app = joined(desk, "ann")
    other = signed_in(desk, "ann")
    new = "three umbrellas in the wind"
    page = visitor.post(
        "/console/account/password", {"old": "wrong-wrong-wrong", "new": new, "again": new}, 422
    )
    assert "wrong" in page.words and new not in page.text
    visitor.post("/console/account/password", {"old": GOOD, "new": new, "again": "x" * 20}, 422)
    page = visitor.post("/console/account/password", {"old": GOOD, "new": new, "again": new})
    assert "was changed" in visitor.get(page.location).words
    other.get("/console/account", 303)
    Visitor(desk).post("/console/sign-in", {"name": "ann", "password": GOOD}, 401)
    Visitor(desk).post("/console/sign-in", {"name": "ann", "password": new})
    assert isinstance(app, pyotp.TOTP)


def test_a_session_that_was_left_open_changes_no_factor(desk: Desk) -> None:
    visitor, _ = joined(desk, "bea")
    left_open(desk)
    prove = "/console/account/prove?next="
    assert visitor.get("/console/account/totp", 303).location.startswith(prove)
    assert visitor.post("/console/account/totp/remove").location.startswith(prove)
    assert visitor.get("/console/account/passkey", 303).location.startswith(prove)
    visitor.post("/console/account/prove", {"password": "wrong-wrong-wrong"}, 401)
    before = visitor.secret
    page = visitor.post(
        "/console/account/prove", {"password": GOOD, "next": "/console/account/totp"}
    )
    assert page.location == "/console/account/totp" and visitor.secret != before
    assert visitor.get("/console/account/totp").status == 200


def test_a_passkey_is_added_proves_and_is_removed_but_never_the_last_factor(desk: Desk) -> None:
    visitor, _ = joined(desk, "cem")
    page = visitor.post("/console/account/totp/remove", status=409)
    assert "last second factor" in page.words
    device = Authenticator(visitor.origin)
    options = visitor.post("/console/enrol/passkey/options", status=200).text
    given = {"credential": device.make(options), "label": "key <i>"}
    assert visitor.post("/console/account/passkey", given).location.endswith("said=passkey.added")
    assert "key &lt;i&gt;" in visitor.get("/console/account").text
    visitor.post("/console/account/passkey", given, 422)
    left_open(desk)
    options = visitor.post("/console/sign-in/passkey/options", status=200).text
    page = visitor.post("/console/account/prove/passkey", {"credential": device.sign(options)})
    assert page.location == "/console/account"
    visitor.post("/console/account/totp/remove")
    assert "not set up" in visitor.get("/console/account").words
    number = visitor.get("/console/account").text.count("passkeys/")
    assert number == 0, "the last factor has no button to remove it"


def test_another_app_takes_the_place_of_the_first(desk: Desk) -> None:
    visitor, app = joined(desk, "dan")
    page = visitor.get("/console/account/totp")
    fresh = key_of(page.text)
    assert fresh.secret != app.secret and "<svg" in page.text
    visitor.post("/console/account/totp", {"code": fresh.now()})
    other = Visitor(desk)
    other.post("/console/sign-in", {"name": "dan", "password": GOOD})
    other.post("/console/sign-in/code", {"code": app.now()}, 401)


def test_sessions_are_seen_and_ended_but_not_those_of_others(desk: Desk) -> None:
    visitor, other, stranger = (signed_in(desk, name) for name in ("eli", "eli", "fay"))
    page = visitor.get("/console/account")
    assert page.text.count("/console/account/sessions/") == 2
    numbers = [int(part.split("/")[0]) for part in page.text.split("account/sessions/")[1:]
               if part[0].isdigit()]  # fmt: skip
    stranger.post(f"/console/account/sessions/{numbers[0]}/end", status=409)
    other.get("/console/account")
    visitor.post(f"/console/account/sessions/{numbers[0]}/end")
    other.get("/console/account", 303)
    signed_in(desk, "eli")
    visitor.post("/console/account/sessions/end")
    assert "this one" in visitor.get("/console/account").words
    stranger.get("/console/account")


def test_times_are_in_the_readers_zone(desk: Desk) -> None:
    visitor = signed_in(desk, "gus")
    visitor.post("/console/account/zone", {"zone": "Asia/Kathmandu"})
    assert "+0545" in visitor.get("/console/account").words.replace(":", "")
    page = visitor.post("/console/account/zone", {"zone": "Mars/Olympus"}, 422)
    assert "no such time zone" in page.words
