"""Signing in: passwords and codes, in one flow."""

from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import func, select

from people.desk import GOOD, SHELL, Desk
from tutela.errors import TutelaError
from tutela.people import accounts, passwords, sessions
from tutela.people.back_off import FREE
from tutela.people.models import Challenge, Person
from tutela.people.sessions import Stage
from tutela.people.signing_in import SigningIn


def refused(result) -> str:
    assert result.refused is not None and not result.secret
    return str(result.refused)


def test_a_password_alone_leads_to_the_second_factor_and_a_code_opens(desk):
    app = desk.with_app("ann", "administrator")
    first = desk.password()
    assert first.stage is Stage.SECOND_FACTOR and desk.opened(first.secret).stage is first.stage
    done = desk.code(first, app.at(desk.now))
    opened = desk.opened(done.secret)
    assert opened.stage is Stage.OPEN and opened.person.name == "ann"
    assert opened.caller.may("admin") and opened.how == "password+code"
    assert desk.opened(first.secret) is None, "the first secret opens nothing any more"
    assert ("person:ann", "person.sign-in") in [act[:2] for act in desk.acts()]


def test_who_has_no_second_factor_must_add_one_first(desk):
    desk.person()
    assert desk.opened(desk.password().secret).stage is Stage.ENROL


def test_a_password_has_a_name_in_any_case_and_no_other(desk):
    desk.with_app()
    assert desk.password(" ANN ").secret
    assert "name or the password" in refused(desk.password("ann", "the bicycle stands in rain"))


@pytest.mark.parametrize("name", ["ann", "nobody", "\udcff", "x" * 5000, ""])
def test_wrong_tries_make_one_wait_longer_and_longer_whether_the_name_is_known_or_not(desk, name):
    desk.with_app()
    said = [refused(desk.password(name, "wrong")) for _ in range(FREE - 1)]
    assert set(said) == {"The name or the password is wrong. Try again."}
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        assert f"about {minutes} minute" in refused(desk.password(name, "wrong"))
        desk.later(minutes=minutes, seconds=-1)
        assert "about 1 minute," in refused(desk.password(name)), "right or wrong, it waits"
        desk.later(seconds=2)
    if name == "ann":
        assert desk.password(name).secret, "and never for ever"


def test_a_sign_in_forgets_wrong_tries(desk):
    app = desk.with_app()
    for _ in range(FREE - 1):
        desk.password("ann", "wrong")
    assert desk.signed_in(app).secret and desk.get().failures == 0


def test_a_right_password_alone_does_not_forget_them(desk):
    desk.with_app()
    for _ in range(FREE - 1):
        desk.password("ann", "wrong")
    first = desk.password()
    assert "Too many" in refused(desk.code(first, "000000"))


def test_each_failure_and_lock_out_is_in_the_log_and_no_word_of_what_was_typed(desk):
    desk.with_app()
    for _ in range(FREE):
        desk.password("ann", "wrong secret")
    desk.password("my secret password")
    acts = desk.acts()
    assert [act for _, act, _ in acts].count("person.fail") == FREE + 1
    assert ("anonymous", "person.lock", {"seconds": 60, "failures": FREE}) in acts
    assert "secret" not in str(acts)


def test_a_flood_of_unknown_names_fills_neither_the_log_nor_the_database(desk, monkeypatch):
    monkeypatch.setattr(passwords, "fits", lambda *_: False)
    for number in range(300):
        desk.password(f"nobody{number}", "wrong")
    fails = desk.acts("person.fail")
    assert len(fails) == 100
    desk.later(seconds=5)
    desk.password("nobody", "wrong")
    assert desk.acts("person.fail")[-1][2]["times"] == 201
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Challenge)) <= 1 << 16


def test_unknown_names_are_kept_as_nothing_that_tells_them(desk):
    desk.password("anna-who-typed-a-secret", "wrong")
    with desk.database.reading() as session:
        rows = session.scalars(select(Challenge)).all()
        assert len(rows) == 1 and "anna" not in str([row.data for row in rows])


def test_passwords_are_compared_before_the_write_lock_is_taken(desk, monkeypatch):
    desk.with_app()
    written = []

    def fits(*_: object) -> bool:
        with desk.database.writing() as other:  # with the lock held, this would wait in vain
            accounts.describe(other, desk.now, SHELL, "ann", "Ann")
            written.append(1)
        return True

    monkeypatch.setattr(passwords, "fits", fits)
    desk.password("ann")
    desk.password("nobody")
    assert len(written) == 2


def test_a_disabled_account_says_so_to_its_owner_only(desk):
    desk.with_app()
    with desk.database.writing() as session:
        accounts.disable(session, desk.now, SHELL, "ann")
    assert "name or the password" in refused(desk.password("ann", "wrong"))
    assert "disabled" in refused(desk.password())


def test_the_first_step_stands_for_five_minutes(desk):
    app = desk.with_app()
    first = desk.password()
    desk.later(minutes=5)
    assert "too long" in refused(desk.code(first, app.at(desk.now)))


def test_who_must_add_a_factor_cannot_pass_with_a_code(desk):
    desk.person()
    assert "too long" in refused(desk.code(desk.password(), "123456"))


def test_a_password_hashed_with_older_parameters_is_hashed_anew(desk, earnest_passwords):
    desk.with_app()
    import argon2

    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    with desk.database.writing() as session:
        session.get_one(Person, desk.get().id).password = old
    assert desk.password().secret
    assert "m=65536,t=3,p=4" in desk.get().password
    assert desk.password().secret


def test_another_password_ends_all_other_sessions_and_changes_the_secret_of_this_one(desk):
    app = desk.with_app()
    other = desk.signed_in(app)
    desk.later(minutes=1)
    mine = desk.signed_in(app)
    with desk.database.writing() as session:
        changed = desk.flow.change_password(
            session, desk.now, mine.secret, GOOD, "quite another text"
        )
    assert desk.opened(changed.secret).stage is Stage.OPEN
    assert desk.opened(other.secret) is None and desk.opened(mine.secret) is None
    assert desk.password("ann", "quite another text").secret and refused(desk.password())
    assert "person.password" in [act for _, act, _ in desk.acts()]


def test_another_password_takes_the_old_one_and_a_wrong_one_counts(desk):
    mine = desk.signed_in(desk.with_app())
    with desk.database.writing() as session:
        result = desk.flow.change_password(
            session, desk.now, mine.secret, "wrong", "quite another text"
        )
    assert "wrong" in refused(result) and desk.get().failures == 1
    with desk.database.writing() as session:
        result = desk.flow.change_password(session, desk.now, mine.secret, GOOD, "ann ann ann x y")
    assert "name" in refused(result) and desk.opened(mine.secret) is not None


def test_who_was_away_proves_that_it_is_still_them_and_gets_another_secret(desk):
    app = desk.with_app()
    mine = desk.signed_in(app)
    desk.later(minutes=20)
    assert not desk.opened(mine.secret).proved_lately(desk.now)
    with desk.database.writing() as session:
        proved = desk.flow.prove(session, desk.now, mine.secret, GOOD)
    assert desk.opened(proved.secret).proved_lately(desk.now) and not desk.opened(mine.secret)
    assert desk.opened(proved.secret).id == proved_id(desk)


def proved_id(desk: Desk) -> int:
    with desk.database.reading() as session:
        return sessions.listed(session, desk.now, desk.get())[0].id


def test_many_at_once_are_told_to_come_again(desk, monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE", 0.01)
    monkeypatch.setattr(passwords._places, "acquire", lambda timeout: False)
    with pytest.raises(TutelaError, match="at once"), desk.database.writing() as session:
        desk.flow.with_password(session, desk.now, "ann", GOOD)


def test_two_processes_count_the_same_tries(desk):
    desk.with_app()
    other = SigningIn(desk.database, desk.sealing)
    for name in ("ann", "nobody"):
        for number in range(FREE):
            flow = (desk.flow, other)[number % 2]
            with desk.database.writing() as session:
                result = flow.with_password(session, desk.now, name, "wrong")
        assert "Too many" in refused(result)


def test_a_code_of_another_app_is_refused(desk):
    desk.with_app()
    code = pyotp.TOTP(pyotp.random_base32()).at(desk.now)
    assert "not the code" in refused(desk.code(desk.password(), code))
