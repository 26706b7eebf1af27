"""How much an equal hash says: the very file, or perhaps another that was made to look so."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import event, text

from screening.conftest import Office
from tutela.banks import changes, service
from tutela.banks.changes import From, New
from tutela.policy import Verdict

EXACT = ("md5", "sha1", "sha256")


def digest(kind: str, data: bytes) -> bytes:
    return hashlib.new(kind, data).digest()


class Source:
    """A bank that gets hashes of one file under an id, and an item that has others."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.data = os.urandom(64)
        self.name = f"source-{office.now:%Y%m%d}"
        with office.database.writing() as session:
            made = service.create(session, office.now, "shell:ann", self.name, "known-csea")
        self.bank = made.id

    def gives(self, external: str, *same: str, other: str = "", member: str = "a") -> None:
        """The item's hashes of the types `same`, and that of another file of the types `other`."""
        new = [
            New(kind, digest(kind, self.data if kind in same else b"another"), From(member=member),
                external)
            for kind in (*same, *other.split())
        ]  # fmt: skip
        with self.office.database.writing() as session:
            changes.add(session, self.office.now, "shell:ann", self.bank, new)
        self.office.running.index.make_ready()

    def strengths(self) -> dict[str, str]:
        answer = self.office.screen(self.data)
        expected = Verdict.BLOCK if "exact" in {m["strength"] for m in answer.matches} else (
            Verdict.REVIEW if answer.matches else Verdict.ALLOW
        )  # fmt: skip
        assert answer.verdict is expected
        return {match["signal_type"]: match["strength"] for match in answer.matches}


@pytest.fixture
def source(office: Office) -> Iterator[Source]:
    made = Source(office)
    yield made
    with office.database.writing() as session:
        service.disable(session, office.now, "shell:ann", made.name)


def test_every_hash_that_the_source_gives_agrees(source):
    source.gives("f1", *EXACT)
    assert source.strengths() == dict.fromkeys(EXACT, "exact")


def test_md5_alone_is_weak(source):
    source.gives("f1", "md5")
    assert source.strengths() == {"md5": "weak"}


def test_sha1_or_sha256_alone_are_not(source):
    source.gives("f1", "sha256")
    source.gives("f2", "sha1")
    assert source.strengths() == {"sha256": "exact", "sha1": "exact"}


def test_md5_of_a_file_whose_sha256_is_another_is_weak(source):
    source.gives("f1", "md5", other="sha256")
    assert source.strengths() == {"md5": "weak"}


def test_sha1_of_a_file_whose_sha256_is_another_is_weak_too(source):
    source.gives("f1", "md5", "sha1", other="sha256")
    assert source.strengths() == {"md5": "weak", "sha1": "weak"}


def test_another_file_of_the_same_source_says_nothing_of_this_one(source):
    source.gives("f1", *EXACT)
    source.gives("f2", "md5", other="sha256")
    source.gives("f3", other="sha1 sha256")
    assert source.strengths() == dict.fromkeys(EXACT, "exact")


def test_another_member_s_id_is_another_file(source):
    source.gives("f1", "md5", member="a")
    source.gives("f1", "sha256", member="b")
    assert source.strengths() == {"md5": "weak", "sha256": "exact"}


def test_hashes_without_an_id_are_not_of_one_file(source):
    source.gives("", *EXACT)
    assert source.strengths() == {"md5": "weak", "sha1": "exact", "sha256": "exact"}


def test_what_a_source_agrees_on_is_looked_up_by_the_index_of_files(source):
    """Without it each match would read a whole bank."""
    source.gives("f1", *EXACT)
    database, asked = source.office.database, []
    listen = (database._reading, "before_cursor_execute")

    def note(connection, cursor, statement, parameters, context, many) -> None:
        if "EXISTS" in statement:
            asked.append((statement, parameters))

    event.listen(*listen, note)
    source.strengths()
    event.remove(*listen, note)
    assert asked
    with database.reading() as session:
        connection = session.connection()
        for statement, parameters in asked:
            if database.is_sqlite:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plan = [row.detail for row in rows]
                wanted = "ix_banks_signal_file"
                assert not [
                    line for line in plan if line.startswith("SCAN") and "CONST" not in line
                ]
            else:
                session.execute(text("SET LOCAL enable_seqscan = off"))
                rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
                plan = [row[0] for row in rows]
                wanted = "ix_banks_signal_file"
            assert [line for line in plan if wanted in line], plan
