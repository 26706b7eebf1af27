"""Sessions: how long they stand, who sees and ends them, and what a stolen one cannot do."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from people.desk import Desk
from tutela.errors import TutelaError
from tutela.people import challenges, factors, invitations, oidc, passkeys, sessions
from tutela.people.factors import ProofNeeded
from tutela.people.models import Challenge, Invitation, SignedIn
from tutela.people.options import Console
from tutela.people.signing_in import Result


def opened_for(desk: Desk, name: str = "ann") -> str:
    with desk.database.writing() as session:
        return sessions.begin(
            session, desk.now, desk.get(name), "passkey", "open", "Browser\n1.0", "203.0.113.9"
        )


def test_a_session_that_nobody_uses_ends_after_half_an_hour(desk):
    desk.person()
    secret = opened_for(desk)
    for _ in range(3):
        desk.later(minutes=29)
        assert desk.opened(secret)
    desk.later(minutes=30)
    assert desk.opened(secret) is None


def test_a_session_ends_after_twelve_hours_however_it_is_used(desk):
    desk.person()
    secret = opened_for(desk)
    for _ in range(12 * 3 - 1):
        desk.later(minutes=20)
        assert desk.opened(secret)
    desk.later(minutes=20)
    assert desk.opened(secret) is None


def test_the_settings_say_how_long(desk):
    desk.database.info[sessions.IN_SESSION] = Console(idle_minutes=5, session_hours=1)
    desk.person()
    secret = opened_for(desk)
    desk.later(minutes=5)
    assert desk.opened(secret) is None


def test_its_use_is_written_down_once_a_minute_at_most(desk):
    desk.person()
    secret = opened_for(desk)
    assert not desk.opened(secret).stale
    desk.later(seconds=59)
    assert not desk.opened(secret).stale
    desk.later(seconds=1)
    assert desk.opened(secret).stale and not desk.opened(secret).stale


def test_a_secret_that_was_not_given_out_opens_nothing(desk):
    desk.person()
    opened_for(desk)
    for planted in ("", "x", "0" * 43, "\udcff", "1 OR 1=1"):
        assert desk.opened(planted) is None


def test_of_a_secret_only_a_digest_is_kept_and_its_token_is_another(desk):
    desk.person()
    secret = opened_for(desk)
    with desk.database.reading() as session:
        row = session.scalars(select(SignedIn)).one()
    assert secret.encode() not in row.digest and secret not in str(vars(row))
    assert desk.opened(secret).csrf == sessions.csrf(secret) != sessions.csrf(opened_for(desk))


def test_what_a_browser_calls_itself_is_kept_in_one_line(desk):
    desk.person()
    opened_for(desk)
    with desk.database.reading() as session:
        (one,) = sessions.listed(session, desk.now, desk.get())
    assert (one.agent, one.address) == ("Browser?1.0", "203.0.113.9")


def test_one_sees_ones_own_sessions_and_ends_one_of_them(desk):
    ann, bob = desk.person("ann"), desk.person("bob")
    mine, other, theirs = opened_for(desk), opened_for(desk), opened_for(desk, "bob")
    with desk.database.writing() as session:
        listed = sessions.listed(session, desk.now, ann)
        assert len(listed) == 2
        wanted = desk.opened(other).id
        sessions.end(session, desk.now, "person:ann", ann, wanted)
    assert desk.opened(other) is None and desk.opened(mine) and desk.opened(theirs)
    number = desk.opened(theirs).id
    with desk.database.writing() as session, pytest.raises(TutelaError, match="ended already"):
        sessions.end(session, desk.now, "person:ann", ann, number)
    with desk.database.writing() as session:
        assert sessions.end_all(session, desk.now, "person:bob", bob, "gone") == 1
    assert desk.opened(theirs) is None
    assert [act for _, act, _ in desk.acts("person.session")] == ["person.session-end"] * 2


def test_who_signs_out_is_out(desk):
    desk.person()
    secret = opened_for(desk)
    with desk.database.writing() as session:
        sessions.sign_out(session, desk.now, secret)
        sessions.sign_out(session, desk.now, "never was")
    assert desk.opened(secret) is None
    assert desk.acts()[-1][:2] == ("person:ann", "person.sign-out")


def test_proving_oneself_again_does_not_make_a_session_older(desk):
    desk.person()
    secret = opened_for(desk)
    for _ in range(35):
        desk.later(minutes=20)
        with desk.database.writing() as session:
            secret = sessions.step_up(session, desk.now, secret)
        assert secret
    desk.later(minutes=20)
    assert desk.opened(secret) is None


def test_of_two_steps_from_one_secret_one_succeeds(desk):
    desk.person()
    secret = opened_for(desk)
    with desk.database.writing() as session:
        assert sessions.step_up(session, desk.now, secret)
        assert sessions.step_up(session, desk.now, secret) is None


def stale_tries(desk: Desk, secret: str) -> list[Result]:
    claims = oidc.Claims("https://id.example", "7")
    with desk.database.writing() as session:
        return [
            factors.remove_totp(session, desk.now, secret),
            factors.remove_passkey(session, desk.now, secret, 1),
            factors.confirm_totp(session, desk.now, desk.sealing, secret, "123456"),
            factors.add_passkey(session, desk.now, factors.Site("http://x"), secret, "", "{}"),
            factors.link_oidc(session, desk.now, secret, claims),
            factors.unlink_oidc(session, desk.now, secret),
        ]


def test_a_stolen_session_changes_no_factor_without_a_fresh_proof(desk):
    app = desk.with_app()
    mine = desk.signed_in(app)
    desk.later(minutes=11)
    assert all(isinstance(one.refused, ProofNeeded) for one in stale_tries(desk, mine.secret))
    proved = desk.code(mine, app.at(desk.now))
    assert "last second factor" in str(desk.remove_totp(proved.secret).refused)


def test_who_showed_a_password_only_changes_no_factor(desk):
    desk.with_app()
    first = desk.password()
    assert all("too long" in str(one.refused) for one in stale_tries(desk, first.secret))


def test_the_last_second_factor_stays_and_removing_another_ends_other_sessions(desk):
    device = desk.with_passkey()
    other, mine = desk.passkey(device), desk.passkey(device)
    with desk.database.writing() as session:
        number = passkeys.of(session, desk.get())[0].id
        result = factors.remove_passkey(session, desk.now, mine.secret, number)
    assert "last second factor" in str(result.refused) and desk.opened(mine.secret)
    add_app(desk, mine.secret)
    mine = desk.passkey(device)
    with desk.database.writing() as session:
        result = factors.remove_passkey(session, desk.now, mine.secret, number)
    assert desk.opened(result.secret) and not desk.opened(other.secret)
    assert desk.passkey(device).refused


def add_app(desk: Desk, secret: str) -> None:
    import pyotp

    from tutela.people import totp
    from tutela.people.models import Person

    with desk.database.writing() as session:
        person = session.get_one(Person, desk.get().id)
        app = pyotp.TOTP(totp.enrol_begin(session, desk.now, desk.sealing, person).secret)
        assert factors.confirm_totp(
            session, desk.now, desk.sealing, secret, app.at(desk.now)
        ).secret


def test_nobody_removes_the_passkey_of_another(desk):
    desk.with_passkey("bob")
    mine = desk.signed_in(desk.with_app("ann"))
    with desk.database.writing() as session:
        theirs = passkeys.of(session, desk.get("bob"))[0].id
        assert "no such" in str(
            factors.remove_passkey(session, desk.now, mine.secret, theirs).refused
        )


def test_what_ended_or_lapsed_is_forgotten(desk):
    desk.person()
    opened_for(desk)
    with desk.database.writing() as session:
        challenges.make(session, desk.now, "oidc", {})
        invitations.invite_first(session, desk.now, "shell:ann", anew=True)
    desk.later(days=8)
    with desk.database.writing() as session:
        assert sessions.purge(session, desk.now) == challenges.purge(session, desk.now) == 1
        assert invitations.purge(session, desk.now) == 1
        for table in (SignedIn, Challenge, Invitation):
            assert session.scalar(select(func.count()).select_from(table)) == 0
