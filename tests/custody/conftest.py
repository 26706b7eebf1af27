"""What tests of evidence share: stores of both kinds, and an installation with its vault."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest

from tutela import evidence
from tutela.app import App
from tutela.evidence import client
from tutela.evidence.errors import EvidenceError
from tutela.evidence.models import File, Purpose
from tutela.evidence.options import Options
from tutela.evidence.sealing import Sealer
from tutela.evidence.store import FolderStore, Store
from tutela.settings import Settings
from tutela.testing import bucket

LINES = b"The bicycle stands in the rain, and nobody rides it home. "
"""What is sealed, so that it is found again if it lies about in clear."""


def bicycles(size: int) -> bytes:
    return (LINES * (size // len(LINES) + 1))[:size]


def opened(store: Store, name: str, identity: pyrage.x25519.Identity) -> bytes:
    """What was sealed, as whoever has the identity opens it."""
    into = io.BytesIO()
    with store.open(name) as sealed:
        pyrage.decrypt_io(sealed, into, [identity])
    return into.getvalue()


@pytest.fixture
def identity() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path, monkeypatch) -> Iterator[Store]:
    if request.param == "folder":
        yield FolderStore(tmp_path / "evidence")
        return
    with bucket.running() as running:
        yield in_bucket(running, monkeypatch)


def in_bucket(running: bucket.Bucket, monkeypatch: pytest.MonkeyPatch, prefix: str = "") -> Store:
    """The store in a bucket of this machine."""
    pytest.importorskip("obstore", reason="tutela[s3] is not installed")
    from tutela.evidence.s3 import BucketStore

    for name, value in (
        ("AWS_ENDPOINT_URL", running.endpoint), ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "rain"), ("AWS_SECRET_ACCESS_KEY", "snow"),
        ("AWS_REGION", "nowhere-1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    return BucketStore(f"s3://evidence{prefix}")


@pytest.fixture
def sealer(store, identity, tmp_path) -> Sealer:
    return Sealer([str(identity.to_public())], store, tmp_path / "spool")


@dataclass
class Installed:
    """An installation with sealed files, and its vault as a process."""

    app: App
    environment: dict[str, str]

    @property
    def socket(self) -> Path:
        return self.app.vault_socket

    def seal(self, data: bytes, keep_until: datetime | None = None) -> File:
        sealed = self.app.sealer().seal(data)
        with self.app.database.writing() as session:
            return evidence.record(session, self.app.database.now(), sealed, keep_until)

    def path(self, file: File) -> Path:
        return self.app.data / "evidence" / file.name

    def intend(self, file: File, purpose: Purpose = Purpose.EXPORT) -> str:
        with self.app.database.writing() as session:
            return evidence.intend(
                session, self.app.database.now(), "shell:ann", file, purpose, "a test"
            ).id

    def open(self, file: File) -> bytes:
        return b"".join(client.opened(self.socket, self.intend(file)))

    def check(self, file: File) -> client.Checked:
        return client.check(self.socket, self.intend(file, Purpose.CHECK))

    @contextmanager
    def vault(self, *, before: tuple[str, ...] = (), **more: str) -> Iterator[subprocess.Popen]:
        """The vault, once it answers."""
        process = self.start(before=before, **more)
        try:
            self.await_vault(process)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, *, before: tuple[str, ...] = (), **more: str) -> subprocess.Popen:
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [*before, sys.executable, "-m", "tutela.interfaces.server.vault"],
                env=self.environment | more, stderr=log,
            )  # fmt: skip

    @property
    def log_file(self) -> Path:
        return self.app.data.parent / "vault.log"

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def await_vault(self, process: subprocess.Popen) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                return client.ping(self.socket)
            except EvidenceError:
                assert process.poll() is None, self.log
                assert time.monotonic() < until
                time.sleep(0.02)


def installed_in(
    folder: Path, database_url: str = "", evidence_url: str = ""
) -> Iterator[Installed]:
    data, keys = folder / "data", folder / "keys"
    own = {k: v for k, v in os.environ.items() if not k.startswith("TUTELA_")}
    environment = own | {"TUTELA_DATA": str(data), "TUTELA_KEYS": str(keys)}
    if database_url:
        environment["TUTELA_DATABASE_URL"] = database_url
    chosen = Settings(
        data=str(data), keys=str(keys), database_url=database_url,
        evidence=Options(url=evidence_url),
    )  # fmt: skip
    if evidence_url:
        environment["TUTELA_EVIDENCE__URL"] = evidence_url
    with App(chosen) as app:
        app.set_up()
        yield Installed(app, environment)


@pytest.fixture
def installed(tmp_path) -> Iterator[Installed]:
    yield from installed_in(tmp_path)


@pytest.fixture
def installed_on(tmp_path, database_url) -> Iterator[Installed]:
    """On both databases."""
    url = "" if database_url.startswith("sqlite") else database_url
    yield from installed_in(tmp_path, url)


def later(database, **by) -> None:
    """From now on the database's clock is ahead by so much."""
    from datetime import timedelta

    database.now = lambda: datetime.now(UTC) + timedelta(**by)


@pytest.fixture
def installed_on_postgres(tmp_path) -> Iterator[Installed]:
    from conftest import fresh_postgres

    with fresh_postgres() as url:
        yield from installed_in(tmp_path, url)
