"""What is not as it should be: evidence that cannot be sealed, banks that surge, and who tries how
far a picture must be changed. Each has its alarm, and ends when its cause does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from screening.conftest import PUBLIC, Office, picture
from tutela import alarms
from tutela.alarms.models import Alarm
from tutela.banks import service
from tutela.banks.errors import IndexNotReady
from tutela.banks.live import BankIndex
from tutela.policy import Verdict
from tutela.running import SURGE, Running
from tutela.screening.desk import PROBING, SEALING
from tutela.screening.models import BankHour, Count
from tutela.screening.options import Options
from tutela.screening.probing import Probing

KNOWN, OTHER = picture(11), picture(12)


@pytest.fixture
def lanes(office: Office) -> Iterator[str]:
    name = f"streets-{office.now:%Y%m%d}"
    office.bank(name, KNOWN)
    yield name
    with office.database.writing() as session:
        service.disable(session, office.now, "shell:ann", name)


@contextmanager
def unusable(folder: Path) -> Iterator[None]:
    """A folder where nothing can be made, even by root: there is a file in its place."""
    aside = folder.with_name(f"{folder.name}-aside")
    if folder.exists():
        folder.rename(aside)
    folder.write_text("")
    try:
        yield
    finally:
        folder.unlink()
        if aside.exists():
            aside.rename(folder)


@pytest.mark.parametrize("place", ["evidence", "spool"])
def test_bytes_that_cannot_be_sealed_change_no_verdict(office, lanes, place):
    spool_over = 1000 if place == "spool" else 64 << 20
    with unusable(office.app.data / place):
        answer = office.screen(KNOWN, spool_over=spool_over)
        assert (answer.verdict, answer.evidence) == (Verdict.BLOCK, "failed")
        decided = office.decided(answer)
        assert (decided.evidence, decided.evidence_id) == ("failed", None)
        assert (SEALING, "store") in office.alarms() and not office.ready("evidence")
        assert office.screen(OTHER, spool_over=spool_over).verdict is Verdict.ALLOW
        if place == "evidence":
            office.running.upkeep()
            assert (SEALING, "store") in office.alarms() and not office.ready("evidence")
    whole = office.screen(KNOWN, spool_over=spool_over)  # before anyone looked whether it works
    assert whole.evidence == "sealed" and office.opened(whole) == KNOWN
    office.running.upkeep()
    assert office.ready("evidence") and (SEALING, "store") not in office.alarms()


def test_the_alarm_ends_too_when_the_process_that_sounded_it_has(office, lanes):
    with unusable(office.app.data / "evidence"):
        office.screen(KNOWN)
    again = Running(office.app, builds=True)
    again.upkeep()
    assert (SEALING, "store") not in office.alarms()
    again.close()


def test_a_repeated_request_says_that_sealing_failed(office, lanes):
    with unusable(office.app.data / "evidence"):
        first = office.screen(KNOWN, key="sealed once")
    again = office.screen(KNOWN, key="sealed once")
    assert again.repeated and (again.item_id, again.evidence) == (first.item_id, "failed")


def before(office: Office, bank: str, matched: int, screened: int = 10_000) -> None:
    """What was counted in the days before."""
    hour = office.now.replace(minute=0, second=0, microsecond=0)
    with office.database.writing() as session:
        for days in (1, 3, 5):
            at = hour - timedelta(days=days)
            session.add(Count(hour=at, outcome="allow", channel="public", count=screened))
            if matched:
                session.add(BankHour(bank=bank, hour=at, count=matched))


def test_a_bank_that_surges_blocks_nothing_until_a_person_says_that_it_may(office, lanes):
    before(office, lanes, matched=10)
    assert office.screen(KNOWN).verdict is Verdict.BLOCK
    for _ in range(18):
        office.running.counts.item(office.now, "block", "public", (lanes,))
    office.running.flush()
    office.running.look_for_surges()
    assert (SURGE, lanes) not in office.alarms(), "fewer than policy says"
    office.screen(KNOWN)
    office.running.flush()
    office.running.look_for_surges()
    assert (SURGE, lanes) in office.alarms()
    held = office.screen(KNOWN)
    assert held.verdict is Verdict.REVIEW and held.evidence == "sealed"
    office.running.look_for_surges()
    (alarm,) = office.all(Alarm, Alarm.kind == SURGE, Alarm.subject == lanes)
    assert alarm.times == 1, "it sounds once"
    with office.database.writing() as session:
        alarms.close(session, office.now, "shell:ann", alarm.id)
    office.running.look_for_surges()
    assert office.screen(KNOWN).verdict is Verdict.BLOCK
    assert (SURGE, lanes) not in office.alarms()
    office.later(hours=24, minutes=1)  # the same again, a day later
    for _ in range(400):
        office.running.counts.item(office.now, "block", "public", (lanes,))
    office.running.flush()
    office.running.look_for_surges()
    assert (SURGE, lanes) in office.alarms()
    other = Running(office.app, builds=True)  # which knows nothing of it from before
    office.later(hours=3)
    other.upkeep()
    assert (SURGE, lanes) not in office.alarms(), "its rate is as before"
    other.close()


def test_a_bank_whose_share_is_as_before_does_not_surge_with_all_else(office, lanes):
    before(office, lanes, matched=200)
    for _ in range(50):
        office.running.counts.item(office.now, "block", "public", (lanes,))
    for _ in range(5000):
        office.running.counts.item(office.now, "allow", "public")
    office.running.flush()
    office.running.look_for_surges()
    assert (SURGE, lanes) not in office.alarms()


def altered(number: int) -> bytes:
    return picture(11, "JPEG", quality=30 + 4 * number)


def test_many_altered_copies_of_one_picture_sound_an_alarm(office, lanes):
    office.desk.probing = Probing(Options(probing_values=5))
    values = set()
    for number in range(15):
        found = office.received(altered(number)).finish()
        values.add(next(s.value for s in found.signals if s.variant == "plain" and s.frame == 0))
        answer = office.screen(
            altered(number), {"item": {"channel": "public"}, "creator": {"id": "someone"}}
        )
        assert answer.verdict is not Verdict.ALLOW
        if len(values) < 5:
            assert not [kind for kind, _ in office.alarms() if kind == PROBING]
    assert len(values) > 5, "the pictures differ enough for this test to say something"
    assert {subject for kind, subject in office.alarms() if kind == PROBING} == {
        "platform", "creator of platform",
    }  # fmt: skip
    assert not [alarm for alarm in office.all(Alarm) if "someone" in alarm.text + alarm.facts]


def test_the_same_file_often_is_no_probing(office, lanes):
    with office.database.writing() as session:
        for subject in ("platform", "creator of platform"):
            alarms.clear(session, office.now, PROBING, subject)
    office.desk.probing = Probing(Options(probing_values=5))
    for _ in range(7):
        office.screen(KNOWN, PUBLIC)
    assert not [kind for kind, _ in office.alarms() if kind == PROBING]


def test_nothing_is_decided_by_banks_that_were_not_read_for_long(office, lanes, monkeypatch):
    """The reader of changes is gone, and nobody noticed."""
    monkeypatch.setattr(BankIndex, "behind", 61.0)
    with pytest.raises(IndexNotReady, match="61 seconds ago"):
        office.screen(KNOWN)
