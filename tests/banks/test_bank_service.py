"""Banks as a whole: made, changed, left, deleted; and the root that says what they hold."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from banks.lists import make_bank, read_list, values
from tutela.audit.service import entries
from tutela.banks import changes, exporting, made_picture, roots, service
from tutela.banks.changes import From, New
from tutela.banks.errors import BankError, NoSuchBank, NotAllowed
from tutela.banks.lists import ListFormat
from tutela.banks.models import Purpose
from tutela.banks.search import owners


def act(database, what, *arguments, **more):
    with database.writing() as session:
        return what(session, database.now(), "shell:ann", *arguments, **more)


@pytest.mark.parametrize(
    ("values_", "said"),
    [
        ({"name": "Roads"}, "cannot be the name"),
        ({"name": "a b"}, "cannot be the name"),
        ({"purpose": "evidence"}, "Purposes are known-csea, survivor-request"),
        ({"distance": 65}, "from 0 to 64"),
        ({"distance": -1}, "from 0 to 64"),
        ({"rollout": 1.1}, "from 0 to 1"),
        ({"rollout": float("nan")}, "from 0 to 1"),
        ({"source": ""}, "has a source"),
        ({"note": "x" * 10_001}, "too long"),
    ],
)
def test_a_bank_that_cannot_be_is_not_made(database, values_, said):
    with pytest.raises(BankError, match=said):
        make_bank(database, **({"name": "roads", "purpose": "test"} | values_))


def test_only_two_purposes_can_lead_to_a_report():
    assert [p for p in Purpose if p.reportable] == ["known-csea", "survivor-request"]


def test_banks_are_listed_by_name_a_page_at_a_time(database):
    for name in ("lanes", "paths", "roads", "tracks"):
        make_bank(database, name, "test" if name == "paths" else "known-csea", source=f"by-{name}")
    with pytest.raises(BankError, match="already"):
        make_bank(database, "roads")
    with database.reading() as session:

        def names(**more):
            return [bank.name for bank in service.listed(session, **more)]

        assert names(limit=3) == ["lanes", "paths", "roads"]
        assert names(after="paths") == ["roads", "tracks"]
        assert names(purpose="test") == ["paths"]
        assert names(containing="by-t") == ["tracks"]
        assert names(containing="%") == []


def test_a_change_is_logged_with_what_was_before(database):
    make_bank(database)
    act(database, service.change, "roads", {"purpose": "test", "note": "private"})
    with database.reading() as session:
        (*_, last) = entries(session)
        assert '"purpose":"test","purpose_before":"known-csea"' in last.facts
        assert "private" not in last.facts


def test_the_test_bank_stays_as_it_is(database, tmp_path):
    with database.writing() as session:
        made_picture.ensure(session, database.now(), "shell:ann")
    for what, more in (
        (service.change, ({"note": "x"},)), (service.disable, ()), (service.mark_deleted, ()),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act(database, what, service.TEST, *more)


def test_leaving_deletes_where_the_licence_says_so_and_disables_the_rest(database, tmp_path):
    make_bank(database, source="them", licence=service.Licence(delete_on_leaving=True))
    make_bank(database, "kept", source="them")
    make_bank(database, "other", source="others")
    read_list(database, "\n".join(values(8)).encode(), tmp_path / "r")
    assert act(database, service.leave, "them") == (["roads"], ["kept"])
    assert service.purge(database) == 8
    with database.reading() as session:
        assert not owners(session)
        assert [b.name for b in service.listed(session) if service.is_on(b, database.now())] == [
            "other"
        ]
    with pytest.raises(BankError, match="No bank has the source"):
        act(database, service.leave, "nobody")


def test_a_purge_that_was_interrupted_goes_on(database, tmp_path, monkeypatch):
    make_bank(database)
    read_list(database, "\n".join(values(50)).encode(), tmp_path / "r")
    act(database, service.mark_deleted, "roads")
    monkeypatch.setattr(service, "PURGED", 20)
    original, calls = changes.withdraw, []

    def fails_at_last(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(changes, "withdraw", fails_at_last)
    with pytest.raises(KeyboardInterrupt):
        service.purge(database)
    assert service.purge(database) == 30
    with database.reading() as session, pytest.raises(NoSuchBank):
        service.get(session, "roads")


def test_the_root_is_that_of_what_is_held_whatever_came_and_went(database):
    bank = make_bank(database)
    rng = random.Random(6)
    for turn in range(8):
        new = [
            New("pdq", rng.randbytes(32), From(member=f"m{n % 3}"), f"{turn}-{n}")
            for n in range(rng.randrange(40))
        ]
        act(database, changes.add, bank, new)
        with database.reading() as session:
            numbers = [owner.number for owner in owners(session, limit=1000)]
        act(database, changes.remove, bank, rng.sample(numbers, len(numbers) // 3))
        with database.reading() as session:
            held = service.get(session, "roads")
            assert changes.recomputed_root(session, held) == roots.root(held.state)
            assert held.signals == len(owners(session, limit=1000))
    with database.writing() as session:
        oldest = "SELECT min(id) FROM banks_signal"
        session.execute(text(f"UPDATE banks_signal SET external_id = 'x' WHERE id = ({oldest})"))
    with database.reading() as session:
        held = service.get(session, "roads")
        assert changes.recomputed_root(session, held) != roots.root(held.state)


@given(st.lists(st.binary(max_size=30), max_size=30), st.randoms())
def test_a_sum_does_not_depend_on_the_order_and_is_undone(elements, rng):
    shuffled = rng.sample(elements, len(elements))
    state = roots.changed(roots.EMPTY, roots.summed(elements), roots.summed([]))
    assert state == roots.changed(roots.EMPTY, roots.summed(shuffled), roots.summed([]))
    assert roots.changed(state, roots.summed([]), roots.summed(shuffled)) == roots.EMPTY
    if elements:
        assert state != roots.changed(roots.EMPTY, roots.summed(elements[1:]), roots.summed([]))


def test_what_is_exported_is_imported_as_it_was(database, tmp_path):
    make_bank(database, licence=service.Licence(may_export=True))
    rows = [
        f'{value},{n % 101},"a{n % 3};b",member {n % 5},"id, ""{n}""",2026-03-0{1 + n % 9}'
        for n, value in enumerate(values(40))
    ]
    data = "pdq,quality,labels,member,external_id,first_seen\n" + "\n".join(rows)
    assert read_list(database, data.encode(), tmp_path / "r", ListFormat(columns={})).added == 40
    with database.writing() as session:
        bank = exporting.log(session, database.now(), "key:ann", "roads")
    assert exporting.write(database, bank, tmp_path / "out.csv") == 40
    with database.reading() as session:
        before = [exporting.row(owner) for owner in owners(session, limit=100)]
    act(database, service.mark_deleted, "roads")
    service.purge(database)
    make_bank(database)
    again = (tmp_path / "out.csv").read_bytes()
    assert read_list(database, again, tmp_path / "r", ListFormat(columns={})).added == 40
    with database.reading() as session:
        assert sorted(map(str, before)) == sorted(
            str(exporting.row(owner)) for owner in owners(session, limit=100)
        )


def test_what_nobody_checked_or_its_owner_takes_back_is_not_exported_as_if_it_belonged_there(
    database, tmp_path
):
    bank = make_bank(database)
    with database.writing() as session:
        for number, opinion in enumerate((1, 0, -1)):
            new = New("sha256", bytes([number] * 32), From(), f"f{number}", opinion=opinion)
            changes.add(session, database.now(), "shell:ann", bank, [new])
        shown = service.get(session, "roads")
    assert exporting.write(database, shown, tmp_path / "out.csv") == 1
    text = (tmp_path / "out.csv").read_text()
    assert "00" * 32 in text and "01" * 32 not in text and "02" * 32 not in text


def test_an_export_is_refused_or_written_whole(database, tmp_path):
    make_bank(database)
    with pytest.raises(NotAllowed, match="does not let it be exported"):
        act(database, exporting.log, "roads")
    act(database, service.change, "roads", {"may_export": True})
    with database.reading() as session:
        bank = service.get(session, "roads")
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(BankError, match="there already"):
        exporting.write(database, bank, tmp_path / "there.csv")
    with pytest.raises(OSError, match="No such"):
        exporting.write(database, bank, tmp_path / "nowhere" / "x.csv")
    assert [path.name for path in tmp_path.glob("*.csv")] == ["there.csv"]
