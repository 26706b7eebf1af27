"""What the clamd door says, and what becomes of what it was sent."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from server.doors import KNOWN, MARK, OTHER
from server.serving import until
from sqlalchemy import func, select

from clam.conftest import chunks, make_key, opened, revoke_key
from tutela.alarms.models import Alarm
from tutela.interfaces.clamd import acting, listening
from tutela.people.models import Key
from tutela.policy import presets
from tutela.screening import policies
from tutela.screening.models import Decided, Item
from tutela.settings import Clamd, SettingsError, load

FOUND = re.compile(r"stream: Tutela\.Match\.([a-z2-7]{26}) FOUND")


def test_what_is_known_is_found_by_a_name_that_says_nothing(door):
    said = door.ask(KNOWN)
    reference = FOUND.fullmatch(said)
    assert reference, said
    database = door.running.app.database
    with database.reading() as session:
        item = session.get_one(Item, f"itm_{reference[1]}")
        key = session.scalar(select(Key.id).where(Key.name == "clamd"))
        decided = session.get_one(Decided, item.id)
        assert (item.door, item.key_id, decided.verdict) == ("clamd", key, "block")
        assert decided.evidence == "sealed" and decided.case_id
    assert door.ask(KNOWN) != said, "each has a reference of its own"


def test_what_is_not_known_is_ok_and_nothing_of_it_is_kept(door):
    database = door.running.app.database

    def items() -> int:
        with database.reading() as session:
            return session.scalar(select(func.count()).select_from(Item)) or 0

    before, files = items(), door.files
    assert door.ask(OTHER) == "stream: OK"
    assert items() == before and door.files == files


@pytest.mark.parametrize("piece", [1, 1024, 1 << 20])
def test_pieces_of_any_length_are_the_same_file(door, piece):
    data = KNOWN if piece > 1 else b"fog " * 500
    assert door.ask(data, piece).endswith("FOUND" if piece > 1 else "OK")


def test_an_empty_stream_is_ok(door):
    assert door.ask(b"") == "stream: OK"


def test_a_unix_socket_says_the_same_in_a_session(door):
    with door.line(unix=True) as line:
        line.send(b"zIDSESSION\0zPING\0zINSTREAM\0", *chunks(OTHER, 9999), b"zINSTREAM\0")
        assert line.reply(b"\0") == b"1: PONG"
        assert line.reply(b"\0") == b"2: stream: OK"
        line.send(*chunks(KNOWN, 9999))
        number, _, said = line.reply(b"\0").decode().partition(" ")
        assert number == "3:" and FOUND.fullmatch(said)
        line.send(b"zEND\0")
        assert line.closed()


def test_the_unix_socket_is_for_user_and_group(door):
    assert stat.S_IMODE(Path(door.path).stat().st_mode) == 0o660


def test_large_streams_are_spooled_sealed_and_never_plain(door):
    data = door.running.app.data

    def spooled() -> bytes:
        return b"".join(path.read_bytes() for path in data.glob("spool/*") if path.is_file())

    with door.line() as line:
        line.send(b"nINSTREAM\n", len(KNOWN).to_bytes(4), KNOWN[:-10])
        sealed = until(spooled)
        assert sealed and MARK not in sealed
        line.send(KNOWN[-10:], bytes(4))
        assert FOUND.fullmatch(line.reply().decode())
    assert not [p for p in data.rglob("*") if p.is_file() and MARK in p.read_bytes()]


def test_the_verdicts_that_are_found_are_a_setting(running):
    database = running.app.database

    def apply(text: str) -> None:
        with database.writing() as session:
            policies.apply(session, database.now(), "shell:ann", text)
        running.upkeep()

    usual = presets.render("small-forum", "GB")
    apply(usual.replace("verdict: block", "verdict: review"))
    try:
        with opened(running, found=("block",)) as door:
            assert door.ask(KNOWN) == "stream: OK"
        with opened(running) as door:
            assert FOUND.fullmatch(door.ask(KNOWN)) and door.ask(OTHER) == "stream: OK"
    finally:
        apply(usual)


def test_a_channel_that_may_not_be_screened_is_not_decided(running):
    with opened(running, channel="private-message") as door:
        assert door.ask(KNOWN).endswith("ERROR")


def test_a_key_that_was_revoked_decides_nothing_any_more(running):
    make_key(running.app, "short")
    with opened(running, key="short") as door:
        assert door.ask(OTHER) == "stream: OK"
        revoke_key(running.app, "short")
        said = until(lambda: (now := door.ask(KNOWN)).endswith("ERROR") and now)
        assert said == "stream: Nothing was decided, send it again later. ERROR"


def test_a_key_that_may_not_screen_is_refused(running):
    make_key(running.app, "reads", "lookup")
    with running.app.database.reading() as session:
        for name in ("reads", "nobody"):
            with pytest.raises(acting.KeyMissing, match=name):
                acting.holder(session, name)


@pytest.mark.parametrize(
    ("undecided", "said"),
    [("error", "ERROR"), ("found", "stream: Tutela.Match.undecided FOUND"), ("ok", "stream: OK")],
)
def test_what_is_said_of_the_undecided_is_a_setting(running, undecided, said):
    database = running.app.database
    with opened(running, key="nobody", undecided=undecided) as door:
        assert door.ask(KNOWN).endswith(said)
        with database.reading() as session:
            sounding = session.scalar(
                select(func.count()).select_from(Alarm).where(Alarm.kind == "clamd.undecided")
            )
    assert sounding == (undecided == "ok"), "only what passes sounds an alarm"


def test_uploads_past_the_memory_are_not_decided_and_the_next_is(running):
    with opened(running, {"memory": 200_000}) as door:
        assert door.ask(OTHER).endswith("ERROR")
        assert door.ask(b"rain " * 1000) == "stream: OK", "what was held is given back"


def test_settings_that_cannot_be_are_refused():
    for name, value in (
        ("listen", "somewhere"), ("listen", "127.0.0.1:99999"), ("socket_mode", "999"),
        ("allow", '["the moon"]'), ("found", '["review"]'), ("found", '["block", "allow"]'),
        ("undecided", "maybe"), ("max_stream", "0"), ("connections", "0"),
    ):  # fmt: skip
        with pytest.raises(SettingsError, match="clamd"):
            load({f"TUTELA_CLAMD__{name.upper()}": value})
    assert not load({}).clamd.on and load({"TUTELA_CLAMD__LISTEN": '"[::1]:3310"'}).clamd.on


def test_a_place_that_is_taken_is_named_and_a_file_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("weather")
    with pytest.raises(listening.CannotListen, match="no socket"):
        listening.listen(Clamd(listen="127.0.0.1:0", socket=str(path)))
    assert path.read_text() == "weather"
    (first,) = listening.listen(Clamd(listen="127.0.0.1:0"))
    with first, pytest.raises(listening.CannotListen, match="in use"):
        listening.listen(Clamd(listen=f"127.0.0.1:{first.getsockname()[1]}"))
    left = tmp_path / "left.sock"
    listening.listen(Clamd(socket=str(left)))[0].close()
    assert left.exists()
    opened_again = listening.listen(Clamd(socket=str(left)))
    listening.close(opened_again, Clamd(socket=str(left)))
    assert not left.exists()
