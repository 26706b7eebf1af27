"""Accounts: invitations, roles, who is shut out and let in again, and the last administrator."""

from __future__ import annotations

import threading

import pytest

from people.desk import GOOD, SHELL, Desk
from tutela.errors import TutelaError
from tutela.people import accounts, invitations, roles
from tutela.people.accounts import LastAdministrator, NoSuchPerson
from tutela.people.errors import KeyRefused
from tutela.people.permissions import Caller
from tutela.people.sessions import Stage
from tutela.sealing import Sealing


def by(desk: Desk, name: str) -> Caller:
    with desk.database.reading() as session:
        return accounts.caller(session, accounts.named(session, name))


def redeemed(desk: Desk, secret: str, password: str = GOOD, name: str = "") -> Stage | None:
    with desk.database.writing() as session:
        return desk.flow.with_link(session, desk.now, secret, password, name).stage


def recovering(desk: Desk, name: str, who: Caller = SHELL) -> str:
    with desk.database.writing() as session:
        return accounts.recover(session, desk.now, who, name)


def first_link(desk: Desk, *, anew: bool = False) -> str | None:
    with desk.database.writing() as session:
        return invitations.invite_first(session, desk.now, "shell:ann", anew=anew)


def test_the_first_administrator_chooses_a_name_and_a_password_with_the_link_once(desk):
    link = first_link(desk)
    with desk.database.reading() as session:
        assert invitations.read(session, desk.now, link).kind == "first"
    assert redeemed(desk, link, name="ann") is Stage.ENROL
    assert by(desk, "ann").may("admin")
    with pytest.raises(TutelaError, match="was used"):
        redeemed(desk, link, name="bob")
    with desk.database.reading() as session, pytest.raises(NoSuchPerson):
        accounts.named(session, "bob")


def test_a_link_that_was_not_used_up_by_a_bad_password_or_name_still_stands(desk):
    link = first_link(desk)
    for password, name in (("short", "ann"), (GOOD, "Not A Name"), (GOOD, "")):
        with pytest.raises(TutelaError):
            redeemed(desk, link, password, name)
    assert redeemed(desk, link, name="ann")


def test_there_is_a_first_link_whenever_no_administrator_can_sign_in(desk):
    link = first_link(desk)
    assert link and first_link(desk) is None, "one stands"
    again = first_link(desk, anew=True)
    assert again not in (None, link)
    with pytest.raises(TutelaError):
        redeemed(desk, link, name="ann")
    redeemed(desk, again, name="ann")
    assert first_link(desk, anew=True) is None, "there is one now"
    desk.later(days=400)
    assert first_link(desk) is None


def test_a_first_link_is_of_no_use_once_there_is_an_administrator(desk):
    link = first_link(desk)
    desk.person("ann", "administrator")
    with pytest.raises(TutelaError, match="not valid"):
        redeemed(desk, link, name="bob")


def test_an_upgraded_service_with_keys_only_gets_its_first_administrator(desk):
    with desk.database.writing() as session:
        from tutela.people import keys

        keys.create(session, desk.now, "shell:ann", "old", ["admin"])
    assert first_link(desk)


def test_an_invitation_makes_someone_a_member_with_the_roles_that_were_given(desk):
    desk.person("ann", "administrator")
    with desk.database.writing() as session:
        person, link = accounts.invite(
            session, desk.now, by(desk, "ann"), "bob", "Bob <b>", ["reviewer"]
        )
    assert person.shown_as == "Bob <b>" and desk.password("bob").refused is not None
    assert redeemed(desk, link) is Stage.ENROL
    assert by(desk, "bob").roles == ("reviewer",) and by(desk, "bob").may("cases")
    acts = [act for _, act, _ in desk.acts()]
    assert "person.invite" in acts and acts[-2:] == ["person.join", "person.sign-in"]


def test_a_link_lapses_after_a_week_and_another_takes_its_place(desk):
    with desk.database.writing() as session:
        _, link = accounts.invite(session, desk.now, SHELL, "bob", "", [])
    desk.later(days=7)
    with pytest.raises(TutelaError, match="not valid"):
        redeemed(desk, link)
    with desk.database.writing() as session:
        again = accounts.invite_again(session, desk.now, SHELL, "bob")
        newest = accounts.invite_again(session, desk.now, SHELL, "bob")
    with pytest.raises(TutelaError, match="not valid"):
        redeemed(desk, again)
    assert redeemed(desk, newest)


@pytest.mark.parametrize("name", ["", "Ann", "a b", "x" * 65, "-a", "a\n", "ä"])
def test_a_bad_name_is_refused(desk, name):
    with pytest.raises(TutelaError, match="cannot be the name"), desk.database.writing() as session:
        accounts.invite(session, desk.now, SHELL, name)


@pytest.mark.parametrize("shown", ["x" * 129, "Ann\x00", "\u202eAnn", "An\u200bn"])
def test_what_cannot_be_shown_as_a_name_is_refused(desk, shown):
    with pytest.raises(TutelaError, match="shown"), desk.database.writing() as session:
        accounts.invite(session, desk.now, SHELL, "ann", shown)


def test_names_are_not_used_twice_and_roles_must_exist(desk):
    desk.person("ann")
    with pytest.raises(TutelaError, match="already"), desk.database.writing() as session:
        accounts.invite(session, desk.now, SHELL, "ann")
    with pytest.raises(TutelaError, match="no role"), desk.database.writing() as session:
        accounts.invite(session, desk.now, SHELL, "bob", "", ["captain"])


def test_who_is_disabled_may_nothing_and_their_sessions_and_links_end(desk):
    app = desk.with_app("ann", "reviewer")
    mine = desk.signed_in(app)
    recovery = recovering(desk, "ann")
    with desk.database.writing() as session:
        accounts.disable(session, desk.now, SHELL, "ann")
    assert desk.opened(mine.secret) is None and not by(desk, "ann").permissions
    with pytest.raises(TutelaError, match="not valid"):
        redeemed(desk, recovery)
    with desk.database.writing() as session:
        accounts.enable(session, desk.now, SHELL, "ann")
    desk.later(minutes=1)
    assert desk.signed_in(app).secret and desk.opened(mine.secret) is None


def test_roles_count_at_once_in_a_session_that_is_open(desk):
    mine = desk.signed_in(desk.with_app("ann", "reviewer"))
    assert desk.opened(mine.secret).caller.may("cases")
    with desk.database.writing() as session:
        accounts.set_roles(session, desk.now, SHELL, "ann", ["analyst"])
    assert not desk.opened(mine.secret).caller.may("cases")
    with desk.database.writing() as session:
        roles.change(session, desk.now, SHELL, "analyst", permissions=["cases"])
    assert desk.opened(mine.secret).caller.may("cases")


def test_another_administrator_lets_someone_in_again_with_all_they_had_gone(desk):
    desk.person("root", "administrator")
    app = desk.with_app("ann", "reviewer")
    mine = desk.signed_in(app)
    link = recovering(desk, "ann", by(desk, "root"))
    assert desk.opened(mine.secret) is None, "sessions end at once"
    desk.later(minutes=1)
    assert "recovered" in str(desk.password().refused), "the account is shut meanwhile"
    assert desk.get().totp is not None, "and nothing of it is gone yet"
    assert redeemed(desk, link, "yet another good one") is Stage.ENROL
    ann = desk.get()
    assert ann.totp is None and desk.password("ann", GOOD).refused
    assert ("person:root", "person.recover") in [act[:2] for act in desk.acts()]
    assert ("person:ann", "person.recovered") in [act[:2] for act in desk.acts()]


def test_a_passkey_does_not_let_anyone_in_while_an_account_is_recovered(desk):
    device = desk.with_passkey()
    recovering(desk, "ann")
    assert "recovered" in str(desk.passkey(device).refused)


def test_a_recovery_that_lapsed_or_was_withdrawn_leaves_all_as_it_was(desk):
    app = desk.with_app()
    recovering(desk, "ann")
    desk.later(days=7)
    assert desk.signed_in(app).secret
    link = recovering(desk, "ann")
    with desk.database.writing() as session:
        assert accounts.withdraw(session, desk.now, SHELL, "ann")
    desk.later(minutes=1)
    assert desk.signed_in(app).secret
    with pytest.raises(TutelaError, match="not valid"):
        redeemed(desk, link)


def test_nobody_recovers_their_own_account_not_even_by_a_key_of_theirs(desk):
    desk.person("ann", "administrator")
    for caller in (by(desk, "ann"), Caller("key:mine", frozenset(), "person:ann")):
        with pytest.raises(KeyRefused, match="their own"):
            recovering(desk, "ann", caller)


def test_the_last_administrator_cannot_be_disabled_or_lose_the_role(desk):
    desk.person("ann", "administrator")
    with desk.database.writing() as session:
        accounts.invite(session, desk.now, SHELL, "bob", "", ["administrator"])  # never came
    with pytest.raises(LastAdministrator), desk.database.writing() as session:
        accounts.disable(session, desk.now, SHELL, "ann")
    with pytest.raises(LastAdministrator), desk.database.writing() as session:
        accounts.set_roles(session, desk.now, SHELL, "ann", ["reviewer"])
    with pytest.raises(LastAdministrator), desk.database.writing() as session:
        roles.change(session, desk.now, SHELL, "administrator", permissions=["cases"])
    assert by(desk, "ann").may("admin")
    desk.person("eve", "administrator")
    with desk.database.writing() as session:
        accounts.disable(session, desk.now, SHELL, "ann")


def test_a_role_whose_name_only_sounds_like_admin_does_not_count(desk):
    desk.person("ann", "administrator")
    with desk.database.writing() as session:
        accounts.disable(session, desk.now, SHELL, desk.person("bob", "auditor").name)
    desk.person("eve", "auditor")
    with pytest.raises(LastAdministrator), desk.database.writing() as session:
        accounts.disable(session, desk.now, SHELL, "ann")


def test_of_two_administrators_who_remove_each_other_at_once_one_remains(desk):
    desk.person("ann", "administrator")
    desk.person("bob", "administrator")
    both, failed = threading.Barrier(2), []

    def remove(name: str) -> None:
        both.wait()
        try:
            with desk.database.writing() as session:
                accounts.disable(session, desk.now, SHELL, name)
        except LastAdministrator:
            failed.append(name)

    threads = [threading.Thread(target=remove, args=(name,)) for name in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 1
    assert by(desk, failed[0]).may("admin")


def test_of_two_administrators_who_recover_each_other_one_remains(desk):
    desk.person("ann", "administrator")
    desk.person("bob", "administrator")
    ann, bob = by(desk, "ann"), by(desk, "bob")
    recovering(desk, "bob", ann)
    with pytest.raises(LastAdministrator):
        recovering(desk, "ann", bob)


def test_what_is_restricted_one_does_not_give_to_oneself(desk):
    desk.person("ann", "administrator")
    desk.person("bob", "administrator")
    with desk.database.reading() as session:
        ann = by(desk, "ann")
        for wanted, two in (
            (["administrator"], False), (["administrator", "analyst"], True),
            (["administrator", "reviewer"], True), ([], False),
        ):  # fmt: skip
            assert accounts.needs_two(session, ann, "ann", wanted) is two
        assert not accounts.needs_two(session, ann, "bob", ["auditor"])
        key = Caller("key:mine", ann.permissions, "person:ann")
        assert accounts.needs_two(session, key, "ann", ["auditor"])


def test_people_are_listed_by_name_in_pages_and_by_what_a_name_holds(desk):
    for name in ("eve", "ann", "bob_1"):
        desk.person(name)
    with desk.database.reading() as session:
        assert [p.name for p in accounts.listed(session, limit=2)] == ["ann", "bob_1"]
        assert [p.name for p in accounts.listed(session, after="bob_1")] == ["eve"]
        assert [p.name for p in accounts.listed(session, containing="_")] == ["bob_1"]
        assert [p.name for p in accounts.listed(session, containing="NN")] == ["ann"]


def test_a_zone_is_one_that_there_is(desk):
    desk.person()
    with desk.database.writing() as session:
        person = accounts.named(session, "ann")
        accounts.set_zone(session, person, "Europe/Lisbon")
        for wrong in ("Moon/Base", "../etc/passwd", "<script>"):
            with pytest.raises(TutelaError, match="zone"):
                accounts.set_zone(session, person, wrong)
    assert desk.get().zone == "Europe/Lisbon"


def test_the_secret_of_a_link_is_kept_nowhere(desk):
    link = first_link(desk)
    with desk.database.reading() as session:
        from sqlalchemy import select

        from tutela.people.models import Invitation

        assert link.encode() not in session.scalars(select(Invitation.digest)).one()
    assert link not in str(desk.acts("invitation."))


def test_a_secret_opens_for_what_it_was_sealed_for_only(tmp_path):
    sealing = Sealing.make(tmp_path / "people.key")
    sealed = sealing.seal(b"rain", b"ann")
    assert Sealing.load(tmp_path / "people.key").opened(sealed, b"ann") == b"rain"
    for wrong, bound in ((sealed, b"bob"), (sealed[:-1], b"ann"), (b"", b"ann")):
        with pytest.raises(TutelaError, match="cannot be opened"):
            sealing.opened(wrong, bound)
    assert sealing.digest(b"x") != Sealing(bytes(32)).digest(b"x")
