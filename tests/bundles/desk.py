"""An installation in small: a case with sealed files, a log that is signed, a vault, a receiver."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pyrage
from decisions.world import ANN, World
from evidence.vaults import listening

from tutela import evidence
from tutela.bundles import collecting, making
from tutela.bundles.categories import Table
from tutela.bundles.collecting import Contents
from tutela.bundles.lawful import Granted
from tutela.bundles.making import Made, Place
from tutela.bundles.receivers import Receiver
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore
from tutela.screening.models import Decided, ItemSignal
from tutela.signatures import SigningKey
from tutela.storage import Database

WHY = "Order 12 of the court."
GROUND = Granted("A ground.", "xx/rule", "A source.")


class Desk:
    """Ann confirmed two files of Anna's, whose bytes are kept."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.world = World(database)
        self.own, self.theirs = (pyrage.x25519.Identity.generate() for _ in range(2))
        self.store = FolderStore(folder / "evidence")
        self.sealer = Sealer([str(self.own.to_public())], self.store, folder / "spool")
        self.key = SigningKey.make(folder / "keys" / "audit.key")
        self.place = Place(
            folder / "checkpoints", folder / "keys" / "audit.key", folder / "vault.sock"
        )
        self.receiver = Receiver(
            "north", str(self.theirs.to_public()), "2031-12-31", "GB", "nca", "The north."
        )
        self.items = [item for item, account in self.world.items.items() if account == "anna"]
        for number, item in enumerate(self.items):
            self.seal(item, f"A bicycle in the rain, {number}.".encode() * 40_000)
            self.world.decide(item, "confirmed", ANN)
        with database.reading() as session:
            self.case = session.get_one(Decided, self.items[0]).case_id or ""

    def seal(self, item: str, data: bytes) -> str:
        sealed = self.sealer.seal(data)
        with self.database.writing() as session:
            file = evidence.record(session, self.world.now, sealed, None)
            session.get_one(Decided, item).evidence_id = file.id
            session.add(ItemSignal(
                item_id=item, type="md5", variant="plain", frame=None, quality=None,
                value=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            ))  # fmt: skip
            return file.id

    def contents(self, subject: str = "") -> Contents:
        with self.database.reading() as session:
            return collecting.collect(session, ANN, subject or self.case)

    def make(
        self,
        name: str = "out.bundle",
        granted: Granted | None = None,
        table: Table | None = None,
        contents: Contents | None = None,
    ) -> tuple[Path, Made]:
        out = self.folder / name
        contents = contents or self.contents()
        with self.database.writing() as session:
            making.begin(session, self.database, ANN, contents, self.receiver, WHY, granted)
        made = making.make(
            self.database, ANN, self.place, contents, self.receiver, out, WHY, granted, table
        )
        return out, made

    @contextmanager
    def vault(self) -> Iterator[None]:
        with listening(
            self.database, self.store, [self.own], self.place.vault, lambda: self.sealer
        ):
            yield

    def opened(self, path: Path) -> bytes:
        """The container in a bundle."""
        opened: bytes = pyrage.decrypt(path.read_bytes(), [self.theirs])
        return opened

    def parts(self, path: Path) -> dict[str, bytes]:
        """The parts of a bundle, as another program sees them."""
        with tarfile.open(fileobj=io.BytesIO(self.opened(path))) as tar:
            found = {}
            for info in tar:
                data = tar.extractfile(info)
                assert data is not None and info.isreg()
                found[info.name] = data.read()
            return found

    def later(self, days: int) -> None:
        self.world.now += timedelta(days=days)
