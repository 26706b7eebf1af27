"""An item's address and words against lists: what is found, what comes of it, and that nothing of
a list can be read anywhere."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from screening.conftest import POLICY, START, Office, picture
from tutela.app import App
from tutela.audit.service import entries
from tutela.banks import service
from tutela.banks.importing import Importer
from tutela.banks.lists import ListFormat
from tutela.banks.models import BankedSignal
from tutela.decoding import DecoderPool, Fingerprint
from tutela.people import keys
from tutela.screening import policies
from tutela.screening.models import ItemMatch, ItemSignal
from tutela.settings import Settings

NONE = Fingerprint(0, (), None, frozenset(), None)
ADDRESS = "https://pictures.weather-station.example/rain/gauge?day=3"
SECRET = "weather-station"


@pytest.fixture
def office(tmp_path: Path, pool: DecoderPool) -> Iterator[Office]:
    """A desk of its own: what is listed in one test is not in another."""
    chosen = Settings(data=str(tmp_path / "data"), keys=str(tmp_path / "keys"))
    with App(chosen) as app:
        app.set_up()
        app.database.now = lambda: START
        with app.database.writing() as session:
            key, _ = keys.create(session, START, "shell:ann", "platform", ["screen"])
            policies.apply(session, START, "shell:ann", POLICY)
        made = Office(app, pool, key.id)
        yield made
        made.running.close()


def listed(office: Office, name: str, kind: str, *lines: str, purpose: str = "known-csea") -> None:
    with office.database.writing() as session:
        service.create(session, office.now, "shell:ann", name, purpose)
    importer = Importer(office.database, "shell:ann", name, ListFormat(kind))
    done = importer.run(io.BytesIO("\n".join(lines).encode()), office.app.data / f"{name}.csv")
    assert done.added == len(lines)
    office.running.index.refresh()


def screened(office: Office, **item: Any):
    raw = {"item": {"channel": "public", **item}, "creator": {"id": "c1"}}
    request = office.desk.accept(office.caller, "signals", raw)
    return office.desk.screen_signals(request, NONE)


@pytest.mark.parametrize(
    ("kind", "line", "strength"),
    [
        ("url", "http://PICTURES.weather-station.example:80/rain/./gauge?day=%33#x", "exact"),
        ("url-prefix", "pictures.weather-station.example/rain/", "weak"),
        ("url-host", "*.weather-station.example", "weak"),
    ],
)
def test_an_item_with_a_listed_address_is_found(office, kind, line, strength):
    listed(office, "addresses", kind, line)
    answer = screened(office, url=ADDRESS)
    assert answer.verdict == ("block" if strength == "exact" else "review")
    (match,) = answer.matches
    assert (match["bank"], match["signal_type"]) == ("addresses", kind)
    assert match["strength"] == strength
    assert SECRET not in json.dumps(match) + answer.explanation


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("url", "pictures.weather-station.example/rain/gauge"),
        ("url-prefix", "pictures.weather-station.example/rai"),
        ("url-prefix", "weather-station.example/rain"),
        ("url-host", "station.example"),
        ("url-host", "other.weather-station.example"),
    ],
)
def test_an_address_that_is_like_a_listed_one_is_let_go(office, kind, line):
    listed(office, "addresses", kind, line)
    assert screened(office, url=ADDRESS).verdict == "allow"


def test_listed_words_are_for_a_person_and_never_block(office):
    listed(office, "words", "keyword", "Red Bicycle")
    answer = screened(office, text="for sale: a RED bicycle, like new")
    assert answer.verdict == "review"
    assert [m["signal_type"] for m in answer.matches] == ["keyword"]
    assert screened(office, text="red cars and a bicycle").verdict == "allow"


def test_a_harmless_file_does_not_clear_its_address_and_a_harmless_address_no_file(office):
    known, fine = picture(1), picture(2)
    office.bank("files", known)
    office.bank("fine", fine, purpose="never-match")
    listed(office, "addresses", "url", ADDRESS)
    raw = {"item": {"channel": "public", "url": ADDRESS}, "creator": {"id": "c1"}}
    assert office.screen(fine, raw).verdict == "block"
    listed(office, "harmless", "url-host", "weather-station.example", purpose="never-match")
    assert office.screen(known, raw).verdict == "block"
    assert screened(office, url=ADDRESS).verdict == "block"
    listed(office, "harmless-too", "url", ADDRESS, purpose="never-match")
    assert screened(office, url=ADDRESS).verdict == "allow"


def test_nothing_is_worked_out_while_no_list_is_there(office, monkeypatch):
    def never(*_: Any) -> Any:
        raise AssertionError("worked out")

    monkeypatch.setattr("tutela.screening.listed.candidates", never)
    monkeypatch.setattr("tutela.screening.listed.phrases", never)
    assert screened(office, url=ADDRESS, text="a red bicycle").verdict == "allow"


def test_only_what_matched_is_kept_of_an_item(office):
    listed(office, "addresses", "url", ADDRESS)
    screened(office, url=ADDRESS, text="two words")
    with office.database.reading() as session:
        assert not session.scalars(select(ItemSignal)).all()
        (match,) = session.scalars(select(ItemMatch))
    assert match.value == match.item_value and len(match.value) == 64


def test_a_list_can_be_read_nowhere(office):
    lines = [f"http://{SECRET}.example/{n}" for n in range(20)]
    with office.database.writing() as session:
        service.create(session, office.now, "shell:ann", "secret", "known-csea")
    rejects = office.app.data / "rejected.csv"
    bad = [f"http://{SECRET}..example/", f"mailto:{SECRET}@x.example"]
    for form, text in (
        (ListFormat("url"), "\n".join([*lines, *bad])),
        (ListFormat("keyword"), f"{SECRET}\nmonsoon {SECRET} a b c d e"),
        (
            ListFormat(columns={"type": "kind", "value": "what"}),
            f'kind,what\nurl-host,{SECRET}.example\nurl,{SECRET}..x\nwrong,{SECRET}\nurl,"{SECRET}',
        ),
    ):
        made = Importer(office.database, "shell:ann", "secret", form)
        done = made.run(io.BytesIO(text.encode()), rejects)
        assert done.added and done.rejected
    office.running.index.make_ready()
    with office.database.reading() as session:
        assert len(session.scalars(select(BankedSignal.value)).all()) >= 22
        assert not any(SECRET in e.facts for e in entries(session))
        assert not any("sha256" in e.facts for e in entries(session) if e.action == "bank.import")
    for path in office.app.data.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            assert SECRET.encode() not in data and b"weather station" not in data, path.name


def test_another_installation_makes_other_values(office):
    listed(office, "addresses", "url", ADDRESS)
    office.app.lists_key.write_bytes(bytes(32))
    del office.app.keyer.__dict__["_key"]
    assert screened(office, url=ADDRESS).verdict == "allow"


def test_a_list_whose_key_is_gone_stops_screening_rather_than_passing_items(office):
    listed(office, "addresses", "url", ADDRESS)
    office.app.lists_key.unlink()
    del office.app.keyer.__dict__["_key"]
    with pytest.raises(Exception, match=r"lists\.key"):
        screened(office, url=ADDRESS)
