"""A signal type that compares in a way of its own is banked, indexed and found, as PDQ is."""

from __future__ import annotations

from collections.abc import Iterator

import extensions
import numpy as np
import pytest

from tutela.banks import changes, service
from tutela.banks.changes import New
from tutela.banks.errors import NotBankable
from tutela.banks.live import BankIndex
from tutela.banks.search import BankSearch
from tutela.banks.values import bankable
from tutela.matching import Match
from tutela.signals import Frame, Signal, SignalError
from tutela.signals.registry import signal_type
from tutela.storage import Database
from tutela.testing import SignalTypeContract

KINDS = ("photodna", "pdq")
VALUE = bytes(range(144))
NEAR = bytes([2, *range(1, 144)])
FAR = bytes(144)


def forget() -> None:
    signal_type.cache_clear()
    bankable.cache_clear()


@pytest.fixture
def licensed(tmp_path, monkeypatch) -> Iterator[None]:
    for folder in extensions.installed(tmp_path / "packages"):
        monkeypatch.syspath_prepend(folder)
    forget()
    yield
    monkeypatch.undo()
    forget()


def add(database: Database, *signals: New, name: str = "roads", distance: int | None = None) -> int:
    with database.writing() as session:
        now = database.now()
        bank = service.create(session, now, "ann", name, "known-csea", distance=distance)
        changes.add(session, now, "ann", bank.id, signals)
        return bank.id


def found(database: Database, index: BankIndex, value: bytes, kind: str = KINDS[0]) -> list[Match]:
    index.refresh()
    return BankSearch(index, database).search([Signal(kind, value.hex(), frame=0)])


def distances(matches: list[Match]) -> list[int]:
    return [match.distance for match in matches]


def test_without_a_licence_values_are_kept_and_equal_or_not(database, tmp_path):
    add(database, New("photodna", VALUE))
    with BankIndex(database, tmp_path / "index", KINDS) as index:
        index.make_ready()
        assert distances(found(database, index, VALUE)) == [0]
        assert found(database, index, NEAR) == []


@pytest.mark.usefixtures("licensed")
def test_what_is_near_by_the_type_s_own_measure_is_found_from_files_and_from_memory(
    database, tmp_path
):
    add(database, New("photodna", VALUE), New("photodna", FAR))
    with BankIndex(database, tmp_path / "index", KINDS) as index:
        index.make_ready()
        assert distances(found(database, index, NEAR)) == [2]
        assert distances(found(database, index, FAR)) == [0]
        add(database, New("photodna", NEAR), name="lanes")
        assert distances(found(database, index, NEAR)) == [0, 2]
        assert {m.owner for m in found(database, index, NEAR)} == {"roads", "lanes"}
        match = found(database, index, NEAR)[0]
        assert match.strength == "near"


@pytest.mark.usefixtures("licensed")
def test_a_bank_s_distance_is_of_bits_and_not_of_another_measure(database, tmp_path):
    """Neither a narrow nor a wide one."""
    edge = bytes([200, *range(1, 144)])
    beyond = bytes([200, 90, *range(2, 144)])  # one more than the type's own limit
    add(database, New("photodna", VALUE), distance=1)
    add(database, New("photodna", VALUE), name="wide", distance=60)
    with BankIndex(database, tmp_path / "index", KINDS) as index:
        index.make_ready()
        assert distances(found(database, index, edge)) == [200, 200]
        assert found(database, index, beyond) == []


@pytest.mark.usefixtures("licensed")
def test_what_was_withdrawn_matches_no_more(database, tmp_path):
    bank = add(database, New("photodna", VALUE), New("photodna", FAR))
    with BankIndex(database, tmp_path / "index", KINDS) as index:
        index.make_ready()
        with database.writing() as session:
            numbers = [row.id for row in session.query(changes.BankedSignal).filter_by(value=VALUE)]
            changes.remove(session, database.now(), "ann", bank, numbers)
        assert found(database, index, NEAR) == []
        index.indexes["photodna"].compact()
        assert distances(found(database, index, FAR)) == [0]


@pytest.mark.usefixtures("licensed")
def test_it_is_made_of_pixels_and_survives_a_little(database):
    kind = signal_type("photodna")
    y, x = np.mgrid[0:120, 0:160]
    ramp = ((x + y) // 2).astype(np.uint8)
    one = next(iter(kind.fingerprint(Frame.of(ramp), ["plain"])))
    other = next(iter(kind.fingerprint(Frame.of(ramp[::2, ::2]), ["plain"])))
    assert 0 < kind.distance(one.value, other.value) <= kind.match_distance
    assert list(kind.fingerprint(Frame.of(np.full((64, 64), 9, np.uint8)), ["plain"])) == []


@pytest.mark.parametrize("name", ["pdq", "url", "keyword"])
def test_only_types_that_take_a_licence_are_replaced(tmp_path, monkeypatch, name):
    """An address that another package's type made would not be keyed."""
    folders = extensions.installed(tmp_path / "packages")
    points = tmp_path / "packages" / "own_measure-1.dist-info" / "entry_points.txt"
    points.write_text(f"[tutela.signal_types]\n{name} = own_measure:values\n")
    for folder in folders:
        monkeypatch.syspath_prepend(folder)
    forget()
    with pytest.raises(SignalError, match="Tutela's own"):
        signal_type(name)
    monkeypatch.undo()
    forget()
    assert signal_type(name).name == name


def test_two_packages_of_one_type_are_refused(tmp_path, monkeypatch):
    for name in ("own-measure", "other-measure"):
        for folder in extensions.installed(tmp_path / name, name):
            monkeypatch.syspath_prepend(folder)
    forget()
    with pytest.raises(SignalError, match="2 packages declare the signal type photodna"):
        signal_type("photodna")
    monkeypatch.undo()
    forget()


@pytest.mark.usefixtures("licensed")
def test_a_layout_of_another_width_is_refused(monkeypatch):
    kind = signal_type("photodna")
    monkeypatch.setattr(kind, "layout", type(kind.layout)(100, 5))
    bankable.cache_clear()
    with pytest.raises(NotBankable):
        bankable("photodna")


@pytest.mark.usefixtures("licensed")
def test_a_distance_that_cannot_be_recorded_is_refused(monkeypatch):
    monkeypatch.setattr(signal_type("photodna"), "match_distance", 32_768)
    bankable.cache_clear()
    with pytest.raises(NotBankable, match="scale the measure"):
        bankable("photodna")


@pytest.mark.usefixtures("licensed")
class TestValues(SignalTypeContract):
    @property
    def signal_type(self):  # type: ignore[override] # found when the package is installed
        return signal_type("photodna")


@pytest.mark.usefixtures("licensed")
class TestEdges(SignalTypeContract):
    @property
    def signal_type(self):  # type: ignore[override]
        return signal_type("photodna-edge")
