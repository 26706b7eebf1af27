"""Passkeys: one alone lets someone in; copies, other sites and old answers do not."""

from __future__ import annotations

import json

import pytest

from people.authenticator import Authenticator
from people.desk import SITE, Desk
from tutela import alarms
from tutela.app import wired
from tutela.events.service import BUS
from tutela.people import factors, passkeys
from tutela.people.models import Person
from tutela.people.passkeys import PasskeyRefused
from tutela.people.sessions import Stage


def asked(desk: Desk) -> str:
    with desk.database.writing() as session:
        return passkeys.signing_in_options(session, desk.now, SITE)


def registering(desk: Desk, name: str = "ann") -> str:
    with desk.database.writing() as session:
        person = session.get_one(Person, desk.get(name).id)
        return passkeys.registration_options(session, desk.now, SITE, person)


def registered(desk: Desk, credential: str, name: str = "ann") -> None:
    with desk.database.writing() as session:
        person = session.get_one(Person, desk.get(name).id)
        passkeys.register(session, desk.now, SITE, person, "phone", credential)


def test_a_passkey_alone_lets_someone_in(desk):
    device = desk.with_passkey("ann", "reviewer")
    opened = desk.opened(desk.passkey(device).secret)
    assert (opened.person.name, opened.stage, opened.how) == ("ann", Stage.OPEN, "passkey")
    assert desk.acts()[-1][1] == "person.sign-in"


def test_a_passkey_is_the_second_factor_of_a_password(desk):
    device = desk.with_passkey()
    first = desk.password()
    assert first.stage is Stage.SECOND_FACTOR
    done = desk.passkey(device, first.secret)
    assert desk.opened(done.secret).how == "password+passkey" and not desk.opened(first.secret)


def test_the_passkey_of_another_is_no_second_factor(desk):
    desk.with_passkey("ann")
    other = desk.with_passkey("bob")
    assert "someone else's" in str(desk.passkey(other, desk.password("ann").secret).refused)


def test_wrong_passwords_do_not_keep_a_passkey_out(desk):
    device = desk.with_passkey()
    for _ in range(20):
        desk.password("ann", "wrong")
    assert desk.passkey(device).secret


def test_options_ask_for_a_passkey_that_is_found_by_itself_and_opened_by_its_owner(desk):
    desk.person()
    made, got = json.loads(registering(desk)), json.loads(asked(desk))
    selection = made["authenticatorSelection"]
    assert selection["residentKey"] == selection["userVerification"] == "required"
    assert made["attestation"] == "none" and made["rp"]["id"] == got["rpId"] == "localhost"
    assert got["userVerification"] == "required" and not got["allowCredentials"]


def test_a_copy_is_stopped_told_and_an_alarm(desk):
    desk.database.info[BUS] = wired()
    device = desk.with_passkey()
    copied = device.copied()
    assert desk.passkey(device).secret
    assert "two of this passkey" in str(desk.passkey(copied).refused)
    assert "lets nobody in" in str(desk.passkey(device).refused), "nor does the first any more"
    assert "person.passkey-cloned" in [act for _, act, _ in desk.acts()]
    with desk.database.reading() as session:
        (alarm,) = alarms.listed(session)
    assert alarm.kind == "passkey.cloned" and "ann" not in alarm.text + alarm.subject


def test_an_authenticator_that_does_not_count_is_taken_as_it_is(desk):
    device = desk.with_passkey(counts=False)
    assert desk.passkey(device).secret and desk.passkey(device).secret


def test_one_that_stops_counting_is_taken_for_a_copy(desk):
    device = desk.with_passkey()
    device.counts, device.counter = False, 0
    assert "two of this passkey" in str(desk.passkey(device).refused)


def test_a_challenge_is_answered_once_and_within_five_minutes(desk):
    device = desk.with_passkey()
    given = device.sign(asked(desk))
    assert desk.credential(given).secret
    assert "too long" in str(desk.credential(given).refused)
    given = device.sign(asked(desk))
    desk.later(minutes=5)
    assert "too long" in str(desk.credential(given).refused)


def test_an_answer_for_another_site_is_refused(desk):
    device = desk.with_passkey()
    device.origin = "http://localhost.example:8377"
    assert "nobody in here" in str(desk.passkey(device).refused)


def test_an_answer_whose_owner_was_not_verified_is_refused(desk):
    device = desk.with_passkey()
    device.verifies = False
    assert "nobody in here" in str(desk.passkey(device).refused)


def test_an_answer_to_no_challenge_of_ours_is_refused(desk):
    device = desk.with_passkey()
    options = json.loads(asked(desk)) | {"challenge": "YmljeWNsZQ"}
    assert desk.credential(device.sign(json.dumps(options))).refused


def test_a_challenge_of_registration_signs_nobody_in(desk):
    device = desk.with_passkey()
    options = json.loads(asked(desk)) | {"challenge": json.loads(registering(desk))["challenge"]}
    assert "too long" in str(desk.credential(device.sign(json.dumps(options))).refused)


def test_an_answer_with_the_handle_or_the_key_of_another_is_refused(desk):
    ann, bob = desk.with_passkey("ann"), desk.with_passkey("bob")
    ann.handle = bob.handle
    assert desk.passkey(ann).refused
    bob.key = Authenticator().key
    assert desk.passkey(bob).refused


@pytest.mark.parametrize("given", [
    "", "null", "[]", "{", '{"id": 1}', "x" * 100_000, "[" * 60_000,
    '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"e30",'
    '"authenticatorData":"YQ","signature":"YQ","userHandle":5}}',
])  # fmt: skip
def test_nonsense_is_refused_and_nothing_breaks(desk, given):
    desk.with_passkey()
    assert desk.credential(given).refused
    with pytest.raises(PasskeyRefused):
        registered(desk, given)


def test_a_passkey_of_a_disabled_account_lets_nobody_in(desk):
    device = desk.with_passkey()
    with desk.database.writing() as session:
        session.get_one(Person, desk.get().id).disabled_at = desk.now
    assert "disabled" in str(desk.passkey(device).refused)


def test_a_passkey_is_made_for_who_asked_and_once(desk):
    desk.person("ann")
    desk.person("bob")
    device = Authenticator()
    with pytest.raises(PasskeyRefused, match="too long"):
        registered(desk, device.make(registering(desk, "bob")), "ann")
    registered(desk, device.make(registering(desk, "bob")), "bob")
    with pytest.raises(PasskeyRefused, match="already"):
        registered(desk, device.make(registering(desk, "ann")), "ann")


def test_a_passkey_whose_owner_was_not_verified_is_not_taken(desk):
    desk.person()
    device = Authenticator()
    device.verifies = False
    with pytest.raises(PasskeyRefused):
        registered(desk, device.make(registering(desk)))


def test_who_must_add_a_factor_is_signed_in_with_a_passkey(desk):
    desk.person()
    mine, device = desk.password(), Authenticator()
    credential = device.make(registering(desk))
    with desk.database.writing() as session:
        done = factors.add_passkey(session, desk.now, SITE, mine.secret, " My\nphone ", credential)
    assert desk.opened(done.secret).stage is Stage.OPEN and not desk.opened(mine.secret)
    with desk.database.reading() as session:
        assert [p.name for p in passkeys.of(session, desk.get())] == ["My phone"]
    assert desk.passkey(device).secret
