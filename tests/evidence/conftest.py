"""An identity, a store and a sealer of their own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.vaults import BICYCLE, listening
from tutela import evidence
from tutela.evidence import identities
from tutela.evidence.models import File
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore
from tutela.storage import Database


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """The file of an identity."""
    path = tmp_path / "keys" / "evidence.identity"
    identities.make(path)
    return path


@pytest.fixture
def store(data: Path) -> FolderStore:
    return FolderStore(data / "evidence")


@pytest.fixture
def sealer(identity: Path, store: FolderStore, data: Path) -> Sealer:
    return Sealer([identities.recipient(identity)], store, data / "spool")


@pytest.fixture
def path(data, database, store, sealer, identity) -> Iterator[Path]:
    """The socket of a vault that runs."""
    held = identities.read(identity)
    with listening(database, store, held, data / "vault.sock", lambda: sealer) as opened:
        yield opened


@pytest.fixture
def bare(data, store, sealer) -> Iterator[Path]:
    """The socket of a vault whose database has no tables: it is not asked for a file."""
    with (
        Database.in_folder(data) as database,
        listening(database, store, [], data / "vault.sock", lambda: sealer) as opened,
    ):
        yield opened


@pytest.fixture
def file(database, sealer) -> File:
    sealed = sealer.seal(BICYCLE)
    with database.writing() as session:
        return evidence.record(session, database.now(), sealed)
