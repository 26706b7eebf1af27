"""What of packs a person must look at: one that cannot be read, and two that contradict."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from law.courts import Court
from law.test_library import OWN
from tutela import alarms
from tutela.alarms.models import Alarm
from tutela.cases.models import Case
from tutela.law import copies, deadlines, watching
from tutela.law.watching import KEEPING, PACK

SHORT = """
  - kind: keep
    id: bells-kept
    for: ncmec
    what: evidence
    at_most: P1D
    since: filed
    why: {why}
    source: A bylaw of bicycles
    marker: M
    verified: no
    reviewed: 2026-11-01
"""


@pytest.fixture
def own(court: Court, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(copies, "_known", {})
    (tmp_path / "bells.yaml").write_text(OWN.format(name="bells", why="They may."))
    court.law(packs=("us", "bells"), folder=str(tmp_path))
    return tmp_path


def write(own: Any, why: str = "It must go.", more: str = SHORT) -> None:
    (own / "bells.yaml").write_text(
        OWN.format(name="bells", why="They may.").replace("rules:", "extends: us\nrules:")
        + more.format(why=why).lstrip("\n")
    )


def open_(court: Court, kind: str) -> list[Alarm]:
    with court.database.reading() as session:
        return [*session.scalars(
            select(Alarm).where(Alarm.kind == kind, Alarm.closed_at.is_(None))
        )]  # fmt: skip


def test_a_pack_that_cannot_be_read_sounds_until_it_is_mended(court, own):
    watching.sound_packs(court.database)
    assert open_(court, PACK) == []
    good = (own / "bells.yaml").read_text()
    (own / "bells.yaml").write_text("format: rain")
    for _ in range(2):
        watching.sound_packs(court.database)
        (one,) = open_(court, PACK)
        assert one.subject == "bells.yaml" and one.times == 1 and "bells.yaml:1:9" in one.text
    (own / "bells.yaml").write_text(good)
    watching.sound_packs(court.database)
    assert open_(court, PACK) == []


def test_a_pack_that_is_not_there_sounds_by_its_name(court, own):
    (own / "bells.yaml").unlink()
    watching.sound_packs(court.database)
    (one,) = open_(court, PACK)
    assert one.subject == "bells" and "law.packs names bells" in one.text


def filed(court: Court, account: str) -> None:
    court.confirmed(account)
    court.file(account)
    with court.database.writing() as session:
        deadlines.follow(session, court.now, session.get_one(Case, court.case(account)))


def test_two_laws_that_contradict_sound_once_however_many_cases(court, own):
    """Once both moments are known; who closes it decided for these two rules as they are."""
    write(own)
    court.confirmed("anna")
    assert open_(court, KEEPING) == []
    filed(court, "ben")
    filed(court, "carl")
    (one,) = open_(court, KEEPING)
    assert one.times == 1 and court.case("ben") in one.text
    assert "bells/bells-kept wants it gone" in one.text and "counsel" in one.text
    with court.database.writing() as session:
        assert [each.id for each in watching.keeping(session)] == [one.id]
        alarms.close(session, court.now, "person:ada", one.id, "Counsel: the longer.")
    filed(court, "dora")
    assert open_(court, KEEPING) == []
    write(own, "It must go sooner.")
    filed(court, "emil")
    assert len(open_(court, KEEPING)) == 1


@pytest.mark.parametrize("mend", ["out of use", "edited"])
def test_it_is_over_when_one_of_them_is_gone_or_says_something_else(court, own, mend):
    write(own)
    filed(court, "anna")
    watching.sound_packs(court.database)
    assert len(open_(court, KEEPING)) == 1
    if mend == "edited":
        write(own, "Nothing.")
    else:
        court.law(packs=("us",))
    watching.sound_packs(court.database)
    assert open_(court, KEEPING) == []
