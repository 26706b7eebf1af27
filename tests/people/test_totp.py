"""Codes of authenticator apps: once each, near the time, and a clock that is off is told."""

from __future__ import annotations

import threading
from datetime import timedelta

import pyotp
import pytest

from people.desk import Desk
from tutela.people import factors, totp
from tutela.people.back_off import FREE
from tutela.people.models import Person
from tutela.people.sessions import Stage


def tried(desk: Desk, code: str) -> str:
    """What is said to a code, after the right password; empty if it opens."""
    return str(desk.code(desk.password(), code).refused or "")


def test_a_code_opens_once(desk):
    app = desk.with_app()
    code = app.at(desk.now)
    assert tried(desk, code) == ""
    assert "used already" in tried(desk, code)
    desk.later(seconds=30)
    assert "used already" in tried(desk, code), "nor while it is still near"
    assert tried(desk, app.at(desk.now)) == ""


def test_the_first_code_that_confirmed_an_app_opens_nothing(desk):
    app = desk.with_app()
    desk.later(minutes=-1)
    assert "used already" in tried(desk, app.at(desk.now))


def test_of_one_code_sent_twice_at_once_one_opens(desk):
    app = desk.with_app()
    code, both, results = app.at(desk.now), threading.Barrier(2), []
    firsts = [desk.password(), desk.password()]

    def send(number: int) -> None:
        both.wait()
        results.append(desk.code(firsts[number], code).secret)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(bool, results)) == [False, True]


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_code_of_the_step_before_or_after_opens(desk, seconds):
    app = desk.with_app()
    desk.later(minutes=2)
    assert tried(desk, app.at(desk.now + timedelta(seconds=seconds))) == ""


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (5, "5 minutes ahead of"), (-5, "5 minutes behind"), (1, "1 minute ahead"),
        (10, "10 minutes ahead"),
    ],
)  # fmt: skip
def test_a_clock_that_is_off_is_told_with_about_how_far(desk, minutes, said):
    app = desk.with_app()
    desk.later(hours=1)
    assert said in tried(desk, app.at(desk.now + timedelta(minutes=minutes)))
    assert desk.get().failures == 1, "it counts as a wrong try"


def test_a_code_that_told_of_a_clock_ahead_does_not_open_when_its_time_has_come(desk):
    app = desk.with_app()
    desk.later(hours=1)
    code = app.at(desk.now + timedelta(minutes=5))
    assert "ahead" in tried(desk, code)
    desk.later(minutes=5)
    assert "used already" in tried(desk, code)
    desk.later(seconds=30)
    assert tried(desk, app.at(desk.now)) == ""


@pytest.mark.parametrize(
    "code",
    ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "12 34 5x", "\0"],
)
def test_what_is_no_code_is_refused(desk, code):
    desk.with_app()
    assert "not the code" in tried(desk, code)


def test_a_code_may_be_typed_with_a_space(desk):
    app = desk.with_app()
    code = app.at(desk.now)
    assert tried(desk, f" {code[:3]} {code[3:]} ") == ""


def test_wrong_codes_make_one_wait_as_wrong_passwords_do(desk):
    app = desk.with_app()
    for _ in range(FREE):
        said = tried(desk, "000000")
    assert "Too many wrong tries" in said
    desk.later(minutes=1)
    assert tried(desk, app.at(desk.now)) == ""


def test_an_app_is_confirmed_by_a_code_and_its_secret_is_kept_sealed(desk):
    desk.person()
    mine = desk.password()
    with desk.database.writing() as session:
        person = session.get_one(Person, desk.get().id)
        shown = totp.enrol_begin(session, desk.now, desk.sealing, person)
        assert totp.enrol_begin(session, desk.now, desk.sealing, person) == shown, "read twice"
    assert shown.secret in shown.uri and "issuer=Tutela" in shown.uri and "ann" in shown.uri
    with desk.database.writing() as session:
        wrong = factors.confirm_totp(session, desk.now, desk.sealing, mine.secret, "000000")
    assert wrong.refused and desk.get().totp is None
    code = pyotp.TOTP(shown.secret).at(desk.now)
    with desk.database.writing() as session:
        done = factors.confirm_totp(session, desk.now, desk.sealing, mine.secret, code)
    assert desk.opened(done.secret).stage is Stage.OPEN and not desk.opened(mine.secret)
    assert shown.secret.encode() not in desk.get().totp
    assert ("person:ann", "person.factor-add", {"factor": "totp"}) in desk.acts()


def test_a_secret_that_was_shown_too_long_ago_is_not_confirmed(desk):
    app = desk.with_app()
    with desk.database.writing() as session:
        person = session.get_one(Person, desk.get().id)
        shown = totp.enrol_begin(session, desk.now, desk.sealing, person)
    desk.later(minutes=31)
    fresh = desk.signed_in(app)
    with desk.database.writing() as session:
        code = pyotp.TOTP(shown.secret).at(desk.now)
        late = factors.confirm_totp(session, desk.now, desk.sealing, fresh.secret, code)
    assert "too long" in str(late.refused)


def test_a_secret_moved_to_another_account_opens_nothing(desk):
    app = desk.with_app("ann")
    desk.with_app("bob")
    with desk.database.writing() as session:
        session.get_one(Person, desk.get("bob").id).totp = desk.get("ann").totp
    from tutela.sealing import SealingError

    with pytest.raises(SealingError):
        desk.signed_in(app, "bob")
