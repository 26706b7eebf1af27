"""The vault, as its clients meet it: it opens what was intended, once, and nothing else; what is
damaged is never passed on as whole."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from evidence.vaults import BICYCLE, intent, listening, used
from tutela import audit, evidence
from tutela.errors import TutelaError
from tutela.evidence import client, identities
from tutela.evidence.errors import EvidenceError, IntentRefused, NotOpened
from tutela.evidence.models import File, Purpose
from tutela.evidence.sealing import Sealer


def test_what_was_intended_is_opened_once(path, database, file):
    client.ping(path)
    name = intent(database, file)
    assert b"".join(client.opened(path, name)) == BICYCLE
    assert used(database, name)
    with pytest.raises(IntentRefused, match="was used"):
        next(client.opened(path, name))
    with database.reading() as session:
        acts = [e.action for e in audit.service.entries(session)]
    assert acts == ["evidence.intend", "evidence.open"]


def test_the_intent_is_used_up_before_the_first_byte(path, database, file):
    name = intent(database, file)
    pieces = client.opened(path, name)
    next(pieces)
    assert used(database, name)
    pieces.close()
    client.ping(path)


def test_only_one_of_many_at_once_gets_it(path, database, file):
    name = intent(database, file)
    got: list[str] = []

    def ask() -> None:
        try:
            got.append("whole" if b"".join(client.opened(path, name)) == BICYCLE else "part")
        except IntentRefused:
            got.append("refused")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == ["refused"] * 7 + ["whole"]


def test_a_check_says_whether_it_is_whole_and_shows_nothing(path, database, file):
    name = intent(database, file, Purpose.CHECK)
    assert client.check(path, name) == client.Checked(True, len(BICYCLE))
    with database.writing() as session:
        session.get_one(File, file.id).digest = bytes(32)
    name = intent(database, file, Purpose.CHECK)
    assert client.check(path, name) == client.Checked(False, len(BICYCLE))
    with pytest.raises(NotOpened, match="not what was sealed"):
        list(client.opened(path, intent(database, file)))


@pytest.mark.parametrize("purpose", list(Purpose))
def test_an_intent_is_good_for_what_it_was_recorded_for(path, database, file, purpose):
    asks = {
        "open": lambda name: list(client.opened(path, name)),
        "check": lambda name: client.check(path, name),
        "reseal": lambda name: client.reseal(path, name),
    }
    may = purpose.value if purpose.value in asks else "open"
    for kind, ask in asks.items():
        name = intent(database, file, purpose)
        if kind == may:
            ask(name)
            assert used(database, name)
            continue
        with pytest.raises(IntentRefused, match="another act"):
            ask(name)
        assert not used(database, name)


@pytest.mark.parametrize("name", ["", "int_none", "None", "'; --", "x" * 3000, "int_\x00"])
def test_what_was_never_intended_is_refused(path, name):
    for ask in (client.check, client.reseal, lambda p, n: next(client.opened(p, n))):
        with pytest.raises(TutelaError):
            ask(path, name)
    client.ping(path)


def damaged(held: bytes) -> dict[str, bytes]:
    middle = len(held) // 2
    return {
        "nothing": b"",
        "header cut": held[:50],
        "cut": held[:middle],
        "cut at a chunk": held[: len(held) - (len(held) - 200) % 65_552],
        "one byte cut": held[:-1],
        "one byte more": held + b"x",
        "changed": held[:middle] + bytes([held[middle] ^ 1]) + held[middle + 1 :],
        "header changed": held[:30] + b"\xff" + held[31:],
        "not age": b"weather" * 1000,
    }


@pytest.mark.parametrize("how", sorted(damaged(b"x" * 1000)))
def test_damage_is_named_and_never_whole(path, database, store, file, how):
    stored = store.folder / file.name
    stored.write_bytes(damaged(stored.read_bytes())[how])
    got = []
    with pytest.raises(NotOpened, match=r"damaged|sealed for others"):
        for piece in client.opened(path, intent(database, file)):
            got.append(piece)
    assert b"".join(got) != BICYCLE and BICYCLE.startswith(b"".join(got))
    with pytest.raises(NotOpened):
        client.check(path, intent(database, file, Purpose.CHECK))
    client.ping(path)


def test_another_sealed_file_in_its_place_is_noticed(path, database, store, sealer, file):
    other = sealer.seal(BICYCLE[:-1] + b"!")
    (store.folder / file.name).write_bytes((store.folder / other.name).read_bytes())
    assert not client.check(path, intent(database, file, Purpose.CHECK)).whole
    with pytest.raises(NotOpened, match="not what was sealed"):
        list(client.opened(path, intent(database, file)))


def test_a_missing_file_uses_up_no_intent(path, database, store, file):
    stored = store.folder / file.name
    held = stored.read_bytes()
    stored.unlink()
    name = intent(database, file)
    with pytest.raises(NotOpened, match="not in the store"):
        list(client.opened(path, name))
    stored.write_bytes(held)
    assert b"".join(client.opened(path, name)) == BICYCLE


def test_a_file_sealed_for_others_is_not_opened(path, database, data, store, tmp_path):
    stranger = Sealer([identities.make(tmp_path / "other")], store, data / "spool")
    sealed = stranger.seal(BICYCLE)
    with database.writing() as session:
        foreign = evidence.record(session, database.now(), sealed)
    with pytest.raises(NotOpened, match="sealed for others"):
        list(client.opened(path, intent(database, foreign)))


def test_what_is_sealed_anew_is_the_same_for_more_people(
    data, database, store, sealer, identity, file, tmp_path
):
    second = tmp_path / "second"
    both = Sealer([identities.recipient(identity), identities.make(second)], store, data / "spool")
    before = file.name
    with listening(database, store, identities.read(identity), data / "v", lambda: both) as path:
        assert client.reseal(path, intent(database, file, Purpose.RESEAL)) is True
        assert client.reseal(path, intent(database, file, Purpose.RESEAL)) is False
    with database.reading() as session:
        now = evidence.found(session, file.id)
        assert "evidence.reseal" in [e.action for e in audit.service.entries(session)]
    assert now.name != before and now.recipients == both.fingerprint and now.digest == file.digest
    assert [name for name, _ in store.names()] == [now.name]
    assert list((data / "spool").iterdir()) == []
    with listening(database, store, identities.read(second), data / "v", lambda: both) as path:
        assert b"".join(client.opened(path, intent(database, now))) == BICYCLE


def test_what_is_damaged_is_not_sealed_anew(
    data, database, store, sealer, identity, file, tmp_path
):  # fmt: skip
    recipients = [identities.recipient(identity), identities.make(tmp_path / "second")]
    both = Sealer(recipients, store, data / "spool")
    stored = store.folder / file.name
    stored.write_bytes(stored.read_bytes()[:-1])
    held = identities.read(identity)
    with (
        listening(database, store, held, data / "v", lambda: both) as path,
        pytest.raises(NotOpened),
    ):
        client.reseal(path, intent(database, file, Purpose.RESEAL))
    assert [name for name, _ in store.names()] == [file.name]
    assert list((data / "spool").iterdir()) == []


def test_no_vault_is_said_so(data):
    for path in (data / "vault.sock", data / ("x" * 120)):
        for ask in (client.ping, lambda p: client.check(p, "int_x")):
            with pytest.raises(EvidenceError, match="vault does not answer"):
                ask(path)


CONCEALED = """
import os, resource, sys
from tutela.evidence import opening
opening.conceal()
held = opening.held_identities(None, ())
print(len(held), "TUTELA_EVIDENCE_IDENTITY" in os.environ)
print(resource.getrlimit(resource.RLIMIT_CORE))
print(os.stat("/proc/self/environ").st_uid, flush=True)
sys.stdin.read()
"""


def test_the_identity_of_the_variable_is_out_of_sight(identity):
    text = identity.read_text()
    with subprocess.Popen(
        [sys.executable, "-c", CONCEALED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TUTELA_EVIDENCE_IDENTITY": text},
    ) as ran:  # fmt: skip
        assert ran.communicate("")[0].splitlines() == ["1 False", "(0, 0)", "0"]
